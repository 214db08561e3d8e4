//! The deadlock that `nonblock` is about, on real memory, and its three endings.
//!
//! 1. A job holds a driver's table and waits for memory. The thread that could free memory waits for the table.
//! 2. The same with a reaper, which only tries. The driver whose table is held refuses, and the reaper takes the rest. Then the
//!    job gets its memory and releases the table, and the retry takes what is left.
//! 3. A driver without tokens sleeps in the reaper's section, and the counters report it.
//! 4. With `--process`: the victim is another process, which is killed and cannot end. Its memory is taken all the same.
//!
//! With `--svg FILE` the first two parts are drawn. `cargo run --example oom_reaper -- --help` lists the options.

mod args;
mod deadlock;
mod failure;
mod job;
mod limited_memory;
mod old_driver;
mod other_process;
mod picture;
mod reaping;
mod setup;
mod timeline;
mod trace;
mod traced_driver;
mod wait_graph;

use std::path::Path;
use std::process::ExitCode;

use nonblock::{Policy, Sleepable, may_sleep};

use args::{Args, Command};
use failure::Failure;
use picture::Scene;
use setup::Setup;
use timeline::{Mib, title};
use trace::TraceEvent;

#[may_sleep(cx)]
fn main() -> ExitCode {
    let command = args::available_memory().map_err(Failure::from).and_then(|available| {
        Policy::from_env().map_err(|error| error.to_string())?;
        Ok(args::parse(lexopt::Parser::from_env(), available)?)
    });
    let args = match command {
        Ok(Command::Run(args)) => args,
        Ok(Command::Help) => {
            println!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Ok(Command::Victim(size)) => return other_process::be_the_victim(size, cx),
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

/// Plays all parts, and prints a summary.
#[may_sleep]
fn play(args: &Args, cx: &mut Sleepable) -> Result<(), Failure> {
    trace::start(cx);
    let setup = Setup::new(args, cx)?;
    println!(
        "A victim with {} of real memory, in {} parts, each mirrored by a driver.",
        Mib(setup.victim.resident(cx)?),
        setup.ranges.len(),
    );
    // Less than what the other drivers mirror, so that it is free after the first try.
    let wanted = setup.ranges[0].len() / 2;

    title(
        "1. Blocking: a job holds a driver's table and waits for memory; who could free it waits for the table.",
    );
    trace::record(TraceEvent::PartBegins(1), cx);
    deadlock::play(&setup, wanted, cx)?;
    trace::record(TraceEvent::PartEnds, cx);

    title(
        "2. With a reaper, which must not block: it takes what it can, and comes back for the rest.",
    );
    trace::record(TraceEvent::PartBegins(2), cx);
    let reaped = reaping::play(&setup, wanted, cx)?;
    trace::record(TraceEvent::PartEnds, cx);
    let scene = Scene { ranges: setup.ranges.clone(), size: args.size, wanted };
    setup.unsubscribe(cx);

    title("3. A driver without tokens sleeps in the reaper's section.");
    let violations = old_driver::play(cx)?;

    let of_process = if args.process {
        title(
            "4. A victim that is another process: killed, unable to end, and relieved of its memory.",
        );
        Some(other_process::play(args.size, cx)?)
    } else {
        None
    };

    title("Summary");
    println!("  reclaimed   {}", Mib(reaped.bytes));
    println!("  attempts    {}", reaped.attempts);
    println!("  refusals    {}", reaped.refusals);
    println!("  violations  {}", violations.len());
    if let Some(reclaimed) = of_process {
        println!("  of process  {}", Mib(reclaimed.bytes()));
    }
    if let Some(path) = &args.svg {
        write_picture(path, &scene, cx)?;
        println!("  picture     {}", path.display());
    }
    Ok(())
}

/// Draws the trace, and writes the picture.
#[may_sleep]
fn write_picture(path: &Path, scene: &Scene, cx: &mut Sleepable) -> Result<(), Failure> {
    let picture = picture::draw(scene, &trace::take(cx));
    let written = std::fs::write(path, picture);
    written.map_err(|error| format!("--svg {}: {error}", path.display()).into())
}
