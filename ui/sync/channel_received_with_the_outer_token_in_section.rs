//! Law 3: a section borrows the token until it ends, so nothing in it waits for a value.

use nonblock::{Sleepable, sync::channel::Receiver};

fn fault(faults: &Receiver<u64>, cx: &mut Sleepable) -> Option<u64> {
    cx.non_block(|_nb| faults.recv(cx).ok())
}

fn main() {}
