//! A poll must not sleep, so the right to does not come in.

use nonblock::{Sleepable, non_block};

#[non_block]
async fn count(_cx: &mut Sleepable) {}

fn main() {}
