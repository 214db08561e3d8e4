//! Law 2: what may sleep is not its value: it has none of its methods.

use nonblock::MaySleep;

fn size(log: &MaySleep<String>) -> usize {
    log.len()
}

fn main() {}
