//! The lines for the static check stand in its catalogue.

use std::fs;
use std::path::Path;

#[test]
fn the_catalogue_of_the_static_check_has_the_lines_of_the_atlas() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let catalogue = root.join("cargo-nonblock/src/catalogue/functions.tsv");
    let catalogue = fs::read_to_string(catalogue).expect("the catalogue");
    let lines = include_str!("../functions.tsv");
    assert!(lines.lines().count() > 3);
    assert!(catalogue.contains(lines), "its block is another than atlas/functions.tsv");
}
