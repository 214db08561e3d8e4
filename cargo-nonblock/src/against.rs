//! The cross-check with the watch: what a run showed, against what was proved.
//!
//! The watch of nonblock writes a line of JSON for each report (`NONBLOCK_WATCH=…,json=FILE`). A blocking system call in a section that
//! was proved is a fault of the check, or of an assumption. A section that reaches something, and in which no run has shown a call,
//! is not tested yet.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::catalogue::{Catalogue, Class, Kind};
use crate::check::{EntryOutcome, Outcome, Verdict};
use crate::demangle::Name;
use crate::entries::EntryKind;
use crate::places::{Place, shortened};

/// The kinds of reports that tell of a call.
const OF_CALLS: [&str; 2] = ["SyscallInNonBlock", "ScheduledInNonBlock"];

/// A blocking system call that the watch saw in a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The call's name.
    pub system_call: String,
    /// Whether the thread slept in it.
    pub slept: bool,
    /// The file in which the section was entered.
    pub file: String,
    /// The line there.
    pub line: u64,
    /// The functions in which it was made, the innermost first.
    pub frames: Vec<Frame>,
    /// Whether it was made by the allocator or by a panic, which sections are assumed not to be hurt by.
    pub is_assumed: bool,
}

impl Seen {
    /// Whether a function on the way has a name that other functions have, too.
    fn has_old_names(&self) -> bool {
        let mut names = self.frames.iter().filter_map(|frame| frame.function.as_deref());
        names.any(|name| name.contains(OLD_CLOSURE))
    }
}

/// What each closure and each future is called by the older mangling.
const OLD_CLOSURE: &str = "{{closure}}";

/// A function in which a call was made, as the watch names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Frame {
    /// Its name. `None` if the program has no symbol there.
    pub function: Option<String>,
    /// Where it calls the next one.
    pub place: Option<String>,
}

/// A section, or a function that was named, of one of the programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The file of the program.
    pub program: String,
    /// What it is.
    pub kind: EntryKind,
    /// The name of its function.
    pub name: Name,
    /// Where it is in the source.
    pub place: Option<Place>,
}

/// What came out of the comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// How many reports of calls were compared. Those of the allocator and of panics are not among them.
    pub compared: usize,
    /// How many of them were made in closures or futures whose names tell nothing: the program that ran was built with the older mangling, and
    /// only the line of the section could be compared.
    pub by_line_only: usize,
    /// Calls that were seen in sections that were proved.
    pub contradictions: Vec<Contradiction>,
    /// Sections that reach something, and in which no call was seen.
    pub not_shown: Vec<NotShown>,
    /// Calls that were seen in sections that the check has not.
    pub not_checked: Vec<NotChecked>,
}

/// A call that was seen in a section that was proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The section.
    pub section: Section,
    /// The system call.
    pub system_call: String,
    /// Whether a thread slept in it.
    pub slept: bool,
    /// How often it was seen by this way.
    pub times: usize,
    /// The functions on the way, from that of the section on if it is among them, to the one that made the call.
    pub frames: Vec<Frame>,
}

/// A section that reaches something, and in which no call was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotShown {
    /// The section.
    pub section: Section,
    /// What it reaches.
    pub reaches: Vec<String>,
}

/// A call that was seen in a section that the check has not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotChecked {
    /// The file in which the section was entered.
    pub file: String,
    /// The line there.
    pub line: u64,
    /// The system call.
    pub system_call: String,
    /// How often it was seen.
    pub times: usize,
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
        let wrong = |what: &str| {
            format!(
                "line {number} is no report of the watch, as `NONBLOCK_WATCH=trap,json=FILE` writes it: {what}"
            )
        };
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
        let frames: Vec<_> = report["frames"].as_array().into_iter().flatten().map(frame).collect();
        let mut names = frames.iter().filter_map(|frame| frame.function.as_deref());
        let is_assumed = names.any(|name| is_assumed(&catalogue, &Name::of_function(name)));
        let slept = report["slept"].as_bool().unwrap_or(false);
        let (system_call, file) = (system_call.to_owned(), file.to_owned());
        seen.push(Seen { system_call, slept, file, line, frames, is_assumed });
    }
    Ok(seen)
}

fn frame(value: &Value) -> Frame {
    let place = value["file"].as_str().map(|file| {
        let file = shortened(file);
        value["line"].as_u64().map_or_else(|| file.clone(), |line| format!("{file}:{line}"))
    });
    Frame { function: value["function"].as_str().map(str::to_owned), place }
}

/// Whether a function is the allocator, or part of a panic, which the check does not follow.
fn is_assumed(catalogue: &Catalogue, name: &Name) -> bool {
    // Where glibc has its own symbols, `malloc` is called `__GI___libc_malloc`.
    let symbol = name.plain.trim_start_matches("__GI_").trim_start_matches("__libc_");
    let entry = catalogue.function(name).or_else(|| catalogue.import(symbol));
    entry.is_some_and(|entry| matches!(entry.kind, Kind::Leaf(Class::Alloc | Class::Panic)))
}

