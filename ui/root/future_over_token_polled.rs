//! Law 3: a future that captured a token cannot be polled in a root's section.

use std::pin::pin;
use std::task::{Context, Waker};

use nonblock::{Sleepable, non_block};

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    let mut task = pin!(async { flush(cx) });
    non_block(|_| task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

fn main() {}
