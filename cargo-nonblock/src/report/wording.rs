//! The words of a report that all formats share.

use crate::against::{Comparison, Contradiction, Frame, NotChecked, NotShown, Section};
use crate::catalogue::Class;
use crate::check::{EntryOutcome, Found};
use crate::demangle::Name;
use crate::entries::EntryKind;
use crate::places::Place;

/// A kind of finding. A reader of SARIF knows it as a rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// By which programs know it.
    pub(super) id: &'static str,
    /// Its name in code scanning.
    pub(super) name: &'static str,
    /// What the report of it begins with.
    pub(super) label: &'static str,
    pub(super) headline: &'static str,
    pub(super) expected: &'static str,
    pub(super) found: &'static str,
    pub(super) help: &'static str,
    /// What it says, for who never read of it.
    pub(super) explained: &'static str,
}

const SLEEP: Kind = Kind {
    id: "reaches-sleep",
    name: "ReachesSleep",
    label: "BUG",
    headline: "sleeping function reachable from invalid context",
    expected: "no call that may sleep",
    found: "a call that may sleep",
    help: "make the call outside the section, or try instead of waiting; if it never happens, say so by a line of `--rules`",
    explained: "A chain of calls leads from a section, or from a function that was named, to a call that may put the thread to sleep. Whether a run ever takes it, nobody says.",
};

const ALLOC: Kind = Kind {
    id: "reaches-alloc",
    name: "ReachesAlloc",
    label: "BUG",
    headline: "allocation or release reachable from invalid context",
    expected: "no allocation and no release of memory",
    found: "an allocation or a release",
    help: "allocate before the section, and release after it",
    explained: "A chain of calls leads from a section, or from a function that was named, to the allocator, which `--deny alloc` forbids.",
};

const PANIC: Kind = Kind {
    id: "reaches-panic",
    name: "ReachesPanic",
    label: "BUG",
    headline: "panic reachable from invalid context",
    expected: "no panic",
    found: "a panic",
    help: "check before the section what can fail in it",
    explained: "A chain of calls leads from a section, or from a function that was named, to a panic, which `--deny panic` forbids.",
};

const NOT_FOLLOWED: Kind = Kind {
    id: "not-followed",
    name: "NotFollowed",
    label: "NOT PROVED",
    headline: "call that cannot be followed",
    expected: "only calls that can be followed",
    found: "one that cannot be followed",
    help: "call something that can be followed, or say by a line of `--rules` what you know of it",
    explained: "What a section, or a function that was named, calls there cannot be told from the program. So nothing is proved of it.",
};

/// What a run showed in a section that was proved.
pub(super) const CONTRADICTION: Kind = Kind {
    id: "contradiction",
    name: "Contradiction",
    label: "CONTRADICTION",
    headline: "a run shows a blocking call in what was proved",
    expected: "no call that may sleep",
    found: "the watch saw the system call",
    help: "look first whether an assumption is broken: a line of `--rules` (`permits`, `harmless`, `accepts`), a `Sleepable` that a closure or a future brought into the section, an object whose type lies, a signal handler, a library that is loaded when the program runs, or a trace of another build. If none is, it is a fault of cargo-nonblock: please report it, with the program and the trace",
    explained: "The watch of nonblock saw a blocking system call in a section, or in a function that was named, of which the check has proved that it makes none. An assumption is broken, or the check is wrong.",
};

/// All kinds of findings. The order is that of the rules in SARIF.
pub(super) const KINDS: [Kind; 5] = [SLEEP, ALLOC, PANIC, NOT_FOLLOWED, CONTRADICTION];

/// The kind of a finding of this class, or of a call that cannot be followed.
pub(super) fn kind(class: Option<Class>) -> &'static Kind {
    match class {
        Some(Class::Sleep) => &KINDS[0],
        Some(Class::Alloc) => &KINDS[1],
        Some(Class::Panic) => &KINDS[2],
        None => &KINDS[3],
    }
}

pub(super) fn kind_of(found: &Found) -> &'static Kind {
    match found {
        Found::Finding(finding) => kind(Some(finding.class)),
        Found::Obstacle(_) => kind(None),
    }
}

/// Tells by which rules of the user's less was looked at, to be put behind what an entry reaches. Empty if by none.
pub(super) fn by_rules(entry: &EntryOutcome) -> String {
    if entry.by_rules.is_empty() {
        return String::new();
    }
    format!(", and what these rules leave out: {}", entry.by_rules.join("; "))
}

