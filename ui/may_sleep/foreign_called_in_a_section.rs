//! Law 3: a foreign function that may sleep cannot be called in a section.

use nonblock::{may_sleep, raw};

#[may_sleep]
unsafe extern "C" {
    safe fn sync();
}

fn main() {
    raw::non_block(|nb| sync(nb));
}
