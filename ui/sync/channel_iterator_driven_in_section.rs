//! Law 3: an iterator that waits holds the token, so no section opens while it is there.

use nonblock::{Sleepable, sync::channel::Receiver};

fn first(faults: &Receiver<u64>, cx: &mut Sleepable) -> Option<u64> {
    let mut faults = faults.iter(cx);
    cx.non_block(|_| faults.next())
}

fn main() {}
