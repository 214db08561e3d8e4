//! Law 3: a loan that goes on after the section would have gone on in it.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    let kept = &mut *cx;
    cx.non_block(|_| ());
    flush(kept);
}

fn main() {}
