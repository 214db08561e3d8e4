//! The lines for the static check: `atlas/functions.tsv`, which stand in `cargo-nonblock/src/catalogue/functions.tsv` too.

use std::collections::BTreeMap;

use crate::page::version;
use crate::row::{Row, Verdict};

/// Makes the lines.
pub fn generate(rows: &[Row]) -> String {
    let mut lines = BTreeMap::new();
    for row in rows.iter().filter(|row| row.verdict() == Verdict::NotSafe) {
        for &symbol in row.operation.symbols {
            let class = if row.blocks() { "blocks" } else { "allocates" };
            let reason = match class {
                "blocks" => "It waits for another thread",
                _ => "It calls the allocator",
            };
            let of = format!("{} {}", row.package, version(row.package));
            lines
                .entry(symbol)
                .or_insert(format!("{symbol}\t{class}\t{reason}: measured with {of}.\n"));
        }
    }
    lines.into_values().collect()
}
