//! The deadlock that `nonblock` is about, on real memory, and its three endings.
//!
//! 1. A driver's table is held by a job that waits for memory, and the thread that could free memory waits for the table.
//! 2. The same, with a reaper that only tries: what is locked is refused, the rest is taken, the job gets its memory, and
//!    the retry takes what is left.
//! 3. A driver without tokens sleeps in the reaper's section, and the counters report it.
//!
//! `cargo run --example oom_reaper -- --help` lists the options.

mod args;
mod board;
mod cast;
mod deadlock;
mod job;
mod machine;
mod old_driver;
mod reaping;
mod timeline;

use std::process::ExitCode;

use nonblock::{Policy, Sleepable, may_sleep};

use args::{Args, Command};
use cast::{Cast, Failure};
use timeline::{Mib, title};

#[may_sleep(cx)]
fn main() -> ExitCode {
    let command = args::available_memory().map_err(Failure::from).and_then(|available| {
        Policy::from_env().map_err(|error| format!("NONBLOCK: {error}"))?;
        Ok(args::parse(lexopt::Parser::from_env(), available)?)
    });
    let args = match command {
        Ok(Command::Run(args)) => args,
        Ok(Command::Help) => {
            println!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("oom_reaper: {error}\nTry --help.");
            return ExitCode::from(2);
        }
    };
    match play(&args, cx) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("oom_reaper: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Plays the three parts, and sums them up.
#[may_sleep]
fn play(args: &Args, cx: &mut Sleepable) -> Result<(), Failure> {
    let cast = Cast::assemble(args, cx)?;
    println!(
        "A victim with {} of real memory, in {} parts, each mirrored by a driver.",
        Mib(cast.victim.resident(cx)?),
        cast.ranges.len(),
    );
    // Less than the other drivers' parts, so that it is there after the first try.
    let wanted = cast.ranges[0].len() / 2;

    title(
        "1. Blocking: a job holds a driver's table and waits for memory; who could free it waits for the table.",
    );
    deadlock::play(&cast, wanted, cx)?;

    title(
        "2. With a reaper, which must not block: it takes what it can, and comes back for the rest.",
    );
    let reaped = reaping::play(&cast, wanted, cx)?;
    cast.dismiss(cx);

    title("3. A driver without tokens sleeps in the reaper's section.");
    let violations = old_driver::play(cx)?;

    title("Summary");
    println!("  reclaimed   {}", Mib(reaped.bytes));
    println!("  attempts    {}", reaped.attempts);
    println!("  refusals    {}", reaped.refusals);
    println!("  violations  {}", violations.len());
    Ok(())
}
