#!/usr/bin/env bash
# clippy's await_holding_lock finds a guard that is held across an await as a variable or a temporary. In a Result, an Option, a tuple, a
# structure or a Box, or moved into an async block that awaits, it finds none; nor a guard that was mapped.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs cargo-clippy "rustup component add clippy"

guessed "the lint looks at all that the future holds while it waits, as the compiler does for Send, so it finds a guard wherever that lies"

rust 'parking_lot = "=0.12.5"' <<'RUST'
#![warn(clippy::await_holding_lock)]
#![allow(dead_code, unused_must_use)]
use std::future::ready;
use std::sync::{LockResult, Mutex, MutexGuard};

struct Held<'a>(MutexGuard<'a, u32>);

// What each has to do with the lock stands on one line, with its name.
#[rustfmt::skip]
mod cases {
    use super::*;

    async fn a_variable(mutex: &Mutex<u32>) { let guard = mutex.lock().unwrap(); ready(()).await; drop(guard); }
    async fn a_parameter(guard: MutexGuard<'_, u32>) { ready(()).await; drop(guard); }
    async fn a_temporary(mutex: &Mutex<Vec<u32>>) { mutex.lock().unwrap().push(ready(1).await); }
    async fn a_try(mutex: &Mutex<u32>) { if let Ok(guard) = mutex.try_lock() { ready(()).await; drop(guard); } }
    async fn a_loop(mutex: &Mutex<Vec<u32>>) { for number in mutex.lock().unwrap().iter() { ready(number).await; } }
    async fn of_parking_lot(mutex: &parking_lot::Mutex<u32>) { let guard = mutex.lock(); ready(()).await; drop(guard); }

    async fn in_a_result(mutex: &Mutex<u32>) { let guard = mutex.lock(); ready(()).await; drop(guard); }
    async fn in_a_results_parameter(guard: LockResult<MutexGuard<'_, u32>>) { ready(()).await; drop(guard); }
    async fn in_an_option(mutex: &Mutex<u32>) { let guard = mutex.lock().ok(); ready(()).await; drop(guard); }
    async fn in_a_tuple(mutex: &Mutex<u32>) { let guard = (mutex.lock().unwrap(), 1); ready(()).await; drop(guard); }
    async fn in_a_structure(mutex: &Mutex<u32>) { let guard = Held(mutex.lock().unwrap()); ready(()).await; drop(guard); }
    async fn in_a_box(mutex: &Mutex<u32>) { let guard = Box::new(mutex.lock().unwrap()); ready(()).await; drop(guard); }
    async fn in_a_block(mutex: &Mutex<u32>) { let guard = mutex.lock().unwrap(); async move { ready(()).await; drop(guard); }.await; }
    async fn mapped(mutex: &parking_lot::Mutex<[u32; 2]>) { let guard = parking_lot::MutexGuard::map(mutex.lock(), |pair| &mut pair[0]); ready(()).await; drop(guard); }
}

fn main() {}
RUST
cargo clippy --version | sed 's/^/with:    /'

every() {
  local line name
  touch src/main.rs
  cargo clippy --quiet --message-format=short 2>&1 | grep 'held across an await' | cut -d: -f2 >found
  grep -n '^ *async fn' src/main.rs | while IFS=: read -r line name; do
    name=${name#*async fn }
    echo "${name%%(*}: $(grep -qx "$line" found && echo found || echo missed)"
  done
}
look every
holds 'a_variable: found' 'a_parameter: found' 'a_temporary: found' 'a_try: found' 'a_loop: found' 'of_parking_lot: found' \
  'in_a_result: missed' 'in_a_results_parameter: missed' 'in_an_option: missed' 'in_a_tuple: missed' 'in_a_structure: missed' \
  'in_a_box: missed' 'in_a_block: missed' 'mapped: missed'
echo "found:   the lint compares the types of what is held with its list of guards, and looks into none of them: a guard that was not unwrapped \
is not found"
