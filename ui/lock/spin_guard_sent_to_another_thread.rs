//! Law 4: a spin guard belongs to its thread's section, and cannot move to another thread.

use nonblock::{NonBlock, sync::SpinLock};

fn spawn<F: Future + Send>(_task: F) {}

fn count(hits: &SpinLock<u32>, nb: &NonBlock) {
    let mut hits = hits.lock(nb);
    spawn(async move { *hits += 1 });
}

fn main() {}
