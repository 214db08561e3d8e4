//! The report for programs: one JSON value. Each field of it is described here; [`Report`] is what `cargo nonblock check --format json`
//! writes, and [`Why`] what `cargo nonblock why --format json` does. A program in Rust can read them with serde as these types.
//!
//! Optional fields are `null` where there is nothing. A field that is new does not change the version.

use serde::{Deserialize, Serialize};

use super::header;
use crate::against;
use crate::baseline::Key;
use crate::check::{self, EntryOutcome, Found, HiddenBy};
use crate::places;

/// The version of the form. It changes when a field goes away or means something else.
pub const VERSION: u32 = 1;

/// What `check` writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of the form: [`VERSION`].
    pub version: u32,
    /// The version of `cargo-nonblock`.
    pub tool_version: String,
    /// The result for all programs together: `proved`, `known` (all that was found is known by the baseline, or suppressed),
    /// `not proved`, or `reaches`.
    pub result: String,
    /// The programs.
    pub programs: Vec<Program>,
    /// Programs that should have been checked, and could not be read. With any the result is at best `not proved`.
    pub unreadable: Vec<Unreadable>,
    /// What the baseline has and no program has any more. `null` without a baseline.
    pub absent: Option<Vec<Absent>>,
    /// What came of the comparison with a run. `null` without `--against`.
    pub against: Option<Against>,
}

/// A program that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unreadable {
    /// Its file.
    pub program: String,
    /// What is wrong with it, and what to do.
    pub error: String,
}

/// A program that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its file.
    pub program: String,
    /// Its result, as that of the report. A program with a doubt is at best `not proved`.
    pub result: String,
    /// How many functions it has.
    pub functions: u64,
    /// What the compilers and the linker say of themselves in the file.
    pub built_by: Vec<String>,
    /// The compilers by the debugging information, each with how many units it has made.
    pub toolchain: Vec<String>,
    /// The machine: a target's name where cargo built the program, and what the file says.
    pub target: String,
    /// How cargo built it. `null` if it was there already.
    pub profile: Option<Profile>,
    /// What was assumed.
    pub assumptions: Vec<Assumption>,
    /// The lines of the rules that suppress single findings.
    pub suppressions: Vec<Suppression>,
    /// What keeps the program as a whole from being proved: sentences.
    pub doubts: Vec<String>,
    /// The sections, the tasks, and the functions that were named.
    pub entries: Vec<Entry>,
}

/// How cargo built a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// `opt-level` of cargo's profile. What `flags` say counts more.
    pub opt_level: String,
    /// `debug` of cargo's profile. What `flags` say counts more.
    pub debug: String,
    /// Whether debug assertions are on.
    pub debug_assertions: bool,
    /// Whether overflow checks are on.
    pub overflow_checks: bool,
    /// Whether it is a program of tests.
    pub test: bool,
    /// What the check told rustc besides.
    pub flags: Vec<String>,
}

/// Something that was assumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumption {
    /// Its name. That of a user's rule is the rule's class and pattern.
    pub id: String,
    /// What is assumed. For a user's rule it is the reason.
    pub text: String,
    /// How many ways of the graph it cut.
    pub ways_cut: u64,
    /// Whether it is a rule of the user's. With no way cut it is not needed.
    pub is_users: bool,
}

/// A line of the rules that suppresses single findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suppression {
    /// The pattern of the section or function.
    pub entry: String,
    /// The pattern of what is reached.
    pub leaf: String,
    /// Why it does not count.
    pub reason: String,
    /// How many findings it took out of this program. It is not needed if this is 0 for all programs.
    pub hid: u64,
}

/// A section, a task, or a function that was named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// `section`, `raw section` (begun by hand), `task` (of tokio), or `named`.
    pub kind: String,
    /// Its name, with all types.
    pub function: String,
    /// Where it is.
    pub place: Option<Place>,
    /// Its result, as that of the report.
    pub result: String,
    /// How many of its findings are hidden: the length of `hidden`.
    pub known: u64,
    /// How many functions it reaches.
    pub functions: u64,
    /// The rules of the user's that cut a way from it, as `assumptions` calls them. Nothing behind them was looked at.
    #[serde(default)]
    pub by_rules: Vec<String>,
    /// What it reaches and must not.
    pub findings: Vec<Finding>,
    /// What it calls and cannot be followed.
    pub not_followed: Vec<NotFollowed>,
    /// What does not count.
    pub hidden: Vec<Hidden>,
}

/// Something that must not be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// `sleep`, `alloc`, or `panic`.
    pub class: String,
    /// What is reached: a function or a system call.
    pub leaf: String,
    /// Why that blocks: a sentence.
    pub reason: String,
    /// A shortest chain of calls, from the entry on.
    pub calls: Vec<Call>,
}

/// Something that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotFollowed {
    /// What it is.
    pub what: String,
    /// Why it cannot be followed.
    pub reason: String,
    /// Functions of the user's that it may call.
    pub candidates: Vec<Candidate>,
    /// How many others there are.
    pub more_candidates: u64,
    /// A shortest chain of calls, from the entry on.
    pub calls: Vec<Call>,
}

