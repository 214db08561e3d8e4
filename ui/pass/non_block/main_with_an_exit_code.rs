//! `fn main` in which a section's token is bound, and that returns an `ExitCode`.
#![deny(warnings)]

use std::process::ExitCode;

use nonblock::{non_block, sync::SpinLock};

static HITS: SpinLock<u32> = SpinLock::new(0);

#[non_block(nb)]
fn main() -> ExitCode {
    *HITS.lock(nb) += 1;
    if *HITS.lock(nb) == 1 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
