//! Moving an existing driver over, step by step.
//!
//! After each step the program compiles and works, and more faults are found. So a step can take an afternoon or a year,
//! and one driver can be further than another. This chapter shows the steps on one small driver, which needs the default
//! features only. The driver is told to give up memory, by a caller that may wait and by one that must not. Your own may be
//! told of something else: an interrupt, a block of sound, an event. The steps are the same.
//!
//! (If your driver has an mmu notifier, read this chapter, and then the guide of the crate `nonblock-mm`. There the traits of
//! [step 3](#step-3-tokens-through-the-middle), and the callers, are written already.)
//!
//! ```toml
//! [dependencies]
//! nonblock = { path = "../nonblock/nonblock" } # the crate of this name on crates.io is another
//! ```
//!
//! | step | what you write | what finds the fault |
//! |---|---|---|
//! | [1](#step-1-the-counters) | a line in what sleeps, an attribute on what must not | a test that runs the path |
//! | [2](#step-2-tokens-at-the-leaves) | tokens in what sleeps | the compiler, where somebody calls that without a token; else the same test |
//! | [3](#step-3-tokens-through-the-middle) | tokens in the callback and in its callers | the compiler, on these paths |
//! | [4](#step-4-everywhere) | tokens up to `main` and to the threads' first functions | the compiler, on every path |
//!
//! # The start
//!
//! A card uses a process's memory. When memory is taken from the process, its drivers are told, through a trait object. The
//! caller is the process itself, which may wait, or the reaper of a machine that is out of memory, which must not wait.
//!
//! ```
//! use std::sync::atomic::{AtomicBool, Ordering};
//! use std::sync::{Arc, Mutex};
//! use std::time::Duration;
//!
//! /// A driver, told what memory to give up.
//! pub trait Mirror: Send + Sync {
//!     fn invalidate(&self, start: usize, end: usize);
//! }
//!
//! /// The end of the work that a card has in flight.
//! #[derive(Default)]
//! pub struct Fence {
//!     busy: AtomicBool,
//! }
//!
//! impl Fence {
//!     pub fn is_busy(&self) -> bool {
//!         self.busy.load(Ordering::Acquire)
//!     }
//!
//!     pub fn wait(&self) {
//!         if self.is_busy() {
//!             std::thread::sleep(Duration::from_millis(1)); // until the card is done
//!             self.busy.store(false, Ordering::Release);
//!         }
//!     }
//! }
//!
//! #[derive(Default)]
//! pub struct Card {
//!     fence: Fence,
//!     mapped: Mutex<Vec<(usize, usize)>>,
//! }
//!
//! impl Card {
//!     pub fn map(&self, start: usize, end: usize) {
//!         self.mapped.lock().unwrap().push((start, end));
//!         self.fence.busy.store(true, Ordering::Release); // the card starts to work on it
//!     }
//! }
//!
//! impl Mirror for Card {
//!     fn invalidate(&self, start: usize, end: usize) {
//!         self.fence.wait();
//!         self.mapped.lock().unwrap().retain(|&(from, to)| to <= start || end <= from);
//!     }
//! }
//!
//! pub struct Process {
//!     mirrors: Vec<Arc<dyn Mirror>>,
//! }
//!
//! impl Process {
//!     /// The process gives memory back.
//!     pub fn unmap(&self, start: usize, end: usize) {
//!         for mirror in &self.mirrors {
//!             mirror.invalidate(start, end);
//!         }
//!     }
//!
//!     /// The reaper takes memory. It must not wait.
//!     pub fn reap(&self, start: usize, end: usize) {
//!         for mirror in &self.mirrors {
//!             mirror.invalidate(start, end);
//!         }
//!     }
//! }
//!
//! fn main() {
//!     let card = Arc::new(Card::default());
//!     card.map(0x1000, 0x2000);
//!     card.map(0x2000, 0x3000);
//!     let process = Process { mirrors: vec![card] };
//!     process.unmap(0x1000, 0x2000);
//!     std::thread::spawn(move || process.reap(0x2000, 0x3000)).join().unwrap();
//! }
//! ```
//!
//! The fault: `reap` calls `invalidate`, which waits for a fence and for a mutex. Nothing in the code says that this is
//! forbidden. It goes well until the holder of the mutex waits for memory.
//!
//! # Step 1: the counters
//!
//! No signature changes in this step.
//!
//! 1. Find the functions that sleep. There are fewer than one fears: those that wait for a device or another thread, take a
//!    lock whose holder may wait, or read and write files. (Leave a lock that everybody holds for a few instructions only
//!    to step 2.) Here these are `Fence::wait` and the locking of `mapped`. Something that is called in many places and is
//!    not yours, such as [`std::sync::Mutex::lock`], gets a function of your own around it.
//! 2. Call [`might_sleep`](crate::might_sleep) at the top of each, before any early return. Then a call is reported even
//!    if there was nothing to wait for this time. With `#[track_caller]` the report names the caller.
//! 3. Put [`#[non_block]`](macro@crate::non_block) on each function that must not sleep. Its body becomes a section, and its
//!    callers see no difference. For a part of a function, [`non_block`](crate::non_block()) takes a closure. If that
//!    closure captures something that is tied to its thread (an `Rc`, a lock's guard), use
//!    [`raw::non_block`](crate::raw::non_block). If there is no closure at all, use
//!    [`raw::non_block_start`](crate::raw::non_block_start) and [`raw::non_block_end`](crate::raw::non_block_end).
//!
//! ```
//! # use std::sync::atomic::{AtomicBool, Ordering};
//! # use std::sync::{Arc, Mutex, MutexGuard};
//! # use std::time::Duration;
//! # pub trait Mirror: Send + Sync {
//! #     fn invalidate(&self, start: usize, end: usize);
//! # }
//! # #[derive(Default)]
//! # pub struct Fence {
//! #     busy: AtomicBool,
//! # }
//! # #[derive(Default)]
//! # pub struct Card {
//! #     fence: Fence,
//! #     mapped: Mutex<Vec<(usize, usize)>>,
//! # }
//! # pub struct Process {
//! #     mirrors: Vec<Arc<dyn Mirror>>,
//! # }
//! impl Fence {
//!     #[track_caller]
//!     pub fn wait(&self) {
//!         nonblock::might_sleep();
//!         if self.is_busy() {
//!             std::thread::sleep(Duration::from_millis(1));
//!             self.busy.store(false, Ordering::Release);
//!         }
//!     }
//! #     pub fn is_busy(&self) -> bool {
//! #         self.busy.load(Ordering::Acquire)
//! #     }
//! }
//!
//! impl Card {
//!     #[track_caller]
//!     fn mapped(&self) -> MutexGuard<'_, Vec<(usize, usize)>> {
//!         nonblock::might_sleep();
//!         self.mapped.lock().unwrap()
//!     }
//!
//!     pub fn map(&self, start: usize, end: usize) {
//!         self.mapped().push((start, end));
//!         self.fence.busy.store(true, Ordering::Release);
//!     }
//! }
//!
//! impl Mirror for Card {
//!     fn invalidate(&self, start: usize, end: usize) {
//!         self.fence.wait();
//!         self.mapped().retain(|&(from, to)| to <= start || end <= from);
//!     }
//! }
//!
//! impl Process {
//!     #[nonblock::non_block]
//!     pub fn reap(&self, start: usize, end: usize) {
//!         for mirror in &self.mirrors {
//!             mirror.invalidate(start, end);
//!         }
//!     }
//!     // `unmap` stays as it is.
//! #     pub fn unmap(&self, start: usize, end: usize) {
//! #         for mirror in &self.mirrors {
//! #             mirror.invalidate(start, end);
//! #         }
//! #     }
//! }
//!
//! // In a test:
//! let card = Arc::new(Card::default());
//! card.map(0x1000, 0x2000);
//! let process = Process { mirrors: vec![card] };
//! # if !nonblock::CHECKS { return; }
//! let violation = nonblock::testing::expect_violation(|| process.reap(0x1000, 0x2000));
//! assert_eq!(violation.kind(), nonblock::ViolationKind::SleepInNonBlock);
//! println!("{violation}");
//! # process.unmap(0x1000, 0x2000); // may sleep: nothing is reported
//! ```
//!
//! The report names the place and the section:
//!
//! ```text
//! BUG: sleeping function called from invalid context at src/card.rs:24:20
//! non_block: 1, tid: 4711, name: reaper
//! expected: a context that may sleep: no section open on this thread
//! found: a call that may sleep, in the section that began at src/process.rs:14:5
//! help: pass `&mut Sleepable` to what may sleep, if it takes none yet, and the compiler finds this call; in a section try instead of waiting, or put the work off
//! ```
//!
//! [`testing::expect_violation`](crate::testing::expect_violation) keeps the fault on record until step 3 mends it.
//! Everywhere else a violation panics from now on, in builds with debug assertions or with the feature `checks`. So some of
//! your tests may fail, and `std` locks that are held at that moment are poisoned. Begin with `NONBLOCK=warn` in the
//! environment: then the program goes on, each place is reported once for each section, with a call trace, and
//! [`stats`](crate::stats) counts the violations of each place. A test with [`#[nonblock::test]`](macro@crate::test) in place of
//! `#[test]` fails if there was a violation in it, whatever the policy, on threads of `std::thread` too.
//!
//! # Step 2: tokens at the leaves
//!
//! Now the functions that sleep take `cx: &mut `[`Sleepable`](crate::Sleepable).
//!
//! 1. Replace the types you wait on by their twins in [`sync`](crate::sync) and [`thread`](crate::thread). The names are those of
//!    `std` and `parking_lot`, with the token added. There is no poisoning, so the `unwrap`s go.
//!
//!    | of `std` and others | twin | in place of | write |
//!    |---|---|---|---|
//!    | `Mutex` | [`sync::Mutex`](crate::sync::Mutex) | `table.lock().unwrap()` | `table.lock(cx)` |
//!    | a `Mutex` that is never held across a wait | [`sync::SpinLock`](crate::sync::SpinLock) | `*hits.lock().unwrap() += 1` | `hits.with(cx, \|hits, _nb\| *hits += 1)` |
//!    | `RwLock` | [`sync::RwLock`](crate::sync::RwLock) | `map.read().unwrap()` | `map.read(cx)` |
//!    | `Condvar` | [`sync::Condvar`](crate::sync::Condvar) | `held = room.wait(held).unwrap()` | `room.wait(cx, &mut held)` |
//!    | `mpsc::channel`, `sync_channel` | [`sync::channel`](crate::sync::channel) | `faults.recv()` | `faults.recv(cx)` |
//!    | `crossbeam_channel::Select` | [`channel::Select`](crate::sync::channel::Select) | `select.recv(&faults); select.select()` | `select.recv(&faults, \|fault\| fault); select.select(cx)` |
//!    | `thread::spawn` | [`thread::spawn`](crate::thread::spawn) | `spawn(\|\| work())` | `spawn(\|cx\| work(cx))` |
//!    | `File`, `TcpStream` | [`MaySleep`](crate::MaySleep) of it | `writeln!(log, "up")` | `writeln!(log.with(cx), "up")` |
//!
//! 2. A function of your own that waits gets the parameter, and [`#[may_sleep]`](macro@crate::may_sleep) in place of the
//!    call of `might_sleep()`.
//! 3. The compiler now names every caller (E0061, an argument is missing). If a caller is yours and simple, give it `cx`
//!    too. Stop at all others, and put `#[may_sleep(cx)]` there: it binds `cx` in the body, and leaves the signature alone.
//!    It marks the border between code that has moved and code that has not.
//!
//! ```
//! # use std::sync::Arc;
//! # use std::sync::atomic::{AtomicBool, Ordering};
//! # use std::time::Duration;
//! use nonblock::sync::Mutex;
//! use nonblock::{Sleepable, may_sleep, non_block};
//! # pub trait Mirror: Send + Sync {
//! #     fn invalidate(&self, start: usize, end: usize);
//! # }
//! # #[derive(Default)]
//! # pub struct Fence {
//! #     busy: AtomicBool,
//! # }
//! # pub struct Process {
//! #     mirrors: Vec<Arc<dyn Mirror>>,
//! # }
//!
//! impl Fence {
//!     #[may_sleep]
//!     #[track_caller]
//!     pub fn wait(&self, cx: &mut Sleepable) {
//!         if self.is_busy() {
//!             nonblock::thread::sleep(cx, Duration::from_millis(1));
//!             self.busy.store(false, Ordering::Release);
//!         }
//!     }
//! #     pub fn is_busy(&self) -> bool {
//! #         self.busy.load(Ordering::Acquire)
//! #     }
//! }
//!
//! #[derive(Default)]
//! pub struct Card {
//!     fence: Fence,
//!     mapped: Mutex<Vec<(usize, usize)>>, // of `nonblock::sync`
//! }
//!
//! impl Card {
//!     // `fn mapped` is gone: the lock says it all.
//!     #[may_sleep]
//!     pub fn map(&self, start: usize, end: usize, cx: &mut Sleepable) {
//!         self.mapped.lock(cx).push((start, end));
//!         self.fence.busy.store(true, Ordering::Release);
//!     }
//! }
//!
//! impl Mirror for Card {
//!     // The trait has not moved yet: the border.
//!     #[may_sleep(cx)]
//!     fn invalidate(&self, start: usize, end: usize) {
//!         self.fence.wait(cx);
//!         self.mapped.lock(cx).retain(|&(from, to)| to <= start || end <= from);
//!     }
//! }
//! # impl Process {
//! #     #[non_block]
//! #     pub fn reap(&self, start: usize, end: usize) {
//! #         for mirror in &self.mirrors {
//! #             mirror.invalidate(start, end);
//! #         }
//! #     }
//! # }
//!
//! #[may_sleep(cx)]
//! fn main() {
//!     let card = Arc::new(Card::default());
//!     card.map(0x1000, 0x2000, cx);
//!     // ...
//! #   let process = Process { mirrors: vec![card] };
//! #   if !nonblock::CHECKS { return; }
//! #   let violation = nonblock::testing::expect_violation(|| process.reap(0x1000, 0x2000));
//! #   assert_eq!(violation.kind(), nonblock::ViolationKind::SleepInNonBlock);
//! }
//! ```
//!
//! The test of step 1 still passes. Its report names the border, because the check is made there. Tests get the token as an
//! argument: `fn maps(cx: &mut Sleepable)` under `#[nonblock::test]`. From now on nobody writes a new call of `wait` or
//! `lock` without seeing that it sleeps.
//!
//! # Step 3: tokens through the middle
//!
//! The callback has two callers, one that may sleep and one that must not. It is written once, generic over
//! [`Context`](crate::Context):
//!
//! * [`acquire`](crate::sync::Mutex::acquire) waits for a mutex, or refuses in a section.
//! * [`cx.or_refuse()?`](crate::Context::or_refuse) gets the right to sleep, or refuses in a section. Ask for it only
//!   where there is something to wait for.
//! * `?` refuses only where that is possible: [`Context::Refusal`](crate::Context::Refusal) is uninhabited for a
//!   `Sleepable`. Refuse before you change anything, or make sure that the call can be made again.
//!
//! A callback that has only one caller does not need this. It takes that caller's token, `nb: &mut NonBlock` or
//! `cx: &mut Sleepable`, and can be called through `dyn` as it is.
//!
//! A generic method cannot be called through `dyn`. So the trait is split in two. Drivers implement the generic trait.
//! Callers hold the other, which has an entry for each token. A blanket `impl` leads from one to the other.
//!
//! ```
//! # use std::sync::Arc;
//! # use std::sync::atomic::{AtomicBool, Ordering};
//! # use std::time::Duration;
//! use nonblock::sync::Mutex;
//! use nonblock::{Context, NonBlock, Sleepable, WouldBlock, may_sleep, non_block};
//!
//! /// What a driver writes.
//! pub trait Invalidate: Send + Sync {
//!     fn invalidate<C: Context>(
//!         &self, start: usize, end: usize, cx: &mut C,
//!     ) -> Result<(), C::Refusal>;
//! }
//!
//! /// What callers hold, as `Arc<dyn Mirror>`.
//! pub trait Mirror: Send + Sync {
//!     fn give_up(&self, start: usize, end: usize, cx: &mut Sleepable);
//!     fn try_give_up(
//!         &self, start: usize, end: usize, nb: &mut NonBlock,
//!     ) -> Result<(), WouldBlock>;
//! }
//!
//! impl<D: Invalidate> Mirror for D {
//!     fn give_up(&self, start: usize, end: usize, cx: &mut Sleepable) {
//!         let Ok(()) = self.invalidate(start, end, cx); // cannot be refused
//!     }
//!
//!     fn try_give_up(
//!         &self, start: usize, end: usize, nb: &mut NonBlock,
//!     ) -> Result<(), WouldBlock> {
//!         self.invalidate(start, end, nb)
//!     }
//! }
//! # #[derive(Default)]
//! # pub struct Fence {
//! #     busy: AtomicBool,
//! # }
//! # impl Fence {
//! #     #[may_sleep]
//! #     pub fn wait(&self, cx: &mut Sleepable) {
//! #         if self.is_busy() {
//! #             nonblock::thread::sleep(cx, Duration::from_millis(1));
//! #             self.busy.store(false, Ordering::Release);
//! #         }
//! #     }
//! #     pub fn is_busy(&self) -> bool {
//! #         self.busy.load(Ordering::Acquire)
//! #     }
//! # }
//! # #[derive(Default)]
//! # pub struct Card {
//! #     fence: Fence,
//! #     mapped: Mutex<Vec<(usize, usize)>>,
//! # }
//! # impl Card {
//! #     #[may_sleep]
//! #     pub fn map(&self, start: usize, end: usize, cx: &mut Sleepable) {
//! #         self.mapped.lock(cx).push((start, end));
//! #         self.fence.busy.store(true, Ordering::Release);
//! #     }
//! # }
//!
//! impl Invalidate for Card {
//!     fn invalidate<C: Context>(
//!         &self, start: usize, end: usize, cx: &mut C,
//!     ) -> Result<(), C::Refusal> {
//!         if self.fence.is_busy() {
//!             self.fence.wait(cx.or_refuse()?); // waits, or refuses
//!         }
//!         let mut mapped = self.mapped.acquire(cx)?; // waits, or refuses
//!         mapped.retain(|&(from, to)| to <= start || end <= from);
//!         Ok(())
//!     }
//! }
//!
//! # pub struct Process {
//! #     mirrors: Vec<Arc<dyn Mirror>>,
//! # }
//! impl Process {
//!     #[may_sleep]
//!     pub fn unmap(&self, start: usize, end: usize, cx: &mut Sleepable) {
//!         for mirror in &self.mirrors {
//!             mirror.give_up(start, end, cx);
//!         }
//!     }
//!
//!     // The callers have not moved: the attribute opens the section, and binds its token.
//!     #[non_block(nb)]
//!     pub fn reap(&self, start: usize, end: usize) -> Result<(), WouldBlock> {
//!         for mirror in &self.mirrors {
//!             mirror.try_give_up(start, end, nb)?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! // In a test, where the fault was expected until now:
//! # nonblock::testing::run(|| nonblock::sleepable(|cx| {
//! let card = Arc::new(Card::default());
//! card.map(0x1000, 0x2000, cx);
//! let process = Process { mirrors: vec![card.clone()] };
//! assert_eq!(process.reap(0x1000, 0x2000), Err(WouldBlock)); // the card is at work
//! card.fence.wait(cx);
//! assert_eq!(process.reap(0x1000, 0x2000), Ok(())); // the reaper comes back for it
//! # process.unmap(0x1000, 0x2000, cx);
//! # }));
//! ```
//!
//! The fault is gone. The callback refuses instead of sleeping, and the reaper had to learn to be refused: it leaves the range
//! alone for now, and comes back for it. That decision was missing in the old driver, and no attribute could have made it.
//!
//! In an interrupt handler nobody can come back. There the callback has to use what a section may use
//! ([recipes](super::recipes::instead)):
//!
//! | the callback waited for | now |
//! |---|---|
//! | a lock that everybody holds for a few instructions | it is a [`SpinLock`](crate::sync::SpinLock): `lock(nb)` here, `with(cx, ...)` elsewhere |
//! | a lock whose holder sleeps | [`acquire`](crate::sync::Mutex::acquire), and put the work off if it is refused |
//! | a lock of a table that is read often and seldom replaced | an [`Rcu`](crate::rcu::Rcu): [`read`](crate::rcu::Rcu::read) waits for nobody |
//! | a file, a log, a network | a [`work::Queue`] (feature `work`), whose worker may wait for it |
//! | room in a channel | a bounded channel, and [`try_send`](crate::sync::channel::Sender::try_send) |
//! | nothing, but woke threads by a `Condvar` whose mutex is a spin lock now | the threads wait for a [`Completion`](crate::sync::Completion) or a [`Semaphore`](crate::sync::Semaphore) |
//! | memory | a [`Reserve`] (feature `work`) |
//!
//! # Step 4: everywhere
//!
//! Move the borders up to where call chains begin. `grep -rnE '(may_sleep|non_block)\(\w+\)\]' src` lists the attributes
//! that bind. In the end they remain on `fn main`, on callbacks that C calls, and on methods of traits that are not yours,
//! such as [`Drop`]. Start threads by [`thread::spawn`](crate::thread::spawn), which lends each thread its token.
//!
//! ```
//! # use std::sync::Arc;
//! use nonblock::{NonBlock, Sleepable, WouldBlock, may_sleep, non_block, thread};
//! # pub trait Mirror: Send + Sync {
//! #     fn try_give_up(&self, start: usize, end: usize, nb: &mut NonBlock) -> Result<(), WouldBlock>;
//! # }
//! # pub struct Process {
//! #     mirrors: Vec<Arc<dyn Mirror>>,
//! # }
//!
//! impl Process {
//!     // Called in a section: the caller has the token.
//!     #[non_block]
//!     pub fn reap(
//!         &self, start: usize, end: usize, nb: &mut NonBlock,
//!     ) -> Result<(), WouldBlock> {
//!         for mirror in &self.mirrors {
//!             mirror.try_give_up(start, end, nb)?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! /// The reaper may sleep between its tries, but not in them.
//! #[may_sleep]
//! fn reaper(process: &Process, cx: &mut Sleepable) {
//!     for _ in 0..10 {
//!         if cx.non_block(|nb| process.reap(0x2000, 0x3000, nb)).is_ok() {
//!             break;
//!         }
//!         thread::sleep(cx, std::time::Duration::from_millis(100));
//!     }
//! }
//!
//! #[may_sleep(cx)]
//! fn main() {
//!     // ... as before, and in place of `std::thread::spawn`:
//! #   let process = Process { mirrors: Vec::new() };
//!     thread::spawn(move |cx| reaper(&process, cx)).join(cx).unwrap();
//! }
//! ```
//!
//! Some functions sleep and do not say so, those of `std` among them. The types cannot find these calls; clippy can:
//! [clippy finds what says nothing](super::recipes::finding#clippy-finds-what-says-nothing).
//!
//! [`mistakes`](super::mistakes) shows what the compiler refuses from now on, and which step finds which mistake.
//! [`blind_spots`](super::blind_spots) lists what no step finds.
//!
// Where a feature is off, its links lead to the table of features.
#![cfg_attr(feature = "work", doc = " [`work::Queue`]: crate::work::Queue")]
#![cfg_attr(not(feature = "work"), doc = " [`work::Queue`]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`Reserve`]: crate::Reserve")]
#![cfg_attr(not(feature = "work"), doc = " [`Reserve`]: crate#features")]
