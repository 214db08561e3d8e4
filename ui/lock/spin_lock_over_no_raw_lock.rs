//! Something beneath a spin lock that is no raw lock.

use nonblock::non_block;
use nonblock::sync::SpinLock;

fn main() {
    let table = SpinLock::<u32, std::sync::Mutex<()>>::with_raw(0);
    non_block(|nb| *table.lock(nb));
}
