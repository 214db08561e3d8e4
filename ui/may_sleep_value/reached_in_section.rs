//! Law 3: a section cannot reach a value whose use may sleep.

use nonblock::{MaySleep, NonBlock};

fn size(log: &MaySleep<String>, nb: &mut NonBlock) -> usize {
    log.get(nb).len()
}

fn main() {}
