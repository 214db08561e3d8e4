//! Second part: a reaper, which must not block, takes what it can and comes back for the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nonblock::thread::{self, Builder};
use nonblock::{Sleepable, may_sleep};
use nonblock_mm::oom::{ReapEvent, ReapEventKind, Reaped, Reaper};

use crate::cast::{Cast, Failure};
use crate::job;
use crate::machine::Machine;
use crate::story::{self, What};
use crate::timeline::{Mib, line};

/// What the reaper got, as the kernel tells it.
#[derive(Debug)]
pub(crate) struct Reclaimed {
    /// In bytes.
    pub(crate) bytes: usize,
    /// How many tries it took.
    pub(crate) attempts: u32,
    /// How many ranges were refused, over all tries.
    pub(crate) refusals: u32,
}

/// Lets a job hold the first driver's table while it waits for memory, and the reaper loose on the victim.
#[may_sleep]
pub(crate) fn play(cast: &Cast, wanted: usize, cx: &mut Sleepable) -> Result<Reclaimed, Failure> {
    // The first part took its range from the first driver, and left the memory: it is mirrored again.
    cast.drivers[0].gpu.map(cast.ranges[0], cx);
    let machine = &Machine::full(&cast.victim, cx)?;
    let reaper = Reaper::builder().on_event(report).spawn()?;

    let (outcome, allocated) = thread::scope(cx, |scope, cx| {
        let job = Builder::new().name("job").spawn_scoped(scope, |cx| {
            job::run(&cast.drivers[0], machine, wanted, &cast.board, cx)
        })?;
        job::until_it_waits(&cast.board, cx);
        let outcome = reaper.reap(Arc::clone(&cast.victim)).wait(cx);
        // If the reaper freed nothing, the job would wait for ever.
        machine.give_up();
        let allocated = job.join(cx).map_err(|_| "the job panicked")?;
        Ok::<_, Failure>((outcome, allocated))
    })?;
    reaper.shutdown(cx);

    check(cast, &outcome)?;
    let got = allocated.map_err(|error| format!("the job did not get its memory: {error}"))?;
    line("kernel", format_args!("{} of the job's are resident", Mib(got.resident(cx)?)));
    let bytes = outcome.reclaimed().ok_or("the kernel does not say what is resident")?;
    Ok(Reclaimed { bytes, attempts: outcome.attempts, refusals: outcome.refusals })
}

/// Checks that all of it happened: a refusal of the locked range, the others at once, the rest on a retry.
fn check(cast: &Cast, outcome: &Reaped) -> Result<(), Failure> {
    let (locked, others) = cast.ranges.split_first().ok_or("there are no drivers")?;
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

/// Tells the story on, from where there is no token.
fn tell(what: What) {
    nonblock::sleepable(|cx| story::tell(what, cx));
}

/// Puts the reaper's progress on the timeline. Called on its thread, between its sections.
fn report(event: &ReapEvent) {
    let attempt = event.attempt;
    let say =
        |text: std::fmt::Arguments<'_>| line("oom_reaper", format_args!("try {attempt}: {text}"));
    match &event.kind {
        ReapEventKind::Began { resident, .. } => {
            tell(What::Tries(attempt));
            tell(What::Resident(resident.unwrap_or(0)));
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
                    tell(What::Taken(*range));
                    tell(What::Resident(resident));
                    say(format_args!("took {range}; resident: {}", Mib(resident)));
                }
                Err(error) => say(format_args!("took {range}; {error}")),
            }
        }
        ReapEventKind::Waits { interval, .. } => {
            tell(What::Rests(*interval));
            say(format_args!("comes back in {} ms", interval.as_millis()));
        }
        ReapEventKind::Done { reaped: outcome, .. } => {
            tell(What::Done);
            say(format_args!(
                "done: {} of {} ranges taken",
                outcome.taken.len(),
                outcome.taken.len() + outcome.skipped.len()
            ));
        }
        other => say(format_args!("{other:?}")),
    }
}
