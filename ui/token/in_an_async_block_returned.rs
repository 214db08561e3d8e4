//! Law 1: a future that captured a token cannot leave the token's scope.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn main() {
    let _later = nonblock::sleepable(|cx| async move { flush(cx) });
}
