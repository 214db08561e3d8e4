//! A new thread is lent the right to sleep, and its closure must take it.

use nonblock::thread;

fn main() {
    thread::spawn(|| ());
}
