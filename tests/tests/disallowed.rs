//! The configuration for clippy that is made of `tools/blocking.tsv`: on a crate that calls everything in the list, and
//! holds every guard across an `.await`, clippy finds each at its place, and nothing else; and nothing is wrong with the
//! configuration itself.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;

use nonblock_tests::fixture::Fixture;
use nonblock_tools::blocking::{self, Effect, Kind};
use nonblock_tools::clippy_config::{GUARDS, Wanted, generate, reason};
use serde_json::Value;

/// The folders of the fixture's crates.
const CRATES: [&str; 2] = ["src", "no_std/src"];

/// What clippy says before the path.
const METHOD: &str = "use of a disallowed method";
const MACRO: &str = "use of a disallowed macro";
const GUARD: &str = "holding a disallowed type across an await point";

/// Something that is found: where, what clippy says of it, and its path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    file: String,
    line: u64,
    says: String,
    path: String,
}

/// A message of clippy's, and whatever explains it.
#[derive(Debug)]
struct Message {
    finding: Finding,
    explanations: Vec<String>,
}

/// Runs clippy with the configuration, and returns all that it says.
#[track_caller]
fn clippy(name: &str, wanted: Wanted) -> Vec<Message> {
    let fixture = Fixture::new("disallowed", env!("CARGO_TARGET_TMPDIR")).in_folder(name);
    let folder = fixture.target().join("configuration");
    fs::create_dir_all(&folder).expect("the folder can be made");
    let text = generate(&blocking::read().expect("the list is in order"), wanted);
    fs::write(folder.join("clippy.toml"), text).expect("the file can be written");
    let fixture = fixture.with_variable("CLIPPY_CONF_DIR", folder);
    let outcome = fixture.succeed("clippy", &["--workspace", "--message-format", "json"]);
    let messages =
        outcome.stdout.lines().map(|line| serde_json::from_str(line).expect("it is JSON"));
    let messages: Vec<Value> =
        messages.filter(|message: &Value| message["reason"] == "compiler-message").collect();
    // The last one counts those before it, and is at no place.
    let (counts, others): (Vec<_>, Vec<_>) = messages
        .iter()
        .partition(|message| message["message"]["spans"] == Value::Array(Vec::new()));
    assert!(counts.len() <= 1, "{counts:#?}");
    others.into_iter().map(|message| read(&message["message"])).collect()
}

#[track_caller]
fn read(message: &Value) -> Message {
    let text = message["message"].as_str().expect("it says something");
    // A fault in the configuration has no such form.
    let (says, path) = text
        .strip_suffix('`')
        .and_then(|text| text.split_once(" `"))
        .unwrap_or_else(|| panic!("{message:#}"));
    // In a macro's text the place is where the macro is called.
    let mut span = &message["spans"][0];
    while !span["expansion"].is_null() {
        span = &span["expansion"]["span"];
    }
    let finding = Finding {
        file: span["file_name"].as_str().expect("it is in a file").to_owned(),
        line: span["line_start"].as_u64().expect("it is in a line"),
        says: says.to_owned(),
        path: path.to_owned(),
    };
    let children = message["children"].as_array().expect("there is a list");
    let explanations = children.iter().map(|child| {
        let replacement = child["spans"][0]["suggested_replacement"].as_str().unwrap_or_default();
        format!("{} {replacement}", child["message"].as_str().unwrap_or_default())
    });
    Message { finding, explanations: explanations.collect() }
}

/// What the fixture says of itself, with what clippy calls it.
fn marked() -> BTreeSet<Finding> {
    let blocking = blocking::read().expect("the list is in order");
    let fixture = Fixture::new("disallowed", env!("CARGO_TARGET_TMPDIR"));
    let mut marked = BTreeSet::new();
    let files = CRATES.map(|folder| fs::read_dir(fixture.directory().join(folder)));
    for file in files.into_iter().flat_map(|files| files.expect("the fixture is there")) {
        let path = file.expect("it can be read").path();
        let text = fs::read_to_string(&path).expect("it is text");
        let file = path.strip_prefix(fixture.directory()).expect("it is in there");
        let file = file.to_str().expect("it is text");
        for (line, text) in (1..).zip(text.lines()) {
            let paths = text.split_once(" //~ ").map_or("", |(_, paths)| paths);
            for path in paths.split(' ').filter(|path| !path.is_empty()) {
                let entry = blocking.entries.iter().find(|entry| entry.path == path);
                let says = match entry.map(|entry| entry.kind) {
                    Some(Kind::Macro) => MACRO,
                    Some(Kind::Function | Kind::Method) => METHOD,
                    None => GUARD,
                };
                let (says, path) = (says.to_owned(), path.to_owned());
                marked.insert(Finding { file: file.to_owned(), line, says, path });
            }
        }
    }
    marked
}

