//! Makes the atlas: `docs/ATLAS.md`, `atlas/clippy.toml`, and the lines for the static check.

use nonblock_atlas::{Row, operations, planted, process, row};

fn main() {
    let packages: Vec<_> = operations::ALL.iter().copied().chain([planted::PACKAGE]).collect();
    process::measure_if_asked(&packages);
    let only: Vec<_> = std::env::args().skip(1).collect();
    for package in &packages {
        if !only.is_empty() && !only.iter().any(|o| o == package.name) { continue }
        for operation in package.operations {
            match Row::measure(package, operation) {
                Err(e) => println!("ERR {e}"),
                Ok(r) => println!("{} {}: {} | P {} | T {} | S {} | {:?}", r.package, r.operation.name, r.verdict(), row::evidence(&r.process), row::evidence(&r.thread), row::evidence(&r.steady), r.beside),
            }
        }
    }
}
