//! Several spin locks are held at once in a section, and each can be released by itself.
#![deny(warnings)]

use nonblock::{NonBlock, sleepable, sync::SpinLock};

fn transfer(from: &SpinLock<u32>, to: &SpinLock<u32>, nb: &NonBlock) {
    let source = from.lock(nb);
    let mut target = to.lock(nb);
    *target += *source;
    drop(source);
    assert!(from.try_lock(nb).is_some());
    *target += 1;
    drop(target);
    *from.lock(nb) = 0;
}

fn main() {
    static FROM: SpinLock<u32> = SpinLock::new(5);
    let to = SpinLock::new(0);
    sleepable(|cx| cx.non_block(|nb| transfer(&FROM, &to, nb)));
    assert_eq!(to.into_inner(), 6);
}
