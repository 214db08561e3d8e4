//! The command line.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use lexopt::prelude::*;

/// The text of `--help`.
pub(crate) const HELP: &str = "\
Play the deadlock between an OOM reaper and a driver's lock, on real memory, and its three endings.

Usage: cargo run --example oom_reaper [-- OPTIONS]

Options:
  --size MIB      memory of the victim, in MiB [default: 64]
  --drivers N     drivers that mirror it, each an equal part [default: 4]
  --process       go on with a victim that is another process (Linux 5.15)
  --svg FILE      write what happens in the first two parts as a picture
  -h, --help      print this

It ends with 0 only if all that it is to show has happened.";

/// One mebibyte, in bytes.
pub(crate) const MIB: usize = 1 << 20;

/// The options of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Args {
    /// Memory of the victim, in bytes.
    pub(crate) size: usize,
    /// How many drivers mirror the memory.
    pub(crate) drivers: usize,
    /// Whether to play the fourth part.
    pub(crate) process: bool,
    /// Where to write the picture, if one is wanted.
    pub(crate) svg: Option<PathBuf>,
}

/// What the command line asks for: a run, or the help text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Play the parts.
    Run(Args),
    /// Print the help text.
    Help,
    /// Be the victim of the fourth part, with this many bytes. Not for users.
    Victim(usize),
}

/// What is wrong with the command line.
#[derive(Debug)]
pub(crate) enum ArgsError {
    /// It could not be read.
    Syntax(lexopt::Error),
    /// An option's value is not a number.
    Number { option: &'static str, value: String },
    /// The size is 0, or too large for the machine.
    Size { mib: usize, available_mib: usize },
    /// The picture cannot be written there.
    Svg { path: PathBuf, fault: &'static str },
    /// There are too few or too many drivers for the size.
    Drivers { drivers: usize, most: usize },
}

impl fmt::Display for ArgsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(error) => write!(f, "{error}"),
            Self::Number { option, value } => {
                write!(f, "{option} {value}: expected a whole number, as in `{option} 8`")
            }
            Self::Size { mib: 0, .. } => {
                write!(f, "--size 0: the victim needs memory to lose; expected at least 1 MiB")
            }
            Self::Size { mib, available_mib } => write!(
                f,
                "--size {mib}: larger than this machine's available memory; \
                 expected at most {available_mib} MiB"
            ),
            Self::Svg { path, fault } => write!(
                f,
                "--svg {}: {fault}; expected the name of a file, new or old, in a directory that there is",
                path.display()
            ),
            Self::Drivers { drivers, most } => write!(
                f,
                "--drivers {drivers}: expected from 2 (one that refuses, one that does not) to \
                 {most} (each mirrors at least 64 KiB of the memory)"
            ),
        }
    }
}

impl Error for ArgsError {}

impl From<lexopt::Error> for ArgsError {
    fn from(error: lexopt::Error) -> Self {
        Self::Syntax(error)
    }
}

/// How much each driver mirrors at least, in bytes.
const LEAST_SHARE: usize = 64 << 10;

/// Reads the command line. `available` is the machine's available memory, in bytes.
pub(crate) fn parse(mut parser: lexopt::Parser, available: usize) -> Result<Command, ArgsError> {
    let (mut mib, mut drivers) = (64_usize, 4_usize);
    let (mut process, mut svg) = (false, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("size") => mib = number("--size", &mut parser)?,
            Long("drivers") => drivers = number("--drivers", &mut parser)?,
            Long("process") => process = true,
            Long("svg") => svg = Some(picture(parser.value()?.into())?),
            Long("victim") => return Ok(Command::Victim(number("--victim", &mut parser)?)),
            Short('h') | Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    // The memory that the victim loses may be touched a second time, by the job that waits for it.
    let available_mib = available / MIB / 2;
    if mib == 0 || mib > available_mib {
        return Err(ArgsError::Size { mib, available_mib });
    }
    let size = mib * MIB;
    let most = size / LEAST_SHARE;
    if !(2..=most).contains(&drivers) {
        return Err(ArgsError::Drivers { drivers, most });
    }
    Ok(Command::Run(Args { size, drivers, process, svg }))
}

/// Checks before the run that the picture can be written to the path.
fn picture(path: PathBuf) -> Result<PathBuf, ArgsError> {
    let folder =
        path.parent().is_none_or(|parent| parent.as_os_str().is_empty() || parent.is_dir());
    if !folder {
        return Err(ArgsError::Svg { path, fault: "there is no such directory" });
    }
    if path.is_dir() || path.file_name().is_none() {
        return Err(ArgsError::Svg { path, fault: "that is a directory" });
    }
    Ok(path)
}

/// Reads the value of an option.
fn number(option: &'static str, parser: &mut lexopt::Parser) -> Result<usize, ArgsError> {
    let value = parser.value()?.to_string_lossy().into_owned();
    value.parse().map_err(|_| ArgsError::Number { option, value })
}

/// Returns the machine's available memory in bytes, as the kernel tells it.
pub(crate) fn available_memory() -> std::io::Result<usize> {
    let meminfo = std::fs::read_to_string("/proc/meminfo")?;
    meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))
        .and_then(|line| line.trim().strip_suffix("kB"))
        .and_then(|kib| kib.trim().parse::<usize>().ok())
        .map(|kib| kib << 10)
        .ok_or_else(|| std::io::Error::other("/proc/meminfo has no line `MemAvailable: ... kB`"))
}
