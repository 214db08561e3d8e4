//! What the device's commands and its callbacks share: the table, the counters, the work.

use nonblock::{Context, NonBlock, Sleepable, may_sleep, non_block, raw};
use nonblock_linux::errno::Errno;
use nonblock_linux::mmu::{PAGE_SIZE, Page, Range};
use nonblock_linux::sync::{Mutex, MutexGuard};
use nonblock_linux::work::Queue;

use crate::counters::Counters;
use crate::flusher::{CAPACITY, Flush, Flusher};
use crate::table::Table;
use crate::uapi::counter;

/// The device. A job holds its table while it sleeps, so a callback in a section can only try it.
pub(crate) struct Device {
    table: Mutex<Option<Table>>,
    counters: Counters,
    flushes: Queue<Flusher>,
}

/// Which of the counters a kind of notifier counts.
pub(crate) struct Counts {
    pub(crate) calls: usize,
    pub(crate) section_calls: usize,
    pub(crate) depth: usize,
}

impl Device {
    /// Makes a device that mirrors nothing.
    #[may_sleep]
    pub(crate) fn new(cx: &mut Sleepable) -> Result<Self, Errno> {
        Ok(Self {
            table: Mutex::new(None, cx)?,
            counters: Counters::new(),
            flushes: Queue::new(CAPACITY, Flusher::default(), cx)?,
        })
    }

    /// Counts a callback, and leaves work to do if it runs in a section.
    pub(crate) fn note<C: Context>(&self, counts: &Counts, cx: &mut C) {
        self.counters.count(counts.calls);
        if cx.as_sleepable().is_some() {
            self.counters.count(counter::SLEEPABLE_CALLS);
        } else {
            self.counters.count(counts.section_calls);
            self.counters.set(counts.depth, u64::from(raw::depth()));
            cx.non_block(|nb| self.flush_later(nb));
        }
    }

    /// Takes a range from the device: the callback of both kinds of notifiers, for both callers.
    pub(crate) fn invalidate<C: Context>(
        &self,
        counts: &Counts,
        range: &Range,
        cx: &mut C,
    ) -> Result<(), C::Refusal> {
        self.note(counts, cx);
        let mut table = match self.table.acquire(cx) {
            Ok(table) => table,
            Err(refusal) => {
                self.counters.count(counter::REFUSALS);
                return Err(refusal);
            }
        };
        let dropped = table.as_mut().map_or(0, |table| table.drop_range(range));
        self.counters.add(counter::PAGES_DROPPED, dropped);
        Ok(())
    }

    /// The process is gone: the device keeps nothing of it.
    #[may_sleep]
    pub(crate) fn process_is_gone(&self, cx: &mut Sleepable) {
        self.counters.count(counter::RELEASES);
        self.invalidate_all(cx);
    }

    fn invalidate_all(&self, cx: &mut Sleepable) {
        let mut table = self.table.lock(cx);
        let dropped = table.as_mut().map_or(0, |table| table.drop_range(&Range::whole()));
        self.counters.add(counter::PAGES_DROPPED, dropped);
    }

    /// Leaves a flush to a thread that may sleep.
    #[non_block]
    fn flush_later(&self, nb: &NonBlock) {
        let pushed = self.flushes.push(nb, Flush);
        let which = if pushed.is_ok() { counter::WORK_PUSHED } else { counter::WORK_LOST };
        self.counters.count(which);
    }

    /// Begins or ends to mirror.
    #[may_sleep]
    pub(crate) fn set_table(&self, table: Option<Table>, cx: &mut Sleepable) {
        let old = core::mem::replace(&mut *self.table.lock(cx), table);
        drop(old); // without the lock
    }

    /// Waits for the table, and holds it.
    #[may_sleep]
    pub(crate) fn hold_table(&self, cx: &mut Sleepable) -> MutexGuard<'_, Option<Table>> {
        self.table.lock(cx)
    }

    /// Uses the translation of an address, if there is one. The closure gets the offset in the page, too.
    #[may_sleep]
    pub(crate) fn translate(
        &self,
        address: usize,
        cx: &mut Sleepable,
        f: impl FnOnce(&Page, usize) -> u64,
    ) -> Option<u64> {
        let table = self.table.lock(cx);
        let page = table.as_ref()?.get(address)?;
        Some(f(page, address % PAGE_SIZE))
    }

    /// Counts what a fault did.
    pub(crate) fn count(&self, which: usize) {
        self.counters.count(which);
    }

    /// Returns the counters.
    pub(crate) fn counters(&self) -> [u64; counter::WORDS] {
        let mut words = self.counters.get();
        words[counter::WORK_DONE] = self.flushes.handler().flushes();
        words
    }

    /// Ends what the device has under way.
    #[may_sleep]
    pub(crate) fn shutdown(self, cx: &mut Sleepable) {
        self.flushes.shutdown(cx);
    }
}
