//! A reserve hands its objects to any thread, so one that is shared holds only what can be sent.

use nonblock::Reserve;

fn share<T: Sync>(_shared: &T) {}

fn publish(spare: &Reserve<*const u8>) {
    share(spare);
}

fn main() {}
