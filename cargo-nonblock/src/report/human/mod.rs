//! The report for people, in the form of nonblock's reports at run time: what was expected, what was found, and the way there.

mod chains;
mod comparison;
mod snippet;
mod style;

use std::fmt::Write as _;

use crate::check::{EntryOutcome, Finding, Found, HiddenBy, Verdict};

use super::frames::own_place;
use super::sources::Sources;
use super::tree::forest;
use super::wording::{self, count, section};
use super::{Checked, Counts, Report, header};
use chains::{as_tree, listed};
pub use style::Look;
use style::{Style, visible};

/// Writes the report.
pub fn human(report: &Report, look: Look) -> String {
    let mut text = String::new();
    let heads: Vec<_> =
        report.programs.iter().map(|program| header::lines(report, program)).collect();
    // What all programs have in common is said once.
    let is_common = |line: &header::Line| heads.iter().all(|lines| lines.contains(line));
    let is_one = heads.len() == 1;
    if let Some(first) = heads.first().filter(|_| !is_one) {
        let common = first.iter().filter(|line| is_common(line));
        let _ = writeln!(text, "{} programs", heads.len());
        common.for_each(|line| head(&mut text, line, look));
        text.push('\n');
    }
    for (number, (program, lines)) in report.programs.iter().zip(&heads).enumerate() {
        if number > 0 {
            text.push('\n');
        }
        let own = lines.iter().filter(|line| is_one || !is_common(line));
        own.for_each(|line| head(&mut text, line, look));
        of_program(&mut text, program, look);
    }
    for unreadable in &report.unreadable {
        let label = look.paint(Style::Bad, "cannot read:");
        let what = visible(&format!("{}: {}", unreadable.file, unreadable.error));
        let _ = writeln!(text, "\n{label} {what}");
    }
    let absent = report.absent.as_deref().unwrap_or_default();
    for (number, key) in absent.iter().enumerate() {
        let label = look.paint(Style::Label, "no longer found:");
        let gap = if number == 0 { "\n" } else { "" };
        let key = visible(&key.to_string());
        let _ =
            writeln!(text, "{gap}{label} {key}. `--update-baseline` takes it out of the baseline");
    }
    if let Some(compared) = &report.against {
        comparison::write(&mut text, compared, look);
    }
    if !is_one || !report.unreadable.is_empty() {
        let counts = Counts::of(report.entries());
        let verdict = verdict(report.verdict(), look);
        let all = report.programs.len() + report.unreadable.len();
        let programs = count(all, "program", "programs");
        let unreadable = match report.unreadable.len() {
            0 => String::new(),
            number => {
                format!(", {} that cannot be read", count(number, "program", "programs"))
            }
        };
        let _ = writeln!(text, "\nall of {programs}: {verdict}: {counts}{unreadable}");
    }
    text
}

fn head(text: &mut String, line: &header::Line, look: Look) {
    let style = if line.is_unused { Style::Warning } else { Style::Label };
    let label = look.paint(style, &format!("{}:", visible(&line.label)));
    let _ = writeln!(text, "{label} {}", visible(&line.text));
}

fn verdict(verdict: Verdict, look: Look) -> String {
    let style = match verdict {
        Verdict::Proved => Style::Good,
        Verdict::Known | Verdict::NotProved => Style::Warning,
        Verdict::Reaches => Style::Bad,
    };
    look.paint(style, verdict.name())
}

fn of_program(text: &mut String, program: &Checked, look: Look) {
    let outcome = &program.outcome;
    let sources = Sources::of(&program.file);
    for doubt in &outcome.doubts {
        let _ =
            writeln!(text, "\n{} {}", look.paint(Style::Warning, "cannot tell:"), visible(doubt));
    }
    for entry in &outcome.entries {
        let findings = entry.findings.iter().cloned().map(Found::Finding);
        let obstacles = entry.obstacles.iter().cloned().map(Found::Obstacle);
        for found in findings.chain(obstacles) {
            text.push('\n');
            of_found(text, entry, &found, &sources, look);
        }
    }
    let of = |wanted| outcome.entries.iter().filter(move |entry| entry.verdict() == wanted);
    if look.list_proved && of(Verdict::Proved).next().is_some() {
        text.push('\n');
        for entry in of(Verdict::Proved) {
            let (label, functions) = (look.paint(Style::Good, "proved:"), entry.functions);
            let functions = count(functions, "function", "functions");
            let rules = wording::by_rules(entry);
            let _ = writeln!(text, "{label} {} ({functions}{rules})", visible(&section(entry)));
        }
    }
    let hidden = |by| {
        let hidden = outcome.entries.iter().flat_map(|entry| &entry.hidden);
        hidden.filter(|hidden| hidden.by == by).count()
    };
    for (by, what) in [
        (HiddenBy::Baseline, "known by the baseline"),
        (HiddenBy::Suppression, "suppressed by the rules"),
    ] {
        if hidden(by) > 0 {
            let _ = writeln!(text, "\n{what}, and not counted: {}", hidden(by));
        }
    }
    let result = verdict(outcome.verdict(), look);
    let counts = Counts::of(&outcome.entries);
    let _ = writeln!(text, "\nresult: {result}: {counts}");
}

/// Writes what was found of an entry.
fn of_found(text: &mut String, entry: &EntryOutcome, found: &Found, sources: &Sources, look: Look) {
    let kind = wording::kind_of(found);
    let is_bug = matches!(found, Found::Finding(_));
    if let Some(drawn) = snippet::draw(entry, found, sources, look) {
        let _ = writeln!(text, "{drawn}");
    } else {
        let style = if is_bug { Style::Bad } else { Style::Warning };
        let at = own_place(found.chain()).or(entry.place.as_ref());
        let at = at.map_or_else(String::new, |place| format!(" at {place}"));
        let label = look.paint(style, &format!("{}:", kind.label));
        let title = look.paint(Style::Label, &visible(&format!("{}{at}", kind.headline)));
        let _ = writeln!(text, "{label} {title}");
    }
    let mut say = |label: &str, what: &str| {
        let label = look.paint(Style::Label, &format!("{label}:"));
        let _ = writeln!(text, "{label} {}", visible(what));
    };
    say("expected", &format!("{}, in {}", kind.expected, section(entry)));
    let what = wording::what_and_reason(found);
    say("found", &if is_bug { format!("{}: {what}", kind.found) } else { what });
    for candidate in wording::candidates(found) {
        say("it may be", &candidate);
    }
    text.push_str(&listed(entry.kind, found.chain(), found.what(), look));
    let label = look.paint(Style::Label, "help:");
    let _ = writeln!(text, "{label} {}", kind.help);
}

/// Draws the chains that `why` found as a tree.
pub fn why(findings: &[Finding], from: &str, to: &str, look: Look) -> String {
    if findings.is_empty() {
        let (from, to) = (visible(from), visible(to));
        return format!(
            "no way leads from `{from}` to `{to}`, as far as calls can be followed. Both are whole paths, in which `*` stands for anything\n"
        );
    }
    let mut text = String::new();
    let ends = findings.iter();
    let ends = ends.map(|end| (end.chain.as_slice(), end.leaf.as_str(), end.reason.as_str()));
    for tree in forest(ends) {
        as_tree(&mut text, &tree, look);
        text.push('\n');
    }
    let chains = count(findings.len(), "chain", "chains");
    let _ = writeln!(text, "{chains}, the shortest first for each caller of what is reached");
    text
}
