//! Law 2: the value is reached by its functions only.

use nonblock::MaySleep;

fn size(log: &MaySleep<String>) -> usize {
    log.value.len()
}

fn main() {}
