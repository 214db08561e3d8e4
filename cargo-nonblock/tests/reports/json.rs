//! The report as JSON, against its documented form.

use cargo_nonblock::report::json::{Report, VERSION, Why};
use serde_json::Value;

use super::support::{check, exits, file, nonblock};

fn value(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

/// The types of `report::json` document each field, and know no other.
#[test]
fn a_report_is_what_the_documented_types_say() {
    let rules = file(
        "json.tsv",
        "pattern\tclass\treason\nprocess => *sleep\tsuppresses\tIt is short.\nx\tpermits\tFor nothing.\n",
    );
    let baseline = file("json_baseline.tsv", "");
    exits(&check(&["--entry", "*alert('x')*", "--baseline", &baseline, "--update-baseline"]), 0);
    let arguments =
        ["--entry", "process", "--entry", "asks", "--entry", "computes", "--rules", &rules];
    let more = ["--baseline", &baseline, "--format", "json"];
    let text = exits(&check(&[&arguments[..], &more].concat()), 1);
    let report: Report = serde_json::from_str(&text).expect("it has the documented fields");
    assert_eq!(serde_json::to_value(&report).expect("it can be written"), value(&text));

    assert_eq!(report.version, VERSION);
    assert_eq!(report.result, "reaches");
    let program = &report.programs[0];
    assert_eq!(program.program, "sleeps");
    assert_eq!(program.profile, None);
    assert_eq!(program.suppressions[0].hid, 1);
    assert!(program.assumptions.iter().any(|used| used.is_users && used.ways_cut == 0));
    let of = |name: &str| {
        let found = program.entries.iter().find(|entry| entry.function.ends_with(name));
        found.unwrap_or_else(|| panic!("no {name}"))
    };
    assert_eq!(of("computes").result, "proved");
    assert_eq!((&*of("process").result, &*of("process").hidden[0].by), ("known", "suppression"));
    assert_eq!(of("asks").result, "reaches");
    assert_eq!(of("asks").not_followed.len(), 1);
    let calls = &of("asks").findings[0].calls;
    assert_eq!(
        calls[1].place.as_ref().map(|place| (&*place.file, place.line)),
        Some(("sleeps.rs", 7))
    );
    // What was found of another function is in the baseline, and not found now.
    assert_eq!(report.absent.expect("there is a baseline").len(), 1);
}

/// A field that nobody documented is refused, so that the test above can fail.
#[test]
fn a_field_that_is_not_documented_is_refused() {
    let mut report = value(&exits(&check(&["--entry", "computes", "--format", "json"]), 0));
    report["programs"][0]["entries"][0]["undocumented"] = true.into();
    serde_json::from_value::<Report>(report).expect_err("no such field is documented");
}

#[test]
fn the_chains_of_why_have_a_version_too() {
    let text =
        exits(&nonblock(&["why", "process", "clock_nanosleep", "sleeps", "--format", "json"]), 1);
    let why: Why = serde_json::from_str(&text).expect("it has the documented fields");
    assert_eq!(serde_json::to_value(&why).expect("it can be written"), value(&text));
    assert_eq!((why.version, why.chains.len()), (VERSION, 1));
}
