//! Law 2: a foreign function that may sleep takes the token.

use nonblock::may_sleep;

#[may_sleep]
unsafe extern "C" {
    safe fn sync();
}

fn main() {
    sync();
}
