//! The arguments of the command.

use std::path::PathBuf;

use lexopt::Arg::{Long, Short};

pub(crate) const USAGE: &str = "\
usage: cargo run --release -p benches -- [OPTION]...

  --quick          fewer and shorter samples, and nothing that builds programs
  --only ID        only the groups whose id begins so; may be given more than once
  --markdown FILE  write the page
  --json FILE      write every sample
  --svg DIRECTORY  draw the curves
  --instructions   time nothing; count instructions, and fail where a count has risen by more than 5% from that in
                   benches/instructions.tsv
  --accept         with --instructions: write the counts there instead
  --help           print this
";

#[derive(Debug, Default)]
pub(crate) struct Arguments {
    pub(crate) quick: bool,
    pub(crate) only: Vec<String>,
    pub(crate) markdown: Option<PathBuf>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) svg: Option<PathBuf>,
    pub(crate) instructions: bool,
    pub(crate) accept: bool,
}

impl Arguments {
    /// Says whether a part is to be run, by `--only`.
    pub(crate) fn wants(&self, id: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| id.starts_with(only.as_str()))
    }

    /// Reads the command's arguments; `None` if they ask for help.
    pub(crate) fn parse() -> Result<Option<Self>, lexopt::Error> {
        let mut arguments = Self::default();
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("quick") => arguments.quick = true,
                Long("only") => {
                    arguments.only.push(parser.value()?.to_string_lossy().into_owned());
                }
                Long("markdown") => arguments.markdown = Some(parser.value()?.into()),
                Long("json") => arguments.json = Some(parser.value()?.into()),
                Long("svg") => arguments.svg = Some(parser.value()?.into()),
                Long("instructions") => arguments.instructions = true,
                Long("accept") => arguments.accept = true,
                Long("help") | Short('h') => return Ok(None),
                other => return Err(other.unexpected()),
            }
        }
        if arguments.accept && !arguments.instructions {
            return Err("--accept is for --instructions".into());
        }
        if arguments.accept && !arguments.only.is_empty() {
            return Err("--accept writes all counts, so --only cannot leave any out".into());
        }
        Ok(Some(arguments))
    }
}
