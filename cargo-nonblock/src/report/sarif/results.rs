//! The results of a run: one for each finding, each entry that is proved, and each line of the baseline that is gone.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::addresses::address;
use super::messages::{location, message};
use crate::baseline::Key;
use crate::check::{Call, EntryOutcome, Found, HiddenBy};
use crate::report::frames::{is_own, own_place, shown};
use crate::report::wording::{
    KINDS, Kind, by_rules, kind_of, section, section_begins, section_kind, what_and_reason,
};
use crate::report::{Checked, Report};

/// The results of a run, while they are made.
pub(super) struct Run<'a> {
    pub(super) report: &'a Report,
    /// How many results have each fingerprint.
    pub(super) seen: HashMap<String, usize>,
    pub(super) results: Vec<Value>,
}

impl Run<'_> {
    pub(super) fn entry(&mut self, program: &Checked, entry: &EntryOutcome) {
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

    pub(super) fn push(&mut self, mut result: Value, state: &str, suppressions: Value) {
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
    pub(super) fn print(&mut self, result: &mut Value, program: &str, texts: [&str; 4]) {
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

pub(super) fn result(kind: &Kind, level: &str, text: &str, program: &str) -> Value {
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

pub(super) fn proved(program: &Checked, entry: &EntryOutcome) -> Value {
    let text = format!("{} reaches nothing that blocks{}", section(entry), by_rules(entry));
    let mut result = result(&KINDS[0], "none", &text, &program.file);
    result["kind"] = json!("pass");
    let about = format!("{} is proved", section_kind(entry.kind));
    result["locations"] = json!([location(entry.place.as_ref(), &entry.name.full, &about)]);
    result["suppressions"] = json!([]);
    result
}

/// What the baseline has and the programs have not.
pub(super) fn absent(key: &Key) -> Value {
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
}
