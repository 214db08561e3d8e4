//! Measures what the attributes cost the compiler.
//!
//! It generates crates of 1,000 functions that differ in their attributes alone, and times `cargo check` of each, with
//! its dependencies built before. The crates take turns, so that what else the machine does meets all of them alike.

mod measure;

use std::process::ExitCode;

use nonblock_tools::generate::{self, Variant};

use crate::measure::{Crates, median};

/// How often each crate is checked.
const ROUNDS: usize = 15;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("expansion_cost: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let rounds = arguments()?;
    let crates = Crates::generate()?;
    let times = crates.measure(rounds)?;
    println!(
        "`cargo check` of {} functions, the median of {rounds} rounds:\n",
        generate::FUNCTIONS
    );
    println!(
        "| functions | time | least | against | ratio of the medians | median of the ratios |"
    );
    println!("|---|---|---|---|---|---|");
    for variant in Variant::ALL {
        let (own, base) = (&times[variant as usize], &times[variant.base() as usize]);
        let ratios = own.iter().zip(base).map(|(own, base)| own / base).collect();
        println!(
            "| {} | {:.0} ms | {:.0} ms | {} | {:.3} | {:.3} |",
            variant.title(),
            median(own.clone()) * 1e3,
            own.iter().copied().fold(f64::INFINITY, f64::min) * 1e3,
            variant.base().title(),
            median(own.clone()) / median(base.clone()),
            median(ratios),
        );
    }
    Ok(())
}

fn arguments() -> Result<usize, String> {
    let mut rounds = ROUNDS;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            lexopt::Arg::Long("rounds") => {
                let value = parser.value().map_err(|error| error.to_string())?;
                rounds = value
                    .to_string_lossy()
                    .parse()
                    .map_err(|error| format!("--rounds: {error}"))?;
            }
            other => {
                return Err(format!("{}; usage: expansion_cost [--rounds N]", other.unexpected()));
            }
        }
    }
    if rounds == 0 {
        return Err("--rounds must be one at least".to_owned());
    }
    Ok(rounds)
}
