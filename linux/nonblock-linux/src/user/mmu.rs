//! The memory of a model of a process, over an [`AddressSpace`](nonblock_mm::mmu::AddressSpace).

use core::fmt;
use core::ops::Deref;
use std::sync::Arc;

use nonblock::{NonBlock, Sleepable, WouldBlock, raw};
use nonblock_mm::mmu::{IntervalNotifier, Notifier, Range, Released};

use super::process::{Frame, Memory};
use crate::errno::Errno;

pub use nonblock_mm::mmu::Seq;

/// The memory of a process, as its drivers have it: `struct mm_struct` (`include/linux/mm_types.h`, 6.12).
///
/// A device gets that of the process which opens it: see [`MiscDevice::open`](crate::miscdevice::MiscDevice::open). It keeps
/// neither the process alive nor its pages. In a test it comes from [`Process::mm`](crate::process::Process::mm).
///
/// # Context
///
/// What it does may sleep, and takes `&mut Sleepable`. Dropping it does not sleep.
///
/// # Examples
///
/// See the [crate](crate).
pub struct Mm {
    memory: Arc<Memory>,
}

impl Mm {
    pub(super) fn new(memory: &Arc<Memory>) -> Self {
        Self { memory: Arc::clone(memory) }
    }

    /// Subscribes a driver to all invalidations of the process that begin from now on.
    ///
    /// No end calls are made: Linux takes a driver that may refuse only without. Mirrors Linux's `mmu_notifier_register()`
    /// (`mm/mmu_notifier.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. Not from a callback. Hold no lock that a callback takes: the kernel takes the
    /// process's `mmap_lock`, with which it makes the calls.
    ///
    /// # Errors
    ///
    /// [`Errno::ESRCH`] if the process is gone. [`Errno::ENOMEM`] if there is no memory. In the kernel, [`Errno::EINTR`] if the
    /// caller has a signal to handle first.
    #[track_caller]
    pub fn subscribe<N: Notifier + 'static>(
        &self,
        notifier: N,
        cx: &mut Sleepable,
    ) -> Result<Subscription<N>, Errno> {
        let notifier = Arc::new(WithoutEnd(notifier));
        let listed = self.memory.space.subscribe(Arc::clone(&notifier) as _, cx).map_err(gone)?;
        Ok(Subscription { listed: Some(listed), notifier })
    }

    /// Subscribes a driver to the invalidations of a range that begin from now on.
    ///
    /// No end calls are made: Linux has none. Mirrors Linux's `mmu_interval_notifier_insert()` (`mm/mmu_notifier.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. Not from a callback. Hold no lock that a callback takes: the kernel takes the
    /// process's `mmap_lock`, with which it makes the calls.
    ///
    /// # Errors
    ///
    /// [`Errno::ESRCH`] if the process is gone. [`Errno::ENOMEM`] if there is no memory. In the kernel, [`Errno::EINTR`] if the
    /// caller has a signal to handle first.
    #[track_caller]
    pub fn subscribe_interval<N: IntervalNotifier + 'static>(
        &self,
        range: Range,
        notifier: N,
        cx: &mut Sleepable,
    ) -> Result<IntervalSubscription<N>, Errno> {
        let notifier = Arc::new(WithoutEnd(notifier));
        let of_driver = Arc::clone(&notifier) as _;
        let listed = self.memory.space.subscribe_interval(range, of_driver, cx).map_err(gone)?;
        Ok(IntervalSubscription { listed: Some(listed), notifier })
    }

    /// Returns the page at an address, for writing, as a fault of the process would have it.
    ///
    /// A driver that keeps it needs the collision-retry protocol: the process may get another page there at any time. See
    /// [`IntervalSubscription::read_begin`]. Mirrors Linux's `get_user_pages_remote()` (`mm/gup.c`, 6.12), with `FOLL_WRITE`.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. Not from a callback, which may run with the process's `mmap_lock` held. Hold no lock
    /// that a callback takes: the fault may invalidate other pages.
    ///
    /// # Errors
    ///
    /// [`Errno::EFAULT`] if nothing is mapped there that may be written, or the process is gone. [`Errno::ENOMEM`] if there is
    /// no memory. In the kernel, [`Errno::EINTR`] if the caller is being killed, and what else `get_user_pages_remote()` returns.
    #[track_caller]
    pub fn page(&self, address: usize, cx: &mut Sleepable) -> Result<Page, Errno> {
        Ok(Page { frame: self.memory.touch(address, cx)? })
    }
}

impl fmt::Debug for Mm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mm").finish_non_exhaustive()
    }
}

fn gone(_released: Released) -> Errno {
    Errno::ESRCH
}

