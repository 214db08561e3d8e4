//! Makes a `clippy.toml` that keeps std's blocking calls out of code that must not sleep.

use std::process::ExitCode;

use lexopt::Arg;
use nonblock_tools::blocking::{self, Effect};
use nonblock_tools::clippy_config::{Wanted, generate};

const HELP: &str = "\
Writes a clippy.toml to standard output, which keeps std's blocking calls out of code that must not sleep.

Usage: clippy_config [OPTIONS]

  --allocations        also forbid what allocates
  --effects LIST       forbid these only, of `blocks`, `locks` and `allocates`, with commas between them
  --output FILE        write there instead; docs/clippy.toml is made so
  --help               this";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("clippy_config: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let mut wanted = Wanted::default();
    let mut output = None;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
        match argument {
            Arg::Long("allocations") => wanted.allocates = true,
            Arg::Long("effects") => {
                let list = arguments.value().and_then(lexopt::ValueExt::string);
                wanted = effects(&list.map_err(|error| error.to_string())?)?;
            }
            Arg::Long("output") => {
                output = Some(arguments.value().map_err(|error| error.to_string())?);
            }
            Arg::Long("help") => {
                println!("{HELP}");
                return Ok(());
            }
            other => return Err(other.unexpected().to_string()),
        }
    }
    let text = generate(&blocking::read()?, wanted);
    let Some(path) = output else {
        print!("{text}");
        return Ok(());
    };
    std::fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn effects(list: &str) -> Result<Wanted, String> {
    let mut wanted = Wanted { blocks: false, locks: false, allocates: false };
    for name in list.split(',') {
        match name.parse()? {
            Effect::Blocks => wanted.blocks = true,
            Effect::Locks => wanted.locks = true,
            Effect::Allocates => wanted.allocates = true,
        }
    }
    Ok(wanted)
}
