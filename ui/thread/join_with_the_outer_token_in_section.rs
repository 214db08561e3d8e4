//! Law 3: a section borrows the token until it ends, so nothing in it waits for a thread.

use nonblock::{Sleepable, thread::JoinHandle};

fn finish(worker: JoinHandle<u32>, cx: &mut Sleepable) -> u32 {
    cx.non_block(|_nb| worker.join(cx).unwrap())
}

fn main() {}
