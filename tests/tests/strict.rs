//! The attributes in crates with every lint on, in three editions, without a prelude, `std` or unsafe code, and
//! with modules that are called as other crates are.

use std::collections::BTreeMap;

use nonblock_tests::fixture::Fixture;

const EDITIONS: [&str; 3] = ["edition_2018", "edition_2021", "edition_2024"];

/// The functions that each have a mistake.
const FAULTY: &str = include_str!("../fixtures/strict/src/faulty.rs");

#[test]
fn no_lint_finds_fault_with_the_attributes() {
    strict().succeed("clippy", &["--workspace", "--lib"]);
}

/// The lints look into annotated functions: what they find is what the author has written.
#[test]
fn the_lints_find_the_authors_mistakes() {
    let mut expected = BTreeMap::new();
    for (line, text) in (1_usize..).zip(FAULTY.lines()) {
        if let Some((_, message)) = text.split_once("//~ ") {
            expected.insert(line, message);
        }
    }
    assert_eq!(expected.len(), FAULTY.matches("pub fn ").count(), "each has a mistake");
    for edition in EDITIONS {
        let arguments = ["--package", edition, "--features", "faulty", "--message-format", "short"];
        let errors = strict().fail("clippy", &arguments);
        let mut found = BTreeMap::new();
        for error in errors.lines().filter(|line| line.contains(": error")) {
            let (place, message) = error.split_once(": error").expect("it is in this line");
            let line = place.split_once("faulty.rs:").and_then(|(_, at)| at.split(':').next());
            let line = line.unwrap_or_else(|| panic!("{edition}: elsewhere: {error}"));
            let line = line.parse().expect("a line has a number");
            let message = message.split_once(": ").expect("it says what is wrong").1;
            assert!(found.insert(line, message).is_none(), "{edition}: twice: {error}");
        }
        let missed: Vec<_> = expected.keys().filter(|line| !found.contains_key(*line)).collect();
        assert!(missed.is_empty(), "{edition}: missed in lines {missed:?}\n{errors}");
        for (line, message) in found {
            let expected = expected.get(&line);
            assert!(
                expected.is_some_and(|expected| message.starts_with(expected)),
                "{edition}, line {line}: found {message:?}, expected {expected:?}"
            );
        }
    }
}

fn strict() -> Fixture {
    Fixture::new("strict", env!("CARGO_TARGET_TMPDIR"))
}
