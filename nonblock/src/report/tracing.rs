//! Violations as events of the crate `tracing`.

use ::tracing::{Level, event};

use crate::violation::Violation;

/// The target of the events, by which subscribers filter.
const TARGET: &str = "nonblock";

/// Sends a violation to the subscriber, if there is one. The fields of the event are described at [`Violation`].
pub(super) fn emit(violation: &Violation) {
    // `event!` takes a level that is constant, so each level has a call of its own.
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
                tid = violation.task().id(),
                occurrence = violation.occurrence(),
                "{}",
                violation.kind().headline()
            )
        };
    }

    if violation.occurrence() > 1 {
        at!(Level::DEBUG);
    } else {
        at!(Level::ERROR);
    }
}
