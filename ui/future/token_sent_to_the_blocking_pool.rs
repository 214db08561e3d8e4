//! The pool's thread is lent a token of its own; this thread's stays here.

use nonblock::Sleepable;

fn load(_cx: &mut Sleepable) {}

fn start(cx: &mut Sleepable) {
    let _load = nonblock::tokio::spawn_blocking(|_| load(cx));
}

fn main() {}
