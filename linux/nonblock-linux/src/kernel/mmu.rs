//! The memory of a process, and the kernel's notifiers of it.

use core::ffi::{c_ulong, c_void};
use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering};

use nonblock::Sleepable;
use nonblock_mm::mmu::{Event, IntervalNotifier, Notifier, PAGE_SIZE, Range};

use super::alloc::Box;
use super::call::checked;
use super::shim;
use crate::errno::Errno;

/// The memory of a process: a reference to a `struct mm_struct`.
pub struct Mm {
    raw: NonNull<shim::MmStruct>,
}

// SAFETY: the kernel counts the references, and its functions that are called here may be called by all threads.
unsafe impl Send for Mm {}
// SAFETY: as above.
unsafe impl Sync for Mm {}

impl Mm {
    /// # Safety
    ///
    /// The caller gives a reference away that `mmgrab()` counted.
    pub(super) const unsafe fn from_raw(raw: NonNull<shim::MmStruct>) -> Self {
        Self { raw }
    }

    /// Subscribes a notifier to the whole memory.
    #[track_caller]
    pub fn subscribe<N: Notifier + 'static>(
        &self,
        notifier: N,
        cx: &mut Sleepable,
    ) -> Result<Subscription<N>, Errno> {
        nonblock::might_sleep();
        let driver = Box::new(notifier, cx)?;
        let (pointer, calls) = (driver.as_pointer().as_ptr().cast(), ListCallbacks::<N>::CALLS);
        // SAFETY: the driver stays where it is until the subscription has ended.
        let raw = checked(|error| unsafe {
            shim::nonblock_linux_list_register(self.raw.as_ptr(), pointer, calls, error)
        })?;
        Ok(Subscription { raw, driver })
    }

    /// Subscribes a notifier to a range.
    #[track_caller]
    pub fn subscribe_interval<N: IntervalNotifier + 'static>(
        &self,
        range: Range,
        notifier: N,
        cx: &mut Sleepable,
    ) -> Result<IntervalSubscription<N>, Errno> {
        nonblock::might_sleep();
        let driver = Box::new(notifier, cx)?;
        let (mm, pointer) = (self.raw.as_ptr(), driver.as_pointer().as_ptr().cast());
        let (start, length) = (range.start() as c_ulong, range.len() as c_ulong);
        // SAFETY: the driver stays where it is until the subscription has ended.
        let raw = checked(|error| unsafe {
            shim::nonblock_linux_interval_insert(
                mm,
                start,
                length,
                pointer,
                interval_start::<N>,
                error,
            )
        })?;
        // Not its address, which the next interval may have.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(IntervalSubscription { raw, id, range, driver })
    }

    /// Returns the page at an address, which is made present and writable.
    #[track_caller]
    pub fn page(&self, address: usize, cx: &mut Sleepable) -> Result<Page, Errno> {
        let _ = cx;
        nonblock::might_sleep();
        let (mm, address) = (self.raw.as_ptr(), address as c_ulong);
        // SAFETY: the reference is counted.
        let raw = checked(|error| unsafe { shim::nonblock_linux_page_get(mm, address, error) })?;
        Ok(Page { raw })
    }
}

impl Drop for Mm {
    fn drop(&mut self) {
        // SAFETY: the reference is counted, and nobody uses it again.
        unsafe { shim::nonblock_linux_mm_drop(self.raw.as_ptr()) };
    }
}

impl fmt::Debug for Mm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mm").finish_non_exhaustive()
    }
}

/// Makes the range that the kernel names. It may begin and end within a page, and end at the last address.
fn range(start: c_ulong, end: c_ulong) -> Range {
    let start = start as usize & !(PAGE_SIZE - 1);
    let end = (end as usize).checked_next_multiple_of(PAGE_SIZE);
    Range::new(start, end.unwrap_or(Range::whole().end())).unwrap_or(Range::whole())
}

fn range_of(told: &shim::Range) -> Range {
    // `enum mmu_notifier_event`, in its order.
    let event = match told.event {
        1 => Event::Clear,
        2 => Event::ProtectionVma,
        3 => Event::ProtectionPage,
        4 => Event::SoftDirty,
        5 => Event::Release,
        6 => Event::Migrate,
        7 => Event::Exclusive,
        _ => Event::Unmap,
    };
    range(told.start, told.end).with_event(event)
}

