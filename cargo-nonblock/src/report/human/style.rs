//! How a report looks in a terminal: with colours or without.

use anstyle::{AnsiColor, Color};

/// How the report for people is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether it has colours.
    pub colored: bool,
    /// Whether trees are drawn with more than ASCII has.
    pub unicode: bool,
    /// Whether each entry that was proved has a line, too.
    pub list_proved: bool,
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Bad,
    Warning,
    Good,
    /// What names the rest of a line, and the user's own functions.
    Label,
    /// What is of less interest: other people's functions, and lines of trees.
    Faint,
}

impl Look {
    pub(super) fn paint(self, style: Style, text: &str) -> String {
        if !self.colored {
            return text.to_owned();
        }
        let plain = anstyle::Style::new();
        let color = |color: AnsiColor| plain.bold().fg_color(Some(Color::Ansi(color)));
        let style = match style {
            Style::Bad => color(AnsiColor::BrightRed),
            Style::Warning => color(AnsiColor::Yellow),
            Style::Good => color(AnsiColor::Green),
            Style::Label => plain.bold(),
            Style::Faint => plain.dimmed(),
        };
        format!("{style}{text}{style:#}")
    }
}

/// Makes visible what would move a terminal's cursor or change its colours: a symbol may hold anything.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        // The marks by which text changes its direction, too.
        let is_mark = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || is_mark {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}
