//! The setup of the first two parts: a victim, and the drivers that mirror its memory.

use std::sync::Arc;

use nonblock::Sleepable;
use nonblock_mm::memory::Mm;
use nonblock_mm::mmu::{Range, Subscription};

use crate::args::{Args, MIB};
use crate::failure::Failure;
use crate::traced_driver::TracedDriver;
use crate::wait_graph::WaitGraph;

/// A victim whose memory is resident, and one driver for each part of it.
#[derive(Debug)]
pub(crate) struct Setup {
    /// The victim's memory.
    pub(crate) victim: Arc<Mm>,
    /// The parts of the memory.
    pub(crate) ranges: Vec<Range>,
    /// The driver that mirrors each part.
    pub(crate) drivers: Vec<Arc<TracedDriver>>,
    /// Which thread waits for which.
    pub(crate) wait_graph: Arc<WaitGraph>,
    subscriptions: Vec<Subscription>,
}

impl Setup {
    /// Maps and touches the victim's memory, and subscribes a driver for each part.
    pub(crate) fn new(args: &Args, cx: &mut Sleepable) -> Result<Self, Failure> {
        let victim = Arc::new(Mm::new());
        let wait_graph = Arc::new(WaitGraph::default());
        let mut setup = Self {
            victim: Arc::clone(&victim),
            ranges: Vec::new(),
            drivers: Vec::new(),
            wait_graph: Arc::clone(&wait_graph),
            subscriptions: Vec::new(),
        };
        for (number, bytes) in shares(args.size, args.drivers).enumerate() {
            let range = victim.map(bytes, cx)?;
            victim.touch(&range, cx)?;
            let driver = Arc::new(TracedDriver::new(number, range, &wait_graph, cx));
            setup.subscriptions.push(victim.space().subscribe(driver.clone(), cx)?);
            setup.ranges.push(range);
            setup.drivers.push(driver);
        }
        Ok(setup)
    }

    /// Unsubscribes the drivers.
    pub(crate) fn unsubscribe(self, cx: &mut Sleepable) {
        for subscription in self.subscriptions {
            subscription.unsubscribe(cx);
        }
    }
}

/// Divides a size into parts of whole pages, which are as equal as possible.
fn shares(size: usize, parts: usize) -> impl Iterator<Item = usize> {
    // A granule that is a whole number of pages on every machine.
    const GRANULE: usize = MIB / 16;
    let granules = size / GRANULE;
    (0..parts).map(move |part| (granules * (part + 1) / parts - granules * part / parts) * GRANULE)
}
