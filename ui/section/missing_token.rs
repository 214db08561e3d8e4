//! Law 2: what may sleep is called with the token.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn main() {
    flush();
}
