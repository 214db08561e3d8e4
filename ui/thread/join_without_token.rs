//! Law 2: waiting for a thread takes the right to sleep.

use nonblock::thread;

fn stop(worker: thread::JoinHandle<()>) {
    let _ended = worker.join();
}

fn main() {}
