//! What came of the comparison with a run: a block at the end of the report.

use std::fmt::Write as _;

use crate::against::{Comparison, Contradiction};
use crate::report::wording::{self, CONTRADICTION};

use super::style::{Look, Style, visible};

pub(super) fn write(text: &mut String, comparison: &Comparison, look: Look) {
    for contradiction in &comparison.contradictions {
        text.push('\n');
        contradicts(text, contradiction, look);
    }
    let not_shown = comparison.not_shown.iter().map(wording::not_shown);
    list(text, "not shown by the run", not_shown, look);
    let not_checked = comparison.not_checked.iter().map(wording::not_checked);
    list(text, "seen, and not checked", not_checked, look);
    let style = if comparison.contradictions.is_empty() { Style::Good } else { Style::Bad };
    let label = look.paint(style, "against the run:");
    let _ = writeln!(text, "\n{label} {}", wording::comparison(comparison));
}

fn contradicts(text: &mut String, seen: &Contradiction, look: Look) {
    let label = look.paint(Style::Bad, &format!("{}:", CONTRADICTION.label));
    let _ = writeln!(text, "{label} {}", look.paint(Style::Label, CONTRADICTION.headline));
    let mut say = |label: &str, what: &str| {
        let label = look.paint(Style::Label, &format!("{label}:"));
        let _ = writeln!(text, "{label} {}", visible(what));
    };
    let section = wording::compared(&seen.section);
    say("expected", &format!("{}, in {section}, which was proved", CONTRADICTION.expected));
    let what = wording::what_was_seen(seen);
    say("found", &format!("{} {what}", CONTRADICTION.found));
    say("program", &seen.section.program);
    if !seen.frames.is_empty() {
        let label = look.paint(Style::Label, "calls, as the watch saw them:");
        let _ = writeln!(text, "{label}");
    }
    for (number, frame) in seen.frames.iter().enumerate() {
        let name = look.paint(Style::Label, &visible(wording::frame_name(frame)));
        let _ = writeln!(text, "{number:4}: {name}");
        if let Some(place) = &frame.place {
            let place = visible(&format!("at {place}"));
            let _ = writeln!(text, "             {}", look.paint(Style::Faint, &place));
        }
    }
    let label = look.paint(Style::Label, "help:");
    let _ = writeln!(text, "{label} {}", CONTRADICTION.help);
}

fn list(text: &mut String, label: &str, lines: impl Iterator<Item = String>, look: Look) {
    let label = look.paint(Style::Label, &format!("{label}:"));
    for (number, line) in lines.enumerate() {
        let gap = if number == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{gap}{label} {}", visible(&line));
    }
}
