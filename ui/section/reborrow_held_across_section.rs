//! Law 3: a loan taken before the section cannot be used in it.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    let kept = &mut *cx;
    cx.non_block(|_| flush(kept));
}

fn main() {}
