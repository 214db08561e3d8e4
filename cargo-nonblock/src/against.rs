//! The cross-check with the watch: what a run showed, against what was proved.
//!
//! The watch of nonblock writes a line of JSON for each report (`NONBLOCK_WATCH=…,json=FILE`). A blocking system call in a section that
//! was proved is a fault of the check, or of an assumption. A section that reaches something, and in which no run has shown a call,
//! is not tested yet.

use serde_json::Value;

use crate::catalogue::{Catalogue, Class, Kind};
use crate::check::{EntryOutcome, Outcome, Verdict};
use crate::demangle::Name;

/// The kinds of reports that tell of a call.
const OF_CALLS: [&str; 2] = ["SyscallInNonBlock", "ScheduledInNonBlock"];

/// A blocking system call that the watch saw in a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The call's name.
    pub system_call: String,
    /// The file in which the section was entered.
    pub file: String,
    /// The line there.
    pub line: u64,
    /// The functions in which it was made, without generic arguments.
    pub functions: Vec<String>,
    /// Whether it was made by the allocator or by a panic, which sections are assumed not to be hurt by.
    pub is_assumed: bool,
}

/// What came out of the comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Calls that were seen in sections that were proved: as texts.
    pub contradictions: Vec<String>,
    /// Sections that reach something, and in which no call was seen.
    pub not_shown: Vec<String>,
    /// Calls that were seen in sections that the check has not.
    pub unknown: Vec<String>,
}

/// Reads what the watch wrote.
///
/// # Errors
///
/// If a line is no report of the watch. The text says which.
pub fn parse(text: &str) -> Result<Vec<Seen>, String> {
    let catalogue = Catalogue::new();
    let mut seen = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |what: &str| format!("line {number}: {what}");
        let report: Value =
            serde_json::from_str(line).map_err(|error| wrong(&error.to_string()))?;
        let kind = report["kind"].as_str().ok_or_else(|| wrong("no `kind`"))?;
        let section = &report["section"];
        let file = section["file"].as_str().ok_or_else(|| wrong("no `section.file`"))?;
        let line = section["line"].as_u64().ok_or_else(|| wrong("no `section.line`"))?;
        // A page fault, for one, is no call.
        let Some(system_call) = report["system_call"].as_str() else { continue };
        if !OF_CALLS.contains(&kind) {
            continue;
        }
        let frames = report["frames"].as_array().into_iter().flatten();
        let names = frames.filter_map(|frame| frame["function"].as_str()).map(Name::of_function);
        let names: Vec<_> = names.collect();
        let is_assumed = names.iter().any(|name| is_assumed(&catalogue, name));
        let functions = names.into_iter().map(|name| name.plain).collect();
        let (system_call, file) = (system_call.to_owned(), file.to_owned());
        seen.push(Seen { system_call, file, line, functions, is_assumed });
    }
    Ok(seen)
}

fn is_assumed(catalogue: &Catalogue, name: &Name) -> bool {
    let entry = catalogue.function(name).or_else(|| catalogue.import(&name.plain));
    entry.is_some_and(|entry| matches!(entry.kind, Kind::Leaf(Class::Alloc | Class::Panic)))
}

/// Compares what was seen with what came out.
pub fn compare<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>, seen: &[Seen]) -> Comparison {
    let entries: Vec<_> = outcomes.into_iter().flat_map(|outcome| &outcome.entries).collect();
    let mut comparison = Comparison::default();
    for seen in seen.iter().filter(|seen| !seen.is_assumed) {
        let text = format!("{} in the section at {}:{}", seen.system_call, seen.file, seen.line);
        let mut here = entries.iter().filter(|entry| is_in(entry, seen)).peekable();
        if here.peek().is_none() {
            comparison.unknown.push(text);
        } else if here.all(|entry| entry.verdict() == Verdict::Proved) {
            comparison.contradictions.push(text);
        }
    }
    for entry in entries.iter().filter(|entry| !entry.findings.is_empty()) {
        if !seen.iter().any(|seen| is_in(entry, seen)) {
            let place =
                entry.place.as_ref().map(|place| format!(" at {place}")).unwrap_or_default();
            comparison.not_shown.push(format!("{}{place}", entry.name.full));
        }
    }
    for list in [&mut comparison.contradictions, &mut comparison.unknown] {
        list.sort();
        list.dedup();
    }
    comparison
}

/// Whether a call was seen in the section of an entry: by the section's place, or since the entry's function was among the callers. The
/// place alone does not do. A function under `#[track_caller]` enters its section in the name of its caller.
fn is_in(entry: &EntryOutcome, seen: &Seen) -> bool {
    is_at(entry, seen) || seen.functions.contains(&entry.name.plain)
}

/// Whether an entry is where the watch says that the section was entered. One of the two files may be named from another folder.
fn is_at(entry: &EntryOutcome, seen: &Seen) -> bool {
    let Some(place) = &entry.place else { return false };
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    u64::from(place.line) == seen.line
        && (ends(&place.file, &seen.file) || ends(&seen.file, &place.file))
}
