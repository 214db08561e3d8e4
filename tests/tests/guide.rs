//! The guides of both crates and what they point to: the tests, cases and drivers that the chapters name are there, every
//! chapter stands in a table, and the list of what cannot be seen is that of the tests that show it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The workspace's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The crates that have a guide.
const CRATES: [&str; 2] = ["nonblock", "nonblock-mm"];

/// The text of a chapter, without the marks of its comment.
fn chapter(of: &str, name: &str) -> String {
    let source = read(format!("{of}/src/guide/{name}.rs"));
    let lines = source.lines().filter_map(|line| line.trim_start().strip_prefix("//!"));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned() + "\n").collect()
}

/// The chapters in a folder of a guide: `theorem`, `recipes/places`.
fn chapters(of: &str, folder: &str) -> Vec<String> {
    let path = root().join(of).join("src/guide").join(folder);
    let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut chapters = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry can be read").path()) {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name is text");
        let name = if folder.is_empty() { stem.to_owned() } else { format!("{folder}/{stem}") };
        if path.is_dir() {
            chapters.extend(self::chapters(of, &name));
        } else {
            chapters.push(name);
        }
    }
    chapters
}

/// The tests that a text names as `FILE.rs::TEST`: the file, in `tests/tests`, and the test.
fn named_tests(text: &str) -> Vec<(&str, &str)> {
    let names = text.split('`').filter(|part| !part.contains(char::is_whitespace));
    names.filter_map(|name| name.split_once(".rs::")).collect()
}

/// The tests of a file.
fn tests_of(source: &str) -> BTreeSet<&str> {
    let mut tests = BTreeSet::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if matches!(line.trim(), "#[test]" | "#[nonblock::test]") {
            let declared = lines.find_map(|line| line.trim_start().strip_prefix("fn "));
            tests.extend(declared.and_then(|declared| declared.split('(').next()));
        }
    }
    tests
}

/// What a chapter names as `FILE.rs::TEST`, or by its path in the repository, and is not there.
fn missing(text: &str) -> Vec<String> {
    let is_test = |file: &str, name: &str| {
        let path = format!("tests/tests/{file}.rs");
        root().join(&path).is_file() && tests_of(&read(path)).contains(name)
    };
    let tests = named_tests(text).into_iter().filter(|(file, name)| !is_test(file, name));
    // Files in C are Linux's.
    let is_path = |part: &&str| {
        let here = ["ui/", "drivers/", "docs/"].iter().any(|top| part.starts_with(top));
        here && Path::new(part).extension().is_none_or(|extension| extension != "c")
    };
    let cases = text.split('`').filter(is_path);
    let cases = cases.filter(|case| !root().join(case).exists()).map(str::to_owned);
    tests.map(|(file, name)| format!("{file}.rs::{name}")).chain(cases).collect()
}

/// The entries of the lists in a text: from one bullet or number to the next, or to a heading.
fn entries(text: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    let mut in_entry = false;
    for line in text.lines() {
        let numbered =
            line.split_once(". ").is_some_and(|(number, _)| number.parse::<u8>().is_ok());
        if line.starts_with("* ") || numbered {
            entries.push(String::new());
            in_entry = true;
        } else if line.is_empty() || line.starts_with('#') {
            in_entry = false;
        }
        if let (true, Some(entry)) = (in_entry, entries.last_mut()) {
            entry.push_str(line);
            entry.push('\n');
        }
    }
    entries
}

/// The part of a chapter below a heading, without what follows the next one.
#[track_caller]
fn below<'a>(text: &'a str, heading: &str) -> &'a str {
    let heading = format!("\n# {heading}\n");
    let start =
        text.find(&heading).unwrap_or_else(|| panic!("no heading {heading}")) + heading.len();
    text[start..].split("\n# ").next().unwrap_or_default()
}

#[track_caller]
fn assert_each_names_a_test(entries: &[String]) {
    assert!(!entries.is_empty());
    for entry in entries {
        assert!(!named_tests(entry).is_empty(), "no test shows this:\n{entry}");
    }
}

