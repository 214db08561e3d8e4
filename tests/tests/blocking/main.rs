//! That what `tools/blocking.tsv` says of std's functions is so: a probe for each of its lines shows the effect that the
//! line declares, and a probe for each of those that it leaves out shows none.
//!
//! Each probe runs in a process of its own, which is this program again. So a filter names paths, as for other tests:
//! `cargo test -p nonblock-tests --test blocking -- std::fs`. With `--nocapture` it says how each effect was seen.

#[cfg(target_os = "linux")]
mod harness;
#[cfg(target_os = "linux")]
mod observe;
#[cfg(target_os = "linux")]
mod probes;
#[cfg(target_os = "linux")]
mod slow;
#[cfg(target_os = "linux")]
mod stopped;

#[cfg(target_os = "linux")]
use harness::{Impossible, folder};

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    harness::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("no /proc here: skipped");
}
