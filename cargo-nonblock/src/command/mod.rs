//! The command line: what it takes, and what it does with it.

mod arguments;
mod cargo_build;
mod exit;
mod output;
mod progress;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Display;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::against;
use crate::baseline::Baseline;
use crate::cache::Cache;
use crate::catalogue::Class;
use crate::check::{self, Options, Outcome, Verdict};
use crate::demangle::Pattern;
use crate::mapped::Mapped;
use crate::report::{self, Build, Checked, Report};
use crate::rules::Rules;
use crate::suppressions;
use arguments::{Arguments, CheckArguments, Command, Format, Selection, WhyArguments};
use exit::{Exit, Failure};
use output::{look, write};
use progress::Progress;

/// Runs the command, and returns the exit code: 0 if all is proved, 1 if something that blocks is reached, 2 if that cannot be told, 3 if
/// the command was not understood, 4 if a run shows a call in a section that was proved.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments: Vec<_> = arguments.into_iter().collect();
    // Cargo calls `cargo-nonblock nonblock check`.
    if arguments.get(1).is_some_and(|first| first == "nonblock") {
        arguments.remove(1);
    }
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let is_asked_for =
                [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion].contains(&error.kind());
            // If it cannot be printed, the exit code still says it.
            let _ = error.print();
            return if is_asked_for { ExitCode::SUCCESS } else { Exit::Usage.into() };
        }
    };
    let outcome = match &arguments.command {
        Command::Check(arguments) => run_check(arguments),
        Command::Why(arguments) => run_why(arguments),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("error: {}", failure.text);
            failure.exit.into()
        }
    }
}

fn run_check(arguments: &CheckArguments) -> Result<Exit, Failure> {
    if arguments.update_baseline && arguments.baseline.is_none() {
        return Err(Failure::usage("`--update-baseline` needs `--baseline FILE`"));
    }
    let options = options(
        &arguments.entry,
        arguments.no_sections,
        &arguments.deny,
        arguments.rules.as_deref(),
    )?;
    let printing = &arguments.printing;
    let files = files(arguments.file.as_deref(), &arguments.selection, printing.quiet)?;
    let progress = Progress::start(files.len(), printing.quiet);
    let mut report = Report::default();
    for (file, build) in files {
        progress.at(&file);
        let cache = match &arguments.file {
            _ if arguments.no_cache => None,
            Some(_) => Cache::of_user(),
            None => Cache::of_build(&file),
        };
        let mut outcome = with_program(&file, |program| match cache {
            Some(cache) => cache.check(program, &options),
            None => check::check(program.bytes(), &options),
        })?;
        if arguments.timings {
            for (part, took) in &outcome.timings {
                progress.say(&format!("{:8.3} s {part}", took.as_secs_f64()));
            }
        }
        let suppressions = suppressions::apply(&options.rules, &mut outcome);
        let file = file.display().to_string();
        report.programs.push(Checked { file, build, outcome, suppressions });
    }
    drop(progress);
    if let Some(path) = &arguments.baseline {
        apply_baseline(path, arguments.update_baseline, &mut report)?;
    }
    let outcomes = || report.programs.iter().map(|program| &program.outcome);
    let comparison = match &arguments.against {
        None => None,
        Some(path) => {
            let seen = against::parse(&read(path)?)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
            Some(against::compare(outcomes(), &seen))
        }
    };
    let contradicts =
        comparison.as_ref().is_some_and(|comparison| !comparison.contradictions.is_empty());
    let exit = if contradicts { Exit::Contradiction } else { exit(outcomes()) };
    let text = match printing.format {
        Format::Json => report::json(&report),
        Format::Sarif => report::sarif(&report, exit as u8, arguments.list_proved),
        Format::Html => report::html(&report),
        Format::Human => report::human(&report, look(printing, arguments.list_proved)),
    };
    write(printing, &text)?;
    if let Some(comparison) = comparison {
        // Beside the report, which may be JSON.
        eprint!("{}", report::against(&comparison));
    }
    Ok(exit)
}

/// Takes out what is known already, after the file was brought up to date if that is asked for.
fn apply_baseline(path: &Path, update: bool, report: &mut Report) -> Result<(), Failure> {
    let parse = |text: &str| {
        let wrong = |error| {
            format!(
                "{}: {error}. `--update-baseline` writes it anew if you remove it",
                path.display()
            )
        };
        Baseline::parse(text).map_err(|error| Failure::usage(wrong(error)))
    };
    if update {
        let old = if path.exists() { parse(&read(path)?)? } else { Baseline::default() };
        let found = Baseline::of(report.programs.iter().map(|program| &program.outcome));
        let text = found.with_reasons_of(&old).to_string();
        fs::write(path, text)
            .map_err(|error| Failure::usage(format!("cannot write {}: {error}", path.display())))?;
    } else if !path.exists() {
        let text = "there is no baseline there yet: `--update-baseline` writes it";
        return Err(Failure::usage(format!("cannot read {}: {text}", path.display())));
    }
    let baseline = parse(&read(path)?)?;
    for program in &mut report.programs {
        baseline.apply(&mut program.outcome);
    }
    let outcomes = report.programs.iter().map(|program| &program.outcome);
    report.absent = Some(baseline.absent(outcomes));
    Ok(())
}

