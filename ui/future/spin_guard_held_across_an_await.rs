//! A spin lock is held in a section, and a section ends at each `.await`.

use nonblock::sync::SpinLock;

static HITS: SpinLock<u32> = SpinLock::new(0);

async fn wait() {}

async fn count() {
    let mut hits = nonblock::non_block(|nb| HITS.lock(nb));
    wait().await;
    *hits += 1;
}

fn main() {
    let _task = count();
}
