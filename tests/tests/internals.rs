//! The map of the library's inside: the files and tests that it names are there, and it has every floor.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files below a folder, by their paths from the root, with `/` in them.
fn files(folder: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(root().join(folder)).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if !entry.path().is_dir() {
            found.push(name);
        } else if !name.ends_with("/target") {
            files(&name, found);
        }
    }
}

/// What a text has between back quotes, on one line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// What a text names as a file, `FILE` or `FILE::TEST`, and is not there.
fn missing(text: &str, paths: &[String]) -> Vec<String> {
    let is_present = |name: &&str| {
        let (file, function) = name.split_once("::").unwrap_or((name, ""));
        let path = paths.iter().find(|path| *path == file || path.ends_with(&format!("/{file}")));
        let has_test = |path: &String| {
            let source = fs::read_to_string(root().join(path)).unwrap_or_default();
            function.is_empty() || source.contains(&format!("fn {function}("))
        };
        path.is_some_and(has_test)
    };
    let names_a_file = |name: &&str| {
        let file = name.split("::").next().unwrap_or("");
        [".rs", ".tsv", ".md", ".toml"].iter().any(|end| file.ends_with(end))
            && !file.contains(char::is_whitespace)
    };
    quoted(text).filter(names_a_file).filter(|name| !is_present(name)).map(str::to_owned).collect()
}

fn map() -> String {
    fs::read_to_string(root().join("docs/INTERNALS.md")).expect("the map")
}

#[test]
fn the_files_that_the_map_names_are_there() {
    let mut found = Vec::new();
    for folder in [
        "atlas",
        "nonblock",
        "nonblock-macros",
        "nonblock-mm",
        "linux",
        "drivers",
        "cargo-nonblock",
        "tests",
        "tools",
        "benches",
        "docs",
        "examples",
        "drivers",
        "linux",
    ] {
        files(folder, &mut found);
    }
    let map = map();
    assert!(quoted(&map).filter(|name| name.contains(".rs")).count() > 40);
    assert_eq!(missing(&map, &found), Vec::<String>::new());
    assert_eq!(missing("`nowhere.rs`, `docs.rs::no_such_test`", &found).len(), 2);
}

/// The top modules of the library, of which each is a floor.
#[test]
fn the_map_has_every_floor() {
    let map = map();
    let floors: Vec<_> = map
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .flat_map(|row| quoted(row.split(" | ").next().unwrap_or("")).collect::<Vec<_>>())
        .collect();
    let library = fs::read_to_string(root().join("nonblock/src/lib.rs")).expect("the library");
    let modules: Vec<_> = library
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
        .collect();
    assert!(modules.len() > 15, "{modules:?}");
    for module in modules {
        assert!(floors.contains(&module), "`{module}` stands on no floor of the map");
    }
}
