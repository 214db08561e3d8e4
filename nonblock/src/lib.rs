#![cfg_attr(not(MODULE), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
//! Code that must not sleep, checked by the compiler.
//!
//! Some code must not sleep: audio callbacks, interrupt handlers, the polling of async tasks, the callbacks of an OOM
//! reaper. With this crate, a function that may sleep takes `&mut `[`Sleepable`]. A section, which must not sleep, lends
//! only `&mut `[`NonBlock`]. So the fault does not compile, on any path, in any build:
//!
//! ```compile_fail,E0308
//! use nonblock::Sleepable;
//!
//! fn flush(cx: &mut Sleepable) { /* may sleep */ }
//!
//! nonblock::sleepable(|cx| {
//!     flush(cx);
//!     cx.non_block(|nb| flush(nb)); // expected `&mut Sleepable`, found `&mut NonBlock`
//! });
//! ```
//!
//! The [guide] [moves a driver over](guide::moving_over) step by step, and has [recipes](guide::recipes).
//!
//! # The parts
//!
//! | to do this | use |
//! |---|---|
//! | get the first token, where a call chain begins | [`sleepable`], [`non_block()`], [`thread::spawn`] |
//! | open a section | [`Sleepable::non_block`], [`NonBlock::non_block`], [`Context::non_block`] |
//! | say what a function needs, and check it | [`#[may_sleep]`](macro@may_sleep), [`#[non_block]`](macro@non_block) |
//! | write one callback for both contexts | [`Context`], [`Context::or_refuse`] |
//! | wait for a lock, or refuse in a section | [`sync::Mutex::acquire`] |
//! | share data with a section | [`sync::SpinLock`] |
//! | read in a section what a thread replaces | [`rcu::Rcu`] |
//! | tell a thread something from a section | [`sync::Completion`], [`sync::channel`] |
//! | tell callbacks of events, by priority | [`notifier`] |
//! | leave work to a thread that may sleep | [`work::Queue`] |
//! | stream samples from one thread to another, wait-free | [`work::ring`] |
//! | drop the last pointer to a value in a section | [`reclaim::Shared`] |
//! | have an object at hand without allocating | [`Reserve`] |
//! | use a file or a library, which sleep and do not say so | [`MaySleep`] |
//! | poll futures that must not block | [`future`], [`tokio`] |
//! | call code of others, which may panic | [`unwind`] |
//! | find what types cannot follow | [`might_sleep`], [`cant_sleep`], [`Policy`], [`stats`] |
//! | find what sleeps and does not say so | [`watch`] |
//! | find threads that may wait for each other | [`lockdep`] |
//! | test that a fault is found | [`testing`], [`#[nonblock::test]`](macro@test) |
//! | take part from C, or without `std` | [`capi`], [`raw`], [`backend`] |
//! | mirror a process's memory, or take it away | the crate `nonblock-mm` |
//!
//! # The laws
//!
//! 1. You never own a token. [`Sleepable`] and [`NonBlock`] are opaque, zero-sized, and neither `Send` nor `Sync`. You
//!    are lent `&mut` to one, for a call or a closure. So safe code cannot store, send, leak or forge one.
//! 2. A function that may sleep takes `&mut Sleepable`.
//! 3. Entering a section borrows the `Sleepable` exclusively. Inside there is only a `NonBlock`.
//! 4. Non-blocking code waits only for code that cannot sleep. A [`sync::Mutex`] may be held across a sleep, so a section
//!    can only try it. A [`sync::SpinLock`] is taken with `&NonBlock`, so its holder is in a section too.
//! 5. Only code that may refuse can refuse. [`Context::Refusal`] is uninhabited for `Sleepable`.
//! 6. What the types cannot see, another layer does. What no layer sees [is listed](#what-this-cannot-see).
//!
//! From these follows a theorem: *while a thread is in a section, neither it, nor any thread that it waits for, directly or
//! through others, sleeps.* For example, a reaper that calls drivers in a section never waits for an allocation that waits
//! for the reaper. The [guide](guide::theorem) has the proof, its assumptions, and what it leaves out: above all how long a
//! section takes, and the order of spin locks.
//!
//! # The layers
//!
//! | layer | when | sees | cost |
//! |---|---|---|---|
//! | tokens and attributes | compile time | every path of typed code | none |
//! | counters: [`might_sleep`] | run time, in debug builds or with feature `checks` | sleeping functions reached through `dyn`, callbacks, C | a thread-local load and a branch |
//! | the [`watch`] | run time, on Linux, with feature `watch` | what really slept, in any library: the call, its callers, how long | under 1 ns a section, and more for more |
//! | [`lockdep`] | run time, with feature `lockdep` | threads that may wait for each other, before any of them hangs | some ns a wait |
//!
//! Each works without the other. A code base can start with [`might_sleep`] in its few sleeping primitives and sections
//! around its callbacks, without a token in any signature. It can then put tokens in from the leaves up.
//!
//! # What this cannot see
//!
//! The compiler cannot see these, and the counters find them when they run: a root, or a function that binds its token,
//! called in a section; a token hidden in a closure or a struct that is passed into a section; a function that takes no token
//! and calls [`might_sleep`], for instance a destructor; and everything under [`raw`].
//!
//! Neither sees these: a function that sleeps and does not say so, such as `std::thread::sleep`; an allocation; a page fault;
//! a section that is merely long; locks that are taken twice, or in different orders. With checks off there are no counters.
//! Of these the [`watch`] sees, on Linux and where it is on: what sleeps; an allocation; a page fault that waits; a section that
//! is too long. And [`lockdep`] sees locks that are taken twice, or in different orders.
//!
//! The [guide](guide::blind_spots) has the whole list, with what to do about each, and a test that shows it.
//!
//! # Features
//!
//! | feature | default | what |
//! |---|---|---|
//! | `std` | yes | the thread-local backend, [`thread`], [`testing`], [`unwind`] |
//! | `macros` | yes | the attributes |
//! | `sync` | yes; needs `std` | [`sync::Mutex`] and the others on raw locks that park; [`rcu`]; [`notifier`] |
//! | `lock_api` | with `sync` | [`sync::SpinLock`] and [`sync::SpinRwLock`], and the other locks over any raw lock, without `std` too |
//! | `pi` | no; brings `sync` | [`sync::RawPiMutex`], a raw lock with priority inheritance, on Linux |
//! | `work` | no | [`work::Queue`], [`work::ring`], [`reclaim`] and [`Reserve`], without `std` too, but with `alloc` |
//! | `async` | no | [`future`]: every poll is a section, without `std` too |
//! | `tokio` | no; brings `async`, needs `std` | [`tokio`]: what lends tokens on that runtime |
//! | `capi` | no | [`capi`]: the functions of `nonblock.h` |
//! | `tracing` | no | reports as events of the crate `tracing`: see [`Violation`] |
//! | `watch` | no; needs `std` | the [`watch`], on Linux; brings `checks` |
//! | `lockdep` | no; needs `std` | [`lockdep`]: circles of waits; brings `checks` |
//! | `probes` | no; needs `std` | sections as tracepoints for `perf`, `bpftrace` and `gdb`, on Linux; brings `checks` |
//! | `checks` | no | the counters in builds without debug assertions too |
//! | `portable-atomic` | no | exact [`stats`] on targets without compare-and-swap, by the crate `portable-atomic` |
//!
//! With default features off, the crate has no dependencies, and needs neither `std` nor `alloc`. In such a build with
//! checks on, the program brings a [`backend`]. It builds for targets without compare-and-swap too, such as
//! `thumbv6m-none-eabi`: see [`stats`]. There the spin locks stand on `portable-atomic`, and `work`, `tracing` and `sync` do not build.
//!
// Where a feature is off, its links lead to the table of features.
#![cfg_attr(
    all(feature = "pi", target_os = "linux"),
    doc = " [`sync::RawPiMutex`]: sync::RawPiMutex"
)]
#![cfg_attr(
    not(all(feature = "pi", target_os = "linux")),
    doc = " [`sync::RawPiMutex`]: #features"
)]
#![cfg_attr(feature = "work", doc = " [`work::Queue`]: work::Queue")]
#![cfg_attr(not(feature = "work"), doc = " [`work::Queue`]: #features")]
#![cfg_attr(feature = "work", doc = " [`reclaim`]: reclaim")]
#![cfg_attr(not(feature = "work"), doc = " [`reclaim`]: #features")]
#![cfg_attr(feature = "work", doc = " [`reclaim::Shared`]: reclaim::Shared")]
#![cfg_attr(not(feature = "work"), doc = " [`reclaim::Shared`]: #features")]
#![cfg_attr(feature = "work", doc = " [`work::ring`]: mod@work::ring")]
#![cfg_attr(not(feature = "work"), doc = " [`work::ring`]: #features")]
#![cfg_attr(feature = "work", doc = " [`Reserve`]: Reserve")]
#![cfg_attr(not(feature = "work"), doc = " [`Reserve`]: #features")]
#![cfg_attr(all(feature = "watch", target_os = "linux"), doc = " [`watch`]: mod@watch")]
#![cfg_attr(not(all(feature = "watch", target_os = "linux")), doc = " [`watch`]: #features")]
#![cfg_attr(feature = "async", doc = " [`future`]: mod@future")]
#![cfg_attr(not(feature = "async"), doc = " [`future`]: #features")]
#![cfg_attr(feature = "tokio", doc = " [`tokio`]: mod@tokio")]
#![cfg_attr(not(feature = "tokio"), doc = " [`tokio`]: #features")]
#![cfg_attr(feature = "capi", doc = " [`capi`]: capi")]
#![cfg_attr(not(feature = "capi"), doc = " [`capi`]: #features")]

