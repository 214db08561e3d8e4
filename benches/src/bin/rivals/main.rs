//! The measurements, one file for each subject. The command `benches` builds and runs this, and reads what it writes.

mod channel;
mod churn;
mod condvar;
mod future;
mod intervals;
#[cfg(feature = "lockdep")]
mod lockdep;
mod locks;
mod machine;
mod might_sleep;
mod notifiers;
mod overlap;
mod queue;
mod raw;
mod rcu;
mod reclaim;
mod ring;
mod section;
mod spin_locks;
mod tokens;
#[cfg(feature = "watch")]
mod watch;

use std::process::ExitCode;

use benches::results::Build;
use benches::sampling::{Effort, measure, without_times};
use benches::{Plan, counting};
use lexopt::Arg::{Long, Value};

const USAGE: &str = "usage: rivals measure|count|plan|list [--quick] [--only BEGINNING]...";

/// How nonblock is built in this program.
const BUILD: Build = if cfg!(feature = "watch") {
    Build::Watch
} else if cfg!(feature = "lockdep") {
    Build::Lockdep
} else if nonblock::CHECKS {
    Build::Checks
} else {
    Build::Plain
};

/// All subjects, in the order of the page.
fn plan() -> Plan {
    let mut plan = Plan::default();
    machine::plan(&mut plan);
    section::plan(&mut plan);
    future::plan(&mut plan);
    might_sleep::plan(&mut plan);
    tokens::plan(&mut plan);
    locks::plan(&mut plan);
    condvar::plan(&mut plan);
    spin_locks::plan(&mut plan);
    queue::plan(&mut plan);
    ring::plan(&mut plan);
    channel::plan(&mut plan);
    rcu::plan(&mut plan);
    reclaim::plan(&mut plan);
    notifiers::plan(&mut plan);
    intervals::plan(&mut plan);
    churn::plan(&mut plan);
    #[cfg(feature = "lockdep")]
    {
        lockdep::plan(&mut plan);
        // The others are measured in builds without it.
        plan.only(&["lockdep".to_owned()]);
    }
    #[cfg(feature = "watch")]
    {
        watch::plan(&mut plan);
        // The others are measured in builds without it.
        plan.only(&["watch".to_owned()]);
    }
    plan
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rivals: {error}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), lexopt::Error> {
    let mut plan = plan();
    let mut effort = Effort::FULL;
    let mut what = None;
    let mut only = Vec::new();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("quick") => effort = Effort::QUICK,
            Long("only") => only.push(parser.value()?.to_string_lossy().into_owned()),
            Value(value) if what.is_none() => what = Some(value.to_string_lossy().into_owned()),
            other => return Err(other.unexpected()),
        }
    }
    plan.only(&only);
    match what.as_deref() {
        Some("measure") => print(&measure(plan, effort, BUILD)),
        Some("count") => print(&counting::run(&plan)),
        Some("plan") => print(&without_times(plan, BUILD)),
        Some("list") => plan.ids().iter().for_each(|id| println!("{id}")),
        _ => return Err("expected what to do".into()),
    }
    Ok(())
}

/// Writes a result as one line, for the command.
fn print(result: &impl serde::Serialize) {
    println!("{}", serde_json::to_string(result).expect("results have no map"));
}
