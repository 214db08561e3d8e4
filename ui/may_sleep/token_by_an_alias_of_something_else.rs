//! Types decide: a name that stands for something else is no token.

use nonblock::may_sleep;

type Cx = [u8];

#[may_sleep]
fn flush(_cx: &mut Cx) {}

fn main() {
    flush(&mut []);
}
