//! Read, copy, update: values that a section reads without waiting, and that a thread that may sleep replaces.
//!
//! An [`Rcu`] holds a configuration, a table, or a list of callbacks. [`read`](Rcu::read) pins the current value, in any
//! context. It takes no lock, allocates nothing, and frees nothing. It waits for no thread, not even for one that lost its
//! processor in the middle of a change. [`replace`](Rcu::replace) and [`update`](Rcu::update) publish a new value beside the
//! old one. The old value is dropped when every guard that could have found it is gone. A thread that may sleep drops it, and
//! never in a section.
//!
//! [`List`] is a list of callbacks to keep in an `Rcu`. A section can remove each callback by its [`Tombstone`]. The notifier
//! chains of [`notifier`](crate::notifier), and the address spaces of the crate `nonblock-mm`, are built on both.
//!
//! # Compared with Linux and arc-swap
//!
//! Mirrors Linux's sleepable RCU (`kernel/rcu/srcutree.c`, 6.12).
//!
//! | Linux | here |
//! |---|---|
//! | `srcu_read_lock()`, `rcu_dereference()` | [`Rcu::read`] |
//! | `srcu_read_unlock()` | the drop of the [`Guard`] |
//! | `rcu_assign_pointer()` under a lock for writers | [`Rcu::replace`], [`Rcu::update`], [`Writer::publish`] |
//! | `synchronize_srcu()` | [`Rcu::synchronize`] |
//! | `start_poll_synchronize_srcu()`, `poll_state_synchronize_srcu()` | [`Writer::grace_period`], [`GracePeriods::has_ended`] |
//! | `rcu_read_lock_held()` | [`ends_are_deferred`] |
//! | `list_add_rcu()`, `list_del_rcu()` | [`List::with`], [`List::without_removed`] |
//!
//! The crate `arc-swap` solves the same task at other costs. There, a reader may become the last owner of an old value, and
//! then frees the value in its section. Here a reader never frees. There, a guard that is held for long costs the writers
//! nothing. Here old values stay until the guard is dropped. `docs/PERFORMANCE.md` of the repository compares how long a read
//! and a replacement take.
//!
//! # Examples
//!
//! An audio callback that reads its parameters:
//!
//! ```
//! use nonblock::rcu::Rcu;
//! use nonblock::{NonBlock, Sleepable};
//!
//! struct Parameters {
//!     gain: f32,
//!     taps: Vec<f32>,
//! }
//!
//! static PARAMETERS: std::sync::LazyLock<Rcu<Parameters>> =
//!     std::sync::LazyLock::new(|| Rcu::new(Parameters { gain: 1.0, taps: vec![1.0] }));
//!
//! /// Called by the sound card's thread for every block.
//! #[nonblock::non_block]
//! fn process(parameters: &Rcu<Parameters>, block: &mut [f32], _nb: &NonBlock) {
//!     let now = parameters.read(); // stays as it is for the whole block
//!     for sample in block {
//!         *sample *= now.gain * now.taps[0];
//!     }
//! }
//!
//! /// Called when somebody turns a knob.
//! #[nonblock::may_sleep]
//! fn set_gain(parameters: &Rcu<Parameters>, gain: f32, cx: &mut Sleepable) {
//!     parameters.update(cx, |now| Parameters { gain, taps: now.taps.clone() });
//! }
//!
//! let parameters = &*PARAMETERS; // made before the callback runs
//! let mut block = [0.5; 4];
//! nonblock::sleepable(|cx| {
//!     set_gain(parameters, 2.0, cx);
//!     cx.non_block(|nb| process(parameters, &mut block, nb));
//! });
//! assert_eq!(block, [1.0; 4]);
//! ```

mod cell;
mod list;
mod readers;
mod shared_slice;
mod thread_record;
mod tombstone;

pub use cell::{GracePeriod, GracePeriods, Guard, Rcu, Writer};
pub use list::{Entry, List, View};
pub use thread_record::ends_are_deferred;
pub use tombstone::{SharedTombstone, Tombstone, VersionClock};
