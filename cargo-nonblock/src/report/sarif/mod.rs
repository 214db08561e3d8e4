//! The report as SARIF 2.1.0, the form in which code scanning and editors take the findings of tools.
//!
//! There is one run for all programs. A finding is a result with its chain of calls as a code flow. One that is suppressed, or known by
//! the baseline, is a result too, and says so. What is to be known of a program as a whole is a notification. The header is among
//! the properties of the run.

mod addresses;
mod comparison;
mod messages;
mod notification;
mod results;

use std::collections::HashMap;

use serde_json::{Value, json};

use super::wording::KINDS;
use super::{Report, Unreadable, header};
use crate::check::Verdict;
use addresses::{address, folders};
use messages::sentence;
use notification::{CANNOT_READ, CANNOT_TELL, NOT_NEEDED, NOTIFICATIONS, Notification};
use results::{Run, absent, proved};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

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
