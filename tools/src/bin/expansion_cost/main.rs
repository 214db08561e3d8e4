//! Measures what the attributes cost the compiler.
//!
//! It generates crates of 1,000 functions that differ in their attributes alone, and times `cargo check` of each, with
//! its dependencies built before. The crates take turns, so that what else the machine does meets all of them alike; and
//! where it does too much for that, `--instructions` counts them instead, which takes Valgrind some minutes.

mod instructions;
mod measure;

use std::process::ExitCode;

use nonblock_tools::generate::{self, Variant};

use crate::measure::{Crates, median};

/// How often each crate is checked.
const ROUNDS: usize = 15;

fn main() -> ExitCode {
    if let Some(exit) = instructions::in_the_compilers_place() {
        return exit;
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("expansion_cost: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    match arguments()? {
        Wanted::Times { rounds } => times(rounds),
        Wanted::Instructions => instructions(),
    }
}

/// What is to be measured.
enum Wanted {
    /// Times, in so many rounds.
    Times { rounds: usize },
    /// Instructions, which repeat.
    Instructions,
}

fn times(rounds: usize) -> Result<(), String> {
    let crates = Crates::generate()?;
    let times = crates.measure(rounds)?;
    println!(
        "`cargo check` of {} functions, the median of {rounds} rounds:\n",
        generate::FUNCTIONS
    );
    println!(
        "| functions | time | processor time | against | ratio of times | of processor times |"
    );
    println!("|---|---|---|---|---|---|");
    for variant in Variant::ALL {
        let (own, base) = (&times[variant as usize], &times[variant.base() as usize]);
        println!(
            "| {} | {:.0} ms | {:.0} ms | {} | {:.2} | {:.2} |",
            variant.title(),
            median(&own.wall) * 1e3,
            median(&own.processor) * 1e3,
            variant.base().title(),
            median(&own.wall) / median(&base.wall),
            median(&own.processor) / median(&base.processor),
        );
    }
    Ok(())
}

fn instructions() -> Result<(), String> {
    instructions::available()?;
    let crates = Crates::generate()?;
    let mut counts = [0; Variant::ALL.len()];
    for variant in Variant::ALL {
        eprintln!("compiling {} under Valgrind", variant.name());
        counts[variant as usize] = instructions::count(&crates, variant)?;
    }
    println!(
        "Instructions of the compiler, which checks {} functions in each crate:\n",
        generate::FUNCTIONS
    );
    println!("| functions | instructions, in millions | against | ratio |");
    println!("|---|---|---|---|");
    for variant in Variant::ALL {
        let (own, base) = (counts[variant as usize], counts[variant.base() as usize]);
        println!(
            "| {} | {} | {} | {}.{:03} |",
            variant.title(),
            own / 1_000_000,
            variant.base().title(),
            own / base,
            own % base * 1_000 / base,
        );
    }
    Ok(())
}

fn arguments() -> Result<Wanted, String> {
    let (mut rounds, mut instructions) = (None, false);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            lexopt::Arg::Long("instructions") => instructions = true,
            lexopt::Arg::Long("rounds") => {
                let value = parser.value().map_err(|error| error.to_string())?;
                let value: usize = value
                    .to_string_lossy()
                    .parse()
                    .map_err(|error| format!("--rounds: {error}"))?;
                rounds = Some(value);
            }
            other => {
                return Err(format!(
                    "{}; usage: expansion_cost [--rounds N | --instructions]",
                    other.unexpected()
                ));
            }
        }
    }
    match (rounds, instructions) {
        (Some(0), _) => Err("--rounds must be one at least".to_owned()),
        (Some(_), true) => Err("--rounds is for times; instructions are counted once".to_owned()),
        (rounds, false) => Ok(Wanted::Times { rounds: rounds.unwrap_or(ROUNDS) }),
        (None, true) => Ok(Wanted::Instructions),
    }
}