fn run_why(arguments: &WhyArguments) -> Result<Exit, Failure> {
    let options = options(&[], false, &[], arguments.rules.as_deref())?;
    let (from, to) = (Pattern::new(&arguments.entry), Pattern::new(&arguments.leaf));
    let printing = &arguments.printing;
    if printing.format == Format::Sarif {
        return Err(Failure::usage(
            "`why` writes no SARIF, which is for findings: use `--format json` or `--format html`, or `check --format sarif`",
        ));
    }
    let mut found = Vec::new();
    let files = files(arguments.file.as_deref(), &arguments.selection, printing.quiet)?;
    let progress = Progress::start(files.len(), printing.quiet);
    for (file, _) in files {
        progress.at(&file);
        found.extend(with_program(&file, |program| {
            check::why(program.bytes(), &options, &from, &to)
        })?);
    }
    drop(progress);
    found.truncate(arguments.most);
    let text = match printing.format {
        Format::Json => report::json_why(&found),
        Format::Html => report::html_why(&found, from.as_str(), to.as_str()),
        _ => report::why(&found, from.as_str(), to.as_str(), look(printing, false)),
    };
    write(printing, &text)?;
    Ok(if found.is_empty() { Exit::Proved } else { Exit::Reaches })
}

/// What all the results together are.
fn exit<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Exit {
    match outcomes.map(Outcome::verdict).max() {
        Some(Verdict::Proved | Verdict::Known) => Exit::Proved,
        Some(Verdict::Reaches) => Exit::Reaches,
        Some(Verdict::NotProved) | None => Exit::CannotTell,
    }
}

fn options(
    entries: &[String],
    no_sections: bool,
    deny: &[Class],
    rules: Option<&Path>,
) -> Result<Options, Failure> {
    if no_sections && entries.is_empty() {
        return Err(Failure::usage(
            "`--no-sections` leaves nothing to check: name a function with `--entry`",
        ));
    }
    if entries.iter().any(|entry| entry.trim().is_empty()) {
        return Err(Failure::usage(
            "`--entry` names a function by its path, such as `mycrate::audio::process`",
        ));
    }
    let rules = match rules {
        None => Rules::default(),
        Some(path) => Rules::parse(&read(path)?)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?,
    };
    Ok(Options {
        entries: entries.iter().map(|text| Pattern::new(text)).collect(),
        sections: !no_sections,
        deny: deny.iter().copied().collect::<BTreeSet<_>>(),
        rules,
    })
}

/// The programs to check: the file that is named, or those that cargo builds.
fn files(
    file: Option<&Path>,
    selection: &Selection,
    quiet: bool,
) -> Result<Vec<(PathBuf, Option<Build>)>, Failure> {
    match file {
        Some(file) if selection.is_given() => Err(Failure::usage(format!(
            "{} is checked as it is, so options of cargo's do not go with it: leave out the file to have cargo build, or the options",
            file.display()
        ))),
        Some(file) => Ok(vec![(file.to_owned(), None)]),
        None => {
            let programs = cargo_build::programs(selection, quiet).map_err(Failure::cannot_tell)?;
            Ok(programs.into_iter().map(|(file, build)| (file, Some(build))).collect())
        }
    }
}

fn with_program<R>(
    file: &Path,
    f: impl FnOnce(&Mapped) -> Result<R, crate::error::Error>,
) -> Result<R, Failure> {
    if file.is_dir() {
        return Err(Failure::usage(format!(
            "{} is a folder: name a program in it, or leave it out to have cargo build",
            file.display()
        )));
    }
    let program = Mapped::open(file)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", file.display())))?;
    f(&program).map_err(|error| Failure::cannot_tell(format!("{}: {error}", file.display())))
}

/// How large a file of rules, a baseline or a trace may be in bytes. Others never end, such as a device.
const MOST_BYTES: u64 = 1 << 28;

fn read(path: &Path) -> Result<String, Failure> {
    let wrong =
        |error: &dyn Display| Failure::usage(format!("cannot read {}: {error}", path.display()));
    let mut text = String::new();
    let file = fs::File::open(path).map_err(|error| wrong(&error))?;
    file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(|error| wrong(&error))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(wrong(&"it is larger than 256 MiB, or has no end"));
    }
    Ok(text)
}
