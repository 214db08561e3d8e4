//! A row of the table: what came of one operation under every layer, in words.

use crate::matrix::layer::Layer;
use crate::matrix::operation::{Column, Group, Operation, Rule};
use crate::matrix::outcome::{Outcome, Ran, Report};

/// What came of one operation.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) group: &'static Group,
    pub(crate) operation: &'static Operation,
    /// In the order of [`Layer::ALL`].
    pub(crate) outcomes: [Result<Outcome, String>; 5],
}

/// What a cell says if nothing was reported.
pub(crate) const NOTHING: &str = "-";

/// What a cell says if the machine does not have it.
pub(crate) const SKIPPED: &str = "skipped";

impl Row {
    pub(crate) fn outcome(&self, layer: Layer) -> &Result<Outcome, String> {
        let at = Layer::ALL.into_iter().position(|other| other == layer).unwrap_or(0);
        &self.outcomes[at]
    }

    pub(crate) fn ran(&self, layer: Layer) -> Option<&Ran> {
        self.outcome(layer).as_ref().ok()?.ran()
    }

    /// Returns why it did not run, if it did not.
    pub(crate) fn skipped(&self) -> Option<&str> {
        match self.outcome(Layer::None) {
            Ok(Outcome::Skipped(why)) => Some(why),
            _ => None,
        }
    }

    /// Returns whether it slept without a layer.
    pub(crate) fn slept(&self) -> bool {
        self.ran(Layer::None).is_some_and(|ran| ran.counts.slept())
    }

    /// Returns whether it slept, and does so in every run.
    pub(crate) fn sleeps_in_every_run(&self) -> bool {
        self.slept() && self.operation.varies(Column::Slept).is_none()
    }

    pub(crate) fn is_reported_by(&self, layer: Layer) -> bool {
        self.ran(layer).is_some_and(|ran| !ran.reports.is_empty())
    }

    /// Returns what a cell says.
    pub(crate) fn cell(&self, column: Column) -> String {
        let layer = match column {
            Column::Slept => Layer::None,
            Column::Schedule => Layer::Schedule,
            Column::Trap => Layer::Trap,
            Column::Alloc => Layer::Alloc,
            Column::Sanitizer => Layer::Sanitizer,
        };
        let Some(ran) = self.ran(layer) else { return SKIPPED.to_owned() };
        match column {
            Column::Slept => yes_or_nothing(ran.counts.slept()),
            Column::Schedule | Column::Alloc => yes_or_nothing(!ran.reports.is_empty()),
            Column::Trap | Column::Sanitizer => {
                let mut names: Vec<_> =
                    ran.reports.iter().map(|report| report.what.as_str()).collect();
                names.sort_unstable();
                names.dedup();
                if names.is_empty() { NOTHING.to_owned() } else { names.join(" ") }
            }
        }
    }

    /// Returns where the trap's first report points, or the allocator's.
    pub(crate) fn place(&self) -> Option<&str> {
        [Layer::Trap, Layer::Alloc].into_iter().find_map(|layer| {
            self.ran(layer)?.reports.iter().find_map(|report| report.place.as_deref())
        })
    }

    /// Returns what is wrong with it, whatever the expected table says.
    pub(crate) fn faults(&self) -> Vec<String> {
        let name = self.operation.name;
        let mut faults = Vec::new();
        for (layer, outcome) in Layer::ALL.into_iter().zip(&self.outcomes) {
            match outcome {
                Err(why) => faults.push(format!("{name}: failed: {why}")),
                Ok(Outcome::Skipped(_)) => {}
                Ok(Outcome::Ran(ran)) => {
                    faults
                        .extend(self.faults_of(layer, ran).map(|fault| format!("{name}: {fault}")));
                }
            }
        }
        faults
    }

    fn faults_of(&self, layer: Layer, ran: &Ran) -> Option<String> {
        let is_reported = !ran.reports.is_empty();
        let waited = ran.counts.slept() || ran.counts.major_faults > 0;
        match layer {
            // In the very run that is looked at: what slept is reported, and nothing else.
            Layer::Schedule if waited && !is_reported => {
                Some(format!("missed by the schedule: {:?}", ran.counts))
            }
            Layer::Schedule if is_reported && !waited => {
                Some(format!("false report of the schedule: {:?}", ran.reports))
            }
            Layer::Schedule | Layer::Trap if self.group.rule == Rule::Silent && is_reported => {
                Some(format!("false report of the layer {}: {:?}", layer.name(), ran.reports))
            }
            // An optimized program leaves no frame of a function that ends with a call.
            Layer::Trap | Layer::Alloc if cfg!(debug_assertions) => {
                let elsewhere = ran.reports.iter().find(|report| !points_here(report));
                elsewhere.map(|report| {
                    format!("reported at another place by {}: {report:?}", layer.name())
                })
            }
            _ => None,
        }
    }

    /// Returns whether it slept, and neither the schedule nor the trap said so.
    pub(crate) fn is_missed(&self) -> bool {
        self.slept() && !self.is_reported_by(Layer::Schedule) && !self.is_reported_by(Layer::Trap)
    }

    /// Returns whether a layer reported what must not be reported.
    pub(crate) fn is_false(&self, layer: Layer) -> bool {
        self.group.rule == Rule::Silent && self.is_reported_by(layer)
    }
}

/// Returns whether a report points to the operation, or to a function that it calls here.
fn points_here(report: &Report) -> bool {
    let here = "examples/detection_matrix/matrix/operations/";
    report.from_operation && report.place.as_ref().is_some_and(|place| place.starts_with(here))
}

fn yes_or_nothing(yes: bool) -> String {
    if yes { "yes" } else { NOTHING }.to_owned()
}
