//! Law 1: a closure that captured a token cannot leave the token's scope.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn main() {
    let mut later = nonblock::sleepable(|cx| move || flush(cx));
    later();
}
