//! What the first lines of a fixture say must come out of it, and how that is compared with what does.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cargo-nonblock");

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The command as cargo calls it, with none of the surrounding build's flags.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("nonblock").args(arguments);
    for name in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_TARGET_DIR",
        "RUSTC_WRAPPER",
    ] {
        command.env_remove(name);
    }
    command
}

/// The programs of a report in JSON.
#[track_caller]
pub(crate) fn programs(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr))
    });
    report["programs"].as_array().expect("a list").clone()
}

pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value:#}"))
}

/// What a line of a fixture asks for.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) options: Vec<String>,
    /// `proved`, `reaches` or `not proved`.
    pub(crate) result: &'static str,
    /// What the report of it says.
    pub(crate) says: String,
}

/// Reads what a fixture's first lines ask for.
pub(crate) fn expected(name: &str) -> Vec<Expected> {
    let source =
        fs::read_to_string(folder().join(format!("src/bin/{name}.rs"))).expect("the fixture");
    let lines = source.lines().filter_map(|line| line.strip_prefix("//! expect: "));
    let expected = lines.map(|line| {
        let (options, rest) = match line.strip_prefix("with ") {
            Some(rest) => rest.split_once(": ").expect("options end with a colon"),
            None => ("", line),
        };
        let results = ["proved", "reaches", "not proved"];
        let result = results.into_iter().find(|result| rest.starts_with(result)).expect("a result");
        let says = rest[result.len()..].trim_start_matches([':', ' ']).to_owned();
        Expected { options: options.split_whitespace().map(str::to_owned).collect(), result, says }
    });
    expected.collect()
}

/// The sections of the fixture's own, and not those within nonblock.
pub(crate) fn own_entries(program: &Value) -> Vec<Value> {
    let entries = program["entries"].as_array().expect("a list").iter();
    entries.filter(|entry| !text(entry, "function").contains("nonblock::")).cloned().collect()
}

/// All that the report says of an entry.
pub(crate) fn said(entry: &Value) -> String {
    let mut said = String::new();
    for finding in entry["findings"].as_array().expect("a list") {
        let _ = write!(said, "{}; ", text(finding, "leaf"));
    }
    for obstacle in entry["not_followed"].as_array().expect("a list") {
        let _ = write!(said, "{}; ", text(obstacle, "reason"));
        for candidate in obstacle["candidates"].as_array().expect("a list") {
            let reaches = candidate["reaches"].as_str().unwrap_or("nothing");
            let _ = write!(said, "{} reaches {reaches}; ", text(candidate, "function"));
        }
    }
    said
}

/// The type arguments are those of the compiler's version: they are left out.
pub(crate) fn fits(entry: &Value, expected: &Expected) -> bool {
    let said = said(entry).replace(['<', '>'], "");
    text(entry, "result") == expected.result
        && said.contains(&expected.says.replace(['<', '>'], ""))
}

/// Compares entries with what is expected: each with one, and all of them.
pub(crate) fn compare(entries: &[Value], expected: &[&Expected]) -> Result<(), String> {
    let mut left: Vec<_> = entries.iter().collect();
    for expected in expected {
        match left.iter().position(|entry| fits(entry, expected)) {
            Some(at) => drop(left.remove(at)),
            None => return Err(format!("nothing is {} {:?}", expected.result, expected.says)),
        }
    }
    match left.first() {
        Some(entry) => Err(format!(
            "{} is {}: {}",
            text(entry, "function"),
            text(entry, "result"),
            said(entry)
        )),
        None => Ok(()),
    }
}
