//! Law 4: a spin guard cannot wait in a thread-local, not even of a static lock.

use std::cell::RefCell;

use nonblock::{
    NonBlock,
    sync::{SpinLock, SpinLockGuard},
};

static HITS: SpinLock<u32> = SpinLock::new(0);

thread_local! {
    static KEPT: RefCell<Option<SpinLockGuard<'static, u32>>> = const { RefCell::new(None) };
}

fn keep(nb: &NonBlock) {
    KEPT.with(|kept| *kept.borrow_mut() = Some(HITS.lock(nb)));
}

fn main() {}
