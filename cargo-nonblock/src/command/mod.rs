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

use crate::against::{self, Comparison, Seen};
use crate::baseline::Baseline;
use crate::cache::Cache;
use crate::catalogue::Class;
use crate::check::{self, Options, Verdict};
use crate::demangle::Pattern;
use crate::mapped::Mapped;
use crate::report::{self, Build, Checked, Report, Unreadable};
use crate::rules::Rules;
use crate::suppressions;
use crate::why;
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
        arguments.tokio_tasks,
        &arguments.deny,
        arguments.rules.as_deref(),
    )?;
    let printing = &arguments.printing;
    // Before a long build or check.
    let seen = arguments.against.as_deref().map(read_run).transpose()?;
    let files = files(&arguments.files, &arguments.selection, printing.quiet)?;
    let is_one = files.len() == 1;
    let progress = Progress::start(files.len(), printing.quiet);
    let mut report = Report::default();
    for (file, build) in files {
        progress.at(&file);
        let cache = match arguments.files.is_empty() {
            _ if arguments.no_cache => None,
            false => Cache::of_user(),
            true => Cache::of_build(&file),
        };
        let outcome = with_program(&file, |program| match cache {
            Some(cache) => cache.check(program, &options),
            None => check::check(program.bytes(), &options),
        });
        let mut outcome = match outcome {
            Ok(outcome) => outcome,
            // There is nothing to report of.
            Err(failure) if is_one => return Err(failure.of(&file)),
            Err(failure) => {
                let file = file.display().to_string();
                report.unreadable.push(Unreadable { file, error: failure.text });
                continue;
            }
        };
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
    report.against = seen.map(|seen| {
        let programs = report.programs.iter();
        against::compare(programs.map(|program| (&*program.file, &program.outcome)), &seen)
    });
    let exit = exit(&report);
    let text = match printing.format {
        Format::Json => report::json(&report),
        Format::Sarif => report::sarif(&report, exit as u8, arguments.list_proved),
        Format::Html => report::html(&report),
        Format::Human => report::human(&report, look(printing, arguments.list_proved)),
    };
    write(printing, &text)?;
    Ok(exit)
}

