//! Law 3: a section cannot wait for a scoped thread.

use nonblock::{Sleepable, thread};

fn fan_out(cx: &mut Sleepable) {
    thread::scope(cx, |scope, cx| {
        let worker = scope.spawn(|_| 1 + 1);
        cx.non_block(|nb| worker.join(nb).is_ok())
    });
}

fn main() {}
