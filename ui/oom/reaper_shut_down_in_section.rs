//! Law 3: shutting the reaper down waits for its thread.

use nonblock::Sleepable;
use nonblock_mm::oom::Reaper;

fn exit(reaper: Reaper, cx: &mut Sleepable) {
    cx.non_block(|_| reaper.shutdown(cx));
}

fn main() {}
