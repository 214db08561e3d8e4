//! Law 1: a loan that was handed on whole is gone; `&mut *cx` hands it on for a while.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    let mine = cx;
    flush(mine);
    flush(cx);
}

fn main() {}
