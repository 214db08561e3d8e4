//! The recorded counts of instructions, which may not rise: what CI looks at in place of times.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use benches::goal::Bound;
use benches::results::Measured;
use nonblock_tools::cargo;

use super::arguments::Arguments;
use super::figures::verdicts;
use super::programs::Program;
use super::{callgrind, files};

/// How many times what is recorded a count may be.
const MOST: f64 = 1.05;

const ACCEPT: &str = "cargo run --release -p benches -- --instructions --accept";

/// What was counted, and with which compiler, since another makes other code.
#[derive(Debug, Default, PartialEq)]
struct Record {
    compiler: String,
    /// By build, group and rival.
    counts: BTreeMap<String, f64>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    if callgrind::version().is_none() {
        println!(
            "instructions: valgrind is not installed here, so nothing was counted or compared. What remains with checks off \
             is looked at all the same by `cargo test -p nonblock-tests --test zero_cost`."
        );
        return Ok(ExitCode::SUCCESS);
    }
    let mut groups = Vec::new();
    for program in Program::build_counted()? {
        let mut counted = program.plan(arguments)?;
        callgrind::join(&callgrind::count(&program, arguments)?, &mut counted);
        groups.extend(counted);
    }
    let now = Record::of(&groups)?;
    if arguments.accept {
        files::write(&path(), &now.text())?;
        println!("instructions: {} counts written to {}", now.counts.len(), path().display());
        return Ok(ExitCode::SUCCESS);
    }
    let text = fs::read_to_string(path())
        .map_err(|error| format!("cannot read {}: {error}", path().display()))?;
    let recorded = Record::parse(&text)?;
    let mut faults = short_of(&groups);
    faults.extend(watch_off_costs(&now.counts));
    if recorded.compiler == now.compiler {
        let is_left_out = |key: &str| !arguments.only.is_empty() && !now.counts.contains_key(key);
        faults.extend(recorded.compare(&now, is_left_out));
    } else {
        println!(
            "instructions: recorded with {}, and this is {}, whose code differs: the counts were not compared with the \
             recorded ones; the goals that count instructions were looked at.",
            recorded.compiler, now.compiler
        );
    }
    for fault in &faults {
        println!("instructions: {fault}");
    }
    if faults.is_empty() {
        println!("instructions: {} counts are in order", now.counts.len());
        return Ok(ExitCode::SUCCESS);
    }
    println!("instructions: if that is meant to be so: {ACCEPT}");
    Ok(ExitCode::FAILURE)
}

fn path() -> PathBuf {
    cargo::root().join("benches/instructions.tsv")
}

/// The goals about instructions that are not met.
fn short_of(groups: &[Measured]) -> Vec<String> {
    let counts_only = |group: &Measured| {
        let mut group = group.clone();
        group.goals.retain(|goal| {
            matches!(goal.bound, Bound::InstructionsMore(_) | Bound::InstructionsAtMost(_))
        });
        group
    };
    let groups: Vec<_> = groups.iter().map(counts_only).collect();
    let verdicts = verdicts(&groups).into_iter();
    verdicts
        .filter(|verdict| !verdict.met)
        .map(|verdict| {
            let figure =
                verdict.figure.map_or("not counted".to_owned(), |figure| format!("{figure:.1}"));
            format!("{}: {}: {figure}", verdict.group, verdict.words)
        })
        .collect()
}

/// The section of a build with the watch, and that of a build without it.
const WATCH_OFF: [&str; 2] =
    ["watch/watch_off\tno layer on", "checks/section_empty\tnonblock, a section"];

/// How many instructions more a section may take in a build with the watch, while no layer is on.
const WATCH_MORE: f64 = 3.0;

/// Says if a section takes too many instructions more in a build with the watch.
fn watch_off_costs(counts: &BTreeMap<String, f64>) -> Option<String> {
    let [with, without] = WATCH_OFF.map(|key| counts.get(key));
    let more = with? - without?;
    // Written with one digit after the point.
    (more > WATCH_MORE + 0.05).then(|| {
        format!(
            "a section in a build with the watch, and no layer on: {more:.1} instructions more than without it, and \
             {WATCH_MORE:.0} are allowed"
        )
    })
}

