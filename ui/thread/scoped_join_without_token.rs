//! Law 2: waiting for a scoped thread takes the right to sleep.

use nonblock::thread::ScopedJoinHandle;

fn finish(worker: ScopedJoinHandle<'_, u32>) -> u32 {
    worker.join().unwrap()
}

fn main() {}