#[test]
fn what_the_chapters_name_is_there() {
    for of in CRATES {
        let chapters = chapters(of, "");
        assert!(chapters.len() > 4, "{chapters:?}");
        for name in chapters {
            let missing = missing(&chapter(of, &name));
            assert!(missing.is_empty(), "{of}: {name} names what is not there: {missing:#?}");
        }
    }
}

#[test]
fn every_chapter_stands_in_the_table() {
    for of in CRATES {
        let table = chapter(of, "mod");
        for name in chapters(of, "") {
            let in_table = table.lines().any(|line| line.starts_with(&format!("| [`{name}`] |")));
            assert!(in_table || name.contains('/') || name == "mod", "{of}: {name}");
        }
    }
    let table = chapter("nonblock", "recipes/mod");
    for name in chapters("nonblock", "recipes") {
        let recipes = chapter("nonblock", &name);
        // Not the lines of an example, which begin with `# ` where they are hidden.
        let texts = recipes.split("```").step_by(2);
        let headings = texts.flat_map(str::lines).filter_map(|line| line.strip_prefix("# "));
        for heading in headings {
            let linked = table.contains(&format!("[{heading}](")) || name.ends_with("/mod");
            assert!(linked, "the recipe {heading:?} of {name} does not stand in the table");
        }
    }
}

#[test]
fn every_blind_spot_is_shown_by_a_test() {
    for of in CRATES {
        assert_each_names_a_test(&entries(&chapter(of, "blind_spots")));
    }
}

#[test]
fn every_test_of_a_blind_spot_stands_in_the_chapter() {
    let chapter = chapter("nonblock", "blind_spots");
    let named: BTreeSet<_> = named_tests(&chapter).into_iter().collect();
    let source = read("tests/tests/blind_spots.rs");
    let there = tests_of(&source);
    assert!(!there.is_empty());
    for test in there {
        assert!(named.contains(&("blind_spots", test)), "the chapter does not name {test}");
    }
}

#[test]
fn every_assumption_of_the_theorem_is_shown_by_a_test() {
    for (of, name) in [("nonblock", "theorem"), ("nonblock-mm", "theorem")] {
        let chapter = chapter(of, name);
        let assumptions = entries(below(&chapter, "What it assumes"));
        assert_each_names_a_test(&assumptions);
        // Numbered from 1, as other places refer to them.
        for (entry, number) in assumptions.iter().zip(1..) {
            assert!(entry.starts_with(&format!("{number}. ")), "not number {number}:\n{entry}");
        }
        assert_each_names_a_test(&entries(below(&chapter, "What it leaves out")));
    }
    assert_each_names_a_test(&entries(below(
        &chapter("nonblock-mm", "theorem"),
        "How the proof goes on here",
    )));
}

#[test]
fn what_strays_is_found() {
    let text = "# A\n\n* one\n  `guide.rs::no_such_test`, `no_such_file.rs::what_strays_is_found`\n\
                * two, `ui/no/such_case.rs`, `drivers/none`\n\n# B\n\n1. three\n";
    assert_eq!(
        missing(text),
        [
            "guide.rs::no_such_test",
            "no_such_file.rs::what_strays_is_found",
            "ui/no/such_case.rs",
            "drivers/none"
        ]
    );
    let entries = entries(text);
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[2], "1. three\n");
    assert!(missing("`guide.rs::what_strays_is_found`, `drivers/gntdev/`, `ui/`").is_empty());
}

#[test]
fn the_excerpt_of_the_configuration_for_clippy_is_of_it() {
    let configuration = read("docs/clippy.toml");
    let chapter = chapter("nonblock", "recipes/finding");
    let (_, excerpt) = chapter.split_once("```toml\ndisallowed").expect("there is one");
    let (excerpt, _) = excerpt.split_once("```").expect("it ends");
    assert!(excerpt.lines().count() > 3);
    let strays: Vec<_> = excerpt
        .lines()
        .skip(1)
        .filter(|line| !configuration.lines().any(|other| other == *line))
        .collect();
    assert!(strays.is_empty(), "{strays:#?}");
}
