//! What it costs: requests per second in sections and under watch, against bare, in processes that take turns. A second is one of
//! processor time, of server and clients, so that what else runs on the machine changes nothing.

use std::error::Error;
use std::process::Command;
use std::time::Duration;

use cpu_time::ProcessTime;
use nonblock::Policy;
use nonblock::watch::{Layers, Watch};

use crate::handlers::{Manner, ROUTES};
use crate::server::{Polls, Server};
use crate::{CLIENTS, clients};

/// How many pairs of runs there are.
const ROUNDS: usize = 11;

/// A way to run the server.
#[derive(Clone, Copy)]
pub struct Way {
    name: &'static str,
    polls: Polls,
    layers: Layers,
    /// One poll of how many is watched.
    one_in: usize,
}

const BOTH: Layers = Layers::ALL.without(Layers::ALLOC).without(Layers::BUDGET);

/// The ways, the bare one first.
const WAYS: &[Way] = &[
    Way { name: "bare", polls: Polls::Bare, layers: Layers::NONE, one_in: 1 },
    Way { name: "counters", polls: Polls::Sections, layers: Layers::NONE, one_in: 1 },
    Way { name: "schedule", polls: Polls::Sections, layers: Layers::SCHEDULE, one_in: 1 },
    Way { name: "one in 100", polls: Polls::Sections, layers: BOTH, one_in: 100 },
    Way { name: "trap too", polls: Polls::Sections, layers: BOTH, one_in: 1 },
    #[cfg(tokio_unstable)]
    Way { name: "hooks", polls: Polls::Hooks, layers: Layers::SCHEDULE, one_in: 1 },
];

impl Way {
    /// Returns the way of this name.
    pub fn named(name: &str) -> Option<Self> {
        WAYS.iter().find(|way| way.name == name).copied()
    }
}

/// Measures each way and none in turns, and prints the medians of the ratios.
pub fn compare(requests: usize) -> Result<(), Box<dyn Error>> {
    println!(
        "requests per second of processor time, of handlers that do not block, {requests} requests a run:"
    );
    let [bare, ways @ ..] = WAYS else { return Ok(()) };
    let bare = bare.name;
    for way in ways {
        let way = way.name;
        println!("{bare:>10} {way:>10} {:>8}", "ratio");
        let mut ratios = Vec::new();
        for round in 0..ROUNDS {
            // Which one is first changes, so that a machine that slows down favours neither.
            let (alone, watched) = if round % 2 == 0 {
                let alone = run(bare, requests)?;
                (alone, run(way, requests)?)
            } else {
                let watched = run(way, requests)?;
                (run(bare, requests)?, watched)
            };
            println!("{alone:>10.0} {watched:>10.0} {:>8.3}", watched / alone);
            ratios.push(watched / alone);
        }
        ratios.sort_by(f64::total_cmp);
        println!(
            "median ratio: {:.3}, from {:.3} to {:.3}",
            ratios[ROUNDS / 2],
            ratios[0],
            ratios[ROUNDS - 1]
        );
    }
    Ok(())
}

fn run(polls: &str, requests: usize) -> Result<f64, Box<dyn Error>> {
    let output = Command::new(std::env::current_exe()?)
        .args(["--requests", &requests.to_string(), "--measure", polls])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
}

/// Measures once, and prints the requests per second.
pub fn measure(way: Way, requests: usize) -> Result<(), Box<dyn Error>> {
    // As in production: each report is written once.
    nonblock::set_policy(Policy::Warn);
    let watch = Watch::builder().layers(way.layers).sample(way.one_in).quick_trap(true);
    let _watch = if way.layers.is_empty() { None } else { Some(watch.start()?) };
    if !way.layers.is_empty() {
        report_once(way.one_in);
    }
    let server = Server::start(way.polls, None)?;
    let clean =
        ROUTES.into_iter().filter(|route| route.manner == Manner::Clean && route.path != "/later");
    let paths: Vec<_> = clean.map(|route| route.path).collect();
    let ask = |requests| {
        clients::ask(server.address, &paths, requests, CLIENTS)
            .map_err(|error| error as Box<dyn Error>)
    };
    ask(requests / 10)?;
    let begin = ProcessTime::try_now()?;
    ask(requests)?;
    let took = begin.try_elapsed()?;
    println!("{}", requests as f64 / took.as_secs_f64());
    Ok(())
}

/// Has one thing reported. The first report reads the program's debug information, once.
fn report_once(one_in: usize) {
    for _ in 0..one_in {
        nonblock::non_block(|_nb| std::thread::sleep(Duration::from_millis(1)));
    }
}
