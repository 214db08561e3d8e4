//! Law 3: a section borrows the token until it ends, so nothing in it waits for a change.

use nonblock::{
    Sleepable,
    sync::{Condvar, MutexGuard},
};

fn idle(changed: &Condvar, busy: &mut MutexGuard<'_, bool>, cx: &mut Sleepable) {
    cx.non_block(|_nb| changed.wait(cx, busy));
}

fn main() {}
