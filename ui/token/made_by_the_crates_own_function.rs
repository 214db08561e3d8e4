//! Law 1: what the crate makes its tokens with is private.

fn main() {
    let _cx = nonblock::token::lend_sleepable();
}
