#![cfg_attr(not(MODULE), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
//! TODO-DOC
#[cfg(feature = "std")]
extern crate std;

// The attributes' expansions, in the examples here, name the crate as its users do.
#[allow(unused_extern_crates, reason = "only expansions of the attributes use it")]
extern crate self as nonblock;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod backend;
mod check;
mod context;
pub mod raw;
mod report;
mod section;
#[cfg(feature = "sync")]
pub mod sync;
#[cfg(feature = "std")]
pub mod testing;
#[cfg(feature = "std")]
pub mod thread;
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
