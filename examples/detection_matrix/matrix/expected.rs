//! The expected table: a line for each operation, with tabs between the cells.

use std::fmt::{self, Write as _};

use crate::matrix::operation::{Column, Varies};
use crate::matrix::row::{NOTHING, Row, SKIPPED};

/// What a cell says that may be empty or not.
pub(crate) const MAY: &str = "may";

/// What a cell says that is never empty, and not always the same.
const SOME: &str = "some";

/// Adds a line to a text.
pub(crate) fn add_line(text: &mut String, line: fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a text takes everything");
}

/// Returns the expected table as these rows have it.
pub(crate) fn text(rows: &[Row]) -> String {
    let mut text = String::from(
        "# What is expected of each operation. Made by\n\
         # cargo run --release --example detection_matrix -- --expected examples/detection_matrix/expected.tsv\n",
    );
    let columns = Column::ALL.map(Column::name).join("\t");
    add_line(&mut text, format_args!("# group\toperation\t{columns}\twhy it differs"));
    for row in rows {
        let cells = Column::ALL.map(|column| cell(row, column)).join("\t");
        let why = why_it_differs(row);
        add_line(
            &mut text,
            format_args!("{}\t{}\t{cells}\t{why}", row.group.name, row.operation.name),
        );
    }
    text
}

/// Returns what is expected in a cell, as far as it is the same in every run.
pub(crate) fn cell(row: &Row, column: Column) -> String {
    let found = row.cell(column);
    if found == SKIPPED {
        return found;
    }
    match row.operation.varies(column) {
        Some(Varies::May(_)) => MAY.to_owned(),
        Some(Varies::Some(_)) if found != NOTHING => SOME.to_owned(),
        _ => found,
    }
}

/// Returns why cells of the row differ from run to run.
pub(crate) fn why_it_differs(row: &Row) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    for (_, Varies::May(why) | Varies::Some(why)) in row.operation.varies {
        if !reasons.contains(why) {
            reasons.push(why);
        }
    }
    reasons.join(" ")
}

/// Returns where the rows are not as expected.
pub(crate) fn differences(rows: &[Row], expected: &str) -> Vec<String> {
    let lines: Vec<Vec<&str>> = expected
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    let mut differences = Vec::new();
    for row in rows {
        let name = row.operation.name;
        let Some(line) = lines.iter().find(|line| line.get(1) == Some(&name)) else {
            differences.push(format!("{name}: it is not in the expected table"));
            continue;
        };
        for (at, column) in Column::ALL.into_iter().enumerate() {
            let (found, expected) = (cell(row, column), line.get(at + 2).copied().unwrap_or(""));
            // What this machine does not have is no difference.
            let is_skipped = found == SKIPPED || expected == SKIPPED;
            if found != expected && !is_skipped {
                let column = column.name();
                differences
                    .push(format!("{name}: {column}: expected `{expected}`, found `{found}`"));
            }
        }
    }
    for line in &lines {
        let is_there = rows.iter().any(|row| line.get(1) == Some(&row.operation.name));
        if !is_there {
            differences.push(format!("{line:?}: there is no such operation"));
        }
    }
    differences
}
