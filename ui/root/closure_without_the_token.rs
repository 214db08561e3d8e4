//! A root lends its closure a token, and the closure must take it.

fn main() {
    nonblock::sleepable(|| ());
}
