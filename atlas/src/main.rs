//! Makes the atlas: `docs/ATLAS.md`, `atlas/clippy.toml`, and `atlas/functions.tsv`, the lines for the static check.
//!
//! With names of packages as arguments it measures these only, and writes what it finds to the standard output.

#![allow(clippy::disallowed_methods)]

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

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
    let is_asked = |package: &Package| {
        let is_named = asked.iter().any(|name| name == package.name);
        is_named || (asked.is_empty() && package.name != planted::PACKAGE.name)
    };
    let wanted: Vec<_> = all.iter().filter(|package| is_asked(package)).collect();
    let measured = measure(&wanted);
    let failed = measured.iter().any(Result::is_err);
    for why in measured.iter().filter_map(|row| row.as_ref().err()) {
        eprintln!("{why}");
    }
    let rows: Vec<_> = measured.into_iter().flatten().collect();
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

/// How many operations are measured at a time. Most of the time of each is spent in waiting.
const AT_A_TIME: usize = 4;

/// Measures the operations of packages, and keeps their order.
fn measure(packages: &[&Package]) -> Vec<Result<Row, String>> {
    let operations: Vec<_> = packages
        .iter()
        .flat_map(|package| package.operations.iter().map(move |operation| (*package, operation)))
        .collect();
    let next = AtomicUsize::new(0);
    let measured = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some((package, operation)) =
                    operations.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    eprintln!("{}: {}", package.name, operation.name);
                    let row = Row::measure(package, operation);
                    let place = operations.iter().position(|(of, there)| {
                        of.name == package.name && there.name == operation.name
                    });
                    measured.lock().expect("nobody panics").push((place, row));
                }
            });
        }
    });
    let mut measured = measured.into_inner().expect("nobody panics");
    measured.sort_by_key(|(place, _)| *place);
    measured.into_iter().map(|(_, row)| row).collect()
}