#[cfg(any(feature = "work", all(feature = "std", feature = "lock_api")))]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

// The attributes' expansions, in the examples here, name the crate as its users do.
#[allow(unused_extern_crates, reason = "only expansions of the attributes use it")]
extern crate self as nonblock;

#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;
#[cfg(feature = "sync")]
mod asymmetric_fence;
#[cfg(feature = "macros")]
mod attributes;
pub mod backend;
#[cfg(any(feature = "work", all(feature = "std", feature = "lock_api")))]
#[cfg_attr(
    not(all(feature = "work", feature = "std", feature = "lock_api")),
    allow(dead_code, unused_imports, reason = "each of these features uses a part of it")
)]
mod cache_padded;
#[cfg(feature = "capi")]
pub mod capi;
mod check;
mod context;
#[cfg(any(feature = "work", all(feature = "std", feature = "lock_api")))]
#[cfg_attr(
    not(all(feature = "work", feature = "std", feature = "lock_api")),
    allow(dead_code, unused_imports, reason = "each of these features uses a part of it")
)]
mod event_count;
#[cfg(feature = "async")]
pub mod future;
#[cfg(any(doc, doctest))]
pub mod guide;
mod lock_graph;
#[cfg_attr(
    not(all(feature = "sync", feature = "work")),
    allow(dead_code, unused_imports, reason = "each of these features uses a part of it")
)]
pub mod lockdep;
mod may_sleep_value;
#[cfg(any(feature = "work", all(feature = "std", feature = "lock_api")))]
#[cfg_attr(
    not(all(feature = "work", feature = "std", feature = "lock_api")),
    allow(dead_code, unused_imports, reason = "each of these features uses a part of it")
)]
mod mpmc_ring;
#[cfg(feature = "sync")]
pub mod notifier;
mod once_cell;
mod primitive;
pub mod raw;
#[cfg(feature = "sync")]
pub mod rcu;
#[cfg(feature = "work")]
pub mod reclaim;
mod report;
#[cfg(feature = "work")]
mod reserve;
mod root;
mod section;
#[cfg(any(feature = "lockdep", all(feature = "watch", target_os = "linux")))]
mod suppressions;
#[cfg(feature = "lock_api")]
pub mod sync;
#[cfg(feature = "std")]
pub mod testing;
#[cfg(feature = "std")]
pub mod thread;
mod token;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(feature = "std")]
pub mod unwind;
mod violation;
#[cfg(all(feature = "watch", target_os = "linux"))]
pub mod watch;
#[cfg(feature = "work")]
pub mod work;

#[cfg(all(feature = "macros", feature = "std"))]
pub use attributes::test;
#[cfg(feature = "macros")]
pub use attributes::{may_sleep, non_block};
pub use check::{CHECKS, cant_sleep, might_sleep, might_sleep_if};
pub use context::{Context, OrWouldBlock, WouldBlock};
#[cfg(feature = "std")]
pub use may_sleep_value::InUse;
pub use may_sleep_value::MaySleep;
pub use report::{Handler, Permit, Site, Stats, policy, set_handler, set_policy, stats};
#[cfg(feature = "work")]
pub use reserve::{Reserve, ReserveStats, Reserved};
pub use root::{non_block, permit_sleep, sleepable};
pub use token::{NoToken, NonBlock, Sleepable};
#[cfg(any(feature = "tokio", feature = "tracing"))]
pub use violation::AsyncTask;
pub use violation::{ParsePolicyError, Place, Policy, Task, Violation, ViolationKind};
