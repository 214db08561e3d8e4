//! What notifiers of every kind stand on: lists that are read in sections and changed by threads that may sleep.
//!
//! | file | what |
//! |---|---|
//! | `cell` | a value that is read without waiting and replaced beside its readers |
//! | `clock` | when a subscription that was dropped, rather than ended, stops being called |
//! | `roll` | a list of callbacks, never changed, only replaced |
//! | `shared` | a list that several own, whose count of owners lies apart from it |
//! | `kept` | what is the users', and panics at most once as it is dropped |
//! | `open` | what a thread has under way, so that it does not wait for itself |
//! | `panics` | callbacks that panic: none keeps another from its call |
//! | `shard`, `backoff`, `atomic`, `apart` | what those are made of |

mod apart;
mod atomic;
mod backoff;
mod cell;
mod clock;
mod kept;
mod open;
mod panics;
mod roll;
mod shard;
mod shared;

pub(crate) use apart::Uncounted;
pub(crate) use atomic::{AtomicBool, AtomicU64, Ordering};
pub(crate) use backoff::Backoff;
pub(crate) use cell::{Epochs, Rcu, Reader, Ticket, Write};
pub(crate) use clock::{Clock, Mark, SharedMark};
pub(crate) use kept::Kept;
pub use open::ends_are_deferred;
pub(crate) use open::{Calling, Invalidating, any_invalidation_open};
pub(crate) use panics::Panics;
pub(crate) use roll::{Entry, Live, Roll};