#[track_caller]
fn assert_found(messages: &[Message], expected: &BTreeSet<Finding>) {
    let mut found = BTreeSet::new();
    for message in messages {
        assert!(found.insert(message.finding.clone()), "twice: {message:?}");
    }
    let missed: Vec<_> = expected.difference(&found).collect();
    let more: Vec<_> = found.difference(expected).collect();
    assert!(missed.is_empty() && more.is_empty(), "missed: {missed:#?}\nmore: {more:#?}");
}

#[test]
fn the_fixture_has_everything_in_the_list_and_every_guard() {
    let blocking = blocking::read().expect("the list is in order");
    let listed = blocking.entries.iter().map(|entry| entry.path);
    let listed: BTreeSet<_> = listed.chain(GUARDS.iter().map(|&(path, _)| path)).collect();
    let marked = marked();
    let marked: BTreeSet<_> = marked.iter().map(|finding| finding.path.as_str()).collect();
    assert_eq!(marked, listed);
}

#[test]
fn clippy_finds_everything_in_the_list_at_its_call() {
    let all = Wanted { blocks: true, locks: true, allocates: true };
    let messages = clippy("all", all);
    assert_found(&messages, &marked());
    // And says why.
    let blocking = blocking::read().expect("the list is in order");
    for Message { finding, explanations } in &messages {
        let entry = blocking.entries.iter().find(|entry| entry.path == finding.path);
        let guard = GUARDS.iter().find(|&&(path, _)| path == finding.path);
        let expected = match (entry, guard) {
            (Some(entry), None) => {
                format!("{} {}", reason(entry), entry.replacement().unwrap_or_default())
            }
            (None, Some(&(_, reason))) => format!("{reason} "),
            _ => panic!("{finding:?}"),
        };
        assert!(
            explanations.contains(&expected),
            "{finding:?}: {explanations:?} and not {expected:?}"
        );
    }
}

#[test]
fn clippy_finds_what_may_sleep_where_memory_is_no_rule() {
    let blocking = blocking::read().expect("the list is in order");
    let allocates = |path: &str| {
        let entry = blocking.entries.iter().find(|entry| entry.path == path);
        entry.is_some_and(|entry| entry.effect == Effect::Allocates)
    };
    let mut expected = marked();
    expected.retain(|finding| !allocates(&finding.path));
    assert_found(&clippy("default", Wanted::default()), &expected);
}

/// The paths of this library in what is to be used instead.
fn paths(instead: &str) -> impl Iterator<Item = &str> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    instead.split(move |c| !is_path(c)).filter(|path| path.starts_with("nonblock::"))
}

/// Compiles an item for each path, and returns the compiler's errors.
fn errors_of(name: &str, paths: &BTreeSet<&str>) -> Vec<Value> {
    let fixture = Fixture::new("disallowed", env!("CARGO_TARGET_TMPDIR")).in_folder("instead");
    let items = (0..).zip(paths).map(|(number, path)| {
        let last = path.rsplit("::").next().unwrap_or_default();
        if last.starts_with(char::is_uppercase) {
            format!("use {path} as _Type{number};\n")
        } else {
            format!("fn function_{number}() {{ let _ = {path}; }}\n")
        }
    });
    fs::create_dir_all(fixture.target()).expect("the folder can be made");
    // Under another name, so that cargo sees another file.
    let file = fixture.target().join(name).with_extension("rs");
    fs::write(&file, items.collect::<String>()).expect("the file can be written");
    let fixture = fixture.with_variable("INSTEAD", file);
    let outcome = fixture.cargo("check", &["--features", "instead", "--message-format", "json"]);
    let messages =
        outcome.stdout.lines().map(|line| serde_json::from_str(line).expect("it is JSON"));
    let mut errors: Vec<Value> = messages
        .filter(|message: &Value| message["reason"] == "compiler-message")
        .map(|mut message| message["message"].take())
        .collect();
    // That parameters cannot be inferred says that there is such a function.
    errors.retain(|error| {
        error["level"] == "error"
            && !error["code"].is_null()
            && !["E0282", "E0283", "E0284"].iter().any(|code| error["code"]["code"] == *code)
    });
    errors
}

#[test]
fn what_is_to_be_used_instead_is_there() {
    let blocking = blocking::read().expect("the list is in order");
    let instead = blocking.entries.iter().filter_map(|entry| entry.instead);
    let named: BTreeSet<_> = instead.flat_map(paths).collect();
    assert!(named.len() > 20, "{named:?}");
    let errors = errors_of("named", &named);
    assert!(errors.is_empty(), "{errors:#?}");
    let strays = ["nonblock::thread::snooze", "nonblock::sync::Mutex::look", "nonblock::Sleeps"];
    // One by one: where a name is unknown in a module, the compiler looks at no methods.
    for (number, stray) in strays.into_iter().enumerate() {
        let errors = errors_of(&format!("stray-{number}"), &BTreeSet::from([stray]));
        assert_eq!(errors.len(), 1, "{stray}: {errors:#?}");
    }
}
