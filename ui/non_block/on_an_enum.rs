//! The attribute is for what can be called.

use nonblock::non_block;

#[non_block]
enum State {
    Idle,
}

fn main() {
    let _state = State::Idle;
}
