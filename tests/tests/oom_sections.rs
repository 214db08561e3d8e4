//! What the handle of a victim does in a section: by the kernel's count it never goes to sleep.

#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nonblock::{sleepable, thread};
use nonblock_mm::memory::Mm;
use nonblock_mm::oom::Reaper;

/// How often this thread has gone to sleep.
fn sleeps() -> i64 {
    getrusage(UsageWho::RUSAGE_THREAD).expect("Linux tells it").voluntary_context_switches()
}

/// Threads cancel victims of one reaper and look at them, while the reaper takes its mail and reports.
#[test]
fn cancelling_and_polling_never_sleep() {
    let reaper = Arc::new(Reaper::builder().spawn().expect("there is room for a thread"));
    let mm = Arc::new(Mm::new());
    let (slept, times) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicU64::new(0)));
    let until = Instant::now() + Duration::from_millis(1500);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (reaper, mm) = (Arc::clone(&reaper), Arc::clone(&mm));
            let (slept, times) = (Arc::clone(&slept), Arc::clone(&times));
            thread::spawn(move |cx| {
                while Instant::now() < until {
                    // It allocates, and an allocator may wait.
                    let mut reaping = reaper.reap(Arc::clone(&mm));
                    let during = cx.non_block(|_nb| {
                        let before = sleeps();
                        for _ in 0..8 {
                            reaping.cancel();
                            let _ = reaping.poll();
                        }
                        sleeps() - before
                    });
                    slept.fetch_add(during, Relaxed);
                    times.fetch_add(8, Relaxed);
                    reaping.wait(cx);
                }
            })
        })
        .collect();
    sleepable(|cx| {
        for thread in threads {
            thread.join(cx).expect("it does not panic");
        }
    });
    assert!(times.load(Relaxed) > 1_000);
    assert_eq!(slept.load(Relaxed), 0, "in {} times", times.load(Relaxed));
}
