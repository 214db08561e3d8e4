//! Page aging: the address space asks its drivers which pages their devices used.

use nonblock::Context;

use super::address_space::AddressSpace;
use super::range::Range;

/// # Page aging
///
/// Only [`Notifier`](super::Notifier)s are asked, not the notifiers of intervals, as in Linux.
impl AddressSpace {
    /// Returns whether a device used pages of the range since the drivers were last asked, and clears the accessed bits.
    ///
    /// Also flushes the devices' translations of the range, so that the next use sets the bits again. Calls
    /// [`clear_flush_young`](super::Notifier::clear_flush_young) of every notifier. Mirrors Linux's
    /// `mmu_notifier_clear_flush_young()` (`include/linux/mmu_notifier.h`, 6.12).
    ///
    /// # Context
    ///
    /// Does not sleep, takes no lock, and neither allocates nor frees. The callbacks run in a section.
    #[track_caller]
    pub fn clear_flush_young<C: Context>(&self, range: &Range, cx: &mut C) -> bool {
        let mut young = false;
        self.any_notifier(cx, |notifier, nb| {
            young |= notifier.clear_flush_young(range, nb);
            false
        });
        young
    }

    /// As [`clear_flush_young`](Self::clear_flush_young), but keeps the translations.
    ///
    /// Calls [`clear_young`](super::Notifier::clear_young) of every notifier. Mirrors Linux's
    /// `mmu_notifier_clear_young()` (`include/linux/mmu_notifier.h`, 6.12).
    ///
    /// # Context
    ///
    /// Does not sleep, takes no lock, and neither allocates nor frees. The callbacks run in a section.
    #[track_caller]
    pub fn clear_young<C: Context>(&self, range: &Range, cx: &mut C) -> bool {
        let mut young = false;
        self.any_notifier(cx, |notifier, nb| {
            young |= notifier.clear_young(range, nb);
            false
        });
        young
    }

    /// Returns whether a device used the page at an address since the accessed bits were last cleared. Clears nothing.
    ///
    /// Calls [`test_young`](super::Notifier::test_young) of the notifiers in turn, until one returns `true`. Mirrors Linux's
    /// `mmu_notifier_test_young()` (`include/linux/mmu_notifier.h`, 6.12).
    ///
    /// # Arguments
    ///
    /// * `address`: any address in the page.
    ///
    /// # Context
    ///
    /// Does not sleep, takes no lock, and neither allocates nor frees. The callbacks run in a section.
    #[track_caller]
    pub fn test_young<C: Context>(&self, address: usize, cx: &mut C) -> bool {
        self.any_notifier(cx, |notifier, nb| notifier.test_young(address, nb))
    }
}