/// A function that may be called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Its name.
    pub function: String,
    /// The first thing that it reaches and must not.
    pub reaches: Option<String>,
}

/// A finding that does not count. One of `finding` and `not_followed` is `null`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hidden {
    /// `baseline` or `suppression`.
    pub by: String,
    /// Why, as the user wrote it. It may be empty for a baseline.
    pub reason: String,
    /// What is reached.
    pub finding: Option<Finding>,
    /// What cannot be followed.
    pub not_followed: Option<NotFollowed>,
}

/// A call on a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The function that makes the call.
    pub caller: String,
    /// Whether the caller was inlined into the one before.
    pub inlined: bool,
    /// In which way it calls the next one: `call`, `tail call`, `drop`, and others.
    pub kind: String,
    /// Where the call is made.
    pub place: Option<Place>,
}

/// A place in a source file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The file, relative to the current folder if it lies below. Those of the standard library begin with `library/`, and those
    /// of a registry with the package.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1. It is 0 if it is not known.
    pub column: u32,
}

/// Something that the baseline has and no program has any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    /// The section or function, without generic arguments.
    pub entry: String,
    /// The class of what was reached, or `not followed`.
    pub class: String,
    /// What was reached. It is empty for what was not followed.
    pub what: String,
    /// The function that made the last call.
    pub caller: String,
}

/// What came of the comparison with what the watch saw in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Against {
    /// How many calls were compared. Those of the allocator and of panics are not among them.
    pub compared: u64,
    /// How many of them were compared by the section's line only, since closures have no names of their own in the program that ran: it was
    /// built with the older mangling.
    #[serde(default)]
    pub by_line_only: u64,
    /// Calls that were seen in sections that were proved. With any the exit code is 4.
    pub contradictions: Vec<Contradiction>,
    /// Sections that reach something, and in which the run showed no call.
    pub not_shown: Vec<NotShown>,
    /// Calls that were seen in sections that were not checked.
    pub not_checked: Vec<NotChecked>,
}

/// A call that was seen in a section that was proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contradiction {
    /// The section.
    pub section: Section,
    /// The name of the system call.
    pub system_call: String,
    /// Whether a thread slept in it.
    pub slept: bool,
    /// How often it was seen with these frames.
    pub times: u64,
    /// The functions on the way, as the watch named them: from that of the section on, if it is among them, to the one that made
    /// the call.
    pub frames: Vec<Frame>,
}

/// A function on the way to a call that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// Its name.
    pub function: Option<String>,
    /// Where it calls the next one: the file, and the line if it is known.
    pub place: Option<String>,
}

/// A section that reaches something, and in which the run showed no call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotShown {
    /// The section.
    pub section: Section,
    /// What it reaches, as `leaf` of its findings.
    pub reaches: Vec<String>,
}

/// A call that was seen in a section that was not checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotChecked {
    /// The file in which the section was entered.
    pub file: String,
    /// The line there.
    pub line: u64,
    /// The name of the system call.
    pub system_call: String,
    /// How often it was seen.
    pub times: u64,
}

/// A section that a run was compared with. Its program's `entries` have it, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// The file of its program.
    pub program: String,
    /// As that of the entry.
    pub kind: String,
    /// Its name, with all types.
    pub function: String,
    /// Where it is.
    pub place: Option<Place>,
}

/// What `why` writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// The version of the form: [`VERSION`].
    pub version: u32,
    /// The version of `cargo-nonblock`.
    pub tool_version: String,
    /// The chains, the shortest first for each program.
    pub chains: Vec<Finding>,
}

/// Writes the report as JSON.
///
/// # Panics
///
/// Never: everything in it can be written.
pub fn json(report: &super::Report) -> String {
    written(&Report::of(report))
}

/// Writes the chains that `why` found as JSON.
///
/// # Panics
///
/// Never: everything in it can be written.
pub fn why(findings: &[check::Finding]) -> String {
    written(&Why {
        version: VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        chains: findings.iter().map(finding).collect(),
    })
}

fn written(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("strings and numbers can be written");
    text.push('\n');
    text
}

impl Report {
    /// Makes it of what came out.
    pub fn of(report: &super::Report) -> Self {
        let absent = report.absent.as_ref();
        Self {
            version: VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            result: report.verdict().name().to_owned(),
            programs: report.programs.iter().map(program).collect(),
            absent: absent.map(|keys| keys.iter().cloned().map(Absent::from).collect()),
            unreadable: report.unreadable.iter().map(unreadable).collect(),
            against: report.against.as_ref().map(against),
        }
    }
}

fn unreadable(unreadable: &super::Unreadable) -> Unreadable {
    Unreadable { program: unreadable.file.clone(), error: unreadable.error.clone() }
}

