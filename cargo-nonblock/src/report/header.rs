//! The head of a report: what was checked, how it was made, and what was assumed. All formats have it.

use std::fmt::Write as _;

use super::wording::count;
use super::{Build, Checked, Report};
use crate::check::Used;

/// A line of the header: what it is of, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) label: String,
    pub(super) text: String,
    /// Whether it tells of something that the user wrote down and that no program needed.
    pub(super) is_unused: bool,
}

fn line(label: impl Into<String>, text: impl Into<String>) -> Line {
    Line { label: label.into(), text: text.into(), is_unused: false }
}

/// Returns the lines of the header of one of a report's programs.
pub(super) fn lines(report: &Report, checked: &Checked) -> Vec<Line> {
    let outcome = &checked.outcome;
    let functions = count(outcome.functions, "function", "functions");
    let mut lines = vec![line("program", format!("{}, {functions}", checked.file))];
    lines.extend(toolchain(checked).into_iter().map(|tool| line("toolchain", tool)));
    lines.push(line("profile", profile(checked)));
    lines.push(line("target", target(checked)));
    for used in &outcome.assumptions {
        let text = format!("{} [{}]", used.text, ways(used));
        let is_unused = used.is_users && !is_needed(report, used);
        lines.push(Line { is_unused, ..line(format!("assumed ({})", used.id), text) });
    }
    for used in &checked.suppressions {
        let suppression = &used.suppression;
        let hid = match used.count {
            0 => "hid nothing".to_owned(),
            number => format!("hid {}", count(number, "finding", "findings")),
        };
        let (entry, leaf) = (suppression.entry.as_str(), suppression.leaf.as_str());
        let label = format!("suppressed ({entry} => {leaf})");
        let text = format!("{} [{hid}]", suppression.reason);
        let mut all = report.programs.iter().flat_map(|program| &program.suppressions);
        let is_unused = !all.any(|of| of.count > 0 && of.suppression == used.suppression);
        lines.push(Line { is_unused, ..line(label, text) });
    }
    lines
}

/// Whether some program needs an assumption.
fn is_needed(report: &Report, used: &Used) -> bool {
    let mut all = report.programs.iter().flat_map(|program| &program.outcome.assumptions);
    all.any(|of| of.count > 0 && of.id == used.id)
}

/// How often an assumption was needed.
fn ways(used: &Used) -> String {
    match used.count {
        0 if used.is_users => "no way needed it".to_owned(),
        0 => "cut nothing".to_owned(),
        number => format!("cut {}", count(number, "way", "ways")),
    }
}

/// Who made the program: the compilers by the debugging information, and what else the file names.
pub(super) fn toolchain(checked: &Checked) -> Vec<String> {
    let outcome = &checked.outcome;
    let compilers = outcome.origin.compilers.iter();
    let mut tools: Vec<_> = compilers
        .map(|compiler| format!("{} ({})", compiler.text, count(compiler.units, "unit", "units")))
        .collect();
    for tool in &outcome.tools {
        let tool = without_folder(tool);
        // The same version is in the debugging information already, in other words.
        let version = tool.strip_prefix("rustc version ").unwrap_or(tool);
        if !tools.iter().any(|known| known.contains(version)) {
            tools.push(tool.to_owned());
        }
    }
    if tools.is_empty() {
        tools.push("the file does not say".to_owned());
    }
    tools
}

/// LLD names the folder in which it was built.
fn without_folder(tool: &str) -> &str {
    tool.split_once(" (/").map_or(tool, |(before, _)| before)
}

pub(super) fn profile(checked: &Checked) -> String {
    let Some(build) = &checked.build else {
        let lines = if checked.outcome.has_debug_information { "there is" } else { "there is no" };
        return format!(
            "not known, since the program was there already; {lines} debugging information"
        );
    };
    let Build { opt_level, debuginfo, .. } = build;
    let mut text = format!("opt-level {opt_level}, debug {debuginfo}");
    for (what, is_on) in
        [("debug assertions", build.debug_assertions), ("overflow checks", build.overflow_checks)]
    {
        let _ = write!(text, ", {what} {}", if is_on { "on" } else { "off" });
    }
    if build.test {
        text.push_str(", a program of tests");
    }
    if !build.flags.is_empty() {
        let _ = write!(text, "; the check adds {}, and these count", build.flags.join(" "));
    }
    text
}

pub(super) fn target(checked: &Checked) -> String {
    let machine = &checked.outcome.origin.machine;
    match checked.build.as_ref().map(|build| build.target.as_str()) {
        Some(target) if !target.is_empty() => format!("{target} ({machine})"),
        _ if machine.is_empty() => "not known".to_owned(),
        _ => machine.clone(),
    }
}
