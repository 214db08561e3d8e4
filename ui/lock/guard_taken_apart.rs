//! Law 4: a guard cannot be taken apart into the lock and its section.

use nonblock::sync::SpinLockGuard;

fn keep(guard: SpinLockGuard<'_, u32>) {
    let SpinLockGuard { inner, .. } = guard;
    drop(inner);
}

fn main() {}
