//! The command line.

use std::path::PathBuf;

use lexopt::prelude::*;

use crate::matrix::layer::Layer;

pub(crate) const HELP: &str = "\
Runs operations in sections, each in a process of its own, and shows what each layer of the watch sees of them

Usage: detection_matrix [OPTIONS]

Options:
      --only TEXT       only operations that have this in their name
      --json            print all that was found out as JSON
      --markdown FILE   write the table as Markdown, as it is in docs/DETECTION.md
      --readme FILE     make the part of a README anew that this command makes
      --expected FILE   write the expected table
      --check FILE      compare with the expected table, and fail where something differs
  -h, --help            print this
";

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Command {
    Help,
    All(All),
    /// One operation, in a process of its own.
    One {
        operation: String,
        layer: Layer,
        result: PathBuf,
    },
}

/// How all operations are run.
#[derive(Debug, Default)]
pub(crate) struct All {
    pub(crate) only: String,
    pub(crate) json: bool,
    pub(crate) markdown: Option<PathBuf>,
    pub(crate) readme: Option<PathBuf>,
    pub(crate) expected: Option<PathBuf>,
    pub(crate) check: Option<PathBuf>,
}

pub(crate) fn parse(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut all = All::default();
    let (mut operation, mut layer, mut result) = (None, None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("only") => all.only = parser.value()?.string()?,
            Long("json") => all.json = true,
            Long("markdown") => all.markdown = Some(parser.value()?.into()),
            Long("readme") => all.readme = Some(parser.value()?.into()),
            Long("expected") => all.expected = Some(parser.value()?.into()),
            Long("check") => all.check = Some(parser.value()?.into()),
            Long("one") => operation = Some(parser.value()?.string()?),
            Long("layer") => {
                let name = parser.value()?.string()?;
                let known = Layer::named(&name);
                layer = Some(known.ok_or_else(|| format!("there is no layer `{name}`"))?);
            }
            Long("result") => result = Some(parser.value()?.into()),
            Short('h') | Long("help") => return Ok(Command::Help),
            _ => return Err(argument.unexpected()),
        }
    }
    match (operation, layer, result) {
        (Some(operation), Some(layer), Some(result)) => {
            Ok(Command::One { operation, layer, result })
        }
        (None, None, None) => Ok(Command::All(all)),
        _ => Err("`--one`, `--layer` and `--result` go together".into()),
    }
}
