//! The crate under another name, and through a re-export.
#![deny(warnings)]

pub extern crate nonblock as blocking;

mod vendored {
    pub mod deep {
        pub use blocking as rules;
    }
}

use vendored::deep::rules::{NonBlock, Sleepable, may_sleep, non_block};

#[may_sleep(crate = crate::vendored::deep::rules)]
fn wait(cx: &mut Sleepable) -> u32 {
    cx.non_block(|nb| count(nb))
}

#[non_block(crate = blocking)]
fn count(_nb: &NonBlock) -> u32 {
    1
}

#[may_sleep(cx, crate = ::nonblock)]
fn main() {
    assert_eq!(wait(cx), 1);
}
