//! Types decide: a type of the same name is no token.

use nonblock::may_sleep;

struct Sleepable;

#[may_sleep]
fn flush(_cx: &mut Sleepable) {}

fn main() {
    flush(&mut Sleepable);
}
