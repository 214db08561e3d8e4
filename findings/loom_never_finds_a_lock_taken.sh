#!/usr/bin/env bash
# loom explores no run in which try_lock finds the lock taken, or try_recv finds a message, though both happen in plain programs.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "every order of the operations is tried, so try_lock is refused in some runs and granted in others; likewise try_recv"

rust 'loom = "=0.7.3"' 'shuttle = "=0.9.10"' <<'RUST'
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

static SEEN: AtomicUsize = AtomicUsize::new(0);

macro_rules! both {
    ($name:literal, $checker:ident => $body:block) => {{
        // A process each: shuttle's panic hook would report how loom ends its threads.
        let checker = std::env::args().nth(1).unwrap();
        if checker == "loom" {
            use loom as $checker;
            let mut every = loom::model::Builder::new();
            every.preemption_bound = None;
            every.check(|| $body);
        } else {
            use shuttle as $checker;
            shuttle::check_random(|| $body, 2_000);
        }
        println!("{checker}, {}: seen {}", $name, SEEN.swap(0, SeqCst) > 0);
    }};
}

fn main() {
    both!("try_lock refused beside a thread that holds the lock and stores twice", checker => {
        let one = checker::sync::Arc::new(checker::sync::Mutex::new(0));
        let value = checker::sync::Arc::new(checker::sync::atomic::AtomicUsize::new(0));
        let (two, stored) = (one.clone(), value.clone());
        let holder = checker::thread::spawn(move || {
            let held = two.lock().unwrap();
            stored.store(1, SeqCst);
            stored.store(2, SeqCst);
            drop(held);
        });
        if one.try_lock().is_err() {
            SEEN.fetch_add(1, SeqCst);
        }
        holder.join().unwrap();
    });
    both!("the same, where the trier looks at what is stored", checker => {
        let one = checker::sync::Arc::new(checker::sync::Mutex::new(0));
        let value = checker::sync::Arc::new(checker::sync::atomic::AtomicUsize::new(0));
        let (two, stored) = (one.clone(), value.clone());
        let holder = checker::thread::spawn(move || {
            let held = two.lock().unwrap();
            stored.store(1, SeqCst);
            stored.store(2, SeqCst);
            drop(held);
        });
        if value.load(SeqCst) == 1 && one.try_lock().is_err() {
            SEEN.fetch_add(1, SeqCst);
        }
        holder.join().unwrap();
    });
    both!("try_lock refused in one of two threads that both try", checker => {
        let one = checker::sync::Arc::new(checker::sync::Mutex::new(0));
        let two = one.clone();
        let other = checker::thread::spawn(move || two.try_lock().map(|mut value| *value += 1).is_err());
        let refused = one.try_lock().map(|mut value| *value += 1).is_err();
        if other.join().unwrap() || refused {
            SEEN.fetch_add(1, SeqCst);
        }
    });
    both!("try_write refused beside a reader", checker => {
        let one = checker::sync::Arc::new(checker::sync::RwLock::new(0));
        let two = one.clone();
        let reader = checker::thread::spawn(move || {
            let held = two.read().unwrap();
            checker::thread::yield_now();
            drop(held);
        });
        if one.try_write().is_err() {
            SEEN.fetch_add(1, SeqCst);
        }
        reader.join().unwrap();
    });
    both!("try_recv that finds what another thread sent", checker => {
        let (tx, rx) = checker::sync::mpsc::channel();
        let sender = checker::thread::spawn(move || tx.send(1).unwrap());
        if rx.try_recv().is_ok() {
            SEEN.fetch_add(1, SeqCst);
        }
        sender.join().unwrap();
    });
}
RUST

both() { target/debug/probe loom && target/debug/probe shuttle; }
look both
for never in "try_lock refused beside a thread that holds the lock and stores twice" \
  "try_lock refused in one of two threads that both try" "try_write refused beside a reader" \
  "try_recv that finds what another thread sent"; do
  holds "loom, $never: seen false" "shuttle, $never: seen true"
done
holds 'loom, the same, where the trier looks at what is stored: seen true'
echo "found:   an unlock and a send are no points of choice; only atomics that both threads use bring the refusal about"
