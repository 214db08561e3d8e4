#![cfg_attr(not(MODULE), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
//! Code that must not sleep, checked by the compiler.
//!
//! Some code must not sleep: the callbacks of an OOM reaper, interrupt handlers, audio callbacks, the
//! polling of async tasks. With this crate, a function that may sleep takes `&mut `[`Sleepable`], a section that
//! must not lends only `&mut `[`NonBlock`], and the fault does not compile, on any path, in any build:
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
//! # The parts
//!
//! | to do this | use |
//! |---|---|
//! | get the first token, at the root of a call chain | [`sleepable`], [`non_block()`], [`thread::spawn`] |
//! | open a section | [`Sleepable::non_block`], [`NonBlock::non_block`], [`Context::non_block`] |
//! | say what a function needs, and check it | [`#[may_sleep]`](macro@may_sleep), [`#[non_block]`](macro@non_block) |
//! | write one callback for both contexts | [`Context`] |
//! | wait, or refuse in a section | [`sync::Mutex::acquire`](sync::Lock::acquire) |
//! | share data with a section | [`sync::SpinLock`] |
//! | tell a thread from a section | [`sync::Completion`], [`sync::channel`] |
//! | leave work to a thread that may sleep | [`work::Queue`] |
//! | have an object at hand without allocating | [`Reserve`] |
//! | use what sleeps without saying so | [`MaySleep`] |
//! | mirror a process's memory, and take it away | [`mmu`], [`memory`], [`oom`] |
//! | tell callbacks of events, by priority | [`notifier`] |
//! | find what types cannot follow | [`might_sleep`], [`cant_sleep`], [`Policy`], [`stats`] |
//! | test that a fault is found | [`testing`], [`#[nonblock::test]`](macro@test) |
//! | join in from C, or from `no_std` | [`capi`], [`raw`], [`backend`] |
//!
//! # The laws
//!
//! 1. You never own a token. [`Sleepable`] and [`NonBlock`] are opaque, zero-sized, and neither `Send` nor `Sync`. You
//!    are lent `&mut` to one, for a call or a closure; so it cannot be stored, sent, leaked or forged in safe code.
//! 2. What may sleep takes `&mut Sleepable`.
//! 3. Entering a section borrows the `Sleepable` exclusively. Inside there is only a `NonBlock`.
//! 4. Non-blocking code waits only for code that cannot sleep. A [`sync::Mutex`] may be held across a sleep, so a section
//!    can only try it; a [`sync::SpinLock`] is taken with `&NonBlock`, so its holder is in a section too.
//! 5. Only who may refuse can refuse. [`Context::Refusal`] is uninhabited for `Sleepable`.
//! 6. What the types cannot see, another layer does, and what no layer sees is listed below.
//!
//! # The theorem
//!
//! *A thread in a section never waits, directly or through a chain of locks, for a thread that sleeps.*
//!
//! In a section there is no `Sleepable` (laws 1 and 3), so no function that may sleep can be called (law 2). What is left
//! to wait for is a spin lock. Its holder took it with a `NonBlock`, whose borrow the guard keeps, so the holder is in a
//! section as well (law 4), and the same holds of it. Every chain of waiting that begins in a section therefore stays
//! in sections, and none of them ends at a thread that waits for memory, a device, or a mutex. In particular a reaper
//! that calls notifiers in a section cannot wait for the allocation that waits for the reaper.
//!
//! It assumes that every function that may sleep takes the token or is called through one that does; that
//! spin locks are taken in one order, since two that wait for each other run for ever without sleeping; that no guard of
//! a spin lock is forgotten; that no violation's [`Handler`] sleeps while the section that it reports holds a spin lock;
//! and that nothing under [`raw`], none of its C twins, no root inside a section, and no [`permit_sleep`] is on the
//! path. Of the raw locks it assumes that they wait for their holders alone: `parking_lot`'s also wait, when a thread parks
//! for the first time, while its table of threads grows, which allocates. It says nothing of how long a section runs.
//!
//! # The layers
//!
//! | layer | when | sees | cost |
//! |---|---|---|---|
//! | tokens and attributes | compile time | every path of typed code | none |
//! | counters: [`might_sleep`] | run time, in debug builds or with feature `checks` | sleeping functions reached through `dyn`, callbacks, C | a thread-local load and a branch |
//!
//! Each works without the other: a code base can start with [`might_sleep`] in its few sleeping primitives and sections
//! around its callbacks, with no token in any signature, and put tokens in from the leaves up.
//!
//! # What this cannot see
//!
//! The compiler cannot see, and the counters find when it runs:
//!
//! * a root, or an attribute that binds a token, inside a section: `non_block(|_| sleepable(|cx| ...))`;
//! * a closure that captured a token, handed to a function that `#[non_block]` makes a section: `f(|| sleep(cx))`;
//! * a token hidden from [`NoToken`] by a wrapper of another crate's that makes anything `Send`;
//! * a token held in a struct beside a token that an attribute binds;
//! * a `Sleepable` that comes into a function with `#[non_block]` where its type does not show it, as in a `dyn Trait`;
//! * a sleeping function that takes no token but says [`might_sleep`], reached by whatever way;
//! * starting a thread, which takes no token, as `std`'s does not: [`thread::spawn`];
//! * anything under [`raw`].
//!
//! Neither can see:
//!
//! * a function that sleeps and says so in no way: `std::thread::sleep`, `std::sync::Mutex::lock`, a system call;
//! * a page fault, a first use of lazily loaded code, or losing the processor;
//! * an endless loop, or a section that is merely long;
//! * counters in a build with checks off.
//!
//! # Features
//!
//! | feature | default | what |
//! |---|---|---|
//! | `std` | yes | the thread-local backend, [`thread`], [`testing`] |
//! | `macros` | yes | the attributes |
//! | `parking_lot` | yes; needs `std` | [`notifier`]; [`sync::Mutex`] and [`sync::SpinLock`] on `parking_lot`'s raw locks |
//! | `mmu` | yes; needs `parking_lot` | [`mmu`] |
//! | `sync` | with `parking_lot` | [`sync::Lock`] over any raw lock, without `std` too |
//! | `spin` | no; needs `sync` | `sync::RawSpin`, a raw lock that spins, without `std` too |
//! | `oom` | no; needs `mmu` | [`memory`] and [`oom`], on Linux |
//! | `work` | no | [`work::Queue`] and [`Reserve`], without `std` too, but for `alloc` |
//! | `capi` | no | [`capi`]: the functions of `nonblock.h` |
//! | `tracing` | no | reports as events of `tracing`'s: see [`Violation`] |
//! | `checks` | no | the counters in builds without debug assertions too |
//!
//! With default features off, the crate has no dependencies, and needs neither `std` nor `alloc`. In such a build with
//! checks on, the program brings a [`backend`].

