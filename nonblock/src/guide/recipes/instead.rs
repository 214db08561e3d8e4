//! What to do instead of sleeping.
//!
//! # Wait or refuse
//!
//! One function for both contexts is generic over [`Context`](crate::Context). It takes a mutex by
//! [`acquire`](crate::sync::Mutex::acquire). For anything else that waits it asks
//! [`cx.or_refuse()`](crate::Context::or_refuse). The `?` refuses in a section, and cannot fail outside of one. Refuse
//! before you change anything.
//!
//! ```
//! use nonblock::sync::Mutex;
//! use nonblock::{Context, Sleepable, WouldBlock};
//!
//! fn flush_to_disk(pages: &[u64], cx: &mut Sleepable) {
//!     // ...
//! #   let _ = (pages, cx);
//! }
//!
//! fn forget<C: Context>(dirty: &Mutex<Vec<u64>>, cx: &mut C) -> Result<(), C::Refusal> {
//!     let mut dirty = dirty.acquire(cx)?; // waits for the holder, or refuses
//!     if !dirty.is_empty() {
//!         flush_to_disk(&dirty, cx.or_refuse()?); // waits for the disk, or refuses
//!         dirty.clear();
//!     }
//!     Ok(())
//! }
//!
//! let dirty = Mutex::new(vec![7]);
//! nonblock::sleepable(|cx| {
//!     // A section is refused, and comes back for it later.
//!     assert_eq!(cx.non_block(|nb| forget(&dirty, nb)), Err(WouldBlock));
//!     let Ok(()) = forget(&dirty, cx); // there is no `Err` for one that may sleep
//!     assert_eq!(cx.non_block(|nb| forget(&dirty, nb)), Ok(()));
//! });
//! ```
//!
//! A function with errors of its own turns the refusal into a [`WouldBlock`](crate::WouldBlock), and that into its error:
//!
//! ```
//! use nonblock::sync::Mutex;
//! use nonblock::{Context, WouldBlock};
//!
//! #[derive(Debug)]
//! enum MapError {
//!     Busy,
//!     Exists,
//! }
//!
//! impl From<WouldBlock> for MapError {
//!     fn from(_: WouldBlock) -> Self {
//!         Self::Busy
//!     }
//! }
//!
//! fn map<C: Context>(table: &Mutex<Vec<u64>>, page: u64, cx: &mut C) -> Result<(), MapError> {
//!     let mut table = table.acquire(cx).map_err(Into::<WouldBlock>::into)?;
//!     if table.contains(&page) {
//!         return Err(MapError::Exists);
//!     }
//!     table.push(page);
//!     Ok(())
//! }
//! # nonblock::sleepable(|cx| map(&Mutex::new(Vec::new()), 1, cx)).unwrap();
//! ```
//!
//! Take a mutex before the closure of a spin lock's `with`, not in it. In the closure there is only a `NonBlock`, and its
//! `WouldBlock` is not the `C::Refusal` that the function returns.
//!
//! If the two contexts differ by more than waiting, [`as_sleepable`](crate::Context::as_sleepable) tells which one it is.
//!
//! # Count with a spin lock
//!
//! Put what sections share into a [`SpinLock`](crate::sync::SpinLock), and hold it for a few instructions. If the token may
//! be either one, `with` opens the section itself.
//!
//! ```
//! use nonblock::sync::SpinLock;
//! use nonblock::{Context, NonBlock};
//!
//! #[derive(Default)]
//! struct Statistics {
//!     faults: SpinLock<[u32; 4]>,
//! }
//!
//! impl Statistics {
//!     /// Called in a section.
//!     fn count(&self, kind: usize, nb: &NonBlock) {
//!         self.faults.lock(nb)[kind] += 1;
//!     }
//!
//!     /// Called in any context.
//!     fn total<C: Context>(&self, cx: &mut C) -> u32 {
//!         self.faults.with(cx, |faults, _nb| faults.iter().sum())
//!     }
//! }
//!
//! let statistics = Statistics::default();
//! nonblock::sleepable(|cx| {
//!     cx.non_block(|nb| statistics.count(2, nb));
//!     assert_eq!(statistics.total(cx), 1);
//! });
//! ```
//!
//! If you take several spin locks at once, take them in the same order everywhere.
//!
//! # Count what a drop changes
//!
//! A destructor has no token. Nobody can lend it one, and it may run in a section, where a value goes out of scope. So it
//! must not sleep. If it changes a count, make the count an atomic, or put it into a spin lock. For the spin lock, the
//! destructor opens a section of its own by the root [`non_block`](crate::non_block()), which may be called anywhere.
//!
//! ```
//! use nonblock::sync::SpinLock;
//!
//! static LIVE: SpinLock<[u32; 4]> = SpinLock::new([0; 4]);
//!
//! /// A buffer, counted by its kind for as long as it is there.
//! struct Buffer {
//!     kind: usize,
//! }
//!
//! impl Buffer {
//!     fn new(kind: usize) -> Self {
//!         nonblock::non_block(|nb| LIVE.lock(nb)[kind] += 1);
//!         Self { kind }
//!     }
//! }
//!
//! impl Drop for Buffer {
//!     fn drop(&mut self) {
//!         let kind = self.kind;
//!         nonblock::non_block(|nb| LIVE.lock(nb)[kind] -= 1);
//!     }
//! }
//!
//! nonblock::sleepable(|cx| {
//!     let buffer = Buffer::new(2);
//!     cx.non_block(|nb| assert_eq!(LIVE.lock(nb)[2], 1));
//!     cx.non_block(|_nb| drop(buffer)); // in a section as well
//!     cx.non_block(|nb| assert_eq!(LIVE.lock(nb)[2], 0));
//! });
//! ```
//!
//! If the end of a value has to sleep, let the destructor push the work into a queue, or offer a method that takes the token
//! and the value, like [`MaySleep::into_inner`](crate::MaySleep::into_inner). If a destructor sleeps all the same, write
//! `#[may_sleep(cx)]` on it, so that the counters find it in a section.
//!
//! # Put work off
//!
//! A section leaves work that would sleep to a [`work::Queue`] (feature `work`), whose worker is a thread
//! that may sleep. The queue is bounded, so a push can be refused. The item then comes back in the error.
//!
//! ```
//! # #[cfg(feature = "work")] {
//! use nonblock::work::Queue;
//! # use std::time::Duration;
//!
//! struct Flush {
//!     page: u64,
//! }
//!
//! let flushes = Queue::with_capacity(64);
//! flushes.worker("flusher", |flush: Flush, cx| {
//!     // Writes the page out, and sleeps meanwhile.
//! #   nonblock::thread::sleep(cx, Duration::from_micros(flush.page));
//! }).expect("the system can start a thread");
//!
//! nonblock::sleepable(|cx| {
//!     cx.non_block(|nb| {
//!         if let Err(full) = flushes.push(nb, Flush { page: 3 }) {
//!             let flush = full.into_inner(); // keep it, count it, or refuse in turn
//! #           unreachable!("page {}", flush.page);
//!         }
//!     });
//!     flushes.shutdown(cx); // waits until everything is handled
//! });
//! assert_eq!(flushes.stats().handled, 1);
//! # }
//! ```
//!
//! A callback for both contexts passes the refusal on where the queue is full. Where it may sleep,
//! [`push_from`] waits for room. So `cx.or_refuse()?` below refuses in a section, and goes on
//! only if the queue was shut down.
//!
//! ```
//! # #[cfg(feature = "work")] {
//! use nonblock::work::Queue;
//! use nonblock::{Context, WouldBlock};
//!
//! fn invalidate<C: Context>(flushes: &Queue<u64>, page: u64, cx: &mut C) -> Result<(), C::Refusal> {
//!     if let Err(full) = flushes.push_from(cx, page) {
//!         cx.or_refuse()?; // a section is refused: the caller comes back with the page
//!         drop(full.into_inner()); // shut down: nobody will flush it any more
//!     }
//!     Ok(())
//! }
//!
//! let flushes = Queue::with_capacity(1);
//! nonblock::non_block(|nb| {
//!     assert_eq!(invalidate(&flushes, 1, nb), Ok(()));
//!     assert_eq!(invalidate(&flushes, 2, nb), Err(WouldBlock));
//! });
//! # }
//! ```
//!
//! # Set objects aside
//!
//! Allocate before the section. A [`Reserve`] (feature `work`) is filled once, and then hands objects out and
//! takes them back without allocating.
//!
//! ```
//! # #[cfg(feature = "work")] {
//! use nonblock::{Context, Reserve};
//!
//! type Request = Box<[u8; 4096]>;
//!
//! fn send<C: Context>(requests: &Reserve<Request>, cx: &mut C) -> Result<(), C::Refusal> {
//!     let mut request = requests.take_from(cx)?; // waits for one to be given back, or refuses
//!     request[0] = 1;
//!     Ok(()) // given back here
//! }
//!
//! let requests = Reserve::with_capacity(8, || Box::new([0; 4096]));
//! nonblock::non_block(|nb| send(&requests, nb)).expect("eight are free");
//! # }
//! ```
//!
//! # Read what a thread replaces
//!
//! A section reads a configuration, and a thread replaces it as a whole. Put it into an [`Rcu`](crate::rcu::Rcu).
//! [`read`](crate::rcu::Rcu::read) waits for nobody and frees nothing: the old value is dropped later, by a thread that may
//! sleep. Here an audio callback reads its settings:
//!
//! ```
//! use std::sync::Arc;
//! use nonblock::rcu::Rcu;
//! use nonblock::{Sleepable, may_sleep, non_block};
//!
//! struct Settings {
//!     gain: f32,
//!     wave: Vec<f32>,
//! }
//!
//! struct Voice {
//!     settings: Arc<Rcu<Settings>>,
//!     next: usize,
//! }
//!
//! impl Voice {
//!     /// What the system calls for every block: the attribute makes the body a section.
//!     #[non_block]
//!     fn callback(&mut self, out: &mut [f32]) {
//!         let now = self.settings.read(); // stays the same for the whole block
//!         for sample in out {
//!             *sample = now.gain * now.wave[self.next % now.wave.len()];
//!             self.next += 1;
//!         }
//!     }
//! }
//!
//! #[may_sleep]
//! fn set_gain(settings: &Rcu<Settings>, gain: f32, cx: &mut Sleepable) {
//!     settings.update(cx, |now| Settings { gain, wave: now.wave.clone() });
//! }
//!
//! let settings = Arc::new(Rcu::new(Settings { gain: 1.0, wave: vec![0.5, -0.5] }));
//! let mut voice = Voice { settings: Arc::clone(&settings), next: 0 };
//! let mut out = [0.0; 2];
//! nonblock::sleepable(|cx| set_gain(&settings, 2.0, cx));
//! voice.callback(&mut out);
//! assert_eq!(out, [1.0, -1.0]);
//! ```
//!
//! | the section | use |
//! |---|---|
//! | needs the newest value, reads it often, and it is replaced seldom | an [`Rcu`](crate::rcu::Rcu) |
//! | needs every message, each once and in order | a bounded [`channel`](crate::sync::channel) or a [`work::Queue`] |
//! | streams samples to or from one thread | a [`work::ring`] |
//! | keeps a value for as long as it likes, and may be the last to let it go | a [`reclaim::Shared`] |
//! | changes the value itself | a [`SpinLock`](crate::sync::SpinLock), or an atomic |
//! | reads a word | an atomic |
//!
//! A lock is the wrong choice for a configuration: a writer that loses its processor holds the callback up. A channel makes
//! the callback take out every change, and send each old value back to be freed. An `Rcu` costs the writer an allocation and
//! a copy, and keeps old values until their guards are gone. So drop a guard at the end of the block.
//!
//! Some writers want to know that nobody reads the old value any more, for instance to unload a plug-in. They call
//! [`synchronize`](crate::rcu::Rcu::synchronize), which waits for all readers. A thread that reads itself cannot wait: it
//! would wait for itself. This concerns a thread that holds a guard, or runs in a callback of a notifier chain.
//! [`ends_are_deferred`](crate::rcu::ends_are_deferred) tells, and such a thread leaves the waiting to another:
//!
//! ```
//! use nonblock::rcu::{Rcu, ends_are_deferred};
//! use nonblock::{Sleepable, may_sleep};
//!
//! /// Removes a plug-in. Returns whether it is certain that no callback uses it any more.
//! #[may_sleep]
//! fn remove(plugins: &Rcu<Vec<&'static str>>, name: &str, cx: &mut Sleepable) -> bool {
//!     plugins.update(cx, |now| now.iter().copied().filter(|plugin| *plugin != name).collect());
//!     if ends_are_deferred() {
//!         return false; // this thread reads, up the call chain
//!     }
//!     plugins.synchronize(cx);
//!     true
//! }
//!
//! let plugins = Rcu::new(vec!["echo", "flanger"]);
//! nonblock::sleepable(|cx| {
//!     assert!(remove(&plugins, "echo", cx));
//!     let reading = plugins.read();
//!     assert!(!remove(&plugins, "flanger", cx));
//!     assert_eq!(*reading, ["flanger"]);
//! });
//! assert!(plugins.read().is_empty());
//! ```
//!
//! # Tell others of a change
//!
//! The audio callback looks at the configuration for every block. Others want to be told when it changes: a window that shows
//! it, a file that keeps it. A chain of the module [`notifier`](crate::notifier) stands beside the `Rcu`, and calls them in
//! the order of their priorities. The callbacks of a [`BlockingChain`](crate::notifier::BlockingChain) may sleep. If the
//! event comes from a section, use an [`AtomicChain`](crate::notifier::AtomicChain), whose callbacks run in a section.
//!
//! ```
//! use std::sync::Arc;
//! use nonblock::notifier::{Answer, BlockingChain};
//! use nonblock::rcu::Rcu;
//! use nonblock::sync::Mutex;
//! use nonblock::{NonBlock, Sleepable, may_sleep, non_block};
//!
//! #[derive(Clone, Copy, Debug, PartialEq)]
//! struct Settings {
//!     gain: f32,
//! }
//!
//! struct Mixer {
//!     settings: Rcu<Settings>,
//!     changed: BlockingChain<Settings>,
//! }
//!
//! impl Mixer {
//!     #[non_block]
//!     fn callback(&self, block: &mut [f32], _nb: &NonBlock) {
//!         let now = self.settings.read();
//!         block.iter_mut().for_each(|sample| *sample *= now.gain);
//!     }
//!
//!     #[may_sleep]
//!     fn set(&self, settings: Settings, cx: &mut Sleepable) {
//!         self.settings.replace(cx, settings); // the next block has it
//!         let _outcome = self.changed.call(&settings, cx); // and then the others are told
//!     }
//! }
//!
//! let mixer = Mixer { settings: Rcu::new(Settings { gain: 1.0 }), changed: BlockingChain::new() };
//! let saved = Arc::new(Mutex::new(Vec::new()));
//! nonblock::sleepable(|cx| {
//!     let file = Arc::clone(&saved);
//!     let save = move |settings: &Settings, cx: &mut Sleepable| {
//!         file.lock(cx).push(*settings); // may wait
//!         Answer::Continue
//!     };
//!     let registration = mixer.changed.register_fn(save, 0, cx);
//!
//!     mixer.set(Settings { gain: 2.0 }, cx);
//!     let mut block = [0.25; 2];
//!     cx.non_block(|nb| mixer.callback(&mut block, nb));
//!     assert_eq!(block, [0.5; 2]);
//!     assert_eq!(*saved.lock(cx), [Settings { gain: 2.0 }]);
//!     registration.unregister(cx); // no callback runs after this
//! });
//! ```
//!
//! Two threads that set different values may tell of them in the other order. If a callback must know the newest, let it
//! read the `Rcu`.
//!
//! # Wrap what sleeps
//!
//! Put a value whose every use may sleep into a [`MaySleep`](crate::MaySleep). It can be reached with a `&mut Sleepable`
//! only, and that token opens no section while it is in use. [`with`](crate::MaySleep::with) joins it to the token, for functions
//! that want a [`Read`](std::io::Read), a [`Write`](std::io::Write) or a [`Seek`](std::io::Seek). Prefer it to
//! [`get`](crate::MaySleep::get), whose reference is no token: do not take that into a section by a root's closure or as an
//! argument.
//!
//! ```
//! use std::io::{self, Cursor, Seek, SeekFrom, Write};
//! use nonblock::{MaySleep, Sleepable, may_sleep};
//!
//! struct Journal {
//!     file: MaySleep<Cursor<Vec<u8>>>, // or a `File`, a `TcpStream`, a library's client
//! }
//!
//! impl Journal {
//!     #[may_sleep]
//!     fn record(&mut self, page: u64, cx: &mut Sleepable) -> io::Result<()> {
//!         writeln!(self.file.with(cx), "page {page}")?;
//!         cx.non_block(|_nb| { /* `self.file` cannot be reached here */ });
//!         Ok(())
//!     }
//!
//!     #[may_sleep]
//!     fn copy_to(&mut self, mut target: impl Write, cx: &mut Sleepable) -> io::Result<u64> {
//!         let mut file = self.file.with(cx);
//!         file.seek(SeekFrom::Start(0))?;
//!         io::copy(&mut file, &mut target)
//!     }
//! }
//!
//! # fn main() -> io::Result<()> {
//! let mut journal = Journal { file: MaySleep::new(Cursor::default()) };
//! let mut copy = Vec::new();
//! nonblock::sleepable(|cx| {
//!     journal.record(3, cx)?;
//!     journal.copy_to(&mut copy, cx)
//! })?;
//! assert_eq!(copy, b"page 3\n");
//! # Ok(())
//! # }
//! ```
//!
//! Write a function of your own, which takes the token, around a function that sleeps. For C functions the attribute writes
//! it: see [C](super::places#c).
//!
//! # Tell a thread from a section
//!
//! Signals do not sleep, and take no token. To say that something has happened, use a
//! [`Completion`](crate::sync::Completion). To say what has happened, send it through a [`channel`](crate::sync::channel), a
//! bounded one, so that nothing is allocated.
//!
//! ```
//! use nonblock::sync::{Completion, channel};
//! use nonblock::thread;
//!
//! static STOPPED: Completion = Completion::new();
//!
//! let (faults, received) = channel::bounded(8);
//! let handler = thread::spawn(move |cx| {
//!     let mut pages = Vec::new();
//!     while let Ok(page) = received.recv(cx) {
//!         pages.push(page);
//!     }
//!     STOPPED.wait(cx);
//!     pages
//! });
//!
//! nonblock::non_block(|_nb| {
//!     faults.try_send(0x1000).expect("there is room for eight");
//!     drop(faults); // the handler's loop ends
//!     STOPPED.complete();
//! });
//! nonblock::sleepable(|cx| assert_eq!(handler.join(cx).unwrap(), [0x1000]));
//! ```
//!
//! # Touch nothing that a device still uses
//!
//! A wait with a time can run out while the device works on. Whoever goes on then, and gives up the pages, lets the device write
//! into memory that somebody else has by now. So let the function that gives them up take a
//! [`Completed`](crate::sync::Completed). Only a finished wait makes one.
//!
//! ```
//! use nonblock::Sleepable;
//! use nonblock::sync::{Completed, Completion};
//! use std::time::Duration;
//!
//! struct Device {
//!     quiet: Completion,
//! }
//!
//! impl Device {
//!     /// Gives up the pages that the device wrote to.
//!     fn unmap(&self, quiet: Completed<'_>) {
//!         assert!(quiet.is_of(&self.quiet));
//!         // ...
//!     }
//!
//!     /// Takes the device off the bus. After that it completes, whatever it was doing.
//!     fn reset(&self) {
//!         self.quiet.complete();
//!     }
//!
//!     fn stop(&self, cx: &mut Sleepable) {
//!         let quiet = match self.quiet.wait_for(cx, Duration::from_millis(1)) {
//!             Some(quiet) => quiet,
//!             None => {
//!                 self.reset();
//!                 self.quiet.wait(cx)
//!             }
//!         };
//!         self.unmap(quiet);
//!     }
//! }
//!
//! let device = Device { quiet: Completion::new() };
//! nonblock::sleepable(|cx| device.stop(cx));
//! ```
//!
// Where a feature is off, its links lead to the table of features.
#![cfg_attr(feature = "work", doc = " [`work::Queue`]: crate::work::Queue")]
#![cfg_attr(not(feature = "work"), doc = " [`work::Queue`]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`reclaim::Shared`]: crate::reclaim::Shared")]
#![cfg_attr(not(feature = "work"), doc = " [`reclaim::Shared`]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`work::ring`]: mod@crate::work::ring")]
#![cfg_attr(not(feature = "work"), doc = " [`work::ring`]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`Reserve`]: crate::Reserve")]
#![cfg_attr(not(feature = "work"), doc = " [`Reserve`]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`push_from`]: crate::work::Queue::push_from")]
#![cfg_attr(not(feature = "work"), doc = " [`push_from`]: crate#features")]
