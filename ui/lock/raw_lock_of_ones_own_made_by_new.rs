//! `new` makes a lock over the default raw lock only: any other takes `with_raw`.

use nonblock::sync::Mutex;

type FairMutex<T> = Mutex<T, parking_lot::RawFairMutex>;

fn main() {
    let _pages = FairMutex::new(0);
}
