//! The table as text and as JSON.

use serde_json::{Value, json};

use crate::matrix::expected::add_line;
use crate::matrix::layer::Layer;
use crate::matrix::machine::machine;
use crate::matrix::operation::{Column, Rule};
use crate::matrix::outcome::Outcome;
use crate::matrix::row::Row;
use crate::matrix::summary::{Summary, about, sanitizer_is_missing};

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
