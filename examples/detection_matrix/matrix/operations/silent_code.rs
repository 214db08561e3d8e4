//! Code that makes no system call.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once, OnceLock, RwLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::matrix::operation::{Operation, Prepared, operations};

pub(super) const OPERATIONS: &[Operation] = operations! {
    "std::time::Instant::now" => instant;
    "std::time::SystemTime::now" => system_time;
    "clock_gettime by the vDSO" => clock_gettime;
    "std::sync::Mutex::lock, free" => mutex_free;
    "std::sync::Mutex::try_lock, held" => mutex_held;
    "std::sync::RwLock::read, free" => rwlock_free;
    "std::sync::OnceLock::get" => once_lock;
    "std::sync::Once::call_once, done" => once;
    "parking_lot::Mutex::lock, free" => parking_lot_free;
    "crossbeam_channel::Receiver::try_recv" => crossbeam_try_recv;
    "atomics" => atomics;
    "arithmetic" => arithmetic;
    "a vector's elements" => vector;
    "a thread-local without a destructor" => thread_local;
    "std::thread::current" => current;
    "spinning for 5 ms" => spin;
};

fn instant() -> Prepared {
    Ok(Box::new(|| {
        black_box(Instant::now());
    }))
}

fn system_time() -> Prepared {
    Ok(Box::new(|| {
        black_box(SystemTime::now());
    }))
}

fn clock_gettime() -> Prepared {
    Ok(Box::new(|| {
        let mut time = super::support::NO_TIME;
        for clock in [libc::CLOCK_REALTIME, libc::CLOCK_MONOTONIC, libc::CLOCK_BOOTTIME] {
            // SAFETY: it writes the time there.
            unsafe { libc::clock_gettime(clock, &raw mut time) };
        }
    }))
}

fn mutex_free() -> Prepared {
    let lock = Mutex::new(0);
    Ok(Box::new(move || *lock.lock().expect("nobody panics") += 1))
}

fn mutex_held() -> Prepared {
    let lock: &'static Mutex<u32> = Box::leak(Box::new(Mutex::new(0)));
    std::mem::forget(lock.lock());
    Ok(Box::new(|| assert!(lock.try_lock().is_err())))
}

fn rwlock_free() -> Prepared {
    let lock = RwLock::new(0);
    Ok(Box::new(move || drop(lock.read())))
}

fn once_lock() -> Prepared {
    let cell = OnceLock::from(1);
    Ok(Box::new(move || assert_eq!(cell.get(), Some(&1))))
}

fn once() -> Prepared {
    let once = Once::new();
    once.call_once(|| ());
    Ok(Box::new(move || once.call_once(|| ())))
}

fn parking_lot_free() -> Prepared {
    let lock = parking_lot::Mutex::new(0);
    Ok(Box::new(move || *lock.lock() += 1))
}

fn crossbeam_try_recv() -> Prepared {
    let (sender, receiver) = crossbeam_channel::bounded::<()>(1);
    Ok(Box::new(move || {
        assert!(receiver.try_recv().is_err());
        let _alive = &sender;
    }))
}

fn atomics() -> Prepared {
    let word = AtomicU64::new(0);
    Ok(Box::new(move || {
        for _ in 0..1000 {
            word.fetch_add(1, Ordering::SeqCst);
        }
    }))
}

fn arithmetic() -> Prepared {
    Ok(Box::new(|| {
        let sum: f64 = (1..10_000).map(|n| f64::from(black_box(n)).sqrt()).sum();
        black_box(sum);
    }))
}

fn vector() -> Prepared {
    let mut numbers = vec![1_u64; 4096];
    Ok(Box::new(move || {
        for number in &mut numbers {
            *number += 1;
        }
        numbers.sort_unstable();
        black_box(&numbers);
    }))
}

fn thread_local() -> Prepared {
    std::thread_local! {
        static COUNT: Cell<u32> = const { Cell::new(0) };
    }

    Ok(Box::new(|| COUNT.set(COUNT.get() + 1)))
}

fn current() -> Prepared {
    Ok(Box::new(|| {
        black_box(thread::current().id());
    }))
}

fn spin() -> Prepared {
    Ok(Box::new(|| {
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(5) {
            std::hint::spin_loop();
        }
    }))
}
