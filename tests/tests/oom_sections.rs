//! What the handle of a victim does in a section: by the kernel's count it never goes to sleep.

#![cfg(target_os = "linux")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nonblock::{sleepable, thread};
use nonblock_mm::memory::Mm;
use nonblock_mm::oom::Reaper;

/// How many bytes a thread may take while it is not to wait for its allocator.
const ARENA: usize = 32 << 20;

thread_local! {
    /// What is left of this thread's arena, while it takes from there.
    static FROM_ARENA: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
    static TAKES: Cell<bool> = const { Cell::new(false) };
}

/// The system's allocator, which threads of one arena wait in for one another; and an arena of its own for a thread that asks, which
/// never waits.
struct Arenas;

// SAFETY: memory comes from the system, or from an arena that stays, and no piece of that is given out twice.
unsafe impl GlobalAlloc for Arenas {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if TAKES.get() {
            let (start, end) = FROM_ARENA.get();
            let at = start.next_multiple_of(layout.align());
            if at + layout.size() > end {
                return ptr::null_mut();
            }
            FROM_ARENA.set((at + layout.size(), end));
            return ptr::with_exposed_provenance_mut(at);
        }
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if !is_in_an_arena(pointer.addr()) {
            // SAFETY: it came from there.
            unsafe { System.dealloc(pointer, layout) };
        }
    }
}

#[global_allocator]
static ALLOCATOR: Arenas = Arenas;

/// Where the arenas of the threads begin: they are never released.
static STARTS: [AtomicUsize; 8] = [const { AtomicUsize::new(0) }; 8];

fn is_in_an_arena(address: usize) -> bool {
    STARTS.iter().any(|start| {
        let start = start.load(Relaxed);
        start != 0 && (start..start + ARENA).contains(&address)
    })
}

/// Sets an arena up for this thread, all of whose pages are there.
fn set_arena_up(number: usize) {
    let arena = Box::leak(vec![1u8; ARENA].into_boxed_slice());
    let start = ptr::from_mut(arena).cast::<u8>().expose_provenance();
    STARTS[number].store(start, Relaxed);
    FROM_ARENA.set((start, start + ARENA));
}

/// How often this thread has gone to sleep.
fn sleeps() -> i64 {
    getrusage(UsageWho::RUSAGE_THREAD).expect("Linux tells it").voluntary_context_switches()
}

/// Threads hand victims to one reaper, cancel them and look at them, while the reaper takes its mail and reports.
#[test]
fn reaping_cancelling_and_polling_never_sleep() {
    let reaper = Arc::new(Reaper::builder().spawn().expect("there is room for a thread"));
    let mm = Arc::new(Mm::new());
    let (slept, times) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicU64::new(0)));
    let until = Instant::now() + Duration::from_millis(1500);
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let (reaper, mm) = (Arc::clone(&reaper), Arc::clone(&mm));
            let (slept, times) = (Arc::clone(&slept), Arc::clone(&times));
            thread::spawn(move |cx| {
                set_arena_up(number);
                while Instant::now() < until && FROM_ARENA.get().0 + (1 << 20) < FROM_ARENA.get().1
                {
                    let (mut reaping, during) = cx.non_block(|_nb| {
                        TAKES.set(true);
                        let before = sleeps();
                        let reaping = reaper.reap(Arc::clone(&mm));
                        let during = sleeps() - before;
                        TAKES.set(false);
                        (reaping, during)
                    });
                    slept.fetch_add(during, Relaxed);
                    let during = cx.non_block(|_nb| {
                        let before = sleeps();
                        for _ in 0..8 {
                            reaping.cancel();
                            let _ = reaping.poll();
                        }
                        sleeps() - before
                    });
                    slept.fetch_add(during, Relaxed);
                    times.fetch_add(1, Relaxed);
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
