//! What the reaper offers to sections does not sleep, whatever its thread and other threads are at.
#![cfg(target_os = "linux")]

use std::sync::Arc;

use nix::sys::resource::{UsageWho, getrusage};
use nonblock::{sleepable, thread};
use nonblock_mm::memory::Mm;
use nonblock_mm::oom::Reaper;

/// How often this thread has slept.
fn sleeps() -> i64 {
    getrusage(UsageWho::RUSAGE_THREAD).expect("Linux counts").voluntary_context_switches()
}

/// Each call wakes the reaper's thread, which goes back to its wait meanwhile.
#[test]
fn asking_for_a_victim_and_cancelling_it_does_not_sleep() {
    const CALLS: usize = 200_000;

    let reaper = Reaper::builder().spawn().expect("a thread");
    sleepable(|cx| {
        let slept: i64 = thread::scope(cx, |scope, cx| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let reaper = &reaper;
                    scope.spawn(move |cx| {
                        let mut reaping = reaper.reap(Arc::new(Mm::new()));
                        cx.non_block(|_nb| {
                            let before = sleeps();
                            for _ in 0..CALLS {
                                reaping.cancel();
                                let _ = reaping.poll();
                            }
                            sleeps() - before
                        })
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join(cx).unwrap()).sum()
        });
        assert_eq!(slept, 0, "in {CALLS} calls of each thread");
        reaper.shutdown(cx);
    });
}
