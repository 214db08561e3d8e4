//! Handlers that do not block, and one that hands over what may.

use std::time::Duration;

use nonblock::sync::SpinLock;
use nonblock::{Sleepable, may_sleep};
use tokio::sync::mpsc;

static COUNT: SpinLock<u64> = SpinLock::new(0);

pub async fn hello() -> String {
    "hello".to_owned()
}

pub async fn sum() -> String {
    (1..=1_000_u64).sum::<u64>().to_string()
}

/// Shares a number with all other tasks. The lock is taken between two awaits, and held across none.
pub async fn count() -> String {
    let count = nonblock::non_block(|nb| {
        let mut count = COUNT.lock(nb);
        *count += 1;
        *count
    });
    count.to_string()
}

pub async fn later() -> String {
    tokio::time::sleep(Duration::from_millis(1)).await;
    "later".to_owned()
}

/// Asks another task, and awaits its answer.
pub async fn channel() -> String {
    let (sender, mut receiver) = mpsc::channel(1);
    nonblock::tokio::spawn(async move {
        let _ = sender.send(42_u32).await;
    });
    receiver.recv().await.map_or_else(String::new, |answer| answer.to_string())
}

#[may_sleep]
fn read(path: &str, cx: &mut Sleepable) -> usize {
    std::fs::read_to_string(path).map_or(0, |text| text.len())
}

/// Reads a file on a thread that may sleep.
pub async fn offloaded() -> String {
    let read = nonblock::tokio::spawn_blocking(|cx| read(super::blocking::FILE, cx));
    read.await.unwrap_or_default().to_string()
}
