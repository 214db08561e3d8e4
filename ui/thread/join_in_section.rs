//! Law 3: a section cannot wait for a thread.

use nonblock::{NonBlock, thread};

fn stop(worker: thread::JoinHandle<()>, nb: &mut NonBlock) {
    let _ended = worker.join(nb);
}

fn main() {}
