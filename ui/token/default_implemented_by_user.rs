//! Law 1: a user cannot give a token a default value.

use nonblock::Sleepable;

impl Default for Sleepable {
    fn default() -> Self {
        loop {}
    }
}

fn main() {}
