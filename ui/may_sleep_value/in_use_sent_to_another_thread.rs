//! Law 1: a value that is joined to a token stays on the token's thread.

use nonblock::{InUse, thread};

fn read(source: InUse<'static, Vec<u8>>) {
    thread::spawn(move |_| drop(source));
}

fn main() {}
