//! With the configuration for clippy that the atlas makes, clippy finds each function of it at its place, and nothing else; and nothing is
//! wrong with the configuration itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const FIXTURE: &str = include_str!("../fixture/src/lib.rs");
const CONFIGURATION: &str = include_str!("../clippy.toml");

/// Each line of the fixture that is marked, and the path.
fn marked() -> BTreeSet<(u64, String)> {
    let lines = (1..).zip(FIXTURE.lines());
    lines.filter_map(|(line, text)| Some((line, text.split_once(" //~ ")?.1.to_owned()))).collect()
}

/// The paths of the configuration.
fn configured() -> BTreeSet<String> {
    let paths = CONFIGURATION.lines().filter_map(|line| line.trim().strip_prefix("{ path = \""));
    paths.map(|rest| rest.split('"').next().expect("it ends").to_owned()).collect()
}

#[test]
fn clippy_finds_each_function_of_the_configuration() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // What was checked before says nothing again.
    let touched = fs::File::options().append(true).open(root.join("fixture/src/lib.rs"));
    touched.and_then(|file| file.set_modified(std::time::SystemTime::now())).expect("it is there");
    let clippy = Command::new(env!("CARGO"))
        .args(["clippy", "--quiet", "-p", "nonblock-atlas-fixture", "--message-format", "json"])
        .current_dir(root)
        .env("CLIPPY_CONF_DIR", root)
        .output()
        .expect("clippy is there");
    assert!(clippy.status.success(), "{}", String::from_utf8_lossy(&clippy.stderr));
    let messages = String::from_utf8(clippy.stdout).expect("it is text");
    let messages = messages.lines().map(|line| serde_json::from_str(line).expect("it is JSON"));
    let messages: Vec<Value> =
        messages.filter(|message: &Value| message["reason"] == "compiler-message").collect();
    let mut found = BTreeSet::new();
    for message in messages.iter().map(|message| &message["message"]) {
        let text = message["message"].as_str().expect("it says something");
        // The last one counts those before it.
        if message["spans"] == Value::Array(Vec::new()) {
            continue;
        }
        let path = text.strip_prefix("use of a disallowed method `");
        let path = path.and_then(|path| path.strip_suffix('`')).unwrap_or_else(|| panic!("{text}"));
        let line = message["spans"][0]["line_start"].as_u64().expect("it is in a line");
        let explained = message["children"].as_array().expect("there is a list");
        let explained = explained.iter().any(|child| {
            child["message"].as_str().is_some_and(|reason| reason.contains("Measured: "))
        });
        assert!(explained, "{message:#}");
        found.insert((line, path.to_owned()));
    }
    assert_eq!(found, marked());
    let paths: BTreeSet<_> = marked().into_iter().map(|(_, path)| path).collect();
    assert_eq!(paths, configured());
}
