//! A device's TLB: requests to flush it, and the device's answers.

use std::sync::atomic::{AtomicU64, Ordering};

use nonblock::thread::Backoff;
use nonblock::{Sleepable, may_sleep};

/// The number of a request. A device answers its requests in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seqno(u64);

/// The requests to one device that it flush its TLB. Linux's `struct xe_tlb_inval`.
#[derive(Debug, Default)]
pub struct TlbInval {
    /// The last request. 0 is none.
    seqno: AtomicU64,
    /// The last one that the device has answered. It writes this itself.
    seqno_recv: AtomicU64,
}

impl TlbInval {
    /// Asks the device to flush its TLB. Linux's `xe_tlb_inval_range()`.
    ///
    /// # Context
    ///
    /// Does not sleep: rings the device's doorbell.
    pub fn submit(&self) -> Seqno {
        // The page table's entries are gone before the device is asked.
        Seqno(self.seqno.fetch_add(1, Ordering::Release) + 1)
    }

    /// Returns the last request.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn submitted(&self) -> Seqno {
        Seqno(self.seqno.load(Ordering::Acquire))
    }

    /// The device has flushed its TLB. Linux's `xe_tlb_inval_done_handler()`.
    ///
    /// # Context
    ///
    /// May be called anywhere: it is the device's interrupt.
    pub fn done(&self, seqno: Seqno) {
        self.seqno_recv.fetch_max(seqno.0, Ordering::Release);
    }

    /// Returns whether the device has answered a request.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn is_done(&self, seqno: Seqno) -> bool {
        self.seqno_recv.load(Ordering::Acquire) >= seqno.0
    }

    /// Waits until the device has answered a request. Linux's `xe_tlb_inval_fence_wait()`.
    ///
    /// # Context
    ///
    /// May sleep.
    #[may_sleep]
    pub fn wait(&self, seqno: Seqno, cx: &mut Sleepable) {
        let mut backoff = Backoff::new();
        while !self.is_done(seqno) {
            backoff.snooze(cx);
        }
    }
}
