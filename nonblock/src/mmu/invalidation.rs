//! An invalidation under way, from the first start callback to the last end.

use core::fmt;

use super::list::{List, Live};
use super::notifier::Notifier;
use super::open::Open;
use super::range::Range;
use super::rcu::Reader;
use super::space::Inner;
use crate::context::WouldBlock;
use crate::section::Section;
use crate::token::{NonBlock, Sleepable};

/// A range that was taken from the devices: they leave it alone until this is dropped.
///
/// Made by [`AddressSpace::invalidate`](super::AddressSpace::invalidate) and
/// [`try_invalidate`](super::AddressSpace::try_invalidate). Change the mapping while it is held; its drop is the end call,
/// to every driver whose start succeeded, in the order of the starts. The drivers are the same at the end as at the
/// start, whoever subscribes or unsubscribes meanwhile. Invalidations nest and overlap as they please.
///
/// It stays on its thread: an unsubscription waits for open invalidations, and must know which are its own
/// thread's. Forgotten rather than dropped, it keeps every later
/// [`unsubscribe`](super::Subscription::unsubscribe) of the address space waiting for ever.
///
/// # Context
///
/// May be held across a sleep, and dropped anywhere: the end callbacks run in a section of its own.
///
/// # Examples
///
/// ```
/// use nonblock::mmu::{AddressSpace, Event, Range};
///
/// let space = AddressSpace::new();
/// let range = Range::with_len(0x10_0000, 4096).unwrap();
/// nonblock::sleepable(|cx| {
///     let invalidation = space.invalidate(range, Event::Clear, cx);
///     assert_eq!(invalidation.range(), &range);
///     assert_eq!(invalidation.range().event(), Event::Clear);
///     // ... change the page table ...
///     drop(invalidation);
/// });
/// ```
///
/// ```compile_fail,E0277
/// # use nonblock::mmu::{AddressSpace, Event, Range};
/// # let space = AddressSpace::new();
/// # let range = Range::with_len(0x10_0000, 4096).unwrap();
/// nonblock::sleepable(|cx| {
///     let invalidation = space.invalidate(range, Event::Clear, cx);
///     std::thread::scope(|scope| {
///         scope.spawn(move || drop(invalidation)); // cannot be sent between threads safely
///     });
/// });
/// ```
#[must_use = "the invalidation ends when this is dropped: keep it while the range is changed"]
pub struct Invalidation<'a> {
    list: Reader<'a, List>,
    range: Range,
    /// When it began, by the address space's clock.
    began: u64,
    /// How far down the list the starts succeeded.
    passed: usize,
    // Neither `Send` nor `Sync`, as is `list`.
    _open: Open,
}

impl<'a> Invalidation<'a> {
    /// Pins the list. No callback has been called yet.
    #[inline]
    pub(super) fn begin(space: &'a Inner, range: Range) -> Self {
        let open = Open::count();
        let list = space.list.read();
        // Read after the list: the clock is not behind the list's making then.
        let began = space.clock.now();
        Self { list, range, began, passed: 0, _open: open }
    }

    /// Calls the start callbacks of a caller that may sleep.
    pub(super) fn start(&mut self, cx: &mut Sleepable) {
        while let Some((notifier, behind)) = self.live().next(self.passed) {
            notifier.invalidate_range_start(&self.range, cx);
            self.passed = behind;
        }
    }

    /// Calls the start callbacks of a caller that must not, up to the first that refuses.
    #[inline]
    pub(super) fn start_nonblock(&mut self, nb: &mut NonBlock) -> Result<(), WouldBlock> {
        while let Some((notifier, behind)) = self.live().next(self.passed) {
            notifier.invalidate_range_start_nonblock(&self.range, nb)?;
            self.passed = behind;
        }
        Ok(())
    }

    #[inline]
    fn live(&self) -> Live<'_> {
        self.list.live_at(self.began)
    }

    /// Returns the range, with the event.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn range(&self) -> &Range {
        &self.range
    }
}

impl Drop for Invalidation<'_> {
    #[inline]
    fn drop(&mut self) {
        let started = self.live().before(self.passed);
        Section::run(|nb| Ends { started, range: &self.range, place: 0 }.call(nb));
    }
}

impl fmt::Debug for Invalidation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invalidation")
            .field("range", &self.range)
            .field("started", &self.live().before(self.passed).count())
            .finish_non_exhaustive()
    }
}

/// The end calls that are due.
struct Ends<'a> {
    started: Live<'a>,
    range: &'a Range,
    place: usize,
}

impl<'a> Ends<'a> {
    #[inline]
    fn call(self, nb: &mut NonBlock) {
        // A callback that panics does not keep the others from their end.
        let mut rest = OnUnwind { ends: self, nb };
        while let Some(notifier) = rest.ends.next() {
            notifier.invalidate_range_end(rest.ends.range, rest.nb);
        }
    }

    #[inline]
    fn next(&mut self) -> Option<&'a dyn Notifier> {
        let (notifier, behind) = self.started.next(self.place)?;
        self.place = behind;
        Some(notifier)
    }
}

/// Makes the rest of the end calls if one of them unwinds.
struct OnUnwind<'a, 'nb> {
    ends: Ends<'a>,
    nb: &'nb mut NonBlock,
}

impl Drop for OnUnwind<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        while let Some(notifier) = self.ends.next() {
            notifier.invalidate_range_end(self.ends.range, self.nb);
        }
    }
}
