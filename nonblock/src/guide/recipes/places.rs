//! Where code must not sleep: in C, in kernels, in callbacks, in polls, in handlers.
//!
//! # C
//!
//! C functions get the token by an attribute on the block that declares them. A function that sleeps is called with the
//! token. A function that does not sleep is called in a section. A callback that C calls opens its own section:
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
//! C code can use the counters too. With the feature `capi` and `include/nonblock.h` it opens sections, and says where it
//! sleeps.
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
//! [`capi`] says how it is linked, and what a panic does there.
//!
//! # Without `std`
//!
//! With `default-features = false` there is no `std`, no `alloc` and no dependency. `macros`, `lock_api` and `work`
//! can be turned on one by one, and do without `std`. With `lock_api` a spin lock stands on a raw lock that spins. Where an
//! interrupt handler takes the same lock as the code that it interrupts, bring a raw lock that disables interrupts: any that
//! implements the traits of the crate `lock_api`. A [`Mutex`](crate::sync::Mutex) needs one too, made of what your system
//! waits with.
//!
//! ```
//! # #[cfg(feature = "lock_api")] {
//! use core::sync::atomic::{AtomicBool, Ordering};
//! use nonblock::sync::lock_api::{GuardNoSend, RawMutex};
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
//! The second, if checks are on, is a place for the counters: a [`Backend`](crate::backend::Backend), which one crate of the
//! program installs by [`set_backend!`](crate::set_backend). [`backend`](crate::backend) shows a whole one. Without it the
//! program does not link, and the name of the missing symbol says why. A build with checks off needs none.
//!
//! # An audio callback
//!
//! The system asks a callback for the next few milliseconds of sound. The callback must neither sleep nor allocate nor free.
//! It reads its settings from an `Rcu`: see [read what a thread replaces](super::instead#read-what-a-thread-replaces).
//! Things that it has to take over one by one, such as notes or sounds, come through a channel, by trying. What would have
//! to be freed is sent back. (A channel has a lock that is held for a few instructions. If even that is too much, use a
//! [`work::Queue`], which has none: `try_pop` and `push`.)
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
//!     used: Sender<Wave>, // to be freed by the sender
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
//! A task that blocks in its poll delays every other task of its thread. So an executor polls in a section, and sleeps
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
//! Mostly the executor is not yours. Then the feature `async` makes a future one whose polls are sections, and nothing else of the program
//! changes: [`.non_block()`][async], or `#[non_block]` on the `async fn`:
//!
//! ```
//! # #[cfg(feature = "async")] {
//! use nonblock::future::NonBlockExt as _;
//! use nonblock::non_block;
//!
//! #[non_block]
//! async fn handle(request: &str) -> usize {
//!     request.len()
//! }
//!
//! # let executor = |_task: &dyn Send| ();
//! let task = async { handle("hello").await * 2 }.non_block();
//! executor(&task); // `smol::spawn(task)`, `set.spawn(task)`, ...
//! # }
//! ```
//!
//! A token cannot be kept across an `.await`: the section ends there. Between two awaits, [`non_block`](crate::non_block()) lends one to a
//! closure. A token cannot be taken into a task that goes to other threads either, because it is not `Send`.
//!
//! What a task must do and may sleep, it gives to a thread that may. On tokio, with the feature `tokio`:
//!
//! ```
//! # #[cfg(feature = "tokio")] {
//! use nonblock::{Sleepable, may_sleep};
//!
//! #[may_sleep]
//! fn count_bytes(path: &'static str, cx: &mut Sleepable) -> usize {
//!     std::fs::read(path).map_or(0, |bytes| bytes.len())
//! }
//!
//! async fn handle() -> usize {
//!     let counted = nonblock::tokio::spawn_blocking(|cx| count_bytes("/etc/hostname", cx));
//!     counted.await.unwrap_or_default()
//! }
//!
//! let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! let bytes = runtime.block_on(async { nonblock::tokio::spawn(handle()).await });
//! # let _ = bytes;
//! # }
//! ```
//!
//! The pool of `spawn_blocking` starts its threads in the polls that ask for them. The [watch](super::watching) reports what that takes:
//! `mmap`, `mprotect` and `clone3`, in `spawn_thread`. That is no fault of yours: list it among the `suppressions`, by the line
//! `function:tokio::runtime::blocking::pool::* The pool starts a thread`, or have the threads started before the first request.
//!
//! | executor | a task whose polls are sections | all tasks | what may sleep |
//! |---|---|---|---|
//! | tokio | [`tokio::spawn`][tokio] of this crate, or `tokio::spawn(task.non_block())` | `non_block_polls` of `nonblock::tokio::BuilderExt`, in builds with `--cfg tokio_unstable`; not for a `LocalSet` | `spawn_blocking`, `block_in_place` of this crate |
//! | smol, async-executor | `executor.spawn(task.non_block())`; to set a timer may wait for a mutex of async-io's | no: there are no hooks | `unblock(\|\| nonblock::sleepable(\|cx\| ...))` |
//! | embassy | in the task's body: `work().non_block().await` | by the functions of its feature `trace`, see below | another executor, of a lower priority, or a thread |
//! | futures' `LocalPool` and `ThreadPool` | `spawner.spawn(task.non_block())` | no | a thread of [`thread`](crate::thread) |
//!
//! A web framework spawns the tasks of its connections itself, so there is no `spawn` to change. A layer makes a section of each poll of
//! a request, without what the server does around it:
//!
//! | server | one line |
//! |---|---|
//! | axum | `router.layer(middleware::from_fn(\|request: Request, next: Next\| next.run(request).non_block()))` |
//! | whatever is made of `tower` services | `.layer(tower::util::MapFutureLayer::new(\|future\| NonBlocking::new(future)))` |
//! | hyper | `nonblock::tokio::spawn(http1::Builder::new().serve_connection(io, service))` |
//! | any | `#[non_block]` on a handler, or the hooks of the runtime |
//!
//! Methods of the crate `async_trait` take `#[non_block]` as others do: on the method, or on the whole `impl`.
//!
//! With embassy's feature `trace` the program defines seven functions, which the executor calls. Two of them stand around each poll:
//!
//! ```
//! #[unsafe(no_mangle)]
//! extern "Rust" fn _embassy_trace_task_exec_begin(_executor: u32, _task: u32) {
//!     nonblock::raw::non_block_start();
//! }
//!
//! #[unsafe(no_mangle)]
//! extern "Rust" fn _embassy_trace_task_exec_end(_executor: u32, _task: u32) {
//!     nonblock::raw::non_block_end();
//! }
//! ```
//!
//! A panic that unwinds out of a poll leaves this section open. On the processors that embassy is for, a panic does not unwind.
//!
//! ## Tasks in tests
//!
//! A test is told of what its own thread does. The tasks of a runtime of one thread, as that of `#[tokio::test]`, are polled there. The
//! workers of other runtimes are added to the test when they start:
//!
//! ```
//! # #[cfg(feature = "tokio")] {
//! use nonblock::testing::{CurrentTest, expect_violation};
//!
//! async fn handle() {
//!     nonblock::might_sleep();
//! }
//!
//! # if !nonblock::CHECKS { return }
//! let violation = expect_violation(|| {
//!     let test = CurrentTest::get();
//!     let runtime = tokio::runtime::Builder::new_multi_thread()
//!         .on_thread_start(move || test.add_this_thread())
//!         .build()
//!         .unwrap();
//!     runtime.block_on(async { nonblock::tokio::spawn(handle()).await }).unwrap();
//! });
//! assert_eq!(violation.kind(), nonblock::ViolationKind::SleepInNonBlock);
//! # }
//! ```
//!
//! The runtime is built within the closure: a worker stays with the expectation in which it was added. `expect_violation` takes no
//! `async` closure, so a test with one is a plain `#[test]` that builds its runtime.
//!
//! # Signals and interrupts
//!
//! A handler interrupts whatever its thread is doing, and begins with no token. `#[non_block(nb)]` opens a section and binds
//! its token. If the handler interrupts a section, its own nests in that one, and the counter is afterwards as it was before.
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
//! The types keep a handler from sleeping. They do not keep it from waiting for the thread that it interrupts, which no token
//! shows: the interrupted code may be in the middle of a [`SpinLock`](crate::sync::SpinLock), a
//! [`Completion`](crate::sync::Completion), a channel or a queue. So let a handler use atomics only. Or block the signal (in a
//! kernel, the interrupt) while other code uses what the handler uses. A report out of a signal handler allocates, and a
//! panic cannot pass an `extern "C"` function. So use [`Policy::Abort`](crate::Policy::Abort) in a program whose handlers might break a
//! rule.
//!
// Where a feature is off, its links lead to the table of features.
#![cfg_attr(feature = "async", doc = " [async]: crate::future::NonBlockExt::non_block")]
#![cfg_attr(not(feature = "async"), doc = " [async]: crate#features")]
#![cfg_attr(feature = "tokio", doc = " [tokio]: crate::tokio::spawn")]
#![cfg_attr(not(feature = "tokio"), doc = " [tokio]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`work::Queue`]: crate::work::Queue")]
#![cfg_attr(not(feature = "work"), doc = " [`work::Queue`]: crate#features")]
#![cfg_attr(feature = "capi", doc = " [`capi`]: crate::capi")]
#![cfg_attr(not(feature = "capi"), doc = " [`capi`]: crate#features")]
