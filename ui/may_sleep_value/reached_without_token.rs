//! Law 2: reaching a value whose use may sleep takes the right to sleep.

use nonblock::MaySleep;

fn size(log: &MaySleep<String>) -> usize {
    log.get().len()
}

fn main() {}
