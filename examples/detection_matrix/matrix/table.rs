//! The table as text, as Markdown and as JSON.

use std::process::Command;

use serde_json::{Value, json};

use crate::matrix::expected::{self, add_line};
use crate::matrix::layer::Layer;
use crate::matrix::operation::{Column, Rule};
use crate::matrix::outcome::Outcome;
use crate::matrix::row::Row;
use crate::matrix::summary::{self, Summary};

/// For a terminal.
pub(crate) fn text(rows: &[Row]) -> String {
    let mut text = String::new();
    let mut group = "";
    for row in rows {
        if row.group.name != group {
            group = row.group.name;
            add_line(&mut text, format_args!("\n{}", about(row)));
            add_line(
                &mut text,
                format_args!(
                    "  {:<44} {:<5} {:<8} {:<28} {:<5} {:<22} where",
                    "operation", "slept", "schedule", "trap", "alloc", "RealtimeSanitizer"
                ),
            );
        }
        let [slept, schedule, trap, alloc, sanitizer] = Column::ALL.map(|column| row.cell(column));
        let place = row.skipped().or(row.place()).unwrap_or("");
        add_line(
            &mut text,
            format_args!(
                "  {:<44} {slept:<5} {schedule:<8} {trap:<28} {alloc:<5} {sanitizer:<22} {place}",
                row.operation.name
            ),
        );
    }
    text += "\n";
    if let Some(why) = sanitizer_is_missing(rows) {
        add_line(&mut text, format_args!("RealtimeSanitizer: {why}"));
    }
    text + &Summary::new(rows).to_string() + "\n"
}

/// For the page `docs/DETECTION.md`.
pub(crate) fn markdown(rows: &[Row]) -> String {
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
    text += "\n* **slept**: the kernel counted that the thread went to sleep (`getrusage`), without any layer.\n\
             * **schedule**: whether the layer said that the thread slept.\n\
             * **trap**: the system calls that the layer reported. In a build without optimization each report points to the operation.\n\
             * **alloc**: whether the layer reported an allocation or a release by the global allocator.\n\
             * **RealtimeSanitizer**: the functions that it reported, with the library that comes with rustc, loaded before the program.\n\
             * `-` is nothing, `may` is something or nothing, and `some` is always something and not always the same: why, stands below.\n";
    let mut group = "";
    for row in rows {
        if row.group.name != group {
            group = row.group.name;
            add_line(&mut text, format_args!("\n## {}\n", about(row)));
            text += "| operation | slept | schedule | trap | alloc | RealtimeSanitizer |\n|---|---|---|---|---|---|\n";
        }
        add_line(
            &mut text,
            format_args!("| {} | {} |", row.operation.name, markdown_cells(row).join(" | ")),
        );
    }
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

fn markdown_cells(row: &Row) -> [String; 5] {
    Column::ALL.map(|column| expected::cell(row, column))
}

/// For programs.
pub(crate) fn json(rows: &[Row]) -> String {
    let run = |row: &Row, layer: Layer| match row.outcome(layer) {
        Ok(Outcome::Skipped(why)) => json!({ "skipped": why }),
        Ok(Outcome::Ran(ran)) => json!({ "counts": ran.counts, "reports": ran.reports }),
        Err(why) => json!({ "failed": why }),
    };
    let row = |row: &Row| {
        let layers = Layer::ALL.map(|layer| (layer.name().to_owned(), run(row, layer)));
        json!({
            "group": row.group.name,
            "operation": row.operation.name,
            "must_be_silent": row.group.rule == Rule::Silent,
            "layers": serde_json::Map::from_iter(layers),
        })
    };
    let rows_json: Vec<Value> = rows.iter().map(row).collect();
    let all = json!({
        "machine": machine(),
        "summary": Summary::new(rows).to_string(),
        "operations": rows_json,
    });
    format!("{all:#}\n")
}

fn about(row: &Row) -> String {
    let rule = if row.group.rule == Rule::Silent { " (must not be reported)" } else { "" };
    format!("{}{rule}", row.group.name)
}

/// Says why there is no `RealtimeSanitizer`, if there is none.
fn sanitizer_is_missing(rows: &[Row]) -> Option<&str> {
    if rows.iter().any(|row| row.ran(Layer::Sanitizer).is_some()) {
        return None;
    }
    rows.iter().find_map(|row| match row.outcome(Layer::Sanitizer) {
        Ok(Outcome::Skipped(why)) => Some(why.as_str()),
        _ => None,
    })
}

/// The versions of the kernel, glibc and rustc.
fn machine() -> String {
    let first_line = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
    };
    let kernel = first_line("uname", "-r").unwrap_or_default();
    // Only the numbers: what is behind them is its builder's.
    let kernel = kernel.split('-').next().unwrap_or_default();
    // SAFETY: it takes nothing.
    let libc = unsafe { libc::gnu_get_libc_version() };
    // SAFETY: it has returned a text that ends in a nul and stays.
    let libc = unsafe { std::ffi::CStr::from_ptr(libc) };
    let rustc = first_line("rustc", "--version").unwrap_or_else(|| "an unknown rustc".to_owned());
    format!("Linux {kernel}, glibc {}, {rustc}", libc.to_string_lossy())
}
