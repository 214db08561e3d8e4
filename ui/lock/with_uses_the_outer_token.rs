//! Law 3: `with` is a section, and borrows its context.

use nonblock::{Sleepable, sync::SpinLock};

fn flush(_cx: &mut Sleepable) {}

fn count(hits: &SpinLock<u32>, cx: &mut Sleepable) {
    hits.with(cx, |hits, _nb| {
        flush(cx);
        *hits += 1;
    });
}

fn main() {}
