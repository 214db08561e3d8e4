#!/usr/bin/env bash
# std promises that an unpark which comes before the park is kept, and ends the park at once. With loom the same holds while the
# thread runs, but not while it yields: then the unpark is forgotten, and the park that follows never ends. So an algorithm that
# yields before it parks seems to hang under loom, and never does.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "loom's park keeps an unpark that came before, as std's does, whatever the thread did meanwhile"

rust 'loom = "=0.7.3"' <<'RUST'
use loom::thread;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One thread does something and parks once. The other unparks it once. Whichever comes first, the park ends.
fn model(before: fn()) -> &'static str {
    std::panic::set_hook(Box::new(|_| {}));
    let explored = catch_unwind(AssertUnwindSafe(|| {
        loom::model(move || {
            let parked = thread::spawn(move || {
                before();
                thread::park();
            });
            parked.thread().unpark();
            parked.join().unwrap();
        });
    }));
    if explored.is_ok() { "always ends" } else { "said to be a deadlock" }
}

fn main() {
    println!("parks: {}", model(|| {}));
    println!("yields and parks: {}", model(thread::yield_now));
}
RUST

look target/debug/probe
holds "parks: always ends"
holds "yields and parks: said to be a deadlock"
echo "found:   an unpark that comes while the thread yields is forgotten, and loom reports a deadlock that std does not have"
