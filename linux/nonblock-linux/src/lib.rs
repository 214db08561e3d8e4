//! What a Linux driver in Rust calls, by tokens: the same source runs in the kernel and, for its tests, in user space.
//!
//! Every operation that may sleep takes `&mut `[`Sleepable`](nonblock::Sleepable). Every other one can be used in a section. A
//! driver that names only `core`, [`nonblock`] and this crate is compiled twice, unchanged:
//!
//! * By the kernel's own build, which passes `--cfg MODULE`. There everything here stands on the kernel's locks, notifiers and
//!   work queues.
//! * By cargo. There everything here stands on [`nonblock`] and [`nonblock_mm`], so the driver runs under `cargo test`, with
//!   the same types and the same refusals. [`process::Process`] is the process whose memory the driver mirrors.
//!
//! # The parts
//!
//! | to do this | use | Linux |
//! |---|---|---|
//! | be a file in `/dev` | [`miscdevice::MiscDevice`] | `struct miscdevice` |
//! | answer a program's requests | [`ioctl::Command`] | `unlocked_ioctl` |
//! | be told before a process's memory changes | [`mmu::Mm::subscribe`] | `mmu_notifier_register()` |
//! | mirror a range, and never keep a stale page | [`mmu::Mm::subscribe_interval`] | `mmu_interval_notifier_insert()` |
//! | get a page of a process | [`mmu::Mm::page`] | `get_user_pages_remote()` |
//! | lock, or refuse in a section | [`sync::Mutex::acquire`] | `mutex_lock()`, `mutex_trylock()` |
//! | share data with a section | [`sync::SpinLock`] | `spin_lock()` |
//! | share an object between callbacks | [`sync::Arc`] | `struct kref` |
//! | wait until something has happened | [`sync::Completion`] | `struct completion` |
//! | leave work to a thread that may sleep | [`work::Queue`] | `queue_work()` |
//! | allocate, in either context | [`alloc::Box`] | `kmalloc()` with `GFP_KERNEL` or `GFP_NOWAIT` |
//! | sleep for a time | [`time::sleep`] | `fsleep()` |
//! | fail | [`errno::Errno`] | `-EINVAL` and the others |
//!
//! # What differs between the halves
//!
//! | | in the kernel | in user space |
//! |---|---|---|
//! | an allocation in a section | does not sleep, and may fail | is the program's allocator, which may take a lock: a watched section shows it |
//! | a broken rule | is reported in the kernel's log | panics, unless the [policy](nonblock::Policy) says otherwise |
//! | the sections of callbacks | the kernel opens those of [`Notifier`](mmu::Notifier)s, and this crate those of intervals | `nonblock_mm` opens both |
//! | who may be refused | the reaper, and `process_mrelease()` | `try_discard` of the process |
//! | the [owner](mmu::Range::owner) of a range | is never set: nothing here migrates pages | is what the invalidation says |
//!
//! # Features
//!
//! | feature | default | what |
//! |---|---|---|
//! | `lockdep` | no | who waits for whom, in user space: see [`nonblock::lockdep`]. A kernel has its own lockdep |
//!
//! # Examples
//!
//! A device that mirrors a page, and takes it back when it changes:
//!
//! ```
//! use nonblock::{Context, Sleepable};
//! use nonblock_linux::errno::Errno;
//! use nonblock_linux::mmu::{InvalidateInterval, Mm, PAGE_SIZE, Page, Range};
//! use nonblock_linux::process::Process;
//! use nonblock_linux::sync::Mutex;
//!
//! struct Mirror {
//!     page: Mutex<Option<Page>>,
//! }
//!
//! impl InvalidateInterval for Mirror {
//!     // Written once, for callers that may sleep and for those that must not.
//!     fn invalidate_interval<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
//!         *self.page.acquire(cx)? = None;
//!         Ok(())
//!     }
//! }
//!
//! fn mirror_one(mm: &Mm, address: usize, cx: &mut Sleepable) -> Result<u64, Errno> {
//!     let range = Range::with_len(address, PAGE_SIZE)?;
//!     let mirror = Mirror { page: Mutex::new(None, cx)? };
//!     let mirror = mm.subscribe_interval(range, mirror, cx)?;
//!     let read = loop {
//!         let seq = mirror.read_begin(cx);
//!         let found = mm.page(address, cx)?;
//!         let mut page = mirror.page.lock(cx);
//!         if !mirror.read_retry(seq) {
//!             break page.insert(found).read(0);
//!         }
//!     };
//!     mirror.unsubscribe(cx);
//!     Ok(read)
//! }
//!
//! // What a test does:
//! nonblock::sleepable(|cx| {
//!     let process = Process::new();
//!     let range = Range::with_len(0x10_0000, PAGE_SIZE)?;
//!     process.map(range, cx)?;
//!     process.write(0x10_0000, 7, cx)?;
//!     assert_eq!(mirror_one(&process.mm(), 0x10_0000, cx), Ok(7));
//!     Ok::<(), Errno>(())
//! })
//! # .unwrap();
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod alloc;
pub mod errno;
pub mod ioctl;
pub mod miscdevice;
pub mod mmu;
pub mod sync;
pub mod time;
pub mod work;

#[cfg(MODULE)]
mod kernel;
#[cfg(not(MODULE))]
mod user;

#[cfg(MODULE)]
use kernel as half;
#[cfg(not(MODULE))]
use user as half;

#[cfg(not(MODULE))]
pub use half::process;

/// The library that this crate stands on: tokens, sections, checks.
#[doc(no_inline)]
pub use nonblock;
