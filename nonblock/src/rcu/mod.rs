//! Read, copy, update: values that a section reads without waiting, and that a thread with the token replaces.
//!
//! An [`Rcu`] holds a configuration, a table, or a list of callbacks. [`read`](Rcu::read) pins the value of the moment, in
//! any context: it takes no lock, allocates nothing, never frees, and waits for nobody, not even for a thread that lost its
//! processor in the middle of a change. [`replace`](Rcu::replace) and [`update`](Rcu::update) publish a new value beside the
//! old one. The old one is dropped when every guard that could have found it is gone, by a thread that may sleep, and never
//! in a section.
//!
//! [`List`] is a list of callbacks to keep in an `Rcu`: each of them can be removed in a section, by its [`Tombstone`].
//! The notifier chains of [`notifier`](crate::notifier), and the address spaces of the crate `nonblock-mm`, stand on both.
//!
//! # From Linux, and beside arc-swap
//!
//! Mirrors Linux's sleepable RCU (`kernel/rcu/srcutree.c`, 6.12).
//!
//! | Linux | here |
//! |---|---|
//! | `srcu_read_lock()`, `rcu_dereference()` | [`Rcu::read`] |
//! | `srcu_read_unlock()` | the drop of the [`Guard`] |
//! | `rcu_assign_pointer()` under a lock of the writers' | [`Rcu::replace`], [`Rcu::update`], [`Writer::publish`] |
//! | `synchronize_srcu()` | [`Rcu::synchronize`] |
//! | `start_poll_synchronize_srcu()`, `poll_state_synchronize_srcu()` | [`Writer::grace_period`], [`GracePeriods::has_ended`] |
//! | `rcu_read_lock_held()` | [`ends_are_deferred`] |
//! | `list_add_rcu()`, `list_del_rcu()` | [`List::with`], [`List::without_removed`] |
//!
//! The crate `arc-swap` solves the same task with other costs. There a reader may become the last owner of an old value,
//! and then frees it, in its section; here it never does. There a guard that is held for long costs the writers
//! nothing; here old values stay until it is dropped. `docs/PERFORMANCE.md` of the repository has what a read and a
//! replacement take beside arc-swap's.
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
mod reader;
mod shared_slice;
mod tombstone;

pub use cell::{GracePeriod, GracePeriods, Guard, Rcu, Writer};
pub use list::{Entry, List, View};
pub use reader::ends_are_deferred;
pub use tombstone::{SharedTombstone, Tombstone, VersionClock};
