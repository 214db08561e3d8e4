//! What a reaper does, as events of the crate `tracing`.

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
