//! The deadlock that `nonblock` is about, on real memory, and its three endings.
//!
//! 1. A driver's table is held by a job that waits for memory, and the thread that could free memory waits for the table.
//! 2. The same, with a reaper that only tries: what is locked is refused, the rest is taken, the job gets its memory, and
//!    the retry takes what is left.
//! 3. A driver without tokens sleeps in the reaper's section, and the counters report it.
//! 4. With `--process`: a victim that is another process, dead and unable to end, gives its memory back.
//!
//! With `--svg FILE` the first two parts are drawn. `cargo run --example oom_reaper -- --help` lists the options.

mod args;
mod board;
mod cast;
mod deadlock;
mod job;
mod machine;
mod old_driver;
mod other_process;
mod picture;
mod reaping;
mod story;
mod timeline;

use std::path::Path;
use std::process::ExitCode;

use nonblock::{Policy, Sleepable, may_sleep};

use args::{Args, Command};
use cast::{Cast, Failure};
use picture::Scene;
use story::What;
use timeline::{Mib, title};

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

/// Plays the three parts, and sums them up.
#[may_sleep]
fn play(args: &Args, cx: &mut Sleepable) -> Result<(), Failure> {
    story::begin(cx);
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
    story::tell(What::Act(1), cx);
    deadlock::play(&cast, wanted, cx)?;
    story::tell(What::End, cx);

    title(
        "2. With a reaper, which must not block: it takes what it can, and comes back for the rest.",
    );
    story::tell(What::Act(2), cx);
    let reaped = reaping::play(&cast, wanted, cx)?;
    story::tell(What::End, cx);
    let scene = Scene { ranges: cast.ranges.clone(), size: args.size, wanted };
    cast.dismiss(cx);

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

/// Draws what was told, and writes it.
#[may_sleep]
fn write_picture(path: &Path, scene: &Scene, cx: &mut Sleepable) -> Result<(), Failure> {
    let picture = picture::draw(scene, &story::take(cx));
    let written = std::fs::write(path, picture);
    written.map_err(|error| format!("--svg {}: {error}", path.display()).into())
}
