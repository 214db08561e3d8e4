//! How the device makes a translation: the collision-retry protocol.

use nonblock::{Sleepable, may_sleep};
use nonblock_linux::errno::Errno;
use nonblock_linux::mmu::{IntervalSubscription, Mm};

use crate::device::Device;
use crate::notifiers::OfInterval;
use crate::uapi::{MAX_ATTEMPTS, counter};

/// A translation that was made.
pub(crate) struct Made {
    pub(crate) frame: u64,
    pub(crate) attempts: u64,
}

/// Makes a translation of an address, as a page fault of the device does.
///
/// The page is looked up without the table's lock, which takes its time, and the process's memory may change meanwhile. So
/// the sequence number is compared with the table's lock held, and the page is installed before it is released: then no
/// callback came in between, and one that is still to come removes the translation.
///
/// # Errors
///
/// Those of [`FAULT`](crate::uapi::FAULT).
#[may_sleep]
pub(crate) fn fault(
    device: &Device,
    subscription: &IntervalSubscription<OfInterval>,
    mm: &Mm,
    address: usize,
    cx: &mut Sleepable,
) -> Result<Made, Errno> {
    if !subscription.range().contains(address) {
        return Err(Errno::ERANGE);
    }
    for attempts in 1..=MAX_ATTEMPTS {
        let seq = subscription.read_begin(cx);
        let page = mm.page(address, cx)?;
        let frame = page.frame();
        let mut table = device.hold_table(cx);
        if subscription.read_retry(seq) {
            drop(table);
            device.count(counter::RETRIES);
            continue;
        }
        let installed = table.as_mut().map(|table| table.install(address, page));
        // What it replaced, or could not install, is dropped without the lock.
        drop(table);
        return match installed {
            Some(Ok(_replaced)) => {
                device.count(counter::FAULTS);
                Ok(Made { frame, attempts })
            }
            _ => Err(Errno::ERANGE),
        };
    }
    Err(Errno::EAGAIN)
}
