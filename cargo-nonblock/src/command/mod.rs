//! The command line: what it takes, and what it does with it.

mod arguments;
mod cargo_build;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
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
use crate::report;
use crate::rules::Rules;
use arguments::{Arguments, CheckArguments, Command, Format, Selection, WhyArguments};

/// What the exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Proved = 0,
    Reaches = 1,
    CannotTell = 2,
    Usage = 3,
    Contradiction = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why the command ends before there is a result.
struct Failure {
    exit: Exit,
    text: String,
}

impl Failure {
    fn usage(text: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, text: text.into() }
    }

    fn cannot_tell(text: impl Into<String>) -> Self {
        Self { exit: Exit::CannotTell, text: text.into() }
    }
}

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
    let mut outcomes = Vec::new();
    for file in files(arguments.file.as_deref(), &arguments.selection)? {
        let cache = match &arguments.file {
            _ if arguments.no_cache => None,
            Some(_) => Cache::of_user(),
            None => Cache::of_build(&file),
        };
        let outcome = with_program(&file, |program| match cache {
            Some(cache) => cache.check(program, &options),
            None => check::check(program.bytes(), &options),
        })?;
        if arguments.timings {
            for (part, took) in &outcome.timings {
                eprintln!("{:8.3} s {part}", took.as_secs_f64());
            }
        }
        outcomes.push((file.display().to_string(), outcome));
    }
    if let Some(path) = &arguments.baseline {
        if arguments.update_baseline {
            let text = Baseline::of(outcomes.iter().map(|(_, outcome)| outcome)).to_string();
            fs::write(path, text).map_err(|error| {
                Failure::usage(format!("cannot write {}: {error}", path.display()))
            })?;
        }
        let baseline = read(path).and_then(|text| {
            Baseline::parse(&text)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
        })?;
        for (_, outcome) in &mut outcomes {
            baseline.apply(outcome);
        }
    }
    let comparison = match &arguments.against {
        None => None,
        Some(path) => {
            let seen = against::parse(&read(path)?)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
            Some(against::compare(outcomes.iter().map(|(_, outcome)| outcome), &seen))
        }
    };
    print(&match arguments.format {
        Format::Json => report::json(&outcomes),
        Format::Human => {
            let texts = outcomes
                .iter()
                .map(|(file, outcome)| report::human(outcome, file, arguments.list_proved));
            texts.collect::<Vec<_>>().join("\n")
        }
    });
    if let Some(comparison) = comparison {
        // Beside the report, which may be JSON.
        eprint!("{}", report::against(&comparison));
        if !comparison.contradictions.is_empty() {
            return Ok(Exit::Contradiction);
        }
    }
    Ok(exit(outcomes.iter().map(|(_, outcome)| outcome)))
}

fn run_why(arguments: &WhyArguments) -> Result<Exit, Failure> {
    let options = options(&[], false, &[], arguments.rules.as_deref())?;
    let (from, to) = (Pattern::new(&arguments.entry), Pattern::new(&arguments.leaf));
    let mut found = Vec::new();
    for file in files(arguments.file.as_deref(), &arguments.selection)? {
        found.extend(with_program(&file, |program| {
            check::why(program.bytes(), &options, &from, &to)
        })?);
    }
    found.truncate(arguments.most);
    print(&match arguments.format {
        Format::Json => report::json_why(&found),
        Format::Human => report::why(&found, from.as_str(), to.as_str()),
    });
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
fn files(file: Option<&Path>, selection: &Selection) -> Result<Vec<PathBuf>, Failure> {
    match file {
        Some(_) if selection.is_given() => Err(Failure::usage(
            "a file is checked as it is: it does not go with options of cargo's",
        )),
        Some(file) => Ok(vec![file.to_owned()]),
        None => cargo_build::programs(selection).map_err(Failure::cannot_tell),
    }
}

fn with_program<R>(
    file: &Path,
    f: impl FnOnce(&Mapped) -> Result<R, crate::error::Error>,
) -> Result<R, Failure> {
    let program = Mapped::open(file)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", file.display())))?;
    f(&program).map_err(|error| Failure::cannot_tell(format!("{}: {error}", file.display())))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
}

/// Writes to standard output. Who closed it does not want the rest.
fn print(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}
