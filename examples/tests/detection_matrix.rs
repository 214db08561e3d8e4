//! The detection matrix: what each layer of the watch sees, against the table that is expected. And the pages made of it.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspace's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The example's program, which cargo builds beside its package's tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let profile = test.ancestors().nth(2).expect("it lies in target/<profile>/deps");
    let program = profile.join("examples").join("detection_matrix");
    assert!(program.exists(), "build it first: cargo build -p nonblock-examples --examples");
    program
}

const EXPECTED: &str = "examples/detection_matrix/expected.tsv";
const PAGE: &str = "docs/DETECTION.md";

/// A line of the expected table.
struct Line {
    group: String,
    operation: String,
    slept: String,
    schedule: String,
    trap: String,
    cells: Vec<String>,
    why: String,
}

fn expected() -> Vec<Line> {
    let text = read(EXPECTED);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let lines = lines.map(|line| {
        let parts: Vec<String> = line.split('\t').map(str::to_owned).collect();
        let [group, operation, cells @ .., why] = &parts[..] else { panic!("{line}") };
        let [slept, schedule, trap, ..] = cells else { panic!("{line}") };
        Line {
            group: group.clone(),
            operation: operation.clone(),
            slept: slept.clone(),
            schedule: schedule.clone(),
            trap: trap.clone(),
            cells: cells.to_vec(),
            why: why.clone(),
        }
    });
    lines.collect()
}

/// The groups whose operations must not be reported.
fn must_be_silent(group: &str) -> bool {
    group.starts_with("what the library offers")
        || group.starts_with("calls that do not wait")
        || group.starts_with("code without calls")
}

/// Runs every operation under every layer: what slept is reported in that very run, by the schedule and at the right place; what must
/// not be reported is not; and each cell is the expected one.
#[test]
fn the_watch_sees_what_is_expected() {
    let output = Command::new(program())
        .arg("--check")
        .arg(root().join(EXPECTED))
        .output()
        .expect("cargo builds the example before the tests run");
    let (table, faults) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{table}\n{faults}");
    assert!(table.contains("missed by trap and schedule: 0"), "{table}");
}

#[test]
fn what_sleeps_is_expected_to_be_reported_and_what_does_not_wait_is_not() {
    let lines = expected();
    assert!(lines.len() >= 80, "{}", lines.len());
    let mut silent = 0;
    for Line { group, operation, slept, schedule, trap, .. } in &lines {
        if slept == "yes" {
            assert!(schedule == "yes" || trap != "-", "{operation} sleeps, and nobody says so");
        }
        if must_be_silent(group) {
            silent += 1;
            assert_eq!((schedule.as_str(), trap.as_str()), ("-", "-"), "{operation}");
        }
    }
    assert!(silent >= 20, "{silent}");
}

#[test]
fn few_cells_differ_from_run_to_run_and_each_says_why() {
    let lines = expected();
    let mut differ = 0;
    for Line { operation, cells, why, .. } in &lines {
        let in_line = cells.iter().filter(|cell| ["may", "some"].contains(&cell.as_str())).count();
        assert_eq!(in_line > 0, !why.is_empty(), "{operation}");
        differ += in_line;
    }
    assert!(differ * 20 < lines.len() * 5, "{differ} cells differ from run to run");
}

/// The rows of operations in a text, as the page and the README have them.
fn operation_rows(text: &str) -> Vec<&str> {
    // The rows of other tables have other counts of columns, and a heading stands above a line of dashes.
    let is_row = |line: &&str| line.starts_with("| ") && line.matches(" | ").count() == 5;
    text.lines().filter(is_row).filter(|line| !line.starts_with("| operation |")).collect()
}

fn expected_rows() -> Vec<String> {
    expected()
        .iter()
        .map(|line| format!("| {} | {} |", line.operation, line.cells.join(" | ")))
        .collect()
}

/// The page is made by the command, from a run that was as expected.
#[test]
fn the_page_says_what_the_expected_table_says() {
    let page = read(PAGE);
    assert_eq!(operation_rows(&page), expected_rows());
    for name in ["Linux ", "glibc ", "rustc "] {
        assert!(page.contains(name), "{name}");
    }
}

/// What the command made of the README.
fn part_of_readme() -> String {
    let readme = read("README.md");
    let begin = "<!-- Made by `cargo run --release --example detection_matrix -- --readme README.md`: -->\n";
    let end = "<!-- The end of what that command made. -->\n";
    let (_, part) = readme.split_once(begin).expect("the line before it");
    let (part, _) = part.split_once(end).expect("the line behind it");
    part.to_owned()
}

#[test]
fn the_readme_says_what_the_expected_table_says() {
    let part = part_of_readme();
    let (counts, all) = part.split_once("<details>").expect("all operations are folded up");
    assert_eq!(operation_rows(all), expected_rows());
    let lines = expected();
    let groups = lines.chunk_by(|one, other| one.group == other.group).map(|group| {
        let counts = (0..5).map(|column| {
            let of = |wanted: &dyn Fn(&str) -> bool| {
                group.iter().filter(|line| wanted(&line.cells[column])).count()
            };
            let (nothing, may) =
                (of(&|cell| ["-", "skipped"].contains(&cell)), of(&|cell| cell == "may"));
            let most = group.len() - nothing;
            if may == 0 { most.to_string() } else { format!("{}-{most}", most - may) }
        });
        let group_name = &group[0].group;
        let silent = if must_be_silent(group_name) { " (must not be reported)" } else { "" };
        let counts: Vec<String> = counts.collect();
        format!("| {group_name}{silent} | {} | {} |", group.len(), counts.join(" | "))
    });
    let of_readme: Vec<&str> = counts
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| group |"))
        .collect();
    assert_eq!(of_readme, groups.collect::<Vec<_>>());
}

#[test]
fn the_readme_has_the_summary_of_the_page() {
    let page = read(PAGE);
    let summary = page.lines().find(|line| line.contains(" operations")).expect("a summary");
    let part = part_of_readme();
    assert!(part.contains(summary), "README.md does not say: {summary}");
}
