//! Law 3: a boxed callback that captured the token holds it borrowed, so no section can call it.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    let mut later: Box<dyn FnMut() + '_> = Box::new(|| flush(cx));
    cx.non_block(|_| later());
}

fn main() {}
