//! A real-time audio loop under watch: what each layer finds in it.
//!
//! A thread wakes up at each period and calls a callback, which fills a buffer with sound. It takes the changes of its
//! parameters from a ring, and that is all that it shares with others. The callback runs in a section of `nonblock`, and uses no
//! token. First it is played as it should be. Then with five faults, one after another, none of which the compiler sees:
//!
//! | fault | found by |
//! |---|---|
//! | writes a line to a log | trap |
//! | waits for a mutex that another thread holds while it sleeps | trap, and schedule |
//! | makes a new buffer | alloc |
//! | counts more harmonics than there is time for | budget |
//! | sleeps in a library that says so in no way | trap, and schedule |
//!
//! `cargo run --example watch`, or with `--layers schedule,budget` for what one would leave on in production.

mod player;
mod synth;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nonblock::watch::{self, Allocator, Layers, StartError, Watch};
use nonblock::{Violation, ViolationKind};

use player::Player;
use synth::{Fault, Synth};

/// It notes what sections allocate, while the layer `alloc` is on.
#[global_allocator]
static ALLOCATOR: Allocator = Allocator::system();

/// How long the callback may take: a part of the period, which is 2.9 ms.
const BUDGET: Duration = Duration::from_millis(2);

const HELP: &str = "\
usage: cargo run --example watch -- [--layers LAYER,LAYER...]

  --layers LAYERS  some of schedule, trap, alloc, budget; all of them without this option
  --help           print this";

/// What was reported, by its kind, in the part that is being played.
static FOUND: Mutex<BTreeMap<&'static str, Vec<String>>> = Mutex::new(BTreeMap::new());

fn main() -> ExitCode {
    let layers = match layers() {
        Ok(Some(layers)) => layers,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("watch: {error}\nTry --help.");
            return ExitCode::from(2);
        }
    };
    match play(layers) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("watch: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Reads the layers from the command line. `None` asks for help.
fn layers() -> Result<Option<Layers>, String> {
    let mut layers = Layers::ALL;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
        match argument {
            lexopt::Arg::Long("help") | lexopt::Arg::Short('h') => return Ok(None),
            lexopt::Arg::Long("layers") => {
                let value = arguments.value().map_err(|error| error.to_string())?;
                layers = value.to_string_lossy().parse::<Layers>().map_err(|e| e.to_string())?;
            }
            _ => return Err(argument.unexpected().to_string()),
        }
    }
    Ok(Some(layers))
}

fn play(layers: Layers) -> Result<(), StartError> {
    nonblock::set_handler(Some(note));
    let watch = Watch::builder().budget(BUDGET).layers(layers).start()?;
    println!("A synthesizer, 128 frames at a time, watched by: {layers}\n");

    let mut synth = Synth::new();
    println!("As it should be, 200 periods:");
    Player::new().play(200, || synth.fill(None));
    print_found();

    for fault in Fault::ALL {
        println!("\nIt {}:", fault.what());
        let holder = fault.prepare();
        Player::new().play(3, || synth.fill(Some(fault)));
        drop(holder);
        print_found();
    }

    drop(watch);
    println!("\nHow long the callback took:");
    for lengths in watch::statistics().lengths() {
        println!(
            "  {} times; half of them within {:?}, 99% within {:?}, the longest {:?}",
            lengths.count,
            lengths.quantile(0.5),
            lengths.quantile(0.99),
            lengths.longest
        );
    }
    for preemptions in watch::statistics().preemptions() {
        println!("  preempted {} time(s), which is no fault of its own", preemptions.count);
    }
    Ok(())
}

/// Notes a violation. Called after the section has ended.
fn note(violation: &Violation) {
    let Some(observation) = violation.observation() else { return };
    let layer = match violation.kind() {
        ViolationKind::SyscallInNonBlock => "trap",
        ViolationKind::ScheduledInNonBlock => "schedule",
        ViolationKind::AllocInNonBlock => "alloc",
        ViolationKind::OverBudget => "budget",
        other => other.name(),
    };
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    found.entry(layer).or_default().push(observation.found().to_owned());
}

/// Prints what was found, each thing once, and forgets it.
fn print_found() {
    let found = std::mem::take(&mut *FOUND.lock().unwrap_or_else(PoisonError::into_inner));
    if found.is_empty() {
        println!("  nothing was found");
    }
    for (layer, texts) in found {
        println!("  {layer:8} {} time(s), first: {}", texts.len(), texts[0]);
    }
}