/// The callbacks of a list's notifier, as the shim makes them.
struct ListCallbacks<N>(N);

impl<N: Notifier> ListCallbacks<N> {
    const CALLS: &'static shim::ListCalls = &shim::ListCalls {
        start: Self::start,
        release: Self::release,
        clear_flush_young: Self::clear_flush_young,
        clear_young: Self::clear_young,
        test_young: Self::test_young,
    };

    /// # Safety
    ///
    /// The pointer is the one that was given to the shim.
    unsafe fn driver<'a>(pointer: *mut c_void) -> &'a N {
        // SAFETY: no callback runs after the subscription has ended, which is before the driver is dropped.
        unsafe { &*pointer.cast() }
    }

    unsafe extern "C" fn start(driver: *mut c_void, told: *const shim::Range) -> bool {
        // SAFETY: the shim passes what it was given, and a range of its own.
        let (driver, told) = unsafe { (Self::driver(driver), &*told) };
        let range = range_of(told);
        if told.blockable {
            nonblock::sleepable(|cx| driver.invalidate_range_start(&range, cx));
            return true;
        }
        nonblock::non_block(|nb| driver.invalidate_range_start_nonblock(&range, nb)).is_ok()
    }

    unsafe extern "C" fn release(driver: *mut c_void) {
        // SAFETY: the shim passes what it was given.
        let driver = unsafe { Self::driver(driver) };
        nonblock::sleepable(|cx| driver.release(cx));
    }

    unsafe extern "C" fn clear_flush_young(
        driver: *mut c_void,
        start: c_ulong,
        end: c_ulong,
    ) -> bool {
        // SAFETY: as above.
        let driver = unsafe { Self::driver(driver) };
        nonblock::non_block(|nb| driver.clear_flush_young(&range(start, end), nb))
    }

    unsafe extern "C" fn clear_young(driver: *mut c_void, start: c_ulong, end: c_ulong) -> bool {
        // SAFETY: as above.
        let driver = unsafe { Self::driver(driver) };
        nonblock::non_block(|nb| driver.clear_young(&range(start, end), nb))
    }

    unsafe extern "C" fn test_young(driver: *mut c_void, address: c_ulong) -> bool {
        // SAFETY: as above.
        let driver = unsafe { Self::driver(driver) };
        nonblock::non_block(|nb| driver.test_young(address as usize, nb))
    }
}

/// In a section if the caller must not sleep: the kernel itself opens none around these callbacks.
unsafe extern "C" fn interval_start<N: IntervalNotifier>(
    driver: *mut c_void,
    told: *const shim::Range,
) -> bool {
    // SAFETY: the shim passes what it was given, and a range of its own. No callback runs after the subscription has ended,
    // which is before the driver is dropped.
    let (driver, told) = unsafe { (&*driver.cast::<N>(), &*told) };
    let range = range_of(told);
    if told.blockable {
        nonblock::sleepable(|cx| driver.invalidate_interval_start(&range, cx));
        return true;
    }
    nonblock::non_block(|nb| driver.invalidate_interval_start_nonblock(&range, nb)).is_ok()
}

/// The subscription of a notifier, a `struct mmu_notifier`.
#[must_use = "the subscription ends when this is dropped"]
pub struct Subscription<N> {
    raw: NonNull<shim::List>,
    driver: Box<N>,
}

// SAFETY: the driver may be used by all threads, and so may the kernel's notifier.
unsafe impl<N: Send + Sync> Send for Subscription<N> {}
// SAFETY: as above.
unsafe impl<N: Send + Sync> Sync for Subscription<N> {}

impl<N> Subscription<N> {
    /// Ends the subscription, and waits until no callback runs.
    #[track_caller]
    pub fn unsubscribe(self, cx: &mut Sleepable) {
        let _ = cx;
        nonblock::might_sleep();
        drop(self);
    }
}

impl<N> Deref for Subscription<N> {
    type Target = N;

    fn deref(&self) -> &N {
        &self.driver
    }
}

