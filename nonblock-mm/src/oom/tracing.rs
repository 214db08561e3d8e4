//! What reapers, killers and the reclaiming of processes do, as events of the crate `tracing`.

use core::fmt::Display;
use core::time::Duration;

use ::tracing::{Level, event};

use super::reap_event::{ReapEvent, ReapEventKind};
use super::reaped::{ReapOutcome, Reaped};

/// What subscribers filter by.
const TARGET: &str = "nonblock_mm::oom";

/// Gives an event to the subscriber, if there is one. Its fields are described at [`ReapEvent`].
pub(super) fn emit(event: &ReapEvent) {
    // The level, like the names of the fields, is fixed where an event is written.
    macro_rules! emit {
        ($level:expr, $kind:literal, { $($fields:tt)* }, $($message:tt)+) => {
            event!(
                target: TARGET,
                $level,
                kind = $kind,
                victim = event.victim.name(),
                attempt = event.attempt,
                $($fields)*
                $($message)+
            )
        };
    }

    match &event.kind {
        ReapEventKind::Began { resident } if event.attempt == 1 => {
            emit!(Level::INFO, "Began", { resident = *resident, }, "the first try begins");
        }
        ReapEventKind::Began { resident } => {
            emit!(Level::DEBUG, "Began", { resident = *resident, }, "another try begins");
        }
        ReapEventKind::Busy => {
            emit!(Level::DEBUG, "Busy", {}, "the memory lock is held");
        }
        ReapEventKind::Refused { range } => {
            emit!(Level::DEBUG, "Refused", { range = display(range), }, "a driver refused the range");
        }
        ReapEventKind::Panicked { range } => {
            emit!(Level::DEBUG, "Panicked", { range = display(range), }, "a driver's callback panicked");
        }
        ReapEventKind::Failed { error } => {
            emit!(Level::DEBUG, "Failed", { error = display(error), }, "the kernel refused the range");
        }
        ReapEventKind::Taken { range } => {
            emit!(Level::DEBUG, "Taken", { range = display(range), }, "the range was taken");
        }
        ReapEventKind::Waits { interval } => {
            let interval_ms = milliseconds(*interval);
            emit!(Level::DEBUG, "Waits", { interval_ms, }, "something is left for another try");
        }
        ReapEventKind::Done { reaped } => {
            macro_rules! done {
                ($level:expr) => {
                    emit!(
                        $level,
                        "Done",
                        {
                            outcome = outcome_name(reaped),
                            resident_before = reaped.resident_before,
                            resident_after = reaped.resident_after,
                            busy = reaped.busy,
                            refusals = reaped.refusals,
                            panics = reaped.panics,
                            failures = reaped.failures,
                            taken = reaped.taken.len(),
                            skipped = reaped.skipped.len(),
                            elapsed_ms = milliseconds(reaped.elapsed),
                        },
                        "{reaped}"
                    )
                };
            }
            if reaped.outcome == ReapOutcome::GivenUp {
                done!(Level::WARN);
            } else {
                done!(Level::INFO);
            }
        }
    }
}

/// The reclaiming of a process begins. The fields of these events are described at [`Process`](super::Process).
pub(super) fn reclaim_began(pid: u32, resident: usize) {
    event!(target: TARGET, Level::INFO, kind = "ReclaimBegan", pid, resident, "the process is killed");
}

/// A driver in the kernel refused in a try.
pub(super) fn reclaim_held(pid: u32, attempt: u32) {
    event!(
        target: TARGET,
        Level::DEBUG,
        kind = "ReclaimHeld",
        pid,
        attempt,
        "a driver in the kernel refused"
    );
}

/// The memory of a process was taken. Each argument is a field of [`Reclaimed`](super::Reclaimed).
pub(super) fn reclaim_done(
    pid: u32,
    (resident_before, resident_after): (usize, usize),
    attempts: u32,
    by_itself: bool,
    killed: usize,
) {
    event!(
        target: TARGET,
        Level::INFO,
        kind = "ReclaimDone",
        pid,
        resident_before,
        resident_after,
        attempts,
        by_itself,
        killed,
        "the memory of the process was taken"
    );
}

/// The memory of a process was not taken.
pub(super) fn reclaim_failed(pid: u32, error: &dyn Display) {
    event!(
        target: TARGET,
        Level::WARN,
        kind = "ReclaimFailed",
        pid,
        error = display(error),
        "the memory of the process was not taken"
    );
}

/// A killer had victims chosen. The fields of these events are described at [`Killer`](super::Killer).
///
/// # Arguments
///
/// * `cause`: the name of the [`Cause`](super::Cause).
/// * `victims`: how many were chosen, or `None` if the closure panicked.
pub(super) fn chosen(cause: &str, victims: Option<usize>) {
    macro_rules! chosen {
        ($level:expr, $kind:literal, $message:literal) => {
            event!(target: TARGET, $level, kind = $kind, cause, victims, $message)
        };
    }

    match victims {
        None => chosen!(Level::DEBUG, "ChoicePanicked", "the closure that chooses panicked"),
        Some(0) => chosen!(Level::DEBUG, "Chosen", "no victim was chosen"),
        Some(_) => chosen!(Level::INFO, "Chosen", "victims were chosen"),
    }
}

/// A killer no longer watches its pressure.
pub(super) fn pressure_lost(error: &dyn Display) {
    event!(
        target: TARGET,
        Level::WARN,
        kind = "PressureLost",
        error = display(error),
        "the pressure is no longer watched"
    );
}

fn outcome_name(reaped: &Reaped) -> &'static str {
    match reaped.outcome {
        ReapOutcome::Complete => "Complete",
        ReapOutcome::GivenUp => "GivenUp",
        ReapOutcome::Cancelled => "Cancelled",
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
