//! The counts over all rows.

use std::fmt;

use crate::matrix::layer::Layer;
use crate::matrix::operation::Rule;
use crate::matrix::outcome::Outcome;
use crate::matrix::row::Row;

/// How many operations slept, of those that do in every run, and who reported them. So the counts are those of any run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    operations: usize,
    skipped: usize,
    slept: usize,
    by: [By; 3],
    missed: usize,
    has_sanitizer: bool,
}

/// What one of those that look has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct By {
    /// Of those that slept.
    reported: usize,
    /// Of those that must not be reported.
    wrongly: usize,
}

const LOOKERS: [(Layer, &str); 3] = [
    (Layer::Trap, "the trap"),
    (Layer::Schedule, "the schedule"),
    (Layer::Sanitizer, "RealtimeSanitizer"),
];

impl Summary {
    pub(crate) fn new(rows: &[Row]) -> Self {
        let count = |holds: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| holds(row)).count();
        Self {
            operations: rows.len(),
            skipped: count(&|row| row.skipped().is_some()),
            slept: count(&Row::sleeps_in_every_run),
            by: LOOKERS.map(|(layer, _)| By {
                reported: count(&|row| row.sleeps_in_every_run() && row.is_reported_by(layer)),
                wrongly: count(&|row| row.is_false(layer)),
            }),
            missed: count(&Row::is_missed),
            has_sanitizer: rows.iter().any(|row| row.ran(Layer::Sanitizer).is_some()),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operations, skipped, slept, missed, .. } = self;
        write!(f, "{operations} operations")?;
        if *skipped > 0 {
            write!(f, " ({skipped} skipped)")?;
        }
        write!(f, ", {slept} slept in every run: reported by")?;
        for ((layer, name), by) in LOOKERS.into_iter().zip(self.by) {
            let comma = if layer == Layer::Trap { "" } else { "," };
            if layer == Layer::Sanitizer && !self.has_sanitizer {
                write!(f, "{comma} {name} is not here")?;
            } else {
                write!(f, "{comma} {name} {} ({} false)", by.reported, by.wrongly)?;
            }
        }
        write!(f, "; missed by trap and schedule: {missed}")
    }
}

/// How many of the rows must not be reported.
pub(crate) fn controls(rows: &[Row]) -> usize {
    rows.iter().filter(|row| row.group.rule == Rule::Silent).count()
}

/// Names the group of a row, and says whether its operations must not be reported.
pub(crate) fn about(row: &Row) -> String {
    let rule = if row.group.rule == Rule::Silent { " (must not be reported)" } else { "" };
    format!("{}{rule}", row.group.name)
}

/// Says why there is no `RealtimeSanitizer`, if there is none.
pub(crate) fn sanitizer_is_missing(rows: &[Row]) -> Option<&str> {
    if rows.iter().any(|row| row.ran(Layer::Sanitizer).is_some()) {
        return None;
    }
    rows.iter().find_map(|row| match row.outcome(Layer::Sanitizer) {
        Ok(Outcome::Skipped(why)) => Some(why.as_str()),
        _ => None,
    })
}
