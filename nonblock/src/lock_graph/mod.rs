//! Which things threads waited for while they held which others: the tables, the lists of threads, and the search for circles.
//!
//! This is the machine of the module `lockdep`, which tells it what happens, and reports what it finds. It has the rules of Linux's
//! lock dependency checker (`kernel/locking/lockdep.c`, 6.12), but for what follows from the objects of this crate.
//!
//! # What is remembered
//!
//! A *class* stands for all objects that were made at one place, or have one name. A *dependency* of one class on another is seen
//! when a thread waits for an object of the second class while it holds one of the first. Each is kept for ever, and looked up
//! by a load; nobody ever waits for a lock. A new one is put into the graph first, and then it is looked whether it closes a circle.
//! Of two threads that do this at once, at least one sees both.
//!
//! # What is exact
//!
//! A lock that is shared by readers does not depend on everything: see [`Mode`]. A path through such dependencies is a circle
//! only if it is *strong*: no dependency on a recursive reader is followed by one of a reader.
//!
//! Objects of one class are told apart: see `object_order`.

#[cfg(feature = "lockdep")]
mod classes;
#[cfg(feature = "lockdep")]
mod dependencies;
#[cfg(feature = "lockdep")]
mod graph;
#[cfg(feature = "lockdep")]
mod held_locks;
mod kind;
#[cfg(feature = "lockdep")]
mod object_order;
#[cfg(feature = "lockdep")]
mod tables;

#[cfg(feature = "lockdep")]
pub(crate) use classes::{ClassId, ClassKey, Usage};
#[cfg(feature = "lockdep")]
pub(crate) use dependencies::Mode;
#[cfg(feature = "lockdep")]
pub(crate) use graph::{Finding, GRAPH};
#[cfg(feature = "lockdep")]
pub(crate) use held_locks::{Entered, HeldLock, InheritedSections, ThreadLocks, with_thread};
pub(crate) use kind::Kind;
