//! An invalidation under way, from the first start callback to the last end.

use core::convert::Infallible;
use core::fmt;
use std::sync::Arc;

use super::directory::Directory;
use super::interval::IntervalNotifier;
use super::notifier::Notifier;
use super::range::Range;
use super::space::Inner;
use super::tree::Meeting;
use crate::context::WouldBlock;
use crate::rcu::{Live, Open, Reader, Work};
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
    directory: Reader<'a, Directory>,
    range: Range,
    /// When it began, by the address space's clock.
    began: u64,
    /// How many of the intervals that meet the range had a start that succeeded.
    intervals: usize,
    /// How far down the list the starts succeeded.
    listed: usize,
    // Neither `Send` nor `Sync`, as is `directory`.
    _open: Open,
}

impl<'a> Invalidation<'a> {
    /// Pins who is subscribed. No callback has been called yet.
    #[inline]
    pub(super) fn begin(space: &'a Inner, range: Range) -> Self {
        let open = Open::count(Work::Invalidation);
        let directory = space.directory.read();
        // Read after the directory: the clock is not behind the directory's making then.
        let began = space.clock.now();
        Self { directory, range, began, intervals: 0, listed: 0, _open: open }
    }

    /// Calls the start callbacks of a caller that may sleep.
    pub(super) fn start(&mut self, cx: &mut Sleepable) {
        let Ok(()) = self.start_intervals::<Infallible>(|notifier, range| {
            notifier.invalidate_interval_start(range, cx);
            Ok(())
        });
        while let Some((notifier, behind)) = self.list().next(self.listed) {
            notifier.invalidate_range_start(&self.range, cx);
            self.listed = behind;
        }
    }

    /// Calls the start callbacks of a caller that must not, up to the first that refuses.
    #[inline]
    pub(super) fn start_nonblock(&mut self, nb: &mut NonBlock) -> Result<(), WouldBlock> {
        self.start_intervals(|notifier, range| {
            notifier.invalidate_interval_start_nonblock(range, nb)
        })?;
        while let Some((notifier, behind)) = self.list().next(self.listed) {
            notifier.invalidate_range_start_nonblock(&self.range, nb)?;
            self.listed = behind;
        }
        Ok(())
    }

    #[inline]
    fn start_intervals<X>(
        &mut self,
        mut start: impl FnMut(&dyn IntervalNotifier, &Range) -> Result<(), X>,
    ) -> Result<(), X> {
        let Self { directory, range, began, intervals, .. } = self;
        directory.meeting_at(range, *began).try_each(|leaf| {
            // Before the call: see `Counts`. If that refuses or panics, it is over for this one.
            let begun = leaf.interval.counts.begin();
            start(&*leaf.notifier, range)?;
            begun.keep();
            *intervals += 1;
            Ok(())
        })
    }

    #[inline]
    fn list(&self) -> Live<'_, Arc<dyn Notifier>> {
        self.directory.list_at(self.began)
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
        let due = Ends {
            meeting: self.directory.meeting_at(&self.range, self.began),
            intervals: self.intervals,
            ended: 0,
            list: self.list().before(self.listed),
            place: 0,
            range: &self.range,
        };
        Section::run(|nb| due.call(nb));
    }
}

impl fmt::Debug for Invalidation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invalidation")
            .field("range", &self.range)
            .field("intervals", &self.intervals)
            .field("started", &self.list().before(self.listed).count())
            .finish_non_exhaustive()
    }
}

/// The end calls that are due.
struct Ends<'a> {
    meeting: Meeting<'a>,
    /// How many of those that meet the range get an end.
    intervals: usize,
    /// How many of them had it.
    ended: usize,
    list: Live<'a, Arc<dyn Notifier>>,
    place: usize,
    range: &'a Range,
}

impl Ends<'_> {
    #[inline]
    fn call(self, nb: &mut NonBlock) {
        // A callback that panics does not keep the others from their end.
        let mut rest = OnUnwind { ends: self, nb };
        rest.call();
    }

    /// Ends it for those intervals that it has not ended for yet.
    fn end_intervals(&mut self, nb: &mut NonBlock) {
        let Self { meeting, intervals, ended, range, .. } = self;
        let had = *ended;
        let mut place = 0;
        // An error says that no more are due.
        let _ = meeting.try_each(|leaf| {
            if place == *intervals {
                return Err(());
            }
            place += 1;
            if place > had {
                *ended = place;
                leaf.interval.counts.end();
                leaf.notifier.invalidate_interval_end(range, nb);
            }
            Ok(())
        });
    }
}

/// Makes the rest of the end calls if one of them unwinds.
struct OnUnwind<'a, 'nb> {
    ends: Ends<'a>,
    nb: &'nb mut NonBlock,
}

impl OnUnwind<'_, '_> {
    #[inline]
    fn call(&mut self) {
        if self.ends.ended < self.ends.intervals {
            self.ends.end_intervals(self.nb);
        }
        while let Some((notifier, behind)) = self.ends.list.next(self.ends.place) {
            self.ends.place = behind;
            notifier.invalidate_range_end(self.ends.range, self.nb);
        }
    }
}

impl Drop for OnUnwind<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        self.call();
    }
}
