//! Pointers whose last drop may be in a section: a thread that may sleep drops the value later.
//!
//! The last [`Arc`](alloc::sync::Arc) of a value runs its destructor and frees its memory, wherever it happens to be dropped. In a
//! section that is a fault: the allocator takes locks, and the destructor may close files or join threads. Here the last
//! [`Shared`] only puts the value into a list, and a [`Collector`] drops what is in there. Audio programs share samples,
//! presets and whole graphs in this way. The crate `basedrop` has the same parts by the same names.
//!
//! | to do this | use |
//! |---|---|
//! | share a value with a section | [`Shared`], in place of `Arc` |
//! | own a value in a section | [`Owned`], in place of `Box` |
//! | make them on other threads | [`Handle`] |
//! | drop what is dead now and then, by a timer for instance | [`Collector::collect`] |
//! | have a thread that does it | [`Collector::spawn_worker`] |
//!
//! # What it costs
//!
//! The last drop of a value is a compare-exchange on the collector's list. It is lock-free: it is done again only where another
//! thread has put something into the list meanwhile. The memory for it was allocated with the value. Only where the list was empty and the
//! collector's thread waits, it wakes the thread, which is the one system call, and does not block.
//!
//! # When the collector goes first
//!
//! Nothing leaks, and nothing dangles. A collector that is dropped drops what is in the list. What dies later is dropped where
//! its last pointer is, as with an `Arc`, and a section in which that happens is reported.
//!
//! A value that owns a pointer to itself, over others perhaps, never dies, as with an `Arc`; nor does one that owns its collector.
//!
//! # Examples
//!
//! ```
//! use nonblock::reclaim::{Collector, Shared};
//! use nonblock::sync::SpinLock;
//!
//! struct Graph(Vec<f32>);
//!
//! let collector = Collector::new();
//! let handle = collector.handle();
//! let current = SpinLock::new(Shared::new(&handle, Graph(vec![1.0])));
//!
//! nonblock::sleepable(|cx| {
//!     // The callback takes a pointer for the length of a block.
//!     let playing = cx.non_block(|nb| Shared::clone(&current.lock(nb)));
//!
//!     // Meanwhile the window replaces the graph.
//!     let new = Shared::new(&handle, Graph(vec![0.5, 0.5]));
//!     let old = current.with(cx, |current, _nb| std::mem::replace(current, new));
//!     drop(old);
//!
//!     // The block ends, and with it the last pointer to the old graph. Its memory is freed outside the section.
//!     cx.non_block(|_nb| drop(playing));
//!     assert_eq!(collector.collect(cx), 1);
//! });
//! ```
//!
// Where a feature is off, its links lead to the table of features.
#![cfg_attr(feature = "std", doc = " [`Collector::spawn_worker`]: Collector::spawn_worker")]
#![cfg_attr(not(feature = "std"), doc = " [`Collector::spawn_worker`]: crate#features")]

mod collector;
mod pointers;
mod registry;
mod retire_list;
#[cfg(feature = "std")]
mod worker;

pub use collector::{Collector, Handle};
pub use pointers::{Owned, Shared};
#[cfg(feature = "std")]
pub use worker::Worker;