#[cfg(feature = "work")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

// The attributes' expansions, in the examples here, name the crate as its users do.
#[allow(unused_extern_crates, reason = "only expansions of the attributes use it")]
extern crate self as nonblock;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "macros")]
mod attributes;
pub mod backend;
#[cfg(feature = "capi")]
pub mod capi;
mod check;
mod context;
mod may_sleep;
#[cfg(all(feature = "oom", target_os = "linux"))]
pub mod memory;
#[cfg(feature = "mmu")]
pub mod mmu;
#[cfg(feature = "parking_lot")]
pub mod notifier;
#[cfg(all(feature = "oom", target_os = "linux"))]
pub mod oom;
pub mod raw;
#[cfg(feature = "parking_lot")]
#[cfg_attr(
    not(feature = "mmu"),
    allow(dead_code, unused_imports, reason = "chains need less of it than `mmu`")
)]
mod rcu;
mod report;
#[cfg(feature = "work")]
mod reserve;
mod section;
#[cfg(feature = "sync")]
pub mod sync;
#[cfg(feature = "std")]
pub mod testing;
#[cfg(feature = "std")]
pub mod thread;
mod token;
#[cfg(feature = "work")]
pub mod work;

#[cfg(all(feature = "macros", feature = "std"))]
pub use attributes::test;
#[cfg(feature = "macros")]
pub use attributes::{may_sleep, non_block};
pub use backend::CHECKS;
pub use check::{cant_sleep, might_sleep, might_sleep_if};
pub use context::{Context, WouldBlock};
#[cfg(feature = "std")]
pub use may_sleep::InUse;
pub use may_sleep::MaySleep;
pub use report::{
    Handler, ParsePolicyError, Permit, Place, Policy, Site, Stats, Task, Violation, ViolationKind,
    policy, set_handler, set_policy, stats,
};
#[cfg(feature = "work")]
pub use reserve::{Reserve, ReserveStats, Reserved};
pub use section::{non_block, permit_sleep, sleepable};
pub use token::{NoToken, NonBlock, Sleepable};
