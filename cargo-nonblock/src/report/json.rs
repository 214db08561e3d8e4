//! The report for programs: one JSON value.

use serde::Serialize;

use crate::check::{Call, EntryOutcome, Finding, Obstacle, Outcome};
use crate::places::Place;

/// The version of the form. It changes when a field goes away or means something else.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    programs: Vec<OfProgram<'a>>,
}

#[derive(Serialize)]
struct OfProgram<'a> {
    program: &'a str,
    result: &'static str,
    functions: usize,
    built_by: &'a [String],
    assumptions: Vec<Assumed<'a>>,
    doubts: &'a [String],
    entries: Vec<OfEntry<'a>>,
}

#[derive(Serialize)]
struct Assumed<'a> {
    id: &'a str,
    text: &'a str,
    ways_cut: usize,
}

#[derive(Serialize)]
struct OfEntry<'a> {
    kind: &'static str,
    function: &'a str,
    place: Option<At<'a>>,
    result: &'static str,
    known: usize,
    functions: usize,
    findings: Vec<OfFinding<'a>>,
    not_followed: Vec<NotFollowed<'a>>,
}

#[derive(Serialize)]
struct OfFinding<'a> {
    class: &'static str,
    leaf: &'a str,
    reason: &'a str,
    calls: Vec<OfCall<'a>>,
}

#[derive(Serialize)]
struct NotFollowed<'a> {
    what: &'a str,
    reason: &'a str,
    candidates: Vec<OfCandidate<'a>>,
    more_candidates: usize,
    calls: Vec<OfCall<'a>>,
}

#[derive(Serialize)]
struct OfCandidate<'a> {
    function: &'a str,
    reaches: Option<&'a str>,
}

#[derive(Serialize)]
struct OfCall<'a> {
    caller: &'a str,
    inlined: bool,
    kind: &'static str,
    place: Option<At<'a>>,
}

#[derive(Serialize)]
struct At<'a> {
    file: &'a str,
    line: u32,
    column: u32,
}

/// Writes the report as JSON.
///
/// # Panics
///
/// Never: everything in it can be written.
pub fn json(outcomes: &[(String, Outcome)]) -> String {
    let programs = outcomes.iter().map(|(program, outcome)| of_program(program, outcome));
    written(&Report { version: VERSION, programs: programs.collect() })
}

fn of_program<'a>(program: &'a str, outcome: &'a Outcome) -> OfProgram<'a> {
    let assumptions = outcome.assumptions.iter().map(|used| Assumed {
        id: &used.id,
        text: &used.text,
        ways_cut: used.count,
    });
    OfProgram {
        program,
        result: outcome.verdict().name(),
        functions: outcome.functions,
        built_by: &outcome.tools,
        assumptions: assumptions.collect(),
        doubts: &outcome.doubts,
        entries: outcome.entries.iter().map(of_entry).collect(),
    }
}

/// Writes the chains that `why` found as JSON.
///
/// # Panics
///
/// Never: everything in it can be written.
pub fn why(findings: &[Finding]) -> String {
    written(&findings.iter().map(of_finding).collect::<Vec<_>>())
}

fn written(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("strings and numbers can be written");
    text.push('\n');
    text
}

fn of_entry(entry: &EntryOutcome) -> OfEntry<'_> {
    OfEntry {
        kind: entry.kind.name(),
        function: &entry.name.full,
        place: entry.place.as_ref().map(at),
        result: entry.verdict().name(),
        known: entry.known,
        functions: entry.functions,
        findings: entry.findings.iter().map(of_finding).collect(),
        not_followed: entry.obstacles.iter().map(of_obstacle).collect(),
    }
}

fn of_finding(finding: &Finding) -> OfFinding<'_> {
    OfFinding {
        class: finding.class.name(),
        leaf: &finding.leaf,
        reason: &finding.reason,
        calls: calls(&finding.chain),
    }
}

fn of_obstacle(obstacle: &Obstacle) -> NotFollowed<'_> {
    let candidates = obstacle.candidates.iter().map(|candidate| OfCandidate {
        function: &candidate.name.full,
        reaches: candidate.reaches.as_deref(),
    });
    NotFollowed {
        what: &obstacle.what,
        reason: &obstacle.reason,
        candidates: candidates.collect(),
        more_candidates: obstacle.more_candidates,
        calls: calls(&obstacle.chain),
    }
}

fn calls(chain: &[Call]) -> Vec<OfCall<'_>> {
    let calls = chain.iter().map(|call| OfCall {
        caller: &call.caller.full,
        inlined: call.inlined,
        kind: call.kind.name(),
        place: call.place.as_ref().map(at),
    });
    calls.collect()
}

fn at(place: &Place) -> At<'_> {
    At { file: &place.file, line: place.line, column: place.column }
}
