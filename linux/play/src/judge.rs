//! Compares a guest's log with what is expected.

use crate::log::{Log, Play};
use crate::rows::{Check, PLAYS, ROWS, RowSpec, SILENT, SURPRISES};

/// A row of the table, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Its name.
    pub name: String,
    /// What was expected, in words.
    pub expected: String,
    /// What was seen.
    pub seen: String,
    /// Whether it is as it should be.
    pub is_ok: bool,
}

/// Judges the rows that the guest fills, of those that are wanted. `silent` is always among them.
pub fn judge(log: &Log, wants: &dyn Fn(&str) -> bool) -> Vec<Judged> {
    let wanted = ROWS.iter().filter(|row| wants(row.name));
    let mut rows: Vec<_> = wanted.map(|row| judge_row(log, row)).collect();
    rows.push(silent(log));
    rows
}

fn judge_row(log: &Log, row: &RowSpec) -> Judged {
    let judged = |seen: String, is_ok| Judged {
        name: row.name.to_owned(),
        expected: row.expected.to_owned(),
        seen,
        is_ok,
    };
    let Some(play) = log.play(row.play) else {
        return judged(format!("the guest did not begin the play '{}'", row.play), false);
    };
    let lines = log.lines_of(play);
    if let Some(error) = play.values.get("error") {
        return judged(format!("the play failed: {error}"), false);
    }
    if !play.has_ended {
        let last = lines.last().map_or("", String::as_str);
        return judged(format!("the play did not end. Its last line: {last}"), false);
    }
    let found: Vec<_> = row.checks.iter().map(|check| look(*check, play, lines)).collect();
    let is_ok = found.iter().all(|(_, is_ok)| *is_ok);
    let mut seen: Vec<String> = Vec::new();
    for (text, is_ok) in found {
        let text = if is_ok { text } else { format!("{text} (!)") };
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    judged(seen.join(", "), is_ok)
}

/// Returns what is to be shown, and whether it is as expected.
fn look(check: Check, play: &Play, lines: &[String]) -> (String, bool) {
    match check {
        Check::Is(key, wanted) => number(play, key, |found| found == wanted),
        Check::AtLeast(key, least) => number(play, key, |found| found >= least),
        Check::Same(key, other) => {
            let wanted = play.values.get(other).and_then(|value| value.parse().ok());
            number(play, key, |found| Some(found) == wanted)
        }
        Check::Says(words) => match lines.iter().find(|line| has_in_order(line, words)) {
            Some(line) => (format!("'{}'", line.trim()), true),
            None => (format!("no line says '{}'", words.join("…")), false),
        },
        Check::Never(word) => match lines.iter().find(|line| line.contains(word)) {
            Some(line) => (format!("'{}'", line.trim()), false),
            None => (format!("no line says '{word}'"), true),
        },
    }
}

fn number(play: &Play, key: &str, is_ok: impl Fn(i64) -> bool) -> (String, bool) {
    match play.values.get(key) {
        None => (format!("no {key}"), false),
        Some(text) => (format!("{key}={text}"), text.parse().is_ok_and(is_ok)),
    }
}

/// Says whether a line has all the words, one after the other.
fn has_in_order(line: &str, words: &[&str]) -> bool {
    let mut rest = line;
    for word in words {
        let Some((_, after)) = rest.split_once(word) else { return false };
        rest = after;
    }
    true
}

/// Judges the whole log: nothing is reported but what was planted, and the guest ended by itself.
fn silent(log: &Log) -> Judged {
    let surprises: Vec<_> = (0..log.lines.len()).filter(|line| is_surprise(log, *line)).collect();
    let is_ok = surprises.is_empty() && log.is_done;
    let mut seen = match surprises.first() {
        None => "no line that was not planted".to_owned(),
        Some(first) => {
            let place = log.play_at(*first).map_or("outside the plays", |play| &play.name);
            let number = surprises.len();
            format!("{number} lines, the first ({place}): {}", log.lines[*first].trim())
        }
    };
    if !log.is_done {
        let last = log.lines.last().map_or("", |line| line.trim());
        seen = format!("the guest never said that it was done. Its last line: {last}; {seen}");
    }
    Judged {
        name: SILENT.to_owned(),
        expected: "lockdep and the kernel's checks report nothing but what was planted, and the guest ends by itself"
            .to_owned(),
        seen,
        is_ok,
    }
}

fn is_surprise(log: &Log, number: usize) -> bool {
    let line = &log.lines[number];
    if !SURPRISES.iter().any(|word| line.contains(word)) {
        return false;
    }
    let name = log.play_at(number).map_or("", |play| &play.name);
    let planted = PLAYS.iter().find(|play| play.name == name).map_or(&[][..], |play| play.planted);
    !planted.iter().any(|word| line.contains(word))
}
