//! The table that a run ends with.

use std::fmt::Write as _;

use crate::judge::Judged;

/// The widest that a column may be: longer text goes on in the next line.
const WIDEST: usize = 54;

/// Writes the rows as a table: name, what is expected, what was seen, and `ok` or `NOT`.
pub fn table(rows: &[Judged]) -> String {
    let mut cells = vec![["row", "expected", "seen", ""].map(|head| vec![head.to_owned()])];
    for row in rows {
        let verdict = if row.is_ok { "ok" } else { "NOT" };
        cells.push([
            vec![row.name.clone()],
            wrapped(&row.expected),
            wrapped(&row.seen),
            vec![verdict.to_owned()],
        ]);
    }
    let width = |column: usize| {
        let lines = cells.iter().flat_map(|row| &row[column]);
        lines.map(|line| line.chars().count()).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2), width(3)];
    let mut text = String::new();
    for (number, row) in cells.iter().enumerate() {
        let height = row.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let mut written = String::new();
            for (cell, width) in row.iter().zip(widths) {
                let part = cell.get(line).map_or("", String::as_str);
                let _infallible = write!(written, "{part:<width$}  ");
            }
            text.push_str(written.trim_end());
            text.push('\n');
        }
        if number == 0 {
            text.push_str(&"-".repeat(widths.iter().sum::<usize>() + 6));
            text.push('\n');
        }
    }
    text
}

/// Breaks a text between words. A word that is longer than a line has a line of its own.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is a line");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= WIDEST {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
