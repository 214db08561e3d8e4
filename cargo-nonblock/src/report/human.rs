//! The report for people, in the form of nonblock's reports at run time: what was expected, what was found, and the way there.

use std::fmt::Write as _;

use crate::against::Comparison;
use crate::catalogue::Class;
use crate::check::{Call, EntryOutcome, Finding, Obstacle, Outcome, Verdict};
use crate::entries::{EntryKind, runs_sections};
use crate::places::Place;

/// Writes the report.
///
/// # Arguments
///
/// * `program`: what was checked, by the name that the user knows.
/// * `list_proved`: whether each entry that was proved has a line too.
pub fn human(outcome: &Outcome, program: &str, list_proved: bool) -> String {
    let mut text = String::new();
    let mut write = |line: std::fmt::Arguments<'_>| {
        // Writing to a string never fails.
        let _ = text.write_fmt(line);
        text.push('\n');
    };
    write(format_args!("program: {program}, {} functions", outcome.functions));
    for tool in &outcome.tools {
        write(format_args!("built by: {tool}"));
    }
    for used in &outcome.assumptions {
        let count = match used.count {
            0 if used.is_users => "no way needed it".to_owned(),
            0 => "cut nothing".to_owned(),
            1 => "cut 1 way".to_owned(),
            count => format!("cut {count} ways"),
        };
        write(format_args!("assumed ({}): {} [{count}]", used.id, used.text));
    }
    for doubt in &outcome.doubts {
        write(format_args!("\ncannot tell: {doubt}"));
    }
    for entry in &outcome.entries {
        for finding in &entry.findings {
            write(format_args!("\n{}", of_finding(entry, finding).trim_end()));
        }
        for obstacle in &entry.obstacles {
            write(format_args!("\n{}", of_obstacle(entry, obstacle).trim_end()));
        }
    }
    let count = |verdict| outcome.entries.iter().filter(|entry| entry.verdict() == verdict).count();
    if list_proved && count(Verdict::Proved) > 0 {
        write(format_args!(""));
        for entry in outcome.entries.iter().filter(|entry| entry.verdict() == Verdict::Proved) {
            write(format_args!("proved: {} ({} functions)", section(entry), entry.functions));
        }
    }
    let known: usize = outcome.entries.iter().map(|entry| entry.known).sum();
    if known > 0 {
        write(format_args!("\nknown by the baseline, and not counted: {known}"));
    }
    write(format_args!(
        "\nresult: {}: {} proved, {} not proved, {} that reach what they must not",
        outcome.verdict().name(),
        count(Verdict::Proved),
        count(Verdict::NotProved),
        count(Verdict::Reaches),
    ));
    text
}

/// Writes what came out of the comparison with a run.
pub fn against(comparison: &Comparison) -> String {
    let mut text = String::new();
    let lists = [
        ("CONTRADICTION: a run shows what was proved not to happen", &comparison.contradictions),
        ("no call was seen in a section that reaches one", &comparison.not_shown),
        ("seen, and not among the sections that were checked", &comparison.unknown),
    ];
    for (what, list) in lists {
        for line in list {
            let _ = writeln!(text, "{what}: {line}");
        }
    }
    text
}

/// Writes the chains that `why` found.
pub fn why(findings: &[Finding], from: &str, to: &str) -> String {
    let mut text = String::new();
    if findings.is_empty() {
        return format!("no way leads from `{from}` to `{to}`, as far as calls can be followed\n");
    }
    for finding in findings {
        let _ = writeln!(text, "{}: {}", finding.leaf, finding.reason);
        text.push_str(&chain(&finding.chain, &finding.leaf));
        text.push('\n');
    }
    text
}

fn section(entry: &EntryOutcome) -> String {
    let what = match entry.kind {
        EntryKind::Section => "the section",
        EntryKind::Raw => "the section that is begun by hand in",
        EntryKind::Named => "the function",
    };
    match &entry.place {
        Some(place) => format!("{what} {} at {place}", entry.name.full),
        None => format!("{what} {}", entry.name.full),
    }
}

fn of_finding(entry: &EntryOutcome, finding: &Finding) -> String {
    let (headline, expected, found, help) = match finding.class {
        Class::Sleep => (
            "sleeping function reachable from invalid context",
            "no call that may sleep",
            "a call that may sleep",
            "make the call outside the section, or try instead of waiting; if it never happens, say so by a line of `--rules`",
        ),
        Class::Alloc => (
            "allocation or release reachable from invalid context",
            "no allocation and no release of memory",
            "an allocation or a release",
            "allocate before the section, and release after it",
        ),
        Class::Panic => (
            "panic reachable from invalid context",
            "no panic",
            "a panic",
            "check before the section what can fail in it",
        ),
    };
    let mut text = format!("BUG: {headline}{}\n", at(own_place(&finding.chain)));
    let _ = writeln!(text, "expected: {expected}, in {}", section(entry));
    let _ = writeln!(text, "found: {found}: {}. {}", finding.leaf, finding.reason);
    text.push_str(&chain(&finding.chain, &finding.leaf));
    let _ = writeln!(text, "help: {help}");
    text
}

fn of_obstacle(entry: &EntryOutcome, obstacle: &Obstacle) -> String {
    let mut text =
        format!("NOT PROVED: call that cannot be followed{}\n", at(own_place(&obstacle.chain)));
    let _ = writeln!(text, "expected: only calls that can be followed, in {}", section(entry));
    let _ = writeln!(text, "found: {}: {}", obstacle.what, obstacle.reason);
    for candidate in &obstacle.candidates {
        let reaches = candidate.reaches.as_ref().map_or_else(
            || "which reaches nothing that blocks by calls that can be followed".to_owned(),
            |leaf| format!("which reaches {leaf}"),
        );
        let _ = writeln!(text, "it may be: {}, {reaches}", candidate.name.full);
    }
    if obstacle.more_candidates > 0 {
        let others = if obstacle.candidates.is_empty() { "" } else { " more" };
        let _ = writeln!(
            text,
            "it may be: one of {}{others} functions at this place of tables",
            obstacle.more_candidates
        );
    }
    text.push_str(&chain(&obstacle.chain, &obstacle.what));
    text
}

fn at(place: Option<&Place>) -> String {
    place.map_or_else(String::new, |place| format!(" at {place}"))
}

/// The place that the user can change: that of the last call in code of the user's own.
fn own_place(chain: &[Call]) -> Option<&Place> {
    let is_own = |call: &&Call| !call.caller.is_in_std() && call.caller.crate_name() != "nonblock";
    let own = chain.iter().rev().filter(is_own).find_map(|call| call.place.as_ref());
    own.or_else(|| chain.iter().rev().find_map(|call| call.place.as_ref()))
}

/// The calls, from the section to what it reaches.
fn chain(calls: &[Call], end: &str) -> String {
    let mut text = String::new();
    if calls.is_empty() {
        return text;
    }
    text.push_str("calls, from the section on:\n");
    // What runs the section is no news.
    let calls: Vec<_> = calls.iter().filter(|call| !runs_sections(&call.caller)).collect();
    for (number, call) in calls.iter().enumerate() {
        let inlined = if call.inlined { " (inlined)" } else { "" };
        let _ = writeln!(text, "{number:4}: {}{inlined}", call.caller.full);
        if let Some(place) = &call.place {
            let _ = writeln!(text, "             at {place}");
        }
    }
    let _ = writeln!(text, "{:4}: {end}", calls.len());
    text
}
