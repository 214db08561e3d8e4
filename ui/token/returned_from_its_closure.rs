//! Law 1: a token cannot be returned from its closure.

fn main() {
    let _cx = nonblock::sleepable(|cx| cx);
}
