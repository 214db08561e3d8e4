//! Law 3: a section cannot take the value out.

use nonblock::{MaySleep, NonBlock};

fn close(log: MaySleep<String>, nb: &mut NonBlock) {
    drop(log.into_inner(nb));
}

fn main() {}
