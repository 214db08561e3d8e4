//! The report as SARIF, against the schema of OASIS.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::support::{check, exits, file};

/// The schema. It lies in a package that is among the dependencies for that.
fn schema() -> &'static Validator {
    static SCHEMA: OnceLock<Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["metadata", "--format-version", "1", "--offline", "--locked"]);
        let output =
            cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo can be run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        let packages = metadata["packages"].as_array().expect("a list");
        let package = packages.iter().find(|package| package["name"] == "serde-sarif");
        let manifest =
            package.expect("it is a dependency")["manifest_path"].as_str().expect("a path");
        let file = Path::new(manifest).with_file_name("src").join("schema.json");
        let text = fs::read_to_string(file).expect("the schema");
        // A bracket in two patterns of it is not closed, which this package's regular expressions refuse.
        let text = text.replace("[a-zA-Z]{2}]?$", r"[a-zA-Z]{2}\\]?$");
        let schema: Value = serde_json::from_str(&text).expect("it is JSON");
        assert!(schema["title"].as_str().is_some_and(|title| title.contains("Version 2.1.0")));
        jsonschema::validator_for(&schema).expect("it is a schema")
    })
}

pub(super) fn faults(document: &Value) -> Vec<String> {
    schema()
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// A run with findings of all kinds, suppressed ones, known ones, and some that are gone.
fn report(name: &str, more: &[&str]) -> Value {
    let rules = file(
        &format!("{name}.tsv"),
        "pattern\tclass\treason\nprocess => *sleep\tsuppresses\tIt is short.\nx\tpermits\tFor nothing.\n\
         gone\tblocks\tIt did once.\n",
    );
    let baseline = file(&format!("{name}_baseline.tsv"), "");
    exits(&check(&["--entry", "*alert('x')*", "--baseline", &baseline, "--update-baseline"]), 0);
    let text = fs::read_to_string(&baseline).expect("it was written");
    fs::write(&baseline, text + "gone\tnot followed\t\tgone\tOnce.\n").expect("it can be written");
    let arguments = [
        "--entry",
        "process",
        "--entry",
        "asks",
        "--entry",
        "computes",
        "--entry",
        "*alert('x')*",
        "--entry",
        "no_such",
        "--rules",
        &rules,
        "--baseline",
        &baseline,
        "--format",
        "sarif",
        "--list-proved",
    ];
    let text = exits(&check(&[&arguments[..], more].concat()), 1);
    serde_json::from_str(&text).expect("it is JSON")
}

pub(super) fn results(report: &Value) -> &[Value] {
    report["runs"][0]["results"].as_array().expect("a list")
}

#[test]
fn it_is_what_the_schema_asks_for() {
    let report = report("sarif_schema", &["--deny", "alloc", "--deny", "panic"]);
    assert_eq!(faults(&report), Vec::<String>::new());
}

/// Planted mistakes, one in each part of the document, so that the test above is known to see them.
#[test]
fn the_schema_sees_a_mistake() {
    let report = report("sarif_mistakes", &[]);
    for (at, mistake) in [
        ("/version", json!("2.0.0")),
        ("/runs/0/tool/driver/name", json!(7)),
        ("/runs/0/results/0/level", json!("fatal")),
        ("/runs/0/results/0/baselineState", json!("old")),
        ("/runs/0/results/0/locations/0/physicalLocation/region/startLine", json!(0)),
        ("/runs/0/results/0/codeFlows/0/threadFlows/0/locations/0/importance", json!("great")),
        ("/runs/0/results/0/suppressions", json!([{ "kind": "none" }])),
        ("/runs/0/invocations/0/executionSuccessful", json!("yes")),
        ("/runs/0/results/0/message", json!({ "words": "…" })),
    ] {
        let mut wrong = report.clone();
        *wrong.pointer_mut(at).unwrap_or_else(|| panic!("no {at}")) = mistake;
        assert_ne!(faults(&wrong), Vec::<String>::new(), "{at}");
    }
    let mut without = report;
    without["runs"][0].as_object_mut().expect("a run").remove("tool");
    assert_ne!(faults(&without), Vec::<String>::new());
}

#[test]
fn each_result_has_its_rule_its_chain_and_its_state() {
    let report = report("sarif_results", &[]);
    let rules = &report["runs"][0]["tool"]["driver"]["rules"];
    let state = |result: &Value| result["baselineState"].as_str().unwrap_or("none").to_owned();
    for result in results(&report) {
        let index =
            usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    let of = |entry: &str, rule: &str| {
        let found = results(&report)
            .iter()
            .find(|result| result["properties"]["entry"] == entry && result["ruleId"] == rule);
        found.unwrap_or_else(|| panic!("no {rule} of {entry}: {report:#}"))
    };
    let new = of("asks", "reaches-sleep");
    assert_eq!((&new["level"], &*state(new)), (&json!("error"), "new"));
    let steps = new["codeFlows"][0]["threadFlows"][0]["locations"].as_array().expect("a chain");
    let names: Vec<_> = steps
        .iter()
        .map(|step| step["location"]["logicalLocations"][0]["fullyQualifiedName"].as_str())
        .collect();
    assert_eq!(names, [Some("asks"), Some("sleeps::relay"), Some("std::thread::functions::sleep")]);
    // Where a name stands for itself its braces are single, and in messages they are doubled.
    let closure = of("<script>alert('x')</script>", "reaches-sleep");
    let closure = &closure["codeFlows"][0]["threadFlows"][0]["locations"].to_string();
    assert!(closure.contains(r#""sleeps::marked::{closure#0}""#), "{closure}");
    assert!(closure.contains("sleeps::marked::{{closure#0}} calls sleeps::relay"), "{closure}");
    assert_eq!(steps[1]["location"]["physicalLocation"]["region"]["startLine"], 7);
    assert_eq!(
        new["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "sleeps.rs"
    );
    assert_eq!(of("asks", "not-followed")["level"], "warning");
    let suppressed = of("process", "reaches-sleep");
    assert_eq!(suppressed["suppressions"][0]["justification"], "It is short.");
    assert_eq!(state(of("<script>alert('x')</script>", "reaches-sleep")), "unchanged");
    let absent: Vec<_> =
        results(&report).iter().filter(|result| state(result) == "absent").collect();
    assert_eq!(absent.len(), 1);
    assert_eq!(absent[0]["ruleId"], "not-followed");
    assert!(results(&report).iter().any(|result| result["kind"] == "pass"), "what is proved");
    let notes = report["runs"][0]["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(notes.contains("No function in the program fits `no_such`"), "{notes}");
    assert!(notes.contains("For nothing. [no way needed it]"), "{notes}");
}

/// Fingerprints tell findings apart, and stay where lines move and other functions come or go.
#[test]
fn fingerprints_stay_when_lines_move() {
    let prints = |report: &Value| {
        let prints = results(report).iter().filter_map(|result| {
            let print = result["partialFingerprints"]["primaryLocationLineHash"].as_str()?;
            Some((print.to_owned(), result["properties"]["entry"].clone()))
        });
        prints.collect::<Vec<_>>()
    };
    let here = prints(&report("sarif_prints", &[]));
    let different: std::collections::BTreeSet<_> = here.iter().map(|(print, _)| print).collect();
    assert_eq!(different.len(), here.len(), "{here:?}");
    // The same program, with its lines moved and a function more.
    let folder = super::support::folder().join("moved");
    fs::create_dir_all(&folder).expect("a folder");
    let source = format!("\n\n\n#[inline(never)]\nfn other() {{}}\n{}", super::support::SOURCE);
    fs::write(folder.join("sleeps.rs"), source.replace("fn main() {", "fn main() { other();"))
        .expect("the source can be written");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut rustc = Command::new(rustc);
    rustc.current_dir(&folder).args(["sleeps.rs", "-o", "sleeps"]).args(super::support::FLAGS);
    assert!(rustc.status().expect("rustc can be run").success());
    let mut moved = super::support::command(&[
        "check",
        "sleeps",
        "--no-sections",
        "--entry",
        "asks",
        "--format",
        "sarif",
    ]);
    let output = moved.current_dir(&folder).output().expect("it can be run");
    let moved = prints(&serde_json::from_str(&exits(&output, 1)).expect("it is JSON"));
    let of_asks: Vec<_> = here.into_iter().filter(|(_, entry)| entry == "asks").collect();
    assert_eq!(moved, of_asks);
    assert!(!moved.is_empty());
}
