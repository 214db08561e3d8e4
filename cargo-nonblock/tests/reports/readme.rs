//! The README: its examples are what really comes out, and its options are those that there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;

use super::support::{exits, nonblock};

const README: &str = include_str!("../../README.md");

/// The blocks of code in this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let begin = format!("\n```{language}\n");
    let blocks = README.split(&begin).skip(1);
    blocks.map(|rest| rest.split("```").next().expect("it ends")).collect()
}

/// The block of text that begins so.
fn text_block(begin: &str) -> &'static str {
    let found = blocks("text").into_iter().find(|block| block.starts_with(begin));
    found.unwrap_or_else(|| panic!("no block begins with {begin}"))
}

/// A package of the README's program.
fn package(name: &str) -> PathBuf {
    let folder = super::support::folder().join(name).join("player");
    fs::create_dir_all(folder.join("src")).expect("a folder");
    let manifest = "[package]\nname = \"player\"\nedition = \"2024\"\n\n[workspace]\n";
    fs::write(folder.join("Cargo.toml"), manifest).expect("it can be written");
    let source = blocks("rust").into_iter().next().expect("the program");
    assert!(source.starts_with("// src/main.rs\n"), "{source}");
    fs::write(folder.join("src/main.rs"), source).expect("it can be written");
    folder
}

fn run(name: &str, arguments: &[&str]) -> Output {
    let mut command = super::support::command(arguments);
    for variable in
        ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR"]
    {
        command.env_remove(variable);
    }
    command.current_dir(package(name)).output().expect("the command can be run")
}

const CHECK: [&str; 5] = ["check", "--offline", "--quiet", "--entry", "player::audio::process"];

#[test]
fn the_report_in_the_readme_is_what_comes_out() {
    let text = exits(&run("readme_report", &[&CHECK[..], &["--no-sections"]].concat()), 1);
    let shown = text_block("BUG: ");
    assert!(text.ends_with(shown), "the README says:\n{shown}\nand the command:\n{text}");
    let why = ["why", "player::audio::process", "*_print", "--offline", "--quiet"];
    assert_eq!(exits(&run("readme_report", &why), 1), text_block("player::audio::process\n"));
}

/// Whether a value has all that another one has.
fn has(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| has(whole, part)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            let mut whole = whole.iter();
            part.iter().all(|part| whole.any(|whole| has(whole, part)))
        }
        (whole, part) => whole == part,
    }
}

#[test]
fn the_json_and_the_sarif_in_the_readme_are_parts_of_what_comes_out() {
    for (format, shown) in ["json", "sarif"].into_iter().zip(blocks("json")) {
        let text = exits(&run("readme_forms", &[&CHECK[..], &["--format", format]].concat()), 1);
        let real: Value = serde_json::from_str(&text).expect("it is JSON");
        let shown: Value = serde_json::from_str(shown).expect("the README's block is JSON");
        assert!(has(&real, &shown), "{format}: {real:#}");
        let mut other = shown.clone();
        other["version"] = 0.into();
        assert!(!has(&real, &other));
    }
    assert_eq!(blocks("json").len(), 2);
}

/// The long options in a text.
fn options(text: &str) -> BTreeSet<String> {
    let options = text.split("--").skip(1).map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c == '-')).unwrap_or(rest.len());
        format!("--{}", rest[..end].trim_end_matches('-'))
    });
    options.filter(|option| option.len() > 3).collect()
}

#[test]
fn the_readme_has_every_option_and_no_other() {
    let help = ["check", "why"].map(|command| exits(&nonblock(&[command, "-h"]), 0)).join("");
    // Those of the lines that begin with one.
    let lines = help
        .lines()
        .filter_map(|line| line.split("  ").map(str::trim).find(|part| part.contains("--")));
    let real: BTreeSet<_> = lines
        .filter(|line| line.starts_with('-'))
        .flat_map(options)
        .filter(|option| option != "--help")
        .collect();
    let section = README.split("\n### Options\n").nth(1).expect("the section");
    let section = section.split("\nPatterns are").next().expect("its end");
    assert_eq!(options(section), real);
}

/// Every command in the README is one that the command line understands.
#[test]
fn the_commands_in_the_readme_are_understood() {
    let mut commands: Vec<String> = Vec::new();
    for block in blocks("sh") {
        let lines = block.lines().filter_map(|line| line.strip_prefix("cargo nonblock "));
        commands.extend(lines.map(|line| line.split(" #").next().unwrap_or(line).to_owned()));
    }
    let rows = README.lines().filter(|line| line.starts_with("| `--"));
    commands.extend(rows.filter_map(|row| {
        let example = row.rsplit("| `").next()?.strip_suffix("` |")?;
        Some(example.to_owned())
    }));
    assert!(commands.len() > 15, "{commands:?}");
    for command in commands {
        let words = command.split_whitespace().map(|word| word.trim_matches('\''));
        let arguments: Vec<_> = words.chain(["--help"]).collect();
        let text = exits(&nonblock(&arguments), 0);
        assert!(text.contains("Usage: "), "{command}: {text}");
    }
    exits(&nonblock(&["check", "--no-such-option", "--help"]), 3);
}

/// Every rule in the README is one that can be read.
#[test]
fn the_rules_in_the_readme_are_in_order() {
    let rules = cargo_nonblock::rules::Rules::parse(text_block("pattern\t"));
    assert_ne!(rules.expect("they are in order"), cargo_nonblock::rules::Rules::default());
}
