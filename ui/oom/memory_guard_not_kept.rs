//! A guard that is not kept guards nothing.
#![deny(unused_must_use)]

use nonblock::Sleepable;
use nonblock_mm::memory::Mm;

fn hold(mm: &Mm, cx: &mut Sleepable) {
    mm.lock(cx);
}

fn main() {}
