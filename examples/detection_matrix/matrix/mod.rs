//! What the command line asks for.

mod args;
mod expected;
mod layer;
mod machine;
mod operation;
mod operations;
mod outcome;
mod page;
mod readme;
mod row;
mod run_all;
mod run_one;
mod sanitizer;
mod section;
mod summary;
mod table;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use args::{All, Command};
use operations::GROUPS;
use row::Row;
use run_all::run_all;
use run_one::run_one;

#[global_allocator]
static ALLOCATOR: nonblock::watch::Allocator = nonblock::watch::Allocator::system();

pub(crate) fn main() -> ExitCode {
    let result = match args::parse(lexopt::Parser::from_env()) {
        Ok(Command::Help) => {
            print!("{}", args::HELP);
            Ok(())
        }
        Ok(Command::All(all)) => show(&all),
        Ok(Command::One { operation, layer, result }) => {
            let mut operations = GROUPS.iter().flat_map(|group| group.operations);
            match operations.find(|other| other.name == operation) {
                Some(operation) => run_one(operation, layer, &result),
                None => Err(format!("there is no operation `{operation}`")),
            }
        }
        Err(error) => {
            eprintln!("detection_matrix: {error}\nTry --help.");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("detection_matrix: {error}");
            ExitCode::FAILURE
        }
    }
}

fn show(all: &All) -> Result<(), String> {
    let expected = all.check.as_deref().map(read).transpose()?;
    let rows = run_all(GROUPS, &all.only)?;
    if all.json {
        print!("{}", table::json(&rows));
    } else {
        print!("{}", table::text(&rows));
    }
    let mut faults: Vec<_> = rows.iter().flat_map(Row::faults).collect();
    if let Some(expected) = expected {
        faults.extend(expected::differences(&rows, &expected));
    }
    if !faults.is_empty() {
        return Err(format!("{} fault(s):\n  {}", faults.len(), faults.join("\n  ")));
    }
    if let Some(path) = &all.markdown {
        write(path, &page::page(&rows))?;
    }
    if let Some(path) = &all.readme {
        let made = readme::with_part(&read(path)?, &rows);
        write(path, &made.map_err(|error| format!("{}: {error}", path.display()))?)?;
    }
    if let Some(path) = &all.expected {
        write(path, &expected::text(&rows))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
