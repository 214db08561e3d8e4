//! The driver's side of the collision-retry protocol as one call, which endless invalidations cannot starve.

use nonblock::Sleepable;
use nonblock::thread::Backoff;

use super::interval_subscription::{IntervalSubscription, Seq};
use super::reader_turn::ReaderTurn;

/// # Mirroring under many invalidations
impl IntervalSubscription {
    /// Reads and installs by the collision-retry protocol, again and again until no invalidation comes in between.
    ///
    /// It is the loop around [`read_begin`](Self::read_begin) and [`read_retry`](Self::read_retry), with a limit: a loop of
    /// one's own never ends if an invalidation overtakes it each time.
    ///
    /// # Arguments
    ///
    /// * `limit`: how many times invalidations may overtake the caller before it asks for its turn. A small number lets
    ///   invalidations wait sooner; 0 asks at once.
    /// * `attempt`: one try. It looks the pages up, takes the lock that the driver's callback takes, and calls
    ///   [`read_retry`](Self::read_retry) with the `Seq`. If that says `true` it returns `None`, and is called again. Else it
    ///   installs the pages before it releases the lock, and returns `Some`.
    ///
    /// # Progress
    ///
    /// When an attempt has failed `limit` times, or so many invalidations have begun while the call waited for others, it takes
    /// the interval's *turn*. Then:
    ///
    /// * An [`invalidate`](super::AddressSpace::invalidate) that meets the interval waits before it begins, at most for about a
    ///   tenth of a second. If the turn is not over by then, it ends, and the call needs `limit` more failures for the next.
    /// * A [`try_invalidate`](super::AddressSpace::try_invalidate) does not wait, and is not refused: it goes first. The caller may
    ///   be waiting for memory that only the reaper can free.
    /// * A thread that has an invalidation open, or a turn of its own, does not wait. Neither does a
    ///   [`release`](super::AddressSpace::release).
    ///
    /// So the attempt that is made in a turn succeeds, unless the invalidations under way and the look-up together take
    /// longer than a tenth of a second, or an invalidation that does not wait comes in between. To have the turn all the time,
    /// the look-up must not wait for a thread that invalidates the interval, nor for a lock that such a thread holds.
    ///
    /// # Context
    ///
    /// May sleep, and so may the closure. Hold no lock that a callback of the same address space takes. What
    /// [`read_begin`](Self::read_begin) says of dropped drivers is true here too.
    ///
    /// # Panics
    ///
    /// As [`read_begin`](Self::read_begin), also if the closure leaves an invalidation open. A panic of the closure passes
    /// through.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use std::sync::Arc;
    /// use nonblock::sync::Mutex;
    /// use nonblock::{Context, Sleepable};
    /// use nonblock_mm::mmu::{AddressSpace, IntervalSubscription, InvalidateInterval, PAGE_SIZE, Range};
    ///
    /// #[derive(Default)]
    /// struct Device {
    ///     pages: Mutex<BTreeMap<usize, u64>>,
    /// }
    ///
    /// impl InvalidateInterval for Device {
    ///     fn invalidate_interval<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
    ///         self.pages.acquire(cx)?.retain(|page, _| !range.contains(*page));
    ///         Ok(())
    ///     }
    /// }
    ///
    /// /// Reads the page table. Takes its time.
    /// fn look_up(page: usize, _cx: &mut Sleepable) -> u64 {
    ///     page as u64
    /// }
    ///
    /// impl Device {
    ///     fn fault(&self, page: usize, subscription: &IntervalSubscription, cx: &mut Sleepable) {
    ///         subscription.mirror(8, cx, |seq, cx| {
    ///             let frame = look_up(page, cx);
    ///             let mut pages = self.pages.lock(cx);
    ///             if subscription.read_retry(seq) {
    ///                 return None; // it may be stale
    ///             }
    ///             pages.insert(page, frame);
    ///             Some(())
    ///         });
    ///     }
    /// }
    ///
    /// let space = AddressSpace::new();
    /// let range = Range::with_len(0x10_0000, 16 * PAGE_SIZE).unwrap();
    /// let device = Arc::new(Device::default());
    /// nonblock::sleepable(|cx| {
    ///     let subscription = space.subscribe_interval(range, device.clone(), cx).unwrap();
    ///     device.fault(range.start(), &subscription, cx);
    ///     assert_eq!(device.pages.lock(cx).len(), 1);
    /// });
    /// ```
    #[track_caller]
    pub fn mirror<R>(
        &self,
        limit: u32,
        cx: &mut Sleepable,
        mut attempt: impl FnMut(Seq, &mut Sleepable) -> Option<R>,
    ) -> R {
        let mut failures = 0_u32;
        let mut turn: Option<ReaderTurn<'_>> = None;
        loop {
            self.wait_for_earlier("mirror", cx);
            let mut backoff = Backoff::new();
            let mut begun = self.interval.invalidate_seq.begun();
            let seq = loop {
                if turn.as_ref().is_some_and(ReaderTurn::has_ended) {
                    (turn, failures) = (None, 0);
                }
                if turn.is_none() && failures >= limit {
                    turn = self.take_turn();
                    if turn.is_some() {
                        // It will soon be idle: look often again.
                        backoff = Backoff::new();
                    }
                }
                if let Some(seq) = self.seq_if_idle() {
                    break seq;
                }
                backoff.snooze(cx);
                let now_begun = self.interval.invalidate_seq.begun();
                failures = failures.saturating_add(u32::from(now_begun != begun));
                begun = now_begun;
            };
            if let Some(result) = attempt(seq, cx) {
                return result;
            }
            failures = failures.saturating_add(1);
        }
    }

    fn take_turn(&self) -> Option<ReaderTurn<'_>> {
        // Without an address space nobody invalidates.
        ReaderTurn::take(&self.interval, self.subscriptions.upgrade()?)
    }
}
