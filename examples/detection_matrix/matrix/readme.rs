//! The part of README.md that the command makes: a row for each group, and all operations folded up.

use crate::matrix::expected::{self, MAY, add_line};
use crate::matrix::machine::machine;
use crate::matrix::operation::Column;
use crate::matrix::page;
use crate::matrix::row::{NOTHING, Row, SKIPPED};
use crate::matrix::summary::{Summary, about, sanitizer_is_missing};

/// The lines between which the part stands.
const BEGIN: &str =
    "<!-- Made by `cargo run --release --example detection_matrix -- --readme README.md`: -->";
const END: &str = "<!-- The end of what that command made. -->";

/// Returns a README with the part made anew.
pub(crate) fn with_part(readme: &str, rows: &[Row]) -> Result<String, String> {
    let missing = |line: &str| format!("there is no line `{line}`");
    let (before, rest) = readme.split_once(BEGIN).ok_or_else(|| missing(BEGIN))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| missing(END))?;
    Ok(format!("{before}{BEGIN}\n\n{}\n{END}{after}", part(rows)))
}

fn part(rows: &[Row]) -> String {
    let mut text = String::new();
    add_line(&mut text, format_args!("{}.\n", Summary::new(rows)));
    text += "| group | operations | slept | schedule | trap | alloc | RealtimeSanitizer |\n|---|---|---|---|---|---|---|\n";
    for group in rows.chunk_by(|one, other| one.group.name == other.group.name) {
        let Some(first) = group.first() else { continue };
        let counts = Column::ALL.map(|column| count(group, column)).join(" | ");
        add_line(&mut text, format_args!("| {} | {} | {counts} |", about(first), group.len()));
    }
    add_line(
        &mut text,
        format_args!(
            "\nHow many operations slept, and of how many each reported something. `1-3`: it differs from run to run, and \
             [docs/DETECTION.md](docs/DETECTION.md) says why. On {}.",
            machine()
        ),
    );
    if let Some(why) = sanitizer_is_missing(rows) {
        add_line(&mut text, format_args!("\nRealtimeSanitizer: {why}"));
    }
    add_line(
        &mut text,
        format_args!("\n<details>\n<summary>All {} operations</summary>", rows.len()),
    );
    page::add_tables(&mut text, rows, "**", "**");
    text += "\n</details>\n";
    text
}

/// Returns of how many rows a column says something: the least and the most, where these differ.
fn count(rows: &[Row], column: Column) -> String {
    let (mut least, mut most) = (0, 0);
    for row in rows {
        let cell = expected::cell(row, column);
        if cell == NOTHING || cell == SKIPPED {
            continue;
        }
        most += 1;
        least += usize::from(cell != MAY);
    }
    if least == most { most.to_string() } else { format!("{least}-{most}") }
}
