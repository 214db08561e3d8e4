//! What other tools find in the same handlers: clippy by reading, tokio-metrics and tokio-console by the clock.

use std::collections::BTreeMap;
use std::error::Error;
use std::process::Command;

use serde_json::Value;

use crate::handlers::{Manner, ROUTES};
use crate::server::{Polls, SLOW, Server, monitors};
use crate::{CLIENTS, calls, clients, serve_watched};

/// What was found of each path.
type ByPath<T> = BTreeMap<&'static str, T>;

/// Prints a table of what each finds.
pub fn compare(requests: usize) -> Result<(), Box<dyn Error>> {
    let found = serve_watched(requests)?;
    let lints = clippy()?;
    let slow = slow_polls(requests)?;
    let console = console(requests)?;
    println!(
        "| path | handler | trap and schedule | clippy | polls over {0} µs, by tokio-metrics | by tokio-console | its warnings |",
        SLOW.as_micros()
    );
    println!("|---|---|---|---|---|---|---|");
    for route in ROUTES {
        let manner = match route.manner {
            Manner::Clean => "clean",
            Manner::HandsOver => "hands over",
            Manner::Blocks => "blocks",
        };
        let lint = lints.get(route.handler).map_or("-".to_owned(), |lints| lints.join(", "));
        let (slow, all) = slow.get(route.path).copied().unwrap_or_default();
        let shown = console.get(route.path).map_or("not run | not run", String::as_str);
        println!(
            "| `{}` | {manner} | {} | {lint} | {slow} of {all} | {shown} |",
            route.path,
            calls(&found, route.path)
        );
    }
    Ok(())
}

/// Returns what tokio-console shows of each path, as two cells of the table.
#[cfg(feature = "console")]
fn console(requests: usize) -> Result<ByPath<String>, Box<dyn Error>> {
    let shown = crate::console::look(requests)?.into_iter().map(|(path, shown)| {
        let warnings: Vec<_> =
            shown.warnings.iter().map(|(name, tasks)| format!("`{name}` x{tasks}")).collect();
        let warnings = if warnings.is_empty() { "-".to_owned() } else { warnings.join(", ") };
        (path, format!("{} of {} | {warnings}", shown.slow, shown.polls))
    });
    Ok(shown.collect())
}

/// It is there with the feature only.
#[cfg(not(feature = "console"))]
fn console(_requests: usize) -> Result<ByPath<String>, Box<dyn Error>> {
    Ok(BTreeMap::new())
}

/// Serves all paths without sections, and returns the slow polls of each handler, and all.
fn slow_polls(requests: usize) -> Result<ByPath<(u64, u64)>, Box<dyn Error>> {
    let monitors = monitors();
    let server = Server::start(Polls::Bare, Some(monitors.clone()))?;
    // One path after the other, as for tokio-console.
    for route in ROUTES {
        clients::ask(server.address, &[route.path], requests / ROUTES.len(), CLIENTS)
            .map_err(|error| error as Box<dyn Error>)?;
    }
    let counts = monitors.iter().map(|(path, monitor)| {
        let polls = monitor.cumulative();
        (*path, (polls.total_slow_poll_count, polls.total_poll_count))
    });
    Ok(counts.collect())
}

/// Returns what clippy says of each handler, by its two lints for this.
fn clippy() -> Result<BTreeMap<String, Vec<String>>, Box<dyn Error>> {
    let package = env!("CARGO_MANIFEST_DIR");
    // Touched, since clippy says nothing of what it has seen before.
    let main = std::path::Path::new(package).join("src/main.rs");
    std::fs::File::options().append(true).open(main)?.set_modified(std::time::SystemTime::now())?;
    let output = Command::new("cargo")
        .args([
            "clippy",
            "--quiet",
            "--message-format=json",
            "--",
            "-Aclippy::all",
            "-Wclippy::await_holding_lock",
            "-Wclippy::disallowed_methods",
        ])
        .current_dir(package)
        .output()?;
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let message: Value = serde_json::from_str(line)?;
        let Some(lint) = message["message"]["code"]["code"].as_str() else { continue };
        let span = &message["message"]["spans"][0];
        let (Some(file), Some(at)) = (span["file_name"].as_str(), span["line_start"].as_u64())
        else {
            continue;
        };
        if let Some(handler) = handler_at(package, file, usize::try_from(at)?)? {
            let lint = lint.trim_start_matches("clippy::");
            found.entry(handler).or_default().push(format!("`{lint}`"));
        }
    }
    Ok(found)
}

/// Returns the handler around a line.
fn handler_at(package: &str, file: &str, line: usize) -> Result<Option<String>, Box<dyn Error>> {
    let source = std::fs::read_to_string(std::path::Path::new(package).join(file))?;
    let before: Vec<_> = source.lines().take(line).collect();
    let name = before.iter().rev().find_map(|line| {
        let name = line.split_once("fn ")?.1.split('(').next()?;
        (!line.starts_with(' ')).then_some(name)
    });
    let module = std::path::Path::new(file).file_stem().and_then(|stem| stem.to_str());
    Ok(module.zip(name).map(|(module, name)| format!("{module}::{name}")))
}
