//! The attribute is for functions and for blocks of them; a module is too much.

use nonblock::may_sleep;

#[may_sleep]
mod disk {
    pub fn flush() {}
}

fn main() {
    disk::flush();
}
