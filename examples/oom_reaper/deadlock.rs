//! First part: the notifiers are called blocking, and nobody moves.

use std::time::{Duration, Instant};

use nonblock::thread::{self, Builder};
use nonblock::{Sleepable, may_sleep};
use nonblock_mm::mmu::Event;

use crate::board::{Note, Step};
use crate::cast::{Cast, Failure, current};
use crate::job;
use crate::machine::{AllocateError, Machine};
use crate::story::{self, What};
use crate::timeline::{Mib, line};

/// How long the circle must stand, with nothing freed meanwhile, to be called a deadlock.
const STANDS: Duration = Duration::from_millis(500);
/// How long it may take to see it, all in all.
const LIMIT: Duration = Duration::from_secs(2);
/// How often the watcher looks.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Lets a job hold a driver's table while it waits for memory, and a thread that could free the memory wait
/// for the table. Sees the circle, names it, and dissolves it.
#[may_sleep]
pub(crate) fn play(cast: &Cast, wanted: usize, cx: &mut Sleepable) -> Result<(), Failure> {
    let machine = &Machine::full(&cast.victim, cx)?;
    thread::scope(cx, |scope, cx| {
        let job = Builder::new().name("job").spawn_scoped(scope, |cx| {
            job::run(&cast.drivers[0], machine, wanted, &cast.board, cx)
        })?;
        job::until_it_waits(&cast.board, cx);

        let killer = Builder::new().name("killer").spawn_scoped(scope, |cx| {
            let actor = current();
            // Whoever waits for memory waits for this thread to free it.
            let frees =
                Note { actor: actor.clone(), resource: job::MEMORY.to_owned(), waits: false };
            cast.board.put(&frees, cx);
            line(&actor, format_args!("calls the notifiers of {}, and may wait", cast.ranges[0]));
            story::tell(What::Waits(0), cx);
            drop(cast.victim.space().invalidate(cast.ranges[0], Event::Unmap, cx));
            story::tell(What::Returns(0), cx);
            cast.board.take(&frees, cx);
        })?;

        let watched = watch(cast, cx);
        if let Ok((steps, after)) = &watched {
            story::tell(What::Deadlock, cx);
            line(
                "watcher",
                format_args!("deadlock: nothing has moved for {} ms, and", after.as_millis()),
            );
            for step in steps {
                line(
                    "",
                    format_args!("{} waits for {}, for {}", step.actor, step.holder, step.resource),
                );
            }
            line("watcher", "dissolves it: the job is to do without");
        }
        // Whatever was seen, the two must come to an end.
        machine.give_up();
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

/// Waits until a circle of waiting has stood for a while, and no memory was freed meanwhile.
fn watch(cast: &Cast, cx: &mut Sleepable) -> Result<(Vec<Step>, Duration), Failure> {
    let began = Instant::now();
    let mut standing: Option<(Vec<Step>, usize, Instant)> = None;
    while began.elapsed() < LIMIT {
        let resident = cast.victim.resident(cx)?;
        let circle = cast.board.circle(cx);
        standing = match (standing, circle) {
            (Some((steps, freed, since)), Some(circle)) if steps == circle && freed == resident => {
                if since.elapsed() >= STANDS {
                    line(
                        "kernel",
                        format_args!("{} of the victim's are resident, as before", Mib(resident)),
                    );
                    return Ok((steps, since.elapsed()));
                }
                Some((steps, freed, since))
            }
            (_, Some(circle)) => Some((circle, resident, Instant::now())),
            (_, None) => None,
        };
        thread::sleep(cx, LOOK_AGAIN);
    }
    Err(format!("no deadlock was seen within {} s", LIMIT.as_secs()).into())
}
