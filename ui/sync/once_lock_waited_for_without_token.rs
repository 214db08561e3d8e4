//! Law 2: waiting for a value that another makes takes the right to sleep.

use nonblock::sync::OnceLock;

fn firmware(loaded: &OnceLock<u32>) -> u32 {
    *loaded.wait()
}

fn main() {}
