//! What came of the comparison with a run: a result for each contradiction, with the calls as a stack, and notifications for the rest.

use serde_json::{Value, json};

use super::messages::{location, message};
use super::notification::{NOT_CHECKED, NOT_SHOWN};
use super::results::{Run, result};
use crate::against::{Comparison, Contradiction, Frame};
use crate::report::wording::{self, CONTRADICTION};

/// Adds a result for each contradiction.
pub(super) fn add(run: &mut Run<'_>, comparison: &Comparison) {
    for contradiction in &comparison.contradictions {
        let mut result = contradicts(contradiction);
        let section = &contradiction.section;
        let caller = contradiction.frames.last().map_or("", wording::frame_name);
        let texts = [&section.name.plain, CONTRADICTION.id, &contradiction.system_call, caller];
        run.print(&mut result, &section.program, texts);
        run.push(result, "new", json!([]));
    }
}

fn contradicts(seen: &Contradiction) -> Value {
    let section = &seen.section;
    let what = wording::what_was_seen(seen);
    let text =
        format!("{} was proved, and {} {what}", wording::compared(section), CONTRADICTION.found);
    let mut result = result(&CONTRADICTION, "error", &text, &section.program);
    let at = location(section.place.as_ref(), &section.name.full, CONTRADICTION.headline);
    result["locations"] = json!([at]);
    if !seen.frames.is_empty() {
        // The innermost call comes first in a stack.
        let frames: Vec<_> = seen.frames.iter().rev().map(frame).collect();
        result["stacks"] =
            json!([{ "message": message("the calls, as the watch saw them"), "frames": frames }]);
    }
    result["properties"] = json!({
        "program": section.program,
        "entry": section.name.full,
        "what": seen.system_call,
        "times": seen.times,
        "slept": seen.slept,
    });
    result
}

fn frame(frame: &Frame) -> Value {
    let about = frame.place.as_deref().unwrap_or("a place that is not known");
    json!({ "location": location(None, wording::frame_name(frame), about) })
}

/// What no run has shown yet, and what was shown and not checked.
pub(super) fn notifications(comparison: &Comparison) -> Vec<Value> {
    let not_shown = comparison.not_shown.iter().map(|not_shown| {
        let mut value = NOT_SHOWN.with(&wording::not_shown(not_shown));
        let section = &not_shown.section;
        let about = wording::section_begins(section.kind);
        value["locations"] = json!([location(section.place.as_ref(), &section.name.full, about)]);
        value
    });
    let not_checked = comparison.not_checked.iter();
    let not_checked = not_checked.map(|seen| NOT_CHECKED.with(&wording::not_checked(seen)));
    not_shown.chain(not_checked).collect()
}
