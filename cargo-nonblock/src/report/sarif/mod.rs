//! The report as SARIF 2.1.0, the form in which code scanning and editors take the findings of tools.
//!
//! There is one run for all programs. A finding is a result with its chain of calls as a code flow. One that is suppressed, or known by
//! the baseline, is a result too, and says so. What is to be known of a program as a whole is a notification. The header is among
//! the properties of the run.

mod comparison;

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::frames::{is_of_others, is_own, is_package, own_place, shown};
use super::wording::{
    KINDS, Kind, kind_of, section, section_begins, section_kind, what_and_reason,
};
use super::{Checked, Report, Unreadable, header};
use crate::baseline::Key;
use crate::check::{Call, EntryOutcome, Found, HiddenBy, Verdict};
use crate::places::Place;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The folders that addresses of files are relative to: the current one, the standard library's source, the registry's packages.
const CURRENT: &str = "%SRCROOT%";
const STD: &str = "%RUSTSRC%";
const PACKAGES: &str = "%CARGOREGISTRY%";

/// Writes the report as SARIF.
///
/// # Arguments
///
/// * `exit_code`: that of the command.
/// * `list_proved`: whether each entry that was proved is a result, too.
///
/// # Panics
///
/// Never: everything in it can be written.
pub fn sarif(report: &Report, exit_code: u8, list_proved: bool) -> String {
    let mut run = Run { report, seen: HashMap::new(), results: Vec::new() };
    for program in &report.programs {
        for entry in &program.outcome.entries {
            run.entry(program, entry);
            if list_proved && entry.verdict() == Verdict::Proved {
                run.results.push(proved(program, entry));
            }
        }
    }
    run.results.extend(report.absent.iter().flatten().map(absent));
    if let Some(compared) = &report.against {
        comparison::add(&mut run, compared);
    }
    let programs = report.programs.iter();
    let artifacts = programs
        .clone()
        .map(|program| json!({ "location": address(&program.file), "roles": ["analysisTarget"] }));
    let heads = programs.clone().map(|program| {
        let lines = header::lines(report, program).into_iter();
        let lines: Vec<_> = lines.map(|line| format!("{}: {}", line.label, line.text)).collect();
        json!({ "program": program.file, "result": program.outcome.verdict().name(), "header": lines })
    });
    let value = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver() },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": folders(),
            "artifacts": artifacts.collect::<Vec<_>>(),
            "invocations": [{
                "executionSuccessful": report.unreadable.is_empty(),
                "exitCode": exit_code,
                "toolExecutionNotifications": notifications(report),
            }],
            "results": run.results,
            "properties": { "programs": heads.collect::<Vec<_>>(), "result": report.verdict().name() },
        }],
    });
    let mut text =
        serde_json::to_string_pretty(&value).expect("strings and numbers can be written");
    text.push('\n');
    text
}

/// The results of a run, while they are made.
struct Run<'a> {
    report: &'a Report,
    /// How many results have each fingerprint.
    seen: HashMap<String, usize>,
    results: Vec<Value>,
}

