//! Law 2: what may sleep takes `&mut Sleepable`.

use std::time::Duration;

use nonblock::thread;

fn main() {
    thread::sleep(Duration::from_millis(1));
}
