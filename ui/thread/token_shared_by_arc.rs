//! Law 1: a token in an `Arc` stays on its thread all the same.

use std::sync::Arc;

use nonblock::{NonBlock, thread};

fn count(_nb: &NonBlock) {}

fn start(nb: &'static NonBlock) {
    let shared = Arc::new(nb);
    thread::spawn(move |_| count(&shared));
}

fn main() {}
