//! Law 3: a section within a section keeps the token borrowed too.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    cx.non_block(|nb| nb.non_block(|_| flush(cx)));
}

fn main() {}
