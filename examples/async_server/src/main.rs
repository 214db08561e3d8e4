//! An HTTP server whose every poll is a section, under watch and under load.
//!
//! axum and hyper serve real connections on loopback; each connection's task is spawned by `nonblock::tokio::spawn`, and that is all that
//! the server knows of sections. Some handlers block, each as programs do, and the watch finds which call of which handler it is. The
//! others do not, and nothing is reported of them.
//!
//! `cargo run --release --manifest-path examples/async_server/Cargo.toml`, with `-- --compare` for what other tools find in the same
//! handlers, and with `-- --cost` for what it costs.

mod clients;
mod compare;
#[cfg(feature = "console")]
mod console;
mod cost;
mod findings;
mod handlers;
mod server;

use std::error::Error;
use std::process::ExitCode;

use lexopt::ValueExt as _;
use nonblock::watch::{Layers, Watch};

use cost::Way;
use findings::{Findings, NOBODY};
use handlers::{Manner, ROUTES, blocking};
use server::{Polls, Server};

const HELP: &str = "\
usage: async_server [--requests N] [--compare | --cost]

  --requests N  how many requests the clients make: 10000 without this option
  --compare     what clippy, tokio-metrics and, with the feature `console`, tokio-console find in the same handlers
  --cost        requests per second, in sections and under watch against bare, in turns
  --help        print this";

/// How many clients there are, each with a connection.
pub const CLIENTS: usize = 32;

enum Command {
    Play,
    Compare,
    Cost,
    /// One measurement, in a process of its own.
    Measure(Way),
    Help,
}

struct Arguments {
    command: Command,
    requests: usize,
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("async_server: {error}\nTry --help.");
            return ExitCode::from(2);
        }
    };
    let requests = arguments.requests;
    let played = match arguments.command {
        Command::Help => {
            println!("{HELP}");
            Ok(true)
        }
        Command::Play => play(requests),
        Command::Compare => compare::compare(requests).map(|()| true),
        Command::Cost => cost::compare(requests).map(|()| true),
        Command::Measure(way) => cost::measure(way, requests).map(|()| true),
    };
    match played {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("async_server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let mut arguments = Arguments { command: Command::Play, requests: 10_000 };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            lexopt::Arg::Long("requests") => arguments.requests = parser.value()?.parse()?,
            lexopt::Arg::Long("compare") => arguments.command = Command::Compare,
            lexopt::Arg::Long("cost") => arguments.command = Command::Cost,
            lexopt::Arg::Long("measure") => {
                let name = parser.value()?;
                let way = name
                    .to_str()
                    .and_then(Way::named)
                    .ok_or("--measure takes the name of a way")?;
                arguments.command = Command::Measure(way);
            }
            lexopt::Arg::Long("help") | lexopt::Arg::Short('h') => {
                arguments.command = Command::Help
            }
            _ => return Err(argument.unexpected().into()),
        }
    }
    Ok(arguments)
}

/// Serves all paths under watch, and prints what was found. Returns whether it is what was to be found.
fn play(requests: usize) -> Result<bool, Box<dyn Error>> {
    let findings = serve_watched(requests)?;
    println!("{:<12} {:<10} found", "path", "handler");
    let mut as_expected = true;
    for route in ROUTES {
        let found = findings.get(route.path);
        let is_right = match route.manner {
            Manner::Clean => found.is_none(),
            Manner::HandsOver => true,
            Manner::Blocks => found.is_some(),
        };
        as_expected &= is_right;
        let manner = match route.manner {
            Manner::Clean => "clean",
            Manner::HandsOver => "hands over",
            Manner::Blocks => "blocks",
        };
        let wrong = if is_right { "" } else { "   NOT AS EXPECTED" };
        println!("{:<12} {manner:<10} {}{wrong}", route.path, calls(&findings, route.path));
    }
    if let Some(others) = findings.get(NOBODY) {
        println!("\nbeneath the handlers:");
        for (what, times) in others {
            println!("  {times:>6} {what}");
        }
    }
    Ok(as_expected)
}

/// Serves all paths in sections, under the trap and the schedule, and returns what was found.
pub fn serve_watched(requests: usize) -> Result<Findings, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    blocking::begin(folder.path())?;
    nonblock::set_handler(Some(findings::note));
    let _watch =
        Watch::builder().layers(Layers::TRAP | Layers::SCHEDULE).quick_trap(true).start()?;
    let server = Server::start(Polls::Sections, None)?;
    let paths = ROUTES.map(|route| route.path);
    let took = clients::ask(server.address, &paths, requests, CLIENTS)
        .map_err(|error| error as Box<dyn Error>)?;
    println!(
        "{requests} requests by {CLIENTS} clients in {:.1} s, each poll a section, trap and schedule on\n",
        took.as_secs_f64()
    );
    drop(server);
    Ok(findings::take())
}

/// What was found in a handler: the calls, each with how often.
pub fn calls(findings: &Findings, path: &str) -> String {
    let Some(found) = findings.get(path) else { return "-".to_owned() };
    let calls: Vec<_> = found.iter().map(|(call, times)| format!("{call} x{times}")).collect();
    calls.join(", ")
}
