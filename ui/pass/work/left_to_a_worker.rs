//! A section leaves work to a thread that may sleep.
#![deny(warnings)]

use std::time::Duration;

use nonblock::work::{Full, Queue};
use nonblock::{Context, NonBlock, Sleepable, thread};

struct Driver {
    flushes: Queue<u64>,
}

impl Driver {
    fn start() -> std::io::Result<Self> {
        let flushes = Queue::with_capacity(16);
        flushes.worker("flusher", |page, cx| thread::sleep(cx, Duration::from_micros(page)))?;
        Ok(Self { flushes })
    }

    fn invalidate(&self, page: u64, nb: &NonBlock) -> bool {
        match self.flushes.push(nb, page) {
            Ok(()) => true,
            Err(Full(_page)) => false,
        }
    }

    fn invalidate_from<C: Context>(&self, page: u64, cx: &mut C) -> Result<(), Full<u64>> {
        self.flushes.push_from(cx, page)
    }

    fn unload(self, cx: &mut Sleepable) -> usize {
        self.flushes.shutdown(cx);
        self.flushes.stats().handled
    }
}

fn main() {
    let driver = Driver::start().expect("a thread starts");
    let handled = nonblock::sleepable(|cx| {
        assert!(cx.non_block(|nb| driver.invalidate(1, nb)));
        assert_eq!(cx.non_block(|nb| driver.invalidate_from(2, nb)), Ok(()));
        assert_eq!(driver.invalidate_from(3, cx), Ok(()));
        driver.unload(cx)
    });
    assert_eq!(handled, 3);
}
