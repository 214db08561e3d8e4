//! Tests keep their other attributes, and may be anywhere that the harness finds them.
#![deny(warnings, missing_docs)]
#![allow(unused, reason = "without a harness, they are not compiled")]

use nonblock::{NonBlock, Sleepable};

mod of_its_own {
    use super::Sleepable as Right;

    /// Waits.
    #[nonblock::test]
    #[cfg(not(any()))]
    #[allow(unused_variables, reason = "it is what it is for")]
    pub(super) fn by_another_name(right: &mut Right) {}
}

#[nonblock::test]
fn with_a_pattern(_: &mut Sleepable) {}

#[nonblock::test]
fn that_never_returns(_nb: &mut NonBlock) -> ! {
    panic!("never")
}

#[nonblock::test(crate = nonblock)]
#[nonblock::non_block(nb)]
fn bound() -> std::process::ExitCode {
    nb.non_block(|_nb| std::process::ExitCode::SUCCESS)
}

fn main() {}
