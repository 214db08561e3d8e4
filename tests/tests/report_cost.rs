//! What a violation costs that is only counted, and one that a handler takes: nothing is allocated, and where it is only
//! counted, no system call is made.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use nonblock::{Policy, Violation, might_sleep, non_block, set_handler, set_policy, sleepable};
use nonblock_tests::process;

/// Counts what the thread allocates and releases.
struct Counting;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: it does what the system's allocator does.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Returns how often the closure calls the allocator.
fn calls_of_the_allocator(f: impl FnOnce()) -> usize {
    let before = CALLS.get();
    f();
    CALLS.get() - before
}

/// Breaks the rule in two ways: in a function of which nothing is known, and by a root.
fn break_rules() {
    for _ in 0..3 {
        non_block(|_nb| {
            might_sleep();
            sleepable(|_cx| ());
        });
    }
}

#[test]
fn what_is_ignored_allocates_nothing() {
    let outcome = process::own("what_is_ignored_allocates_nothing", &[], || {
        set_policy(Policy::Ignore);
        // A root looks at the environment once.
        sleepable(|_cx| ());
        assert_eq!(calls_of_the_allocator(break_rules), 0);
        assert_eq!(nonblock::stats().total(), 6);
    });
    outcome.assert_success();
}

#[test]
fn a_warning_that_was_written_before_allocates_nothing() {
    let test = "a_warning_that_was_written_before_allocates_nothing";
    let outcome = process::own(test, &[("NONBLOCK", "warn".into())], || {
        break_rules();
        assert_eq!(calls_of_the_allocator(break_rules), 0);
    });
    outcome.assert_success();
}

#[test]
fn a_handler_is_called_without_an_allocation_and_names_the_thread_without_one() {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    static THREAD: AtomicU32 = AtomicU32::new(0);

    fn note(violation: &Violation) {
        SEEN.fetch_add(1, Ordering::Relaxed);
        let task = violation.task();
        assert_eq!(task.name(), "of-the-handler");
        THREAD.store(task.id(), Ordering::Relaxed);
    }

    let test = "a_handler_is_called_without_an_allocation_and_names_the_thread_without_one";
    let outcome = process::own(test, &[], || {
        set_handler(Some(note));
        let thread = std::thread::Builder::new().name("of-the-handler".to_owned());
        let thread = thread.spawn(|| {
            sleepable(|_cx| ());
            assert_eq!(calls_of_the_allocator(break_rules), 0);
        });
        thread.expect("a thread starts").join().expect("nothing was allocated");
        assert_eq!(SEEN.load(Ordering::Relaxed), 6);
        if cfg!(target_os = "linux") {
            assert_ne!(THREAD.load(Ordering::Relaxed), 0);
        }
    });
    outcome.assert_success();
}

/// On a thread that the kernel lets make no system call but `read`, `write` and `exit`, and ends at any other.
#[cfg(target_os = "linux")]
#[test]
fn what_is_ignored_makes_no_system_call() {
    use std::sync::atomic::AtomicBool;
    use std::time::{Duration, Instant};

    use nix::libc;

    static STRICT: AtomicBool = AtomicBool::new(false);
    static DONE: AtomicBool = AtomicBool::new(false);

    /// Runs the closure on such a thread. Returns whether it came to its end, or `None` if the kernel makes no such thread.
    fn without_system_calls(f: fn()) -> Option<bool> {
        STRICT.store(false, Ordering::Relaxed);
        DONE.store(false, Ordering::Relaxed);
        let thread = std::thread::spawn(move || {
            // SAFETY: it touches no memory. It takes from this thread all system calls but four.
            if unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT) } != 0 {
                return;
            }
            STRICT.store(true, Ordering::Release);
            f();
            DONE.store(true, Ordering::Release);
            // It cannot even end as other threads do.
            loop {
                std::hint::spin_loop();
            }
        });
        let start = Instant::now();
        while !DONE.load(Ordering::Acquire) && start.elapsed() < Duration::from_secs(2) {
            if thread.is_finished() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        STRICT.load(Ordering::Acquire).then(|| DONE.load(Ordering::Acquire))
    }

    let outcome = process::own("what_is_ignored_makes_no_system_call", &[], || {
        set_policy(Policy::Ignore);
        sleepable(|_cx| ());
        let Some(done) = without_system_calls(break_rules) else {
            println!("no such thread here: skipped");
            return;
        };
        assert!(done, "a violation that is only counted makes a system call");
        // The test would see one.
        assert_eq!(without_system_calls(|| drop(std::fs::metadata("/"))), Some(false));
    });
    outcome.assert_success();
}
