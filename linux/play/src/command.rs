//! Other programs: what they print goes into a file, the end of which is shown if they fail.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::stop::Stop;

/// How many lines of a log are shown.
const SHOWN: usize = 20;

/// Runs a program. All that it prints goes into `log`.
///
/// # Errors
///
/// [`Stop::Failed`] with the end of the log if it does not succeed, [`Stop::CannotRun`] if it is not there or the disk is full.
pub fn run(command: &mut Command, log: &Path) -> Result<(), Stop> {
    let name = describe(command);
    let file = |error| Stop::file("write", log, &error);
    let output = File::create(log).map_err(file)?;
    let errors = output.try_clone().map_err(file)?;
    let status = command
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .status()
        .map_err(|error| Stop::CannotRun(format!("cannot start '{name}': {error}")))?;
    if status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
    if text.contains("No space left on device") {
        return Err(Stop::CannotRun(format!(
            "the disk was full in '{name}'. Free some space, and start again; {} has what it said.",
            log.display()
        )));
    }
    let (what, part) = telling(&text);
    Err(Stop::Failed(format!("'{name}' failed ({status}). {what} of {}:\n{part}", log.display())))
}

/// Runs a program and returns whether it succeeded, and all that it printed.
///
/// # Errors
///
/// [`Stop::CannotRun`] if it is not there.
pub fn output(command: &mut Command) -> Result<(bool, String), Stop> {
    let name = describe(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Stop::CannotRun(format!("cannot start '{name}': {error}")))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok((output.status.success(), text))
}

/// The lines of a log that tell most: from the first error on, which others only follow from, or else the last.
pub fn telling(text: &str) -> (&'static str, String) {
    let is_error = |line: &str| {
        line.starts_with("error") || line.contains(": error:") || line.contains(": fatal error:")
    };
    let lines: Vec<_> = text.lines().collect();
    match lines.iter().position(|line| is_error(line)) {
        Some(first) => (
            "The first error",
            lines[first..].iter().take(SHOWN).copied().collect::<Vec<_>>().join("\n"),
        ),
        None => ("The end", end(text, SHOWN)),
    }
}

/// The last lines of a text.
pub fn end(text: &str, lines: usize) -> String {
    let all: Vec<_> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// The program and the arguments that are no settings, which is what a reader knows it by.
fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut words =
        vec![program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned()];
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    words.extend(
        arguments.filter(|argument| !argument.contains('=') && !argument.starts_with("-j")),
    );
    words.join(" ")
}
