//! First part: the notifiers are called by a thread that may sleep, and there is a deadlock.

use std::time::{Duration, Instant};

use nonblock::thread::{self, Builder};
use nonblock::{Sleepable, may_sleep};
use nonblock_mm::mmu::Event;

use crate::failure::Failure;
use crate::job;
use crate::limited_memory::{AllocateError, LimitedMemory};
use crate::setup::Setup;
use crate::timeline::{Mib, line};
use crate::trace::{self, TraceEvent};
use crate::wait_graph::{Edge, Step, thread_name};

/// How long the cycle must last, with no memory freed meanwhile, to count as a deadlock.
const STANDS: Duration = Duration::from_millis(500);
/// How long to look for the deadlock at most.
const LIMIT: Duration = Duration::from_secs(2);
/// How long the watcher sleeps between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Starts a job that holds a driver's table while it waits for memory, and a thread that could free the memory but waits for
/// the table. Finds the cycle, prints it, and breaks it.
#[may_sleep]
pub(crate) fn play(setup: &Setup, wanted: usize, cx: &mut Sleepable) -> Result<(), Failure> {
    let memory = &LimitedMemory::used_by(&setup.victim, cx)?;
    thread::scope(cx, |scope, cx| {
        let job = Builder::new().name("job").spawn_scoped(scope, |cx| {
            job::run(&setup.drivers[0], memory, wanted, &setup.wait_graph, cx)
        })?;
        job::until_it_waits(&setup.wait_graph, cx);

        let killer = Builder::new().name("killer").spawn_scoped(scope, |cx| {
            let thread = thread_name();
            // A thread that waits for memory waits for this thread to free it.
            let frees =
                Edge { thread: thread.clone(), resource: job::MEMORY.to_owned(), waits: false };
            setup.wait_graph.add(&frees, cx);
            line(&thread, format_args!("calls the notifiers of {}, and may wait", setup.ranges[0]));
            trace::record(TraceEvent::Waits(0), cx);
            drop(setup.victim.space().invalidate(setup.ranges[0], Event::Unmap, cx));
            trace::record(TraceEvent::Returns(0), cx);
            setup.wait_graph.remove(&frees, cx);
        })?;

        let watched = watch(setup, cx);
        if let Ok((steps, after)) = &watched {
            trace::record(TraceEvent::Deadlock, cx);
            line(
                "watcher",
                format_args!("deadlock: nothing has moved for {} ms, and", after.as_millis()),
            );
            for step in steps {
                line(
                    "",
                    format_args!(
                        "{} waits for {}, for {}",
                        step.thread, step.holder, step.resource
                    ),
                );
            }
            line("watcher", "dissolves it: the job is to do without");
        }
        // The two threads must end, with or without a deadlock.
        memory.give_up();
        let allocated = job.join(cx).map_err(|_| "the job panicked")?;
        killer.join(cx).map_err(|_| "the killer panicked")?;
        watched?;
        match allocated {
            Err(AllocateError::GivenUp) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => return Err("the job got its memory: there was no deadlock".into()),
        }
        line("killer", "has the table now, and returns");
        Ok(())
    })
}

/// Waits until a cycle has lasted for a while, with no memory freed meanwhile.
fn watch(setup: &Setup, cx: &mut Sleepable) -> Result<(Vec<Step>, Duration), Failure> {
    let began = Instant::now();
    let mut standing: Option<(Vec<Step>, usize, Instant)> = None;
    while began.elapsed() < LIMIT {
        let resident = setup.victim.resident(cx)?;
        let cycle = setup.wait_graph.cycle(cx);
        standing = match (standing, cycle) {
            (Some((steps, freed, since)), Some(cycle)) if steps == cycle && freed == resident => {
                if since.elapsed() >= STANDS {
                    line(
                        "kernel",
                        format_args!("{} of the victim's are resident, as before", Mib(resident)),
                    );
                    return Ok((steps, since.elapsed()));
                }
                Some((steps, freed, since))
            }
            (_, Some(cycle)) => Some((cycle, resident, Instant::now())),
            (_, None) => None,
        };
        thread::sleep(cx, LOOK_AGAIN);
    }
    Err(format!("no deadlock was seen within {} s", LIMIT.as_secs()).into())
}