impl Run<'_> {
    fn entry(&mut self, program: &Checked, entry: &EntryOutcome) {
        let findings = entry.findings.iter().cloned().map(Found::Finding);
        for found in findings.chain(entry.obstacles.iter().cloned().map(Found::Obstacle)) {
            let result = self.result(program, entry, &found);
            self.push(result, "new", json!([]));
        }
        for hidden in &entry.hidden {
            let mut result = self.result(program, entry, &hidden.found);
            match hidden.by {
                HiddenBy::Suppression => {
                    let why = json!({ "kind": "external", "status": "accepted", "justification": hidden.reason });
                    self.push(result, "new", json!([why]));
                }
                HiddenBy::Baseline => {
                    if !hidden.reason.is_empty() {
                        result["properties"]["reason"] = json!(hidden.reason);
                    }
                    self.push(result, "unchanged", json!([]));
                }
            }
        }
    }

    fn push(&mut self, mut result: Value, state: &str, suppressions: Value) {
        if self.report.absent.is_some() {
            result["baselineState"] = json!(state);
        }
        result["suppressions"] = suppressions;
        self.results.push(result);
    }

    fn result(&mut self, program: &Checked, entry: &EntryOutcome, found: &Found) -> Value {
        let kind = kind_of(found);
        let text = match found {
            Found::Finding(_) => format!("{} reaches {}", section(entry), what_and_reason(found)),
            Found::Obstacle(_) => {
                format!("{} cannot be followed: {}", section(entry), what_and_reason(found))
            }
        };
        let at = own_place(found.chain()).or(entry.place.as_ref());
        let mut related = Vec::new();
        if let Some(place) = &entry.place {
            let mut location = location(Some(place), &entry.name.full, section_begins(entry.kind));
            location["id"] = json!(1);
            related.push(location);
        }
        let mut result = result(kind, level(found), &text, &program.file);
        result["locations"] = json!([location(at, &entry.name.full, kind.headline)]);
        result["relatedLocations"] = json!(related);
        if !found.chain().is_empty() {
            result["codeFlows"] = json!([{ "threadFlows": [{ "locations": flow(found) }] }]);
        }
        let Key { entry: name, class, what, caller } = Key::of(entry, found);
        self.print(&mut result, &program.file, [&name, &class, &what, &caller]);
        result["properties"] =
            json!({ "program": program.file, "entry": entry.name.full, "what": found.what() });
        result
    }

    /// Gives a result a number that stays when the program changes elsewhere. It has neither lines nor addresses.
    fn print(&mut self, result: &mut Value, program: &str, texts: [&str; 4]) {
        let texts = [name_of(program)].into_iter().chain(texts);
        let bytes = texts.flat_map(|text| text.bytes().chain([0]));
        let hash = format!("{:032x}", fnv1a(bytes));
        let seen = self.seen.entry(hash.clone()).or_default();
        *seen += 1;
        let print = format!("{hash}:{seen}");
        // The name by which code scanning asks for it.
        result["partialFingerprints"] = json!({ "primaryLocationLineHash": print });
        result["fingerprints"] = json!({ "cargoNonblock/v1": print });
    }
}

fn result(kind: &Kind, level: &str, text: &str, program: &str) -> Value {
    let rule = KINDS.iter().position(|other| other.id == kind.id);
    json!({
        "ruleId": kind.id,
        "ruleIndex": rule,
        "level": level,
        "kind": "fail",
        "message": message(text),
        "analysisTarget": address(program),
    })
}

fn level(found: &Found) -> &'static str {
    match found {
        Found::Finding(_) => "error",
        Found::Obstacle(_) => "warning",
    }
}

fn proved(program: &Checked, entry: &EntryOutcome) -> Value {
    let text = format!("{} reaches nothing that blocks", section(entry));
    let mut result = result(&KINDS[0], "none", &text, &program.file);
    result["kind"] = json!("pass");
    let about = format!("{} is proved", section_kind(entry.kind));
    result["locations"] = json!([location(entry.place.as_ref(), &entry.name.full, &about)]);
    result["suppressions"] = json!([]);
    result
}

/// What the baseline has and the programs have not.
fn absent(key: &Key) -> Value {
    let kind = KINDS.iter().find(|kind| kind.id.ends_with(&key.class)).unwrap_or(&KINDS[3]);
    let text = format!("no longer found: {key}");
    json!({
        "ruleId": kind.id,
        "ruleIndex": KINDS.iter().position(|other| other.id == kind.id),
        "level": if kind.id == KINDS[3].id { "warning" } else { "error" },
        "kind": "fail",
        "message": message(&text),
        "locations": [location(None, &key.entry, "the section or function")],
        "baselineState": "absent",
        "suppressions": [],
    })
}

/// The calls, and what they lead to.
fn flow(found: &Found) -> Vec<Value> {
    let calls: Vec<&Call> = shown(found.chain()).collect();
    let mut steps = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        let next = calls.get(number + 1).map_or(found.what(), |next| &next.caller.full);
        let about = format!("{} calls {next}", call.caller.full);
        steps.push(json!({
            "location": location(call.place.as_ref(), &call.caller.full, &about),
            "nestingLevel": number,
            "kinds": ["function", "call"],
            "importance": if is_own(call) { "essential" } else { "unimportant" },
            "properties": { "call": call.kind.name(), "inlined": call.inlined },
        }));
    }
    steps.push(json!({
        "location": location(None, found.what(), &what_and_reason(found)),
        "nestingLevel": calls.len(),
        "kinds": ["function"],
        "importance": "important",
    }));
    steps
}