/// Names the section or function, and where it is.
pub(super) fn section(entry: &EntryOutcome) -> String {
    named(entry.kind, &entry.name, entry.place.as_ref())
}

/// Names a section or function that a run was compared with, and where it is.
pub(super) fn compared(section: &Section) -> String {
    named(section.kind, &section.name, section.place.as_ref())
}

fn named(kind: EntryKind, name: &Name, place: Option<&Place>) -> String {
    let (what, name) = (section_kind(kind), &name.full);
    match place {
        Some(place) => format!("{what} {name} at {place}"),
        None => format!("{what} {name}"),
    }
}

pub(super) fn section_kind(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Section => "the section",
        EntryKind::Raw => "the section that is begun by hand in",
        EntryKind::Task => "the task",
        EntryKind::Named => "the function",
    }
}

/// What is reached or cannot be followed, and why that counts.
pub(super) fn what_and_reason(found: &Found) -> String {
    match found {
        Found::Finding(finding) if finding.reason.is_empty() => finding.leaf.clone(),
        Found::Finding(finding) => format!("{}. {}", finding.leaf, finding.reason),
        Found::Obstacle(obstacle) => format!("{}: {}", obstacle.what, obstacle.reason),
    }
}

/// What a call through a table may reach: a line for each, as far as something is known.
pub(super) fn candidates(found: &Found) -> Vec<String> {
    let Found::Obstacle(obstacle) = found else { return Vec::new() };
    let mut lines = Vec::new();
    for candidate in &obstacle.candidates {
        let reaches = candidate.reaches.as_ref().map_or_else(
            || "which reaches nothing that blocks by calls that can be followed".to_owned(),
            |leaf| format!("which reaches {leaf}"),
        );
        lines.push(format!("{}, {reaches}", candidate.name.full));
    }
    if obstacle.more_candidates > 0 {
        let others = if obstacle.candidates.is_empty() { "" } else { " more" };
        lines.push(format!(
            "one of {}{others} functions at this place of tables",
            obstacle.more_candidates
        ));
    }
    lines
}

/// A number with the word that fits it.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// What the watch saw: the call, how often, and whether a thread slept in it.
pub(super) fn what_was_seen(seen: &Contradiction) -> String {
    let times = match seen.times {
        1 => "once".to_owned(),
        times => format!("{times} times"),
    };
    let slept = if seen.slept { ", and the thread slept in it" } else { "" };
    format!("{}, {times}{slept}", seen.system_call)
}

/// The name of a function that the watch saw.
pub(super) fn frame_name(frame: &Frame) -> &str {
    frame.function.as_deref().unwrap_or("a function without a symbol")
}

/// What no run has shown yet.
pub(super) fn not_shown(not_shown: &NotShown) -> String {
    let reaches = not_shown.reaches.join(", ");
    format!("{}, which reaches {reaches}", compared(&not_shown.section))
}

/// What was seen in a section that was not checked.
pub(super) fn not_checked(seen: &NotChecked) -> String {
    let NotChecked { file, line, system_call, times } = seen;
    let times = count(*times, "time", "times");
    format!("{system_call}, {times}, in the section at {file}:{line}")
}

/// What came of the comparison, in numbers.
pub(super) fn comparison(comparison: &Comparison) -> String {
    let Comparison { compared, by_line_only, contradictions, not_shown, not_checked } = comparison;
    let calls = count(*compared, "call", "calls");
    let by_line = match by_line_only {
        0 => String::new(),
        number => format!(
            ", {number} of which by the section's line only, since closures have no names of their own in what ran: run what the check has built"
        ),
    };
    let contradictions = count(contradictions.len(), "contradiction", "contradictions");
    let other = count(not_checked.len(), "call", "calls");
    let not_shown = count(
        not_shown.len(),
        "section that reaches something showed no call",
        "sections that reach something showed no call",
    );
    format!(
        "{calls} compared{by_line}: {contradictions}, {not_shown}, {other} in sections that were not checked"
    )
}

/// What is said of the line where a section or function is.
pub(super) fn section_begins(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Section => "the section is entered here",
        EntryKind::Raw => "the section is begun by hand in this function",
        EntryKind::Task => "the task that is polled",
        EntryKind::Named => "the function that is checked",
    }
}
