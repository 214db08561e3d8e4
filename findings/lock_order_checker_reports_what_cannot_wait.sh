#!/usr/bin/env bash
# tracing-mutex takes every way to a lock for a wait: it panics for orders of `try_lock`, for a `try_lock` of what the thread has, and
# for a `OnceLock` that was filled long before. A condition variable, which does wait, it does not look at.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "as in Linux's lockdep, who only tries waits for nothing, and a value that is there is waited for by nobody"

rust 'tracing-mutex = "=0.3.3"' <<'RUST'
use std::panic::{UnwindSafe, catch_unwind, set_hook};
use std::time::Duration;
use tracing_mutex::stdsync::tracing::{Condvar, Mutex, OnceLock};

fn show(what: &str, f: impl FnOnce() + UnwindSafe) {
    println!("{what}: {}", if catch_unwind(f).is_ok() { "silent" } else { "panics" });
}

fn main() {
    set_hook(Box::new(|_| {}));
    show("A, then B; B, then A", || {
        let (a, b) = (Mutex::new(()), Mutex::new(()));
        drop((a.lock().unwrap(), b.lock().unwrap()));
        drop((b.lock().unwrap(), a.lock().unwrap()));
    });
    show("A, then B; B, then A by try_lock", || {
        let (a, b) = (Mutex::new(()), Mutex::new(()));
        drop((a.lock().unwrap(), b.lock().unwrap()));
        drop((b.lock().unwrap(), a.try_lock().unwrap()));
    });
    show("A, then B by try_lock; B, then A by try_lock", || {
        let (a, b) = (Mutex::new(()), Mutex::new(()));
        drop((a.lock().unwrap(), b.try_lock().unwrap()));
        drop((b.lock().unwrap(), a.try_lock().unwrap()));
    });
    show("A, then A by try_lock", || {
        let a = Mutex::new(());
        let held = a.lock().unwrap();
        assert!(a.try_lock().is_err());
        drop(held);
    });
    show("A in an initializer; A, then the value that is there", || {
        let (a, once) = (Mutex::new(()), OnceLock::new());
        once.get_or_init(|| drop(a.lock().unwrap()));
        let held = a.lock().unwrap();
        once.get_or_init(|| unreachable!());
        drop(held);
    });
    show("A, then a wait of a condition variable with B", || {
        let (a, b, changed) = (Mutex::new(()), Mutex::new(()), Condvar::new());
        let (held, guard) = (a.lock().unwrap(), b.lock().unwrap());
        drop(changed.wait_timeout(guard, Duration::from_millis(1)));
        drop(held);
    });
}
RUST

look target/debug/probe
holds 'A, then B; B, then A: panics' \
  'A, then B; B, then A by try_lock: panics' \
  'A, then B by try_lock; B, then A by try_lock: panics' \
  'A, then A by try_lock: panics' \
  'A in an initializer; A, then the value that is there: panics' \
  'A, then a wait of a condition variable with B: silent'
echo "found:   four of six reports are of programs that cannot hang; the wait that holds a second lock is not seen"
