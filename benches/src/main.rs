//! Measures nonblock against its peers, side by side, and writes the page of the results.
//!
//! It builds the program `rivals` for each set of features, runs every group of rivals, counts instructions where valgrind
//! is there, and writes tables, JSON and plots.
#![allow(clippy::cast_precision_loss, reason = "figures are far below what a float holds exactly")]

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    match command::run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("benches: {error}");
            ExitCode::from(2)
        }
    }
}
