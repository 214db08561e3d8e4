//! One operation under one layer, in this process.

use std::path::Path;

use nonblock::watch::{Frame, Observation};
use nonblock::{Violation, ViolationKind};

use crate::matrix::layer::Layer;
use crate::matrix::operation::Operation;
use crate::matrix::outcome::{Outcome, Ran, Report};
use crate::matrix::{sanitizer, section};

/// What is said of a call that the trap's table has no name for.
const UNNAMED: &str = "unnamed";

/// Runs the operation, and leaves what came of it in a file.
pub(crate) fn run_one(operation: &Operation, layer: Layer, result: &Path) -> Result<(), String> {
    let outcome = outcome(operation, layer)?;
    let text = serde_json::to_string(&outcome).map_err(|error| error.to_string())?;
    std::fs::write(result, text).map_err(|error| error.to_string())
}

fn outcome(operation: &Operation, layer: Layer) -> Result<Outcome, String> {
    let (enter, exit) = match layer {
        Layer::Sanitizer => sanitizer::hooks()?,
        _ => (nothing as fn(), nothing as fn()),
    };
    let mut body = match (operation.prepare)() {
        Ok(body) => body,
        Err(why) => return Ok(Outcome::Skipped(why)),
    };
    let _watch = match layer.start() {
        Ok(watch) => watch,
        Err(why) => return Ok(Outcome::Skipped(why)),
    };
    section::warm_up(enter, exit);
    let mut counts = section::Counts::default();
    let violations =
        nonblock::testing::violations(|| counts = section::run(&mut body, enter, exit));
    // What it holds may be in use by threads that wait for ever.
    std::mem::forget(body);
    let reports = violations.iter().map(|violation| report(violation, operation)).collect();
    Ok(Outcome::Ran(Ran { counts, reports }))
}

fn nothing() {}

fn report(violation: &Violation, operation: &Operation) -> Report {
    let observation = violation.observation();
    let frame = observation.and_then(Observation::user_frame);
    let what = match (violation.kind(), observation) {
        (ViolationKind::SyscallInNonBlock, Some(seen)) => {
            let call = seen.system_call().unwrap_or("");
            if call.is_empty() { UNNAMED } else { call }.to_owned()
        }
        (_, Some(seen)) => seen.found().to_owned(),
        (kind, None) => kind.name().to_owned(),
    };
    let from_operation = observation.is_some_and(|seen| {
        let functions = seen.frames().iter().filter_map(Frame::function);
        functions.map(without_closures).any(|function| function.ends_with(operation.function))
    });
    let place = frame.and_then(|frame| {
        let file = frame.file()?;
        // From the workspace's root.
        let file = file.rfind("examples/").map_or(file, |at| &file[at..]);
        Some(format!("{file}:{}", frame.line()?))
    });
    Report { what, place, from_operation }
}

fn without_closures(function: &str) -> &str {
    let function = function.split("::{closure").next().unwrap_or(function);
    function.split("::{{closure").next().unwrap_or(function)
}