/// Compares what was seen with what came out.
///
/// Of several sections at one place or with one name, as generic functions have them, one that was not proved explains a call.
///
/// # Arguments
///
/// * `programs`: the outcomes, each with the program's file.
pub fn compare<'a>(
    programs: impl IntoIterator<Item = (&'a str, &'a Outcome)>,
    seen: &[Seen],
) -> Comparison {
    let entries: Vec<Checked<'_>> = programs
        .into_iter()
        .flat_map(|(program, outcome)| {
            outcome.entries.iter().map(move |entry| Checked { program, entry })
        })
        .collect();
    let mut comparison = Comparison::default();
    let mut not_checked: BTreeMap<(&str, u64, &str), usize> = BTreeMap::new();
    let mut is_shown = vec![false; entries.len()];
    for seen in seen {
        let here = Here::of(&entries, seen);
        for number in here.all() {
            is_shown[number] = true;
        }
        if seen.is_assumed {
            continue;
        }
        comparison.compared += 1;
        comparison.by_line_only += usize::from(seen.has_old_names());
        if here.all().next().is_none() {
            *not_checked.entry((&seen.file, seen.line, &seen.system_call)).or_default() += 1;
        }
        for number in here.contradicted(&entries) {
            comparison.contradict(&entries[number], seen);
        }
    }
    let reach = entries
        .iter()
        .zip(is_shown)
        .filter(|(checked, is_shown)| !is_shown && !checked.entry.findings.is_empty());
    comparison.not_shown = reach
        .map(|(checked, _)| {
            let findings = checked.entry.findings.iter();
            let reaches = findings.map(|finding| finding.leaf.clone()).collect();
            NotShown { section: checked.section(), reaches }
        })
        .collect();
    comparison.not_checked = not_checked
        .into_iter()
        .map(|((file, line, system_call), times)| NotChecked {
            file: file.to_owned(),
            line,
            system_call: system_call.to_owned(),
            times,
        })
        .collect();
    comparison
}

/// An entry of one of the programs.
struct Checked<'a> {
    program: &'a str,
    entry: &'a EntryOutcome,
}

impl Checked<'_> {
    fn section(&self) -> Section {
        let EntryOutcome { kind, name, place, .. } = self.entry;
        Section {
            program: self.program.to_owned(),
            kind: *kind,
            name: name.clone(),
            place: place.clone(),
        }
    }
}

/// The entries in which a call was seen, by their numbers.
struct Here<'a> {
    /// Those whose function is on the way to the call, by its name. Each of them made the call.
    by_function: BTreeMap<&'a str, Vec<usize>>,
    /// Those that are where the section was entered.
    by_place: Vec<usize>,
}

impl<'a> Here<'a> {
    fn of(entries: &[Checked<'a>], seen: &Seen) -> Self {
        let names = seen.frames.iter().filter_map(|frame| frame.function.as_deref());
        let names: Vec<_> = names.map(|name| Name::of_function(name).plain).collect();
        let mut here = Self { by_function: BTreeMap::new(), by_place: Vec::new() };
        for (number, Checked { entry, .. }) in entries.iter().enumerate() {
            if names.contains(&entry.name.plain) {
                here.by_function.entry(&entry.name.plain).or_default().push(number);
            }
            if is_at(entry, seen) {
                here.by_place.push(number);
            }
        }
        here
    }

    fn all(&self) -> impl Iterator<Item = usize> + '_ {
        self.by_function.values().flatten().chain(&self.by_place).copied()
    }

    /// Returns the entries that were proved although the call was made in them.
    fn contradicted(&self, entries: &[Checked<'_>]) -> Vec<usize> {
        let mut groups: Vec<&[usize]> = self.by_function.values().map(Vec::as_slice).collect();
        let knows_section = groups
            .iter()
            .flat_map(|group| group.iter())
            .any(|number| entries[*number].entry.kind != EntryKind::Named);
        // The place alone does not do. A function under `#[track_caller]` enters its section in the name of its caller.
        if !knows_section {
            groups.push(&self.by_place);
        }
        let is_proved = |number: &usize| entries[*number].entry.verdict() == Verdict::Proved;
        let mut contradicted: Vec<_> = groups
            .into_iter()
            .filter(|group| group.iter().all(is_proved))
            .filter_map(|group| group.first().copied())
            .collect();
        contradicted.sort_unstable();
        contradicted.dedup();
        contradicted
    }
}

impl Comparison {
    /// Adds a contradiction. Each way to a call comes once.
    fn contradict(&mut self, checked: &Checked<'_>, seen: &Seen) {
        let section = checked.section();
        let own = seen.frames.iter().position(|frame| {
            let name = frame.function.as_deref().map(Name::of_function);
            name.is_some_and(|name| name.plain == section.name.plain)
        });
        let end = own.map_or(seen.frames.len(), |own| own + 1);
        let frames: Vec<_> = seen.frames[..end].iter().rev().cloned().collect();
        let known = self.contradictions.iter_mut().find(|known| {
            known.section == section
                && known.system_call == seen.system_call
                && known.frames == frames
        });
        if let Some(known) = known {
            known.times += 1;
            known.slept |= seen.slept;
            return;
        }
        let (system_call, slept) = (seen.system_call.clone(), seen.slept);
        let contradiction = Contradiction { section, system_call, slept, times: 1, frames };
        self.contradictions.push(contradiction);
    }
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
