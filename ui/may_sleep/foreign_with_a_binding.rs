//! A foreign function has no body to bind a token in.

use nonblock::may_sleep;

#[may_sleep(cx)]
unsafe extern "C" {
    fn sync();
}

fn main() {}
