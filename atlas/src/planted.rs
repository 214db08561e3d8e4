//! Operations that are planted: one for each kind of fault, which the measurement must find, and clean ones, which it must call safe.

use std::cell::Cell;
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::bench::{Bench, InTurn};
use crate::operation::{Group, Operation, Package};

const fn planted(name: &'static str, bench: fn(Bench<'_>)) -> Operation {
    Operation::new(Group::Memory, name, bench)
}

/// All of them.
pub const PACKAGE: Package = Package {
    name: "planted",
    operations: &[
        planted("clean", clean),
        planted("clean, with what is done meanwhile", clean_meanwhile),
        planted("allocates", allocates),
        planted("allocates once in a hundred calls", allocates_seldom),
        planted("frees", frees),
        planted("allocates by malloc", allocates_by_malloc),
        planted("allocates on first use on a thread", allocates_first),
        planted("allocates on first use in the process", allocates_first_in_process),
        planted("allocates soon after first use", allocates_soon),
        planted("registers a destructor", registers),
        planted("waits by futex", waits_by_futex),
        planted("wakes by futex", wakes_by_futex),
        planted("sleeps", sleeps),
        planted("yields", yields),
        planted("writes", writes),
        planted("maps memory", maps),
        planted("waits for a stopped peer", waits_for_peer),
        planted("gives up beside a stopped peer", gives_up),
        planted("waits for a holder", waits_for_holder),
    ],
};

static COUNTER: AtomicU64 = AtomicU64::new(0);

fn add() {
    COUNTER.fetch_add(1, Ordering::Relaxed);
}

fn clean(bench: Bench<'_>) {
    bench.peer("an addition", &add).call(&add);
}

fn clean_meanwhile(bench: Bench<'_>) {
    bench.call(&|| {
        crate::meanwhile(&|| drop(black_box(vec![1])));
        add();
    });
}

fn allocates(bench: Bench<'_>) {
    let kept = InTurn::new(None);
    bench.after(&|| drop(kept.take())).call(&|| kept.put(Box::new(1)));
}

fn allocates_seldom(bench: Bench<'_>) {
    let calls = AtomicU64::new(0);
    let kept = InTurn::new(Vec::new());
    bench.call(&|| {
        if calls.fetch_add(1, Ordering::Relaxed) % 100 == 99 {
            kept.with(|kept| *kept = Vec::<u8>::with_capacity(100));
        }
    });
}

fn frees(bench: Bench<'_>) {
    let kept = InTurn::new(None);
    bench.prepare(&|| kept.put(Box::new(1))).call(&|| drop(kept.take()));
}

fn allocates_by_malloc(bench: Bench<'_>) {
    // SAFETY: it was got from there, and is let go of once.
    bench.call(&|| unsafe { libc::free(black_box(libc::malloc(black_box(100)))) });
}

thread_local! {
    static FIRST: Cell<bool> = const { Cell::new(true) };
}

fn allocates_first(bench: Bench<'_>) {
    bench.call(&|| {
        if FIRST.replace(false) {
            std::mem::forget(black_box(Box::new(1)));
        }
    });
}

fn allocates_first_in_process(bench: Bench<'_>) {
    let first = AtomicBool::new(true);
    bench.call(&|| {
        if first.swap(false, Ordering::Relaxed) {
            std::mem::forget(black_box(Box::new(1)));
        }
    });
}

fn allocates_soon(bench: Bench<'_>) {
    let calls = AtomicU64::new(0);
    bench.call(&|| {
        if calls.fetch_add(1, Ordering::Relaxed) == 20 {
            std::mem::forget(black_box(Box::new(1)));
        }
    });
}

struct Ends;

impl Drop for Ends {
    fn drop(&mut self) {
        add();
    }
}

thread_local! {
    static ENDS: Ends = const { Ends };
}

fn registers(bench: Bench<'_>) {
    bench.call(&|| ENDS.with(|_| add()));
}

fn waits_by_futex(bench: Bench<'_>) {
    let word = AtomicU32::new(0);
    let time = libc::timespec { tv_sec: 0, tv_nsec: 1000 };
    bench.call(&|| {
        // SAFETY: the word and the time live as long as the call.
        unsafe {
            libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, 0, &raw const time);
        }
    });
}

fn wakes_by_futex(bench: Bench<'_>) {
    let word = AtomicU32::new(0);
    bench.call(&|| {
        // SAFETY: the word lives as long as the call.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1) };
    });
}

fn sleeps(bench: Bench<'_>) {
    bench.call(&|| thread::sleep(Duration::from_nanos(1)));
}

fn yields(bench: Bench<'_>) {
    bench.call(&thread::yield_now);
}

fn writes(bench: Bench<'_>) {
    let file = File::options().write(true).open("/dev/null").expect("Linux has it");
    bench.call(&|| (&file).write_all(b"x").expect("it takes all"));
}

fn maps(bench: Bench<'_>) {
    let kept = InTurn::new(None);
    // SAFETY: it was mapped by the call.
    let unmap = || _ = unsafe { libc::munmap(kept.take() as *mut _, 4096) };
    bench.after(&unmap).call(&|| {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: new memory is nobody else's.
        let memory = unsafe { libc::mmap(std::ptr::null_mut(), 4096, protection, flags, -1, 0) };
        kept.put(memory as usize);
    });
}

/// A spin lock: the call waits for a peer that has stopped with it, at five or so of all instructions.
fn waits_for_peer(bench: Bench<'_>) {
    let taken = AtomicBool::new(false);
    let lock = || {
        while taken.swap(true, Ordering::SeqCst) {
            std::hint::spin_loop();
        }
        taken.store(false, Ordering::SeqCst);
    };
    bench.peer("the same", &lock).call(&lock);
}

fn gives_up(bench: Bench<'_>) {
    let taken = AtomicBool::new(false);
    let try_lock = || {
        if !taken.swap(true, Ordering::SeqCst) {
            taken.store(false, Ordering::SeqCst);
        }
    };
    bench.peer("the same", &try_lock).call(&try_lock);
}

fn waits_for_holder(bench: Bench<'_>) {
    let lock = std::sync::Mutex::new(0);
    bench
        .holder("the holder of the lock", &|stand_still| {
            let _guard = lock.lock();
            stand_still();
        })
        .call(&|| drop(lock.lock()));
}