impl<N> Drop for Subscription<N> {
    fn drop(&mut self) {
        nonblock::raw::might_sleep_in_drop();
        // SAFETY: it was registered, and this ends it once. The driver is dropped afterwards.
        unsafe { shim::nonblock_linux_list_unregister(self.raw.as_ptr()) };
    }
}

impl<N: fmt::Debug> fmt::Debug for Subscription<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subscription").field(&self.driver).finish()
    }
}

/// The subscription of an interval, a `struct mmu_interval_notifier`.
#[must_use = "the subscription ends when this is dropped"]
pub struct IntervalSubscription<N> {
    raw: NonNull<shim::Interval>,
    /// No other interval of this module has it.
    id: u64,
    range: Range,
    driver: Box<N>,
}

// SAFETY: the driver may be used by all threads, and so may the kernel's notifier.
unsafe impl<N: Send + Sync> Send for IntervalSubscription<N> {}
// SAFETY: as above.
unsafe impl<N: Send + Sync> Sync for IntervalSubscription<N> {}

/// The sequence number of an interval, from `read_begin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "what was read may be stale: install it only when `read_retry` has said `false`"]
pub struct Seq {
    interval: u64,
    seq: c_ulong,
}

impl<N> IntervalSubscription<N> {
    /// Returns the interval.
    pub const fn range(&self) -> &Range {
        &self.range
    }

    /// Waits until no invalidation that meets the interval is under way.
    #[track_caller]
    pub fn read_begin(&self, cx: &mut Sleepable) -> Seq {
        let _ = cx;
        nonblock::might_sleep();
        // SAFETY: it lives as long as `self`.
        let seq = unsafe { shim::nonblock_linux_interval_read_begin(self.raw.as_ptr()) };
        Seq { interval: self.id, seq }
    }

    /// Returns whether an invalidation that meets the interval has begun since `read_begin`.
    pub fn read_retry(&self, seq: Seq) -> bool {
        seq.interval != self.id
            // SAFETY: it lives as long as `self`.
            || unsafe { shim::nonblock_linux_interval_read_retry(self.raw.as_ptr(), seq.seq) }
    }

    /// Ends the subscription, and waits until no callback runs.
    #[track_caller]
    pub fn unsubscribe(self, cx: &mut Sleepable) {
        let _ = cx;
        nonblock::might_sleep();
        drop(self);
    }
}

impl<N> Deref for IntervalSubscription<N> {
    type Target = N;

    fn deref(&self) -> &N {
        &self.driver
    }
}

impl<N> Drop for IntervalSubscription<N> {
    fn drop(&mut self) {
        nonblock::raw::might_sleep_in_drop();
        // SAFETY: it was inserted, and this removes it once. The driver is dropped afterwards.
        unsafe { shim::nonblock_linux_interval_remove(self.raw.as_ptr()) };
    }
}

impl<N: fmt::Debug> fmt::Debug for IntervalSubscription<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntervalSubscription")
            .field("range", &self.range)
            .field("driver", &self.driver)
            .finish()
    }
}

/// A reference to a page, a `struct page`.
pub struct Page {
    raw: NonNull<shim::Page>,
}

// SAFETY: the kernel counts the references, and its functions that are called here may be called by all threads.
unsafe impl Send for Page {}
// SAFETY: as above.
unsafe impl Sync for Page {}

impl Page {
    /// Returns the number of the page's frame.
    #[allow(clippy::useless_conversion, reason = "a `c_ulong` has 32 bits on some machines")]
    pub fn frame(&self) -> u64 {
        // SAFETY: the reference is counted.
        u64::from(unsafe { shim::nonblock_linux_page_frame(self.raw.as_ptr()) })
    }

    /// Reads eight bytes of the page.
    #[track_caller]
    pub fn read(&self, offset: usize) -> u64 {
        assert!(
            offset < PAGE_SIZE && offset.is_multiple_of(8),
            "an offset in a page is a multiple of 8 below its size"
        );
        // SAFETY: the reference is counted, and the eight bytes lie in the page.
        unsafe { shim::nonblock_linux_page_read(self.raw.as_ptr(), offset) }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // SAFETY: the reference is counted, and nobody uses it again.
        unsafe { shim::nonblock_linux_page_put(self.raw.as_ptr()) };
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("frame", &self.frame()).finish()
    }
}
