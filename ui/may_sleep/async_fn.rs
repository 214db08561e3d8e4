//! A task must not sleep: it would hold up the others of its executor.

use nonblock::{Sleepable, may_sleep};

#[may_sleep]
async fn flush(_cx: &mut Sleepable) {}

fn main() {}
