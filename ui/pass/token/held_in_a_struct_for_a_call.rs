//! A struct may carry a token for as long as it was lent.
#![deny(warnings)]

use nonblock::{Sleepable, sleepable};

struct Driver<'a> {
    cx: &'a mut Sleepable,
    flushed: u32,
}

impl Driver<'_> {
    fn flush(&mut self) {
        wait(self.cx);
        self.flushed += 1;
    }

    fn count(&mut self) -> u32 {
        let flushed = self.flushed;
        self.cx.non_block(|_nb| flushed)
    }
}

fn wait(_cx: &mut Sleepable) {}

fn main() {
    sleepable(|cx| {
        let mut driver = Driver { cx, flushed: 0 };
        driver.flush();
        driver.flush();
        assert_eq!(driver.count(), 2);
        wait(cx);
    });
}
