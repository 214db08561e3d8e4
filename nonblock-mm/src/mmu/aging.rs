//! What an address space asks its drivers besides: to flush their devices' caches, and which pages the devices used.

use core::cell::Cell;

use nonblock::{Context, NonBlock};

use super::notifier::Notifier;
use super::range::Range;
use super::space::AddressSpace;

/// # What the drivers are asked besides
///
/// Only [`Notifier`]s are asked, not those of intervals, as in Linux.
impl AddressSpace {
    /// Tells the drivers that the processor's translations of the range are flushed.
    ///
    /// For devices that walk the process's own page table, and cache what they find. Calls
    /// [`arch_invalidate_secondary_tlbs`](Notifier::arch_invalidate_secondary_tlbs) of every notifier, in the order of subscription. Mirrors
    /// Linux's `mmu_notifier_arch_invalidate_secondary_tlbs()` (`include/linux/mmu_notifier.h`, 6.12).
    ///
    /// # Context
    ///
    /// Does not sleep, takes no lock, and neither allocates nor frees. The callbacks run in a section.
    #[track_caller]
    pub fn arch_invalidate_secondary_tlbs<C: Context>(&self, range: &Range, cx: &mut C) {
        self.any(cx, |notifier, nb| {
            notifier.arch_invalidate_secondary_tlbs(range, nb);
            false
        });
    }

    /// Asks the drivers whether their devices used pages of the range since they were last asked, and takes the notes of
    /// it, with the translations.
    ///
    /// Calls [`clear_flush_young`](Notifier::clear_flush_young) of every notifier. Mirrors Linux's
    /// `mmu_notifier_clear_flush_young()` (`include/linux/mmu_notifier.h`, 6.12).
    ///
    /// # Context
    ///
    /// Does not sleep, takes no lock, and neither allocates nor frees. The callbacks run in a section.
    #[track_caller]
    pub fn clear_flush_young<C: Context>(&self, range: &Range, cx: &mut C) -> bool {
        let mut young = false;
        self.any(cx, |notifier, nb| {
            young |= notifier.clear_flush_young(range, nb);
            false
        });
        young
    }

    /// As [`clear_flush_young`](Self::clear_flush_young), but leaves the translations.
    ///
    /// Calls [`clear_young`](Notifier::clear_young) of every notifier. Mirrors Linux's
    /// `mmu_notifier_clear_young()` (`include/linux/mmu_notifier.h`, 6.12).
    ///
    /// # Context
    ///
    /// Does not sleep, takes no lock, and neither allocates nor frees. The callbacks run in a section.
    #[track_caller]
    pub fn clear_young<C: Context>(&self, range: &Range, cx: &mut C) -> bool {
        let mut young = false;
        self.any(cx, |notifier, nb| {
            young |= notifier.clear_young(range, nb);
            false
        });
        young
    }

    /// Asks the drivers whether a device used the page at an address, and leaves the notes of it.
    ///
    /// Calls [`test_young`](Notifier::test_young) of the notifiers, up to the first that says so. Mirrors Linux's
    /// `mmu_notifier_test_young()` (`include/linux/mmu_notifier.h`, 6.12).
    ///
    /// # Arguments
    ///
    /// * `address`: any address within the page.
    ///
    /// # Context
    ///
    /// Does not sleep, takes no lock, and neither allocates nor frees. The callbacks run in a section.
    #[track_caller]
    pub fn test_young<C: Context>(&self, address: usize, cx: &mut C) -> bool {
        self.any(cx, |notifier, nb| notifier.test_young(address, nb))
    }

    /// Calls the closure for the notifiers in turn, in a section, until it returns `true`.
    #[track_caller]
    fn any<C: Context>(
        &self,
        cx: &mut C,
        mut call: impl FnMut(&dyn Notifier, &mut NonBlock) -> bool,
    ) -> bool {
        let snapshot = self.subscriptions.snapshot.read();
        let live = snapshot.list_at(self.subscriptions.clock.now());
        cx.non_block(|nb| {
            let asked =
                live.try_for_each(
                    &Cell::new(0),
                    |notifier| {
                        if call(notifier, nb) { Err(()) } else { Ok(()) }
                    },
                );
            asked.is_err()
        })
    }
}
