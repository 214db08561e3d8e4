//! Law 1: a section is its thread's, so another thread cannot share its token.

use nonblock::{NonBlock, sync::SpinLock, thread::Scope};

fn count<'scope>(hits: &'scope SpinLock<u32>, nb: &'scope NonBlock, scope: Scope<'scope, '_>) {
    scope.spawn(move |_| *hits.lock(nb) += 1);
}

fn main() {}