/// The subscription of a driver to all invalidations of a process, until it is ended or dropped. It lends its driver.
///
/// # Context
///
/// [`unsubscribe`](Self::unsubscribe) may sleep: it waits for the callbacks. **A drop does the same**, and is reported in a
/// section. Neither may be done in a callback, which would wait for itself. In the kernel it keeps the module: one that is
/// forgotten is called for ever.
///
/// # Examples
///
/// ```
/// use nonblock::Context;
/// use nonblock_linux::errno::Errno;
/// use nonblock_linux::mmu::{Invalidate, PAGE_SIZE, Range};
/// use nonblock_linux::process::Process;
/// use nonblock_linux::sync::SpinLock;
///
/// struct Device {
///     calls: SpinLock<u32>,
/// }
///
/// impl Invalidate for Device {
///     fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
///         self.calls.with(cx, |calls, _nb| *calls += 1);
///         Ok(())
///     }
/// }
///
/// nonblock::sleepable(|cx| {
///     let process = Process::new();
///     let device = Device { calls: SpinLock::new(0, cx)? };
///     let device = process.mm().subscribe(device, cx)?;
///     process.discard(Range::with_len(0x10_0000, PAGE_SIZE)?, cx);
///     assert_eq!(device.calls.with(cx, |calls, _nb| *calls), 1);
///     device.unsubscribe(cx);
///     Ok::<(), Errno>(())
/// })
/// # .unwrap();
/// ```
#[must_use = "the subscription ends when this is dropped: keep it as long as the driver is to be told, bound to a name, since `let _` drops it at once"]
pub struct Subscription<N> {
    /// Taken when it is ended.
    listed: Option<nonblock_mm::mmu::Subscription>,
    notifier: Arc<WithoutEnd<N>>,
}

impl<N> Subscription<N> {
    /// Ends the subscription, and waits for the callbacks. No callback runs after this has returned.
    ///
    /// The driver's [`release`](Notifier::release) is not called by this, but only if the process ends first. Mirrors Linux's
    /// `mmu_notifier_unregister()` (`mm/mmu_notifier.c`, 6.12), which would call it.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. Hold no lock that a callback takes: the kernel waits for the callbacks of all
    /// subscriptions of this kind, those of other processes and drivers too (`synchronize_srcu()`).
    #[track_caller]
    pub fn unsubscribe(mut self, cx: &mut Sleepable) {
        if let Some(listed) = self.listed.take() {
            listed.unsubscribe(cx);
        }
    }
}

impl<N> Deref for Subscription<N> {
    type Target = N;

    fn deref(&self) -> &N {
        &self.notifier.0
    }
}

impl<N> Drop for Subscription<N> {
    fn drop(&mut self) {
        if let Some(listed) = self.listed.take() {
            raw::might_sleep_in_drop();
            raw::sleepable(|cx| listed.unsubscribe(cx));
        }
    }
}

impl<N: fmt::Debug> fmt::Debug for Subscription<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subscription").field(&**self).finish()
    }
}

/// The subscription of a driver to one range of a process, until it is ended or dropped. It lends its driver, and has the
/// driver's side of the collision-retry protocol.
///
/// To mirror a page, call [`read_begin`](Self::read_begin), get the page by [`Mm::page`], and take the lock that the callback
/// takes. Then call [`read_retry`](Self::read_retry): if it returns `false`, install the page, otherwise begin again. Mirrors
/// Linux's `struct mmu_interval_notifier` (`include/linux/mmu_notifier.h`, 6.12). The driver does not call
/// `mmu_interval_set_seq()`: that is done before its callback.
///
/// # Context
///
/// [`unsubscribe`](Self::unsubscribe) may sleep: it waits for the callbacks. **A drop does the same**, and is reported in a
/// section. Neither may be done in a callback, which would wait for itself. In the kernel it keeps the module: one that is
/// forgotten is called for ever.
///
/// # Examples
///
/// See the [crate](crate).
#[must_use = "the subscription ends when this is dropped: keep it as long as the driver is to be told, bound to a name, since `let _` drops it at once"]
pub struct IntervalSubscription<N> {
    /// Taken when it is ended.
    listed: Option<nonblock_mm::mmu::IntervalSubscription>,
    notifier: Arc<WithoutEnd<N>>,
}

