//! Violations as events of the `tracing` crate's.

use ::tracing::{Level, event};

use crate::violation::Violation;

/// What subscribers filter by.
const TARGET: &str = "nonblock";

/// Tells the subscriber, if there is one. Its fields are described at [`Violation`].
pub(super) fn emit(violation: &Violation) {
    // An event's level is fixed where it is written.
    macro_rules! at {
        ($level:expr) => {
            event!(
                target: TARGET,
                $level,
                kind = violation.kind().name(),
                location = display(violation.place()),
                section = violation.section_place().map(display),
                depth = violation.depth(),
                thread = violation.task().name(),
                pid = violation.task().id(),
                occurrence = violation.occurrence(),
                "{}",
                violation.kind().words().headline
            )
        };
    }

    if violation.occurrence() > 1 {
        at!(Level::DEBUG);
    } else {
        at!(Level::ERROR);
    }
}
