//! Runs the cases in `ui/`: each mistake must be refused with the very words of its `.stderr`, and each
//! case in `ui/pass` must compile and run.
//!
//! `ui/README.md` says how to add and bless one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Where the cases are. A link to the folder of that name at the root: trybuild keeps line numbers only
/// of what lies in the package that it tests.
const CASES: &str = "ui";

/// Files below `ui/` that are no case.
const DOCUMENTS: &[&str] = &["README.md"];

/// What a `.stderr` may not show, as it would differ from one installation to the next.
///
/// rustc quotes the standard library's source where it is installed and only names its place
/// where it is not; the sources of other crates change with their versions.
const NOT_PORTABLE: &[&str] = &["$RUST", "/rustc/", "$CARGO", "/registry/", "$VERSION", "/target/"];

#[test]
fn mistakes_are_refused() {
    let cases = Path::new(CASES);
    let blessing = std::env::var_os("TRYBUILD").is_some_and(|mode| mode == "overwrite");
    let complaints = complaints(cases, blessing);
    assert!(complaints.is_empty(), "ui/ is not in order:\n{}", complaints.join("\n"));

    let mistakes = mistakes(cases);
    assert_some_are_wanted(&mistakes, CASES);
    let runner = trybuild::TestCases::new();
    for case in &mistakes {
        runner.compile_fail(case);
    }
    drop(runner); // runs them

    // What has just been blessed must be portable too.
    let complaints = self::complaints(cases, false);
    assert!(complaints.is_empty(), "ui/ is not in order:\n{}", complaints.join("\n"));
}

#[test]
fn right_uses_compile_and_run() {
    let passes = passes(Path::new(CASES));
    assert_some_are_wanted(&passes, &format!("{CASES}/pass"));
    let runner = trybuild::TestCases::new();
    for case in &passes {
        runner.pass(case);
    }
}

/// trybuild passes where it runs no case, for instance when `trybuild=PART` is misspelt. This test fails then.
#[track_caller]
fn assert_some_are_wanted(cases: &[PathBuf], folder: &str) {
    let parts: Vec<String> = std::env::args().filter_map(|argument| part(&argument)).collect();
    assert!(!cases.is_empty(), "no case was found in {folder}");
    let unmatched = unmatched(&parts, cases);
    assert!(unmatched.is_empty(), "no path of a case in {folder} holds any of {unmatched:?}");
}

/// The part of a path by which an argument chooses cases, as trybuild reads it.
fn part(argument: &str) -> Option<String> {
    let part = argument.strip_prefix("trybuild=")?;
    (!part.is_empty()).then(|| part.to_owned())
}

/// The parts that no case's path holds.
fn unmatched<'a>(parts: &'a [String], cases: &[PathBuf]) -> Vec<&'a String> {
    let is_held = |part: &&String| cases.iter().any(|case| case.to_string_lossy().contains(*part));
    parts.iter().filter(|part| !is_held(part)).collect()
}

#[test]
fn a_part_that_chooses_no_case_is_found() {
    assert_eq!(part("trybuild=token/"), Some("token/".to_owned()));
    assert_eq!(part("trybuild="), None);
    assert_eq!(part("mistakes"), None);
    let cases = [PathBuf::from("ui/token/cloned.rs")];
    let parts = ["token/".to_owned(), "tokn".to_owned()];
    assert_eq!(unmatched(&parts, &cases), [&parts[1]]);
}

#[test]
fn the_readme_counts_the_cases() {
    let cases = Path::new(CASES);
    let mut counted = BTreeMap::new();
    for path in files(cases) {
        if path.extension().is_some_and(|extension| extension == "rs") {
            let topic = path.iter().next().expect("a path has a first part").to_string_lossy();
            *counted.entry(topic.into_owned()).or_insert(0) += 1;
        }
    }
    let readme = fs::read_to_string(cases.join("README.md")).expect("ui/ has a README.md");
    let mut stated = BTreeMap::new();
    for line in readme.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let [topic, _, number] = cells[..]
            && let Ok(number) = number.parse::<u32>()
        {
            stated.insert(topic.trim_matches('`').to_owned(), number);
        }
    }
    assert_eq!(stated, counted, "what ui/README.md states, and what there is");
}