impl<N> IntervalSubscription<N> {
    /// Returns the range.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn range(&self) -> &Range {
        self.listed().range()
    }

    /// Waits until no invalidation that meets the range is under way, and begins to look pages up.
    ///
    /// Mirrors Linux's `mmu_interval_read_begin()` (`mm/mmu_notifier.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. Hold no lock that a callback takes.
    ///
    /// # Panics
    ///
    /// In a callback, which would wait for itself.
    #[track_caller]
    pub fn read_begin(&self, cx: &mut Sleepable) -> Seq {
        self.listed().read_begin(cx)
    }

    /// Returns whether an invalidation that meets the range has begun since `read_begin`, so that what was looked up may be
    /// stale.
    ///
    /// **Hold the lock that the driver's callback takes**, and install what was found before you release it. Mirrors Linux's
    /// `mmu_interval_read_retry()` (`include/linux/mmu_notifier.h`, 6.12).
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no lock itself.
    pub fn read_retry(&self, seq: Seq) -> bool {
        self.listed().read_retry(seq)
    }

    /// Ends the subscription, and waits for the callbacks. No callback runs after this has returned.
    ///
    /// Mirrors Linux's `mmu_interval_notifier_remove()` (`mm/mmu_notifier.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. Hold no lock that a callback takes.
    #[track_caller]
    pub fn unsubscribe(mut self, cx: &mut Sleepable) {
        if let Some(listed) = self.listed.take() {
            listed.unsubscribe(cx);
        }
    }

    fn listed(&self) -> &nonblock_mm::mmu::IntervalSubscription {
        self.listed.as_ref().expect("it is taken only when this ends")
    }
}

impl<N> Deref for IntervalSubscription<N> {
    type Target = N;

    fn deref(&self) -> &N {
        &self.notifier.0
    }
}

impl<N> Drop for IntervalSubscription<N> {
    fn drop(&mut self) {
        if let Some(listed) = self.listed.take() {
            raw::might_sleep_in_drop();
            raw::sleepable(|cx| listed.unsubscribe(cx));
        }
    }
}

impl<N: fmt::Debug> fmt::Debug for IntervalSubscription<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntervalSubscription")
            .field("range", self.range())
            .field("driver", &**self)
            .finish()
    }
}

/// A page frame of a process, which is kept until this is dropped, even if the process has another there by then.
///
/// # Context
///
/// Everything on it may be called anywhere. Dropping it does not sleep. The last reference to a frame frees it.
///
/// # Examples
///
/// ```
/// use nonblock_linux::errno::Errno;
/// use nonblock_linux::mmu::{PAGE_SIZE, Range};
/// use nonblock_linux::process::Process;
///
/// nonblock::sleepable(|cx| {
///     let process = Process::new();
///     let range = Range::with_len(0x10_0000, PAGE_SIZE)?;
///     process.map(range, cx)?;
///     process.write(0x10_0008, 7, cx)?;
///     let page = process.mm().page(0x10_0000, cx)?;
///     assert_eq!(page.read(8), 7);
///     process.discard(range, cx); // whoever subscribed is told
///     assert_ne!(process.mm().page(0x10_0000, cx)?.frame(), page.frame());
///     Ok::<(), Errno>(())
/// })
/// # .unwrap();
/// ```
pub struct Page {
    frame: Arc<Frame>,
}

impl Page {
    /// Returns the number of the page frame.
    pub fn frame(&self) -> u64 {
        self.frame.number()
    }

    /// Reads a word of the page.
    ///
    /// # Arguments
    ///
    /// * `offset`: in bytes, a multiple of 8, below [`PAGE_SIZE`](crate::mmu::PAGE_SIZE).
    ///
    /// # Panics
    ///
    /// If the offset is none such.
    #[track_caller]
    pub fn read(&self, offset: usize) -> u64 {
        self.frame.word(offset)
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("frame", &self.frame()).finish()
    }
}

/// Hands on every call but those that Linux's drivers of this kind do not get: the end of an invalidation, and the flushes.
struct WithoutEnd<N>(N);

impl<N: Notifier> Notifier for WithoutEnd<N> {
    fn invalidate_range_start(&self, range: &Range, cx: &mut Sleepable) {
        self.0.invalidate_range_start(range, cx);
    }

    fn invalidate_range_start_nonblock(
        &self,
        range: &Range,
        nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        self.0.invalidate_range_start_nonblock(range, nb)
    }

    fn clear_flush_young(&self, range: &Range, nb: &mut NonBlock) -> bool {
        self.0.clear_flush_young(range, nb)
    }

    fn clear_young(&self, range: &Range, nb: &mut NonBlock) -> bool {
        self.0.clear_young(range, nb)
    }

    fn test_young(&self, address: usize, nb: &mut NonBlock) -> bool {
        self.0.test_young(address, nb)
    }

    fn release(&self, cx: &mut Sleepable) {
        self.0.release(cx);
    }
}

impl<N: IntervalNotifier> IntervalNotifier for WithoutEnd<N> {
    fn invalidate_interval_start(&self, range: &Range, cx: &mut Sleepable) {
        self.0.invalidate_interval_start(range, cx);
    }

    fn invalidate_interval_start_nonblock(
        &self,
        range: &Range,
        nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        self.0.invalidate_interval_start_nonblock(range, nb)
    }
}
