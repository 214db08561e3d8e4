//! A task that may move between threads cannot hold a lock over an `.await`.

use nonblock::{Sleepable, sync::Mutex};

fn spawn<F: Future + Send>(_task: F) {}

fn clear(table: &'static Mutex<Vec<u64>>, cx: &mut Sleepable) {
    let mut table = table.lock(cx);
    spawn(async move {
        std::future::ready(()).await;
        table.clear();
    });
}

fn main() {}
