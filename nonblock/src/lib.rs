#![cfg_attr(not(MODULE), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
//! TODO-DOC
#[cfg(feature = "std")]
extern crate std;

// The attributes' expansions name the crate as their users do.
extern crate self as nonblock;

pub mod backend;
mod check;
mod context;
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod raw;
mod report;
mod section;
#[cfg(feature = "std")]
pub mod testing;
mod token;

pub use backend::CHECKS;
pub use check::{cant_sleep, might_sleep, might_sleep_if};
pub use context::{Context, WouldBlock};
pub use report::{
    Handler, ParsePolicyError, Permit, Policy, Site, Stats, Task, Violation, ViolationKind, policy,
    set_handler, set_policy, stats,
};
pub use section::{non_block, permit_sleep, sleepable};
pub use token::{NoToken, NonBlock, Sleepable};