fn location(place: Option<&Place>, function: &str, about: &str) -> Value {
    let mut location = json!({
        "logicalLocations": [{ "fullyQualifiedName": function, "kind": "function" }],
        "message": message(about),
    });
    if let Some(place) = place {
        let mut region = Map::from_iter([("startLine".to_owned(), json!(place.line.max(1)))]);
        if place.column > 0 {
            region.insert("startColumn".to_owned(), json!(place.column));
        }
        location["physicalLocation"] =
            json!({ "artifactLocation": address(&place.file), "region": region });
    }
    location
}

/// Something that is to be known of a run as a whole.
struct Notification {
    id: &'static str,
    /// Its place among those of the driver.
    index: usize,
    level: &'static str,
    text: &'static str,
}

const fn notification(
    index: usize,
    id: &'static str,
    level: &'static str,
    text: &'static str,
) -> Notification {
    Notification { id, index, level, text }
}

const CANNOT_TELL: Notification =
    notification(0, "cannot-tell", "warning", "The program as a whole is not proved.");
const NOT_NEEDED: Notification =
    notification(1, "not-needed", "note", "A line of the rules was not needed.");
const CANNOT_READ: Notification =
    notification(2, "cannot-read", "error", "A program could not be read.");
const NOT_SHOWN: Notification = notification(
    3,
    "not-shown",
    "note",
    "A section reaches something, and the run showed no call in it.",
);
const NOT_CHECKED: Notification = notification(
    4,
    "not-checked",
    "note",
    "The run showed a call in a section that was not checked.",
);

/// All of them, each at its index.
const NOTIFICATIONS: [Notification; 5] =
    [CANNOT_TELL, NOT_NEEDED, CANNOT_READ, NOT_SHOWN, NOT_CHECKED];

impl Notification {
    fn with(&self, text: &str) -> Value {
        json!({
            "descriptor": { "id": self.id, "index": self.index },
            "level": self.level,
            "message": message(text),
        })
    }
}

