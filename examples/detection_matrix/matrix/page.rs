//! The page `docs/DETECTION.md`.

use crate::matrix::expected::{self, add_line};
use crate::matrix::machine::machine;
use crate::matrix::operation::Column;
use crate::matrix::row::Row;
use crate::matrix::summary::{self, Summary, about, sanitizer_is_missing};

/// What the columns mean.
const LEGEND: &str = "
* **slept**: the kernel counted that the thread went to sleep (`getrusage`), without any layer.
* **schedule**: whether the layer said that the thread slept.
* **trap**: the system calls that the layer reported. In a build without optimization each report points to the operation.
* **alloc**: whether the layer reported an allocation or a release by the global allocator.
* **RealtimeSanitizer**: the functions that it reported, with the library that comes with rustc, loaded before the program.
* `-` is nothing, `may` is something or nothing, and `some` is always something and not always the same: why, stands below.
";

/// Returns the page.
pub(crate) fn page(rows: &[Row]) -> String {
    let mut text = String::from("# What the watch sees\n\n");
    text += "Made by `cargo run --release --example detection_matrix -- --markdown docs/DETECTION.md`, and not written by hand.\n\
             Each operation ran in a section, in a process of its own, once without a layer and once under each.\n\n";
    add_line(&mut text, format_args!("{}.\n", Summary::new(rows)));
    add_line(
        &mut text,
        format_args!("Of them {} must not be reported.\n", summary::controls(rows)),
    );
    add_line(&mut text, format_args!("On {}.", machine()));
    if let Some(why) = sanitizer_is_missing(rows) {
        add_line(&mut text, format_args!("\nRealtimeSanitizer: {why}"));
    }
    text += LEGEND;
    add_tables(&mut text, rows, "## ", "");
    let differing: Vec<_> = rows.iter().filter(|row| !row.operation.varies.is_empty()).collect();
    if !differing.is_empty() {
        text += "\n## What differs from run to run\n\n";
        for row in differing {
            add_line(
                &mut text,
                format_args!("* {}: {}", row.operation.name, expected::why_it_differs(row)),
            );
        }
    }
    let skipped: Vec<_> =
        rows.iter().filter_map(|row| Some((row.operation.name, row.skipped()?))).collect();
    if !skipped.is_empty() {
        text += "\n## What this machine does not have\n\n";
        for (name, why) in skipped {
            add_line(&mut text, format_args!("* {name}: {why}"));
        }
    }
    text
}

/// Adds a table for each group, under its name.
///
/// # Arguments
///
/// * `before`, `after`: what makes the name a heading.
pub(crate) fn add_tables(text: &mut String, rows: &[Row], before: &str, after: &str) {
    let mut group = "";
    for row in rows {
        if row.group.name != group {
            group = row.group.name;
            add_line(text, format_args!("\n{before}{}{after}\n", about(row)));
            *text += "| operation | slept | schedule | trap | alloc | RealtimeSanitizer |\n|---|---|---|---|---|---|\n";
        }
        let cells = Column::ALL.map(|column| expected::cell(row, column)).join(" | ");
        add_line(text, format_args!("| {} | {cells} |", row.operation.name));
    }
}