/// Reads what the watch saw in a run.
fn read_run(path: &Path) -> Result<Vec<Seen>, Failure> {
    against::parse(&read(path)?)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// Takes out what is known already, after the file was brought up to date if that is asked for.
fn apply_baseline(path: &Path, update: bool, report: &mut Report) -> Result<(), Failure> {
    if let Some(unreadable) = report.unreadable.first().filter(|_| update) {
        return Err(Failure::cannot_tell(format!(
            "the baseline stays as it is, since it would lose what it has of {}, which cannot be read: {}",
            unreadable.file, unreadable.error
        )));
    }
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
    // What a program has that could not be read, nobody knows.
    let is_whole = report.unreadable.is_empty();
    report.absent = Some(if is_whole { baseline.absent(outcomes) } else { Vec::new() });
    Ok(())
}

fn run_why(arguments: &WhyArguments) -> Result<Exit, Failure> {
    let options = options(&[], false, false, &[], arguments.rules.as_deref())?;
    let (from, to) = (Pattern::new(&arguments.entry), Pattern::new(&arguments.leaf));
    let printing = &arguments.printing;
    if printing.format == Format::Sarif {
        return Err(Failure::usage(
            "`why` writes no SARIF, which is for findings: use `--format json` or `--format html`, or `check --format sarif`",
        ));
    }
    let mut found = Vec::new();
    let file: Vec<_> = arguments.file.iter().cloned().collect();
    let files = files(&file, &arguments.selection, printing.quiet)?;
    let progress = Progress::start(files.len(), printing.quiet);
    for (file, _) in &files {
        progress.at(file);
        let chains = with_program(file, |program| why::why(program.bytes(), &options, &from, &to));
        found.extend(chains.map_err(|failure| failure.of(file))?);
    }
    drop(progress);
    if found.is_empty() {
        are_there(&files, &from, &to)?;
    }
    found.truncate(arguments.most);
    let text = match printing.format {
        Format::Json => report::json_why(&found),
        Format::Html => report::html_why(&found, from.as_str(), to.as_str()),
        _ => report::why(&found, from.as_str(), to.as_str(), look(printing, false)),
    };
    write(printing, &text)?;
    Ok(if found.is_empty() { Exit::Proved } else { Exit::Reaches })
}

/// Fails if no program has a function, or something that is called, of the names that the user gave: then it says nothing that no way
/// leads there.
fn are_there(
    files: &[(PathBuf, Option<Build>)],
    from: &Pattern,
    to: &Pattern,
) -> Result<(), Failure> {
    let (mut has_from, mut has_to) = (false, false);
    for (file, _) in files {
        let named = |pattern: &Pattern| {
            let named = with_program(file, |program| why::named(program.bytes(), pattern));
            named.map_err(|failure| failure.of(file))
        };
        has_from |= named(from)?.a_function;
        has_to |= named(to)?.anything;
    }
    if !has_from {
        return Err(Failure::cannot_tell(format!(
            "no function fits `{}`. It may have another path, or nothing calls it and the linker left it out. `nm -C` lists all",
            from.as_str()
        )));
    }
    if !has_to {
        return Err(Failure::cannot_tell(format!(
            "nothing that is called fits `{}`: no function, none of another library, and no system call. `*` stands for anything, as in `*sleep`",
            to.as_str()
        )));
    }
    Ok(())
}

/// What all the results together are.
fn exit(report: &Report) -> Exit {
    let contradicts = |comparison: &Comparison| !comparison.contradictions.is_empty();
    match report.verdict() {
        _ if report.against.as_ref().is_some_and(contradicts) => Exit::Contradiction,
        Verdict::Proved | Verdict::Known => Exit::Proved,
        Verdict::Reaches => Exit::Reaches,
        Verdict::NotProved => Exit::CannotTell,
    }
}

fn options(
    entries: &[String],
    no_sections: bool,
    tokio_tasks: bool,
    deny: &[Class],
    rules: Option<&Path>,
) -> Result<Options, Failure> {
    if no_sections && !tokio_tasks && entries.is_empty() {
        return Err(Failure::usage(
            "`--no-sections` leaves nothing to check: name a function with `--entry`, or add `--tokio-tasks`",
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
        tokio_tasks,
        deny: deny.iter().copied().collect::<BTreeSet<_>>(),
        rules,
    })
}

/// The programs to check: the files that are named, or those that cargo builds.
fn files(
    named: &[PathBuf],
    selection: &Selection,
    quiet: bool,
) -> Result<Vec<(PathBuf, Option<Build>)>, Failure> {
    let Some(first) = named.first() else {
        let programs = cargo_build::programs(selection, quiet).map_err(Failure::cannot_tell)?;
        return Ok(programs.into_iter().map(|(file, build)| (file, Some(build))).collect());
    };
    if selection.is_given() {
        return Err(Failure::usage(format!(
            "{} is checked as it is, so options of cargo's do not go with it: leave out the file to have cargo build, or the options",
            first.display()
        )));
    }
    for file in named {
        if file.is_dir() {
            return Err(Failure::usage(format!(
                "{} is a folder: name a program in it, or leave it out to have cargo build",
                file.display()
            )));
        }
        // A wrong name is a mistake of the command's, whatever else could be checked.
        Mapped::open(file).map_err(|error| cannot_read(file, &error))?;
    }
    Ok(named.iter().map(|file| (file.clone(), None)).collect())
}

fn cannot_read(file: &Path, error: &dyn Display) -> Failure {
    Failure::usage(format!("cannot read {}: {error}", file.display()))
}

fn with_program<R>(
    file: &Path,
    f: impl FnOnce(&Mapped) -> Result<R, crate::error::Error>,
) -> Result<R, Failure> {
    let program = Mapped::open(file)
        .map_err(|error| Failure::cannot_tell(format!("it cannot be read: {error}")))?;
    f(&program).map_err(|error| Failure::cannot_tell(error.to_string()))
}

/// How large a file of rules, a baseline or a trace may be in bytes. Others never end, such as a device.
const MOST_BYTES: u64 = 1 << 28;

fn read(path: &Path) -> Result<String, Failure> {
    let wrong = |error: &dyn Display| cannot_read(path, error);
    let mut text = String::new();
    let file = fs::File::open(path).map_err(|error| wrong(&error))?;
    file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(|error| wrong(&error))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(wrong(&"it is larger than 256 MiB, or has no end"));
    }
    Ok(text)
}
