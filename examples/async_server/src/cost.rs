//! What it costs: requests per second in sections and under watch, against bare, in processes that take turns.

use std::error::Error;
use std::process::Command;

use nonblock::Policy;
use nonblock::watch::{Layers, Watch};

use crate::handlers::{Manner, ROUTES};
use crate::server::{Polls, Server};
use crate::{CLIENTS, clients};

/// How many pairs of runs there are.
const ROUNDS: usize = 11;

/// The ways to make polls sections, in this build.
const WAYS: &[&str] = if cfg!(tokio_unstable) { &["sections", "hooks"] } else { &["sections"] };

/// Measures each way and none in turns, and prints the medians of the ratios.
pub fn compare(requests: usize) -> Result<(), Box<dyn Error>> {
    println!(
        "requests per second of handlers that do not block, {requests} requests a run, trap and schedule on:"
    );
    for way in WAYS {
        println!("{:>10} {way:>10} {:>8}", "bare", "ratio");
        let mut ratios = Vec::new();
        for round in 0..ROUNDS {
            // Which one is first changes, so that a machine that slows down favours neither.
            let (bare, watched) = if round % 2 == 0 {
                let bare = run("bare", requests)?;
                (bare, run(way, requests)?)
            } else {
                let watched = run(way, requests)?;
                (run("bare", requests)?, watched)
            };
            println!("{bare:>10.0} {watched:>10.0} {:>8.3}", watched / bare);
            ratios.push(watched / bare);
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
pub fn measure(polls: Polls, requests: usize) -> Result<(), Box<dyn Error>> {
    // As in production: each report is written once.
    nonblock::set_policy(Policy::Warn);
    let _watch = match polls {
        Polls::Bare => None,
        Polls::Sections => Some(
            Watch::builder().layers(Layers::TRAP | Layers::SCHEDULE).quick_trap(true).start()?,
        ),
    };
    let server = Server::start(polls, None)?;
    let clean =
        ROUTES.into_iter().filter(|route| route.manner == Manner::Clean && route.path != "/later");
    let paths: Vec<_> = clean.map(|route| route.path).collect();
    let ask = |requests| {
        clients::ask(server.address, &paths, requests, CLIENTS)
            .map_err(|error| error as Box<dyn Error>)
    };
    ask(requests / 10)?;
    let took = ask(requests)?;
    println!("{}", requests as f64 / took.as_secs_f64());
    Ok(())
}
