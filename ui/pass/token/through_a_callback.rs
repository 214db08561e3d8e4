//! A callback is lent its token when it is called, so it can be kept.
#![deny(warnings)]

use nonblock::{NonBlock, Sleepable, sleepable};

struct Driver {
    flush: Box<dyn FnMut(&mut Sleepable) -> u32 + Send>,
    count: fn(&NonBlock) -> u32,
}

fn main() {
    let mut calls = 0;
    let mut driver = Driver {
        flush: Box::new(move |_cx| {
            calls += 1;
            calls
        }),
        count: |_nb| 7,
    };
    sleepable(|cx| {
        assert_eq!((driver.flush)(cx), 1);
        assert_eq!((driver.flush)(cx), 2);
        assert_eq!(cx.non_block(|nb| (driver.count)(nb)), 7);
    });
}
