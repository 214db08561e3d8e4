//! The command's arguments.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use lexopt::Arg::{Long, Short, Value};

use crate::rows;
use crate::stop::Stop;

/// What `--help` prints.
pub const HELP: &str = "\
Builds a Linux kernel and this library's modules for it, boots it under qemu, and prints what the guest's own log shows.

Usage: linux/run [--kernel DIR] [--only ROW]... [--checks-off] [--seconds N] [--keep] [--readme FILE]

  --kernel DIR    the kernel's source; else that of Debian's package linux-source-6.12
  --only ROW      only this row, and what it needs; may be given more than once. `--only list` names the rows
  --checks-off    only the row of that name, which needs no guest: a module with checks off has no trace of sections
  --seconds N     how long the guest's threads fault and discard against each other; 60 unless given
  --keep          keep the guest's log and its file system, and say where they are
  --readme FILE   put the table into that page, between the lines that say so
  --help          this

It works in $CARGO_TARGET_DIR/linux, or else target/linux: some 6 GB and 20 minutes the first time. What is missing of Debian's
packages it installs if it is run by root, and says so. linux/README.md has the packages, and what the rows mean.

Exit code: 0 all rows are as they should be, 1 one is not or a build failed, 2 it cannot run here, 3 wrong arguments
";

/// What the command is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To print [`HELP`].
    Help,
    /// To print the names of the rows.
    List,
    /// To run.
    Run(Options),
}

/// The arguments of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Another kernel than Debian's.
    pub kernel: Option<PathBuf>,
    /// The names of the rows that are wanted. Empty: all.
    pub only: Vec<String>,
    /// How long the play `pressure` lasts.
    pub seconds: u32,
    /// Whether the guest's log and file system are kept.
    pub keep: bool,
    /// The page that the table goes into.
    pub readme: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { kernel: None, only: Vec::new(), seconds: 60, keep: false, readme: None }
    }
}

impl Options {
    /// Reads the arguments, the first of which is the command's name.
    ///
    /// A path among them begins from `folder`, where the command was called.
    ///
    /// # Errors
    ///
    /// [`Stop::Usage`], which names the argument that is wrong.
    pub fn parse(
        folder: &Path,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Wish, Stop> {
        let usage = |error: lexopt::Error| Stop::Usage(error.to_string());
        let mut options = Self::default();
        let mut parser = lexopt::Parser::from_iter(arguments);
        while let Some(argument) = parser.next().map_err(usage)? {
            match argument {
                Long("kernel") => {
                    options.kernel = Some(folder.join(parser.value().map_err(usage)?));
                }
                Long("only") => {
                    let name = parser.value().map_err(usage)?;
                    if name == rows::LIST {
                        return Ok(Wish::List);
                    }
                    options.add_only(&name)?;
                }
                Long("checks-off") => options.only.push(rows::CHECKS_OFF.to_owned()),
                Long("seconds") => options.seconds = seconds(&parser.value().map_err(usage)?)?,
                Long("keep") => options.keep = true,
                Long("readme") => {
                    options.readme = Some(folder.join(parser.value().map_err(usage)?));
                }
                Long("help") | Short('h') => return Ok(Wish::Help),
                Value(value) => {
                    let value = value.to_string_lossy().into_owned();
                    return Err(Stop::Usage(format!("'{value}' is no option")));
                }
                other => return Err(usage(other.unexpected())),
            }
        }
        Ok(Wish::Run(options))
    }

    fn add_only(&mut self, name: &OsString) -> Result<(), Stop> {
        let name = name.to_string_lossy().into_owned();
        if !rows::names().any(|known| known == name) {
            let known: Vec<_> = rows::names().collect();
            return Err(Stop::Usage(format!("'{name}' is no row. The rows: {}", known.join(" "))));
        }
        self.only.push(name);
        Ok(())
    }

    /// Says whether a row is wanted.
    pub fn wants(&self, row: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == row)
    }
}

fn seconds(value: &OsString) -> Result<u32, Stop> {
    let text = value.to_string_lossy();
    match text.parse() {
        Ok(seconds @ 1..=3600) => Ok(seconds),
        _ => {
            Err(Stop::Usage(format!("'--seconds {text}': it takes a whole number from 1 to 3600")))
        }
    }
}
