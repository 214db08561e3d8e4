//! What to do instead of sleeping.
//!
//! # Wait or refuse
//!
//! One function for both contexts is generic over [`Context`](crate::Context). What waits is asked for with
//! [`acquire`](crate::sync::Mutex::acquire), or, for anything else, with [`cx.or_refuse()`](crate::Context::or_refuse).
//! The `?` refuses in a section, and cannot fail outside of one. Refuse before anything was changed.
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
//! A function with errors of its own makes one of the refusal, which it turns into a [`WouldBlock`](crate::WouldBlock) first:
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
//! Take a mutex before the closure of a spin lock's `with`, not in it: in the closure there is only a `NonBlock`, and its
//! `WouldBlock` is not the `C::Refusal` that the function returns.
//!
//! Where the two ways differ by more than waiting, [`as_sleepable`](crate::Context::as_sleepable) tells which it is.
//!
//! # Count with a spin lock
//!
//! What sections share lies in a [`SpinLock`](crate::sync::SpinLock), held for a few instructions. With a token in hand
//! that is either one, [`with`](crate::sync::SpinLock::with) opens the section itself.
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
//! Take several in one order, everywhere.
//!
//! # Count what a drop changes
//!
//! A destructor has no token: nobody can lend it one, and it may run in a section, where a value goes out of scope. So
//! it must not sleep. A count that it changes is an atomic, or lies in a spin lock, for which it opens a section of its
//! own by the root [`non_block`](crate::non_block()), which may be called anywhere.
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
//! What has to sleep at the end is pushed into a queue by the destructor, or is a method that takes the token and the
//! value, as [`MaySleep::into_inner`](crate::MaySleep::into_inner); a destructor that sleeps all the same says
//! `#[may_sleep(cx)]`, so that the counters find it in a section.
//!
//! # Put work off
//!
//! A section leaves what would sleep to a [`work::Queue`](crate::work::Queue) (feature `work`). The queue is bounded, so
//! a push can be refused; the item comes back in the error.
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
//! A callback for both contexts refuses in turn where the queue is full: [`push_from`](crate::work::Queue::push_from) waits for
//! room where it may, so `cx.or_refuse()?` refuses in a section, and goes on only where the queue was shut down.
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
//! Memory is allocated before the section: a [`Reserve`](crate::Reserve) (feature `work`) hands objects out and takes
//! them back without allocating.
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
//! # Wrap what sleeps
//!
//! A value whose every use may sleep goes into a [`MaySleep`](crate::MaySleep). It can be reached with a `&mut Sleepable`
//! only, and no section can open while it is in use. [`with`](crate::MaySleep::with) joins it to the token, for what
//! wants a [`Read`](std::io::Read), a [`Write`](std::io::Write) or a [`Seek`](std::io::Seek).
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
//! A function that sleeps gets a function of yours around it, which takes the token. For functions of C's the attribute
//! writes it: see [C](super::places#c).
//!
//! # Tell a thread from a section
//!
//! To signal does not sleep, and takes no token. That something has happened is a
//! [`Completion`](crate::sync::Completion); what has happened goes through a [`channel`](crate::sync::channel), a bounded
//! one, so that nothing is allocated.
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
