//! `fn main` that returns an `ExitCode`.
#![deny(warnings)]

use std::process::ExitCode;

use nonblock::{may_sleep, sync::Mutex};

#[may_sleep(cx)]
fn main() -> ExitCode {
    let number = Mutex::new(7);
    if *number.lock(cx) == 7 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
