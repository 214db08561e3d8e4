//! Where code must not sleep: in C, in kernels, in callbacks, in polls, in handlers.
//!
//! # C
//!
//! Functions of C's get the token by an attribute on the block that declares them. What sleeps is called with the token,
//! what does not is called in a section, and a callback that C calls opens its own:
//!
//! ```
//! # #[cfg(unix)] {
//! use nonblock::{NonBlock, may_sleep, non_block};
//! use std::ffi::{c_int, c_uint};
//!
//! #[may_sleep]
//! unsafe extern "C" {
//!     fn usleep(microseconds: c_uint) -> c_int;
//! }
//!
//! #[non_block]
//! unsafe extern "C" {
//!     fn abs(number: c_int) -> c_int;
//! }
//!
//! /// Called by C, which must not be kept waiting.
//! #[non_block(nb)]
//! extern "C" fn on_interrupt(irq: c_int) -> c_int {
//!     acknowledge(irq, nb)
//! }
//!
//! fn acknowledge(irq: c_int, _nb: &NonBlock) -> c_int {
//!     // SAFETY: it takes any number but the least.
//!     unsafe { abs(irq) }
//! }
//!
//! // SAFETY: it takes any number below a million.
//! nonblock::sleepable(|cx| assert_eq!(unsafe { usleep(cx, 10) }, 0));
//! assert_eq!(on_interrupt(-3), 3);
//! # }
//! ```
//!
//! C's own code takes part in the counters: with the feature `capi` and `include/nonblock.h`, it opens sections and says
//! where it sleeps.
//!
//! ```c
//! #include "nonblock.h"
//!
//! void wait_for_fence(struct card *card)
//! {
//!     might_sleep();             /* reported in a section, with this file and line */
//!     /* ... */
//! }
//!
//! void on_interrupt(struct card *card)
//! {
//!     nonblock_start();
//!     card_acknowledge(card);    /* Rust or C: a sleep in there is reported */
//!     nonblock_end();
//! }
//! ```
//!
//! [`capi`](crate::capi) says how it is linked, and what a panic does there.
//!
//! # Without `std`
//!
//! With `default-features = false` there is no `std`, no `alloc` and no dependency; `macros`, `sync`, `spin` and `work`
//! can be turned on one by one. Two things have to be brought. The first are locks: any raw lock of the `lock_api`
//! crate's fits, such as `RawSpin` (feature `spin`), or your own, which may disable interrupts.
//!
//! ```
//! # #[cfg(feature = "lock_api")] {
//! use core::sync::atomic::{AtomicBool, Ordering};
//! use lock_api::{GuardNoSend, RawMutex};
//! use nonblock::sync::SpinLock;
//!
//! struct RawIrqLock(AtomicBool);
//!
//! // SAFETY: only one of those who swap the flag finds it unset, until it is unset again.
//! unsafe impl RawMutex for RawIrqLock {
//!     const INIT: Self = Self(AtomicBool::new(false));
//!     type Guard = GuardNoSend;
//!
//!     fn lock(&self) -> GuardNoSend {
//!         // ... disable interrupts ...
//!         loop {
//!             match self.try_lock() {
//!                 Some(guard) => return guard,
//!                 None => core::hint::spin_loop(),
//!             }
//!         }
//!     }
//!
//!     fn try_lock(&self) -> Option<GuardNoSend> {
//!         (!self.0.swap(true, Ordering::Acquire)).then_some(GuardNoSend::new())
//!     }
//!
//!     unsafe fn unlock(&self, _guard: GuardNoSend) {
//!         self.0.store(false, Ordering::Release);
//!         // ... enable them again ...
//!     }
//!
//!     fn is_locked(&self) -> bool {
//!         self.0.load(Ordering::Relaxed)
//!     }
//! }
//!
//! type IrqLock<T> = SpinLock<T, RawIrqLock>;
//!
//! static HITS: IrqLock<u32> = IrqLock::with_raw(0);
//! nonblock::non_block(|nb| *HITS.lock(nb) += 1);
//! # }
//! ```
//!
//! The second is the place where counters live, if checks are on: a [`Backend`](crate::backend::Backend), which one crate
//! of the program installs by [`set_backend!`](crate::set_backend). [`backend`](crate::backend) shows a whole one.
//! Without it the program does not link, and the missing symbol's name says why. A build with checks off needs none.
//!
//! # An audio callback
//!
//! The system calls back for the next few milliseconds of sound. The callback must neither sleep nor allocate. Settings
//! come in through a channel, by trying; and what would have to be freed is sent back. (A channel has a lock that is held
//! for a few instructions. Where even that is too much, a [`work::Queue`](crate::work::Queue) has none: `try_pop` and
//! `push` do as well.)
//!
//! ```
//! use nonblock::sync::channel::{self, Receiver, Sender};
//! use nonblock::{NonBlock, non_block};
//!
//! type Wave = Box<[f32]>;
//!
//! struct Voice {
//!     wave: Wave,
//!     next: usize,
//!     changes: Receiver<Wave>,
//!     used: Sender<Wave>, // to be freed by who sent them
//! }
//!
//! impl Voice {
//!     /// What the system calls: the attribute makes the body a section.
//!     #[non_block(nb)]
//!     fn callback(&mut self, out: &mut [f32]) {
//!         self.take_changes(nb);
//!         for sample in out {
//!             *sample = self.wave[self.next];
//!             self.next = (self.next + 1) % self.wave.len();
//!         }
//!     }
//!
//!     fn take_changes(&mut self, _nb: &NonBlock) {
//!         if let Ok(wave) = self.changes.try_recv() {
//!             self.next = 0;
//!             let old = std::mem::replace(&mut self.wave, wave);
//!             if let Err(refused) = self.used.try_send(old) {
//!                 std::mem::forget(refused); // better lost than freed here
//!             }
//!         }
//!     }
//! }
//!
//! let (change, changes) = channel::bounded(4);
//! let (used, to_free) = channel::bounded(4);
//! let mut voice = Voice { wave: vec![0.0].into(), next: 0, changes, used };
//! nonblock::sleepable(|cx| change.send(cx, vec![0.5, -0.5].into())).expect("the voice is there");
//!
//! let mut out = [0.0; 3];
//! voice.callback(&mut out);
//! assert_eq!(out, [0.5, -0.5, 0.5]);
//! assert_eq!(to_free.try_iter().count(), 1);
//! ```
//!
//! # Async tasks
//!
//! A task that blocks in its poll holds up every other task of its thread. An executor polls in a section, and sleeps
//! between polls, with the token:
//!
//! ```
//! use std::pin::pin;
//! use std::sync::Arc;
//! use std::task::{self, Poll, Wake, Waker};
//! use nonblock::testing::expect_violation;
//! use nonblock::thread::{self, Thread};
//! use nonblock::{Sleepable, ViolationKind, may_sleep};
//!
//! struct Unpark(Thread);
//!
//! impl Wake for Unpark {
//!     fn wake(self: Arc<Self>) {
//!         self.0.unpark(); // does not sleep: a section may wake a task
//!     }
//! }
//!
//! #[may_sleep]
//! fn block_on<F: Future>(future: F, cx: &mut Sleepable) -> F::Output {
//!     let waker = Waker::from(Arc::new(Unpark(thread::current())));
//!     let mut future = pin!(future);
//!     loop {
//!         let mut task = task::Context::from_waker(&waker);
//!         match cx.non_block(|_nb| future.as_mut().poll(&mut task)) {
//!             Poll::Ready(output) => return output,
//!             Poll::Pending => thread::park(cx),
//!         }
//!     }
//! }
//!
//! fn ask_the_disk() {
//!     nonblock::might_sleep();
//! }
//!
//! nonblock::sleepable(|cx| {
//!     assert_eq!(block_on(async { 6 * 7 }, cx), 42);
//! #   if !nonblock::CHECKS { return; }
//!     let violation = expect_violation(|| block_on(async { ask_the_disk() }, cx));
//!     assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
//! });
//! ```
//!
//! In an executor that is not yours, wrap the future instead: in `poll`, call the inner one within
//! [`raw::non_block`](crate::raw::non_block), for a future is seldom known to be `Send`. A token cannot be taken into a
//! task that goes to other threads, since it is not `Send`; and no section can be held across an `.await`.
//!
//! # Signals and interrupts
//!
//! A handler interrupts whatever its thread is doing, and begins with no token: `#[non_block(nb)]` opens a section and
//! binds one. It nests in whatever section was interrupted, and leaves the counter as it found it.
//!
//! ```
//! # #[cfg(unix)] {
//! use std::ffi::c_int;
//! use std::sync::atomic::{AtomicU32, Ordering};
//! use nonblock::{NonBlock, non_block};
//!
//! static HANGUPS: AtomicU32 = AtomicU32::new(0);
//!
//! #[non_block(nb)]
//! extern "C" fn on_hangup(_signal: c_int) {
//!     count(nb);
//! }
//!
//! fn count(_nb: &NonBlock) {
//!     HANGUPS.fetch_add(1, Ordering::Relaxed);
//! }
//!
//! # const SIGHUP: c_int = 1;
//! unsafe extern "C" {
//!     fn signal(number: c_int, handler: extern "C" fn(c_int)) -> usize;
//!     fn raise(number: c_int) -> c_int;
//! }
//!
//! // SAFETY: the handler does what a handler may: it adds to an atomic number.
//! unsafe { signal(SIGHUP, on_hangup) };
//! // SAFETY: the signal has a handler.
//! unsafe { raise(SIGHUP) };
//! assert_eq!(HANGUPS.load(Ordering::Relaxed), 1);
//! # }
//! ```
//!
//! The types keep a handler from sleeping. They do not keep it from waiting for the very thread that it interrupts, which
//! no token tells: a [`SpinLock`](crate::sync::SpinLock), a [`Completion`](crate::sync::Completion), a channel or a queue
//! that the interrupted code was in the middle of. So a handler keeps to atomics, or the signal (in a kernel, the
//! interrupt) is blocked while others use what the handler uses. A report out of a signal handler allocates;
//! [`Policy::Abort`](crate::Policy::Abort) is the policy for programs whose handlers could break a rule, as no panic can
//! pass an `extern "C"` function.