impl Record {
    /// What is recorded of the groups: nonblock's own rivals.
    fn of(groups: &[Measured]) -> Result<Self, String> {
        let mut command = Command::new("rustc");
        let compiler = cargo::run(command.current_dir(cargo::root()).arg("--version"))?
            .succeeded("rustc --version")?
            .stdout;
        let mut counts = BTreeMap::new();
        for group in groups {
            for series in group.series.iter().filter(|series| series.ours) {
                if let Some(count) = series.instructions {
                    counts.insert(format!("{}\t{}", group.key(), series.name), count);
                }
            }
        }
        let compiler = format!("{} for {}", compiler.trim(), std::env::consts::ARCH);
        Ok(Self { compiler, counts })
    }

    fn text(&self) -> String {
        let mut text =
            format!("# Instructions of hot paths, written by `{ACCEPT}`\n# {}\n", self.compiler);
        for (key, count) in &self.counts {
            let _ = writeln!(text, "{key}\t{count:.1}");
        }
        text
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut comments = text.lines().filter_map(|line| line.strip_prefix("# "));
        let compiler = comments.nth(1).ok_or("the record's second line names no compiler")?;
        let mut counts = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let count =
                line.rsplit_once('\t').and_then(|(key, count)| Some((key, count.parse().ok()?)));
            let (key, count) =
                count.ok_or_else(|| format!("the record has no count in: {line}"))?;
            counts.insert(key.to_owned(), count);
        }
        Ok(Self { compiler: compiler.to_owned(), counts })
    }

    /// Says what rose, came or went.
    fn compare(&self, now: &Self, is_left_out: impl Fn(&str) -> bool) -> Vec<String> {
        let named = |key: &str| key.replace('\t', ", ");
        let mut faults = Vec::new();
        for (key, count) in &now.counts {
            match self.counts.get(key) {
                // Written with one digit after the point.
                Some(recorded) if *count > recorded * MOST + 0.05 => faults.push(format!(
                    "{}: {count:.1}, risen from {recorded:.1} by more than 5%",
                    named(key)
                )),
                Some(_) => {}
                None => faults.push(format!("{}: {count:.1}, not recorded yet", named(key))),
            }
        }
        let gone = self.counts.keys().filter(|key| !now.counts.contains_key(*key));
        let gone = gone.filter(|key| !is_left_out(key));
        faults.extend(gone.map(|key| format!("{}: recorded, and no longer counted", named(key))));
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(counts: &[(&str, f64)]) -> Record {
        let counts = counts.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect();
        Record { compiler: "rustc 1.95.0 for x86_64".to_owned(), counts }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let record =
            record(&[("checks/section\tnonblock, a section", 10.0), ("plain/a/10\tb", 2.5)]);
        assert_eq!(Record::parse(&record.text()), Ok(record));
        assert!(Record::parse("no comment\n").is_err());
        assert!(Record::parse("# by\n# rustc\nchecks/section\tmany\n").is_err());
    }

    #[test]
    fn a_rise_of_more_than_five_percent_is_a_fault_and_a_smaller_one_is_not() {
        let recorded = record(&[("a\tb", 100.0), ("c\td", 100.0), ("e\tf", 100.0), ("g\th", 0.0)]);
        let now = record(&[("a\tb", 104.9), ("c\td", 105.2), ("e\tf", 50.0), ("g\th", 1.0)]);
        assert_eq!(
            recorded.compare(&now, |_| false),
            [
                "c, d: 105.2, risen from 100.0 by more than 5%",
                "g, h: 1.0, risen from 0.0 by more than 5%"
            ]
        );
    }

    #[test]
    fn what_came_and_went_is_a_fault_too() {
        let (recorded, now) = (record(&[("a\tb", 1.0)]), record(&[("c\td", 2.0)]));
        assert_eq!(
            recorded.compare(&now, |_| false),
            ["c, d: 2.0, not recorded yet", "a, b: recorded, and no longer counted"]
        );
        assert_eq!(recorded.compare(&now, |_| true), ["c, d: 2.0, not recorded yet"]);
    }
}