fn against(comparison: &against::Comparison) -> Against {
    let contradictions = comparison.contradictions.iter().map(|seen| Contradiction {
        section: section(&seen.section),
        system_call: seen.system_call.clone(),
        slept: seen.slept,
        times: number(seen.times),
        frames: seen.frames.iter().map(frame).collect(),
    });
    let not_shown = comparison.not_shown.iter().map(|not_shown| NotShown {
        section: section(&not_shown.section),
        reaches: not_shown.reaches.clone(),
    });
    let not_checked = comparison.not_checked.iter().map(|seen| NotChecked {
        file: seen.file.clone(),
        line: seen.line,
        system_call: seen.system_call.clone(),
        times: number(seen.times),
    });
    Against {
        compared: number(comparison.compared),
        by_line_only: number(comparison.by_line_only),
        contradictions: contradictions.collect(),
        not_shown: not_shown.collect(),
        not_checked: not_checked.collect(),
    }
}

fn section(section: &against::Section) -> Section {
    Section {
        program: section.program.clone(),
        kind: section.kind.name().to_owned(),
        function: section.name.full.clone(),
        place: section.place.as_ref().map(place),
    }
}

fn frame(frame: &against::Frame) -> Frame {
    Frame { function: frame.function.clone(), place: frame.place.clone() }
}

impl From<Key> for Absent {
    fn from(Key { entry, class, what, caller }: Key) -> Self {
        Self { entry, class, what, caller }
    }
}

fn program(checked: &super::Checked) -> Program {
    let outcome = &checked.outcome;
    let assumptions = outcome.assumptions.iter().map(|used| Assumption {
        id: used.id.clone(),
        text: used.text.clone(),
        ways_cut: number(used.count),
        is_users: used.is_users,
    });
    let suppressions = checked.suppressions.iter().map(|used| Suppression {
        entry: used.suppression.entry.as_str().to_owned(),
        leaf: used.suppression.leaf.as_str().to_owned(),
        reason: used.suppression.reason.clone(),
        hid: number(used.count),
    });
    Program {
        program: checked.file.clone(),
        result: outcome.verdict().name().to_owned(),
        functions: number(outcome.functions),
        built_by: outcome.tools.clone(),
        toolchain: header::toolchain(checked),
        target: header::target(checked),
        profile: checked.build.as_ref().map(profile),
        assumptions: assumptions.collect(),
        suppressions: suppressions.collect(),
        doubts: outcome.doubts.clone(),
        entries: outcome.entries.iter().map(entry).collect(),
    }
}

fn profile(build: &super::Build) -> Profile {
    Profile {
        opt_level: build.opt_level.clone(),
        debug: build.debuginfo.clone(),
        debug_assertions: build.debug_assertions,
        overflow_checks: build.overflow_checks,
        test: build.test,
        flags: build.flags.clone(),
    }
}

fn entry(entry: &EntryOutcome) -> Entry {
    let hidden = entry.hidden.iter().map(|hidden| {
        let by = match hidden.by {
            HiddenBy::Baseline => "baseline",
            HiddenBy::Suppression => "suppression",
        };
        let (finding, not_followed) = match &hidden.found {
            Found::Finding(found) => (Some(finding(found)), None),
            Found::Obstacle(found) => (None, Some(obstacle(found))),
        };
        Hidden { by: by.to_owned(), reason: hidden.reason.clone(), finding, not_followed }
    });
    Entry {
        kind: entry.kind.name().to_owned(),
        function: entry.name.full.clone(),
        place: entry.place.as_ref().map(place),
        result: entry.verdict().name().to_owned(),
        known: number(entry.hidden.len()),
        functions: number(entry.functions),
        by_rules: entry.by_rules.clone(),
        findings: entry.findings.iter().map(finding).collect(),
        not_followed: entry.obstacles.iter().map(obstacle).collect(),
        hidden: hidden.collect(),
    }
}

fn finding(finding: &check::Finding) -> Finding {
    Finding {
        class: finding.class.name().to_owned(),
        leaf: finding.leaf.clone(),
        reason: finding.reason.clone(),
        calls: calls(&finding.chain),
    }
}

fn obstacle(obstacle: &check::Obstacle) -> NotFollowed {
    let candidates = obstacle.candidates.iter().map(|candidate| Candidate {
        function: candidate.name.full.clone(),
        reaches: candidate.reaches.clone(),
    });
    NotFollowed {
        what: obstacle.what.clone(),
        reason: obstacle.reason.clone(),
        candidates: candidates.collect(),
        more_candidates: number(obstacle.more_candidates),
        calls: calls(&obstacle.chain),
    }
}

fn calls(chain: &[check::Call]) -> Vec<Call> {
    let calls = chain.iter().map(|call| Call {
        caller: call.caller.full.clone(),
        inlined: call.inlined,
        kind: call.kind.name().to_owned(),
        place: call.place.as_ref().map(place),
    });
    calls.collect()
}

fn place(place: &places::Place) -> Place {
    Place { file: place.file.clone(), line: place.line, column: place.column }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
