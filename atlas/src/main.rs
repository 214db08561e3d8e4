//! Makes the atlas: `docs/ATLAS.md`, `atlas/clippy.toml`, and `atlas/functions.tsv`, the lines for the static check.
//!
//! With names of packages as arguments it measures these only, and writes what it finds to the standard output.

#![allow(clippy::disallowed_methods)]

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use nonblock_atlas::operation::Package;
use nonblock_atlas::{Row, clippy_config, functions, operations, page, planted, process};

fn main() -> ExitCode {
    let all: Vec<Package> = operations::ALL.iter().copied().chain([planted::PACKAGE]).collect();
    process::measure_if_asked(&all);
    let asked: Vec<_> = std::env::args().skip(1).collect();
    if let Some(unknown) =
        asked.iter().find(|name| !all.iter().any(|package| package.name == **name))
    {
        eprintln!("no package is called {unknown}");
        return ExitCode::FAILURE;
    }
    let (mut rows, mut failed) = (Vec::new(), false);
    for package in &all {
        let is_asked = asked.iter().any(|name| name == package.name);
        if !is_asked && (!asked.is_empty() || package.name == planted::PACKAGE.name) {
            continue;
        }
        for operation in package.operations {
            eprintln!("{}: {}", package.name, operation.name);
            match Row::measure(package, operation) {
                Ok(row) => rows.push(row),
                Err(why) => {
                    eprintln!("{why}");
                    failed = true;
                }
            }
        }
    }
    if failed {
        return ExitCode::FAILURE;
    }
    if !asked.is_empty() {
        print!("{}", page::tables(&rows));
        return ExitCode::SUCCESS;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (file, text) in [
        ("../docs/ATLAS.md", page::page(&rows)),
        ("clippy.toml", clippy_config::generate(&rows)),
        ("functions.tsv", functions::generate(&rows)),
    ] {
        fs::write(root.join(file), text).expect("the file can be written");
    }
    ExitCode::SUCCESS
}