/// The check of the folder itself, on folders made for it: each fault is found, and nothing else.
#[test]
fn disorder_is_found() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ui-order");
    let put = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("it is below the folder")).unwrap();
        fs::write(path, text).unwrap();
    };
    let _ = fs::remove_dir_all(&folder);
    put("README.md", "");
    put("token/cloned.rs", "//! A rule.\n");
    put("token/cloned.stderr", "error[E0599]\n --> $DIR/cloned.rs\n");
    put("pass/token/lent.rs", "// What it shows.\n#![deny(warnings)]\n");
    assert_eq!(complaints(&folder, false), [""; 0]);
    assert_eq!(mistakes(&folder), [folder.join("token/cloned.rs")]);
    assert_eq!(passes(&folder), [folder.join("pass/token/lent.rs")]);

    put("token/new.rs", "//! A rule.\n");
    put("token/renamed.stderr", "error\n");
    put("token/silent.rs", "fn main() {}\n");
    put("token/silent.stderr", "error\n --> $RUST/core/src/mem.rs\n");
    put("token/warned.rs", "//! A rule.\n");
    put("token/warned.stderr", "warning: unused\n\nerror\n");
    put("token/notes.txt", "");
    put("loose.rs", "//! A rule.\n");
    put("token/deep/er.rs", "//! A rule.\n");
    put("pass/token/lent.stderr", "");
    put("pass/token/lenient.rs", "//! A right use.\n");
    fs::create_dir_all(folder.join("empty")).unwrap();
    fs::create_dir_all(folder.join("pass/empty")).unwrap();
    let found = complaints(&folder, false);
    let expected = [
        "empty: has no case",
        "pass/empty: has no case",
        "loose.rs: is in no topic's folder",
        "pass/token/lenient.rs: lets a warning pass",
        "pass/token/lent.stderr: a case that passes has none",
        "token/deep/er.rs: is in no topic's folder",
        "token/new.rs: has no .stderr",
        "token/notes.txt: is no case",
        "token/renamed.stderr: has no case",
        "token/silent.rs: its first line does not state a rule",
        "token/silent.stderr: shows `$RUST`",
        "token/warned.stderr: shows `warning: `",
    ];
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "found {found:?}, expected {expected:?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");

    // While blessing, only what cannot be blessed is a fault.
    let found = complaints(&folder, true);
    assert!(!found.iter().any(|fault| fault.contains("has no .stderr")), "{found:#?}");
    assert!(found.iter().any(|fault| fault.contains("has no case")), "{found:#?}");
    fs::remove_dir_all(&folder).unwrap();
}

/// The cases that must not compile, in order. Those of the topic `oom` are for Linux, as what they use is.
fn mistakes(cases: &Path) -> Vec<PathBuf> {
    sources(cases, |relative| {
        !relative.starts_with("pass") && (cfg!(target_os = "linux") || !relative.starts_with("oom"))
    })
}

/// The cases that must compile and run, in order.
fn passes(cases: &Path) -> Vec<PathBuf> {
    sources(cases, |relative| relative.starts_with("pass"))
}

fn sources(cases: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    files(cases)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs") && wanted(path))
        .map(|path| cases.join(path))
        .collect()
}

/// What is wrong with the folder, a line each. While blessing, a missing or old `.stderr` is not.
fn complaints(cases: &Path, blessing: bool) -> Vec<String> {
    let files = files(cases);
    let mut complaints: Vec<_> = topics(cases)
        .into_iter()
        .filter(|topic| {
            let is_case = |path: &&PathBuf| path.extension().is_some_and(|end| end == "rs");
            !files.iter().filter(is_case).any(|path| path.starts_with(topic))
        })
        .map(|topic| format!("{}: has no case", topic.display()))
        .collect();
    for path in &files {
        let mut complain = |fault: &str| complaints.push(format!("{}: {fault}", path.display()));
        if DOCUMENTS.iter().any(|document| path == Path::new(document)) {
            continue;
        }
        let passes = path.starts_with("pass");
        let extension = path.extension().and_then(|extension| extension.to_str());
        let depth = if passes { 3 } else { 2 };
        if path.components().count() != depth {
            complain("is in no topic's folder");
            continue;
        }
        let text = fs::read_to_string(cases.join(path)).expect("a file in ui/ can be read");
        match extension {
            Some("rs") => {
                if !text.starts_with("//! ") && !text.starts_with("// ") {
                    complain("its first line does not state a rule");
                }
                if passes && !text.contains("#![deny(warnings") {
                    complain("lets a warning pass: write `#![deny(warnings)]`");
                }
                if !passes && !blessing && !files.contains(&path.with_extension("stderr")) {
                    complain("has no .stderr; bless it: TRYBUILD=overwrite, then read it");
                }
            }
            Some("stderr") if passes => complain("a case that passes has none"),
            Some("stderr") => {
                if !files.contains(&path.with_extension("rs")) {
                    complain("has no case");
                } else if !blessing {
                    for pattern in NOT_PORTABLE.iter().chain(&["warning: "]) {
                        if text.contains(pattern) {
                            complain(&format!("shows `{pattern}`; write the case otherwise"));
                        }
                    }
                }
            }
            _ => complain("is no case"),
        }
    }
    complaints
}

/// The folders of topics, relative to the folder of all cases, in order.
fn topics(cases: &Path) -> BTreeSet<PathBuf> {
    let folders = |inner: &Path| -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(inner) else { return Vec::new() };
        let paths = entries.map(|entry| entry.expect("an entry of ui/ can be read").path());
        paths.filter(|path| path.is_dir()).collect()
    };
    let relative = |path: PathBuf| {
        path.strip_prefix(cases).expect("it was found below the folder").to_path_buf()
    };
    folders(cases).into_iter().chain(folders(&cases.join("pass"))).map(relative).collect()
}

/// Every file below the folder, relative to it, in order.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(inner) = pending.pop() {
        for entry in fs::read_dir(&inner).expect("a folder in ui/ can be read") {
            let path = entry.expect("an entry of ui/ can be read").path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let relative = path.strip_prefix(folder).expect("it was found below the folder");
                found.insert(relative.to_path_buf());
            }
        }
    }
    found
}
