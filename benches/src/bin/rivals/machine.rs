//! What the machine's own operations take, of which all others are made: lines of the page's table of the machine.

use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::thread;
use std::time::Duration;

use benches::results::MACHINE;
use benches::{Padded, Plan, Processors, each, repeat};
use cpu_time::ThreadTime;
use nix::unistd::getppid;
use rustix::thread::{MembarrierCommand, membarrier};

pub(crate) fn plan(plan: &mut Plan) {
    // The same code in both builds.
    if nonblock::CHECKS {
        return;
    }
    plan.group(MACHINE, "What this machine takes for", |group| {
        group.rival(
            "a relaxed atomic read-modify-write, of a cache line that no other thread uses",
            || {
                let number = Padded::new(AtomicU64::new(0));
                each(move || {
                    black_box(number.fetch_add(1, Ordering::Relaxed));
                })
            },
        );
        group.rival("a full fence (`fence(SeqCst)`)", || each(|| fence(Ordering::SeqCst)));
        group.rival("a system call (`getppid`)", || {
            each(|| {
                black_box(getppid());
            })
        });
        // An old kernel has none, and a seccomp filter may forbid it.
        if membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok() {
            group.rival(
                "a `membarrier` (private, expedited) while another thread of the process runs",
                || barriers,
            );
        }
    });
}

/// Times membarriers while another thread runs, on another processor: the kernel interrupts the processors that run threads of the
/// process, and no others.
fn barriers(times: u64) -> Duration {
    let processors = Processors::allowed();
    let (runs, is_over) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            processors.keep_to(1, 2);
            runs.store(true, Ordering::Release);
            while !is_over.load(Ordering::Relaxed) {
                spin_loop();
            }
        });
        processors.keep_to(0, 2);
        while !runs.load(Ordering::Acquire) {
            thread::yield_now();
        }
        let start = ThreadTime::now();
        repeat(times, || {
            membarrier(MembarrierCommand::PrivateExpedited).expect("it is registered");
        });
        let time = start.elapsed();
        is_over.store(true, Ordering::Relaxed);
        time
    })
}