fn driver() -> Value {
    let notifications = NOTIFICATIONS.iter().map(|notification| {
        json!({ "id": notification.id, "shortDescription": { "text": notification.text } })
    });
    let rules = KINDS.iter().map(|kind| {
        let level = if kind.id == KINDS[3].id { "warning" } else { "error" };
        json!({
            "id": kind.id,
            "name": kind.name,
            "shortDescription": { "text": sentence(kind.headline) },
            "fullDescription": { "text": kind.explained },
            "help": { "text": sentence(kind.help) },
            "defaultConfiguration": { "level": level },
        })
    });
    json!({
        "name": "cargo-nonblock",
        "fullName": "cargo nonblock check",
        "version": env!("CARGO_PKG_VERSION"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules.collect::<Vec<_>>(),
        "notifications": notifications.collect::<Vec<_>>(),
    })
}

/// What is to be known of the programs as a whole, and what no program needed.
fn notifications(report: &Report) -> Vec<Value> {
    let of = |file: &str, notification: &Notification, text: &str| {
        let mut value = notification.with(text);
        value["locations"] = json!([{ "physicalLocation": { "artifactLocation": address(file) } }]);
        value
    };
    let mut notifications = Vec::new();
    for program in &report.programs {
        let doubts = program.outcome.doubts.iter();
        notifications.extend(doubts.map(|doubt| of(&program.file, &CANNOT_TELL, doubt)));
    }
    for Unreadable { file, error } in &report.unreadable {
        notifications.push(of(file, &CANNOT_READ, error));
    }
    // All programs have the same rules.
    if let Some(program) = report.programs.first() {
        let unused = header::lines(report, program).into_iter().filter(|line| line.is_unused);
        let texts = unused.map(|line| format!("{}: {}", line.label, line.text));
        notifications.extend(texts.map(|text| of(&program.file, &NOT_NEEDED, &text)));
    }
    notifications.extend(report.against.iter().flat_map(comparison::notifications));
    notifications
}

fn folders() -> Value {
    let current = std::env::current_dir().unwrap_or_default();
    let current = format!("{}/", file_address(&current).trim_end_matches('/'));
    json!({
        CURRENT: { "uri": current, "description": { "text": "The folder in which the check ran." } },
        STD: { "description": { "text": "The source of the standard library: `rustc --print sysroot`, then lib/rustlib/src/rust." } },
        PACKAGES: { "description": { "text": "The sources of the registry's packages, below cargo's home: registry/src." } },
    })
}

/// The address of a file, with the folder that it is relative to.
fn address(file: &str) -> Value {
    if file.starts_with('/') {
        return json!({ "uri": file_address(Path::new(file)) });
    }
    let base = match file.split('/').next() {
        Some(first) if is_package(first) => PACKAGES,
        _ if is_of_others(file) => STD,
        _ => CURRENT,
    };
    json!({ "uri": encoded(file), "uriBaseId": base })
}

fn file_address(path: &Path) -> String {
    format!("file://{}", encoded(&path.display().to_string()))
}

/// Writes what an address may not hold as `%` and its number.
fn encoded(path: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~+@!$&'()*,;=".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// The name of a program's file, without the number that cargo adds to programs of tests.
fn name_of(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    let is_number = |end: &str| end.len() == 16 && end.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.rsplit_once('-').filter(|(_, end)| is_number(end)).map_or(name, |(begin, _)| begin)
}

/// FNV-1a with 128 bits: a hash that is the same on every machine and in every version.
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u128 {
    let mut hash = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    for byte in bytes {
        hash ^= u128::from(byte);
        hash = hash.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    hash
}

/// A text as a message. There braces stand for themselves only if they are doubled, and what looks like a link is one: see "Messages with
/// placeholders" and "Messages with embedded links" in the standard.
fn message(text: &str) -> Value {
    let mut text = sentence(text).replace('{', "{{").replace('}', "}}");
    if text.contains("](") {
        text = text.replace('\\', r"\\").replace('[', r"\[").replace(']', r"\]");
    }
    json!({ "text": text })
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    // A name keeps its first letter.
    let is_word = text
        .split([' ', ','])
        .next()
        .is_some_and(|word| !word.is_empty() && word.chars().all(char::is_alphabetic));
    let begin = if is_word { first + letters.as_str() } else { text.to_owned() };
    let end = if begin.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{begin}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_same_for_ever() {
        // The vector that the authors of FNV publish for "a".
        assert_eq!(fnv1a([b'a'].into_iter()), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(name_of("target/debug/deps/player-0123456789abcdef"), "player");
        assert_eq!(name_of("player-2"), "player-2");
    }

    #[test]
    fn addresses_are_encoded_and_have_a_folder() {
        assert_eq!(
            address("src/my file.rs"),
            json!({ "uri": "src/my%20file.rs", "uriBaseId": CURRENT })
        );
        assert_eq!(address("/a/ü.rs"), json!({ "uri": "file:///a/%C3%BC.rs" }));
        assert_eq!(address("serde-1.0.2/src/lib.rs")["uriBaseId"], PACKAGES);
        assert_eq!(address("library/std/src/io/mod.rs")["uriBaseId"], STD);
    }

    #[test]
    fn braces_and_links_stand_for_themselves() {
        assert_eq!(
            message("m::f::{closure#0} calls <[T]>::len")["text"],
            "m::f::{{closure#0}} calls <[T]>::len."
        );
        assert_eq!(message("[a](1)")["text"], r"\[a\](1).");
    }

    #[test]
    fn a_text_becomes_a_sentence_and_a_name_stays() {
        assert_eq!(sentence("the section a::b reaches c"), "The section a::b reaches c.");
        assert_eq!(sentence("a::b calls c"), "a::b calls c.");
        assert_eq!(sentence("read. It waits."), "read. It waits.");
    }
}
