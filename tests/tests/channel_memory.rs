//! How much memory an unbounded channel takes: as much as its fullest time needs, whoever loses its processor meanwhile.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use nonblock::sync::channel;

/// How many bytes are in use, and how many were at most.
static BYTES: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, and the counts.
struct Counting;

// SAFETY: it does what the system's does.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let bytes = BYTES.fetch_add(layout.size(), Relaxed) + layout.size();
        MOST.fetch_max(bytes, Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Each thread has one value in the channel at a time, and there are more threads than processors. So receivers lose their
/// processor in the middle of taking a value, and senders come by it.
#[test]
fn a_channel_of_few_values_stays_small() {
    let threads = 3 * std::thread::available_parallelism().map_or(2, usize::from);
    let (sender, receiver) = channel::unbounded::<u64>();
    let before = BYTES.load(Relaxed);
    MOST.store(before, Relaxed);
    let is_over = AtomicBool::new(false);
    let taken = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, receiver) = (sender.clone(), receiver.clone());
            let (is_over, taken) = (&is_over, &taken);
            scope.spawn(move || {
                while !is_over.load(Relaxed) {
                    sender.try_send(1).expect("there is a receiver, and room");
                    while receiver.try_recv().is_err() {
                        std::hint::spin_loop();
                    }
                    taken.fetch_add(1, Relaxed);
                }
            });
        }
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(2) {
            std::thread::sleep(Duration::from_millis(20));
        }
        is_over.store(true, Relaxed);
    });
    // Rings of 32 and of 64 slots of 16 bytes, the threads' own, and what the harness takes.
    let most = MOST.load(Relaxed) - before;
    assert!(most < 64 << 10, "{most} bytes for {threads} values, {} times", taken.load(Relaxed));
    assert!(taken.load(Relaxed) > 1_000);
}
