//! Second part: a reaper, which must not block, takes what it can and comes back for the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nonblock::thread::{self, Builder};
use nonblock::{Sleepable, may_sleep};
use nonblock_mm::oom::{ReapEvent, ReapEventKind, Reaped, Reaper};

use crate::failure::Failure;
use crate::job;
use crate::limited_memory::LimitedMemory;
use crate::setup::Setup;
use crate::timeline::{Mib, line};
use crate::trace::{self, TraceEvent};

/// What the reaper took.
#[derive(Debug)]
pub(crate) struct Reclaimed {
    /// How many bytes fewer are resident, as the kernel tells it.
    pub(crate) bytes: usize,
    /// How many tries were made.
    pub(crate) attempts: u32,
    /// How many times a range was refused, in all tries together.
    pub(crate) refusals: u32,
}

/// Starts a job that holds the first driver's table while it waits for memory, and has the reaper take the victim's memory.
#[may_sleep]
pub(crate) fn play(setup: &Setup, wanted: usize, cx: &mut Sleepable) -> Result<Reclaimed, Failure> {
    // The first part took the range from the first driver, but not the memory. So the driver mirrors it again.
    setup.drivers[0].gpu.map(setup.ranges[0], cx);
    let memory = &LimitedMemory::used_by(&setup.victim, cx)?;
    let reaper = Reaper::builder().on_event(report).spawn()?;

    let (outcome, allocated) = thread::scope(cx, |scope, cx| {
        let job = Builder::new().name("job").spawn_scoped(scope, |cx| {
            job::run(&setup.drivers[0], memory, wanted, &setup.wait_graph, cx)
        })?;
        job::until_it_waits(&setup.wait_graph, cx);
        let outcome = reaper.reap(Arc::clone(&setup.victim)).wait(cx);
        // If the reaper freed nothing, the job would wait for ever.
        memory.give_up();
        let allocated = job.join(cx).map_err(|_| "the job panicked")?;
        Ok::<_, Failure>((outcome, allocated))
    })?;
    reaper.shutdown(cx);

    check(setup, &outcome)?;
    let got = allocated.map_err(|error| format!("the job did not get its memory: {error}"))?;
    line("kernel", format_args!("{} of the job's are resident", Mib(got.resident(cx)?)));
    let bytes = outcome.reclaimed().ok_or("the kernel does not say what is resident")?;
    Ok(Reclaimed { bytes, attempts: outcome.attempts, refusals: outcome.refusals })
}

/// Checks what happened: the locked range was refused and taken by a later try, and the others were taken at once.
fn check(setup: &Setup, outcome: &Reaped) -> Result<(), Failure> {
    let (locked, others) = setup.ranges.split_first().ok_or("there are no drivers")?;
    let taken_at_once = TAKEN_AT_ONCE.load(Ordering::Relaxed);
    if !outcome.is_complete() || outcome.resident_after != Some(0) {
        return Err(format!("not all of the victim's memory was taken: {outcome:?}").into());
    }
    if outcome.refusals == 0 || outcome.attempts < 2 || outcome.taken.last() != Some(locked) {
        return Err(format!("the locked range was not refused and taken later: {outcome:?}").into());
    }
    if usize::try_from(taken_at_once) != Ok(others.len()) {
        return Err(format!("{taken_at_once} of {} ranges were taken at once", others.len()).into());
    }
    Ok(())
}

/// How many ranges were taken on the first try.
static TAKEN_AT_ONCE: AtomicU32 = AtomicU32::new(0);

/// Records an event where there is no token.
fn record(event: TraceEvent) {
    nonblock::sleepable(|cx| trace::record(event, cx));
}

/// Prints and records the reaper's progress. Called on the reaper's thread, outside its sections.
fn report(event: &ReapEvent) {
    let attempt = event.attempt;
    let say =
        |text: std::fmt::Arguments<'_>| line("oom_reaper", format_args!("try {attempt}: {text}"));
    match &event.kind {
        ReapEventKind::Began { resident, .. } => {
            record(TraceEvent::Tries(attempt));
            record(TraceEvent::Resident(resident.unwrap_or(0)));
            say(format_args!(
                "begins; resident, as the kernel tells it: {}",
                Mib(resident.unwrap_or(0))
            ));
        }
        ReapEventKind::Busy => say(format_args!("the memory lock is held")),
        ReapEventKind::Refused { range, .. } => say(format_args!("refused {range}, skips it")),
        ReapEventKind::Taken { range, .. } => {
            if attempt == 1 {
                TAKEN_AT_ONCE.fetch_add(1, Ordering::Relaxed);
            }
            match nonblock::sleepable(|cx| event.victim.resident(cx)) {
                Ok(resident) => {
                    record(TraceEvent::Taken(*range));
                    record(TraceEvent::Resident(resident));
                    say(format_args!("took {range}; resident: {}", Mib(resident)));
                }
                Err(error) => say(format_args!("took {range}; {error}")),
            }
        }
        ReapEventKind::Waits { interval, .. } => {
            record(TraceEvent::Rests(*interval));
            say(format_args!("comes back in {} ms", interval.as_millis()));
        }
        ReapEventKind::Done { reaped: outcome, .. } => {
            record(TraceEvent::Done);
            say(format_args!(
                "done: {} of {} ranges taken",
                outcome.taken.len(),
                outcome.taken.len() + outcome.skipped.len()
            ));
        }
        other => say(format_args!("{other:?}")),
    }
}
