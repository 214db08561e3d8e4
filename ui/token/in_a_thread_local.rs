//! Law 1: a token cannot wait in a thread-local for a later call.

use std::cell::RefCell;

use nonblock::Sleepable;

thread_local! {
    static TOKEN: RefCell<Option<&'static mut Sleepable>> = const { RefCell::new(None) };
}

fn keep(cx: &mut Sleepable) {
    TOKEN.with(|token| *token.borrow_mut() = Some(cx));
}

fn main() {}
