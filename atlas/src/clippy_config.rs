//! The configuration for clippy: `atlas/clippy.toml`.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::page::version;
use crate::row::{Row, Verdict};

const HEAD: &str = "\
# Keeps out of code that must not sleep what the atlas found not to be safe there: put this beside Cargo.toml, as clippy.toml. It has
# the functions of crates and some of std; docs/clippy.toml of this library has those of std that block.
# Where such a call is right, say so there: #[expect(clippy::disallowed_methods)].
#
# Made by `cargo run --release` in atlas/.

disallowed-methods = [
";

/// Makes the configuration.
pub fn generate(rows: &[Row]) -> String {
    let mut text = HEAD.to_owned();
    for (path, reason) in disallowed(rows) {
        // A crate that the program has not is no fault.
        let _ = writeln!(
            text,
            "    {{ path = \"{path}\", reason = \"{reason}\", allow-invalid = true }},"
        );
    }
    text.push_str("]\n");
    text
}

/// The functions, each with its reason.
pub fn disallowed(rows: &[Row]) -> BTreeMap<&'static str, String> {
    let mut functions = BTreeMap::new();
    for row in rows.iter().filter(|row| row.verdict() == Verdict::NotSafe) {
        for &path in row.operation.paths {
            functions.entry(path).or_insert_with(|| reason(row));
        }
    }
    functions
}

fn reason(row: &Row) -> String {
    let instead = row.operation.instead.replace('`', "");
    let (package, version) = (row.package, version(row.package));
    let name = row.operation.name;
    format!("{} Measured: {name}, of {package} {version}. Use {instead}.", faults(row))
}

/// What is wrong with it in a section, as a sentence or more.
pub fn faults(row: &Row) -> String {
    let mut faults = Vec::new();
    let is = |name: &str| row.steady.get(name).most > 0;
    if row.waits() {
        let of = row.beside.beginning_with("waits for ").find(|(_, waits)| waits.most > 0);
        let (name, _) = of.expect("it waits");
        faults.push(format!(
            "It may wait for a thread that stands still: {}.",
            name.replace('`', "")
        ));
    }
    if is("allocations") || is("mallocs") {
        faults.push("It allocates.".to_owned());
    }
    if is("frees") || is("c_frees") {
        faults.push("It frees.".to_owned());
    }
    let calls: Vec<_> = row.steady.beginning_with("call ").map(|(name, _)| name).collect();
    if row.blocks() && !calls.is_empty() {
        faults.push(format!("It makes system calls: {}.", calls.join(", ")));
    }
    faults.join(" ")
}
