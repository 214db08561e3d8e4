//! What other tools find in the same program, and what this library finds beside them: the claims of the README's table.

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier};

use assert_no_alloc::{AllocDisabler, assert_no_alloc, violation_count};
use nonblock::ViolationKind::SleepInNonBlock;
use nonblock::rcu::Rcu;
use nonblock::sync::Mutex;
use nonblock::testing::{expect_violation, violations};
use nonblock::{MaySleep, NonBlock, Sleepable, might_sleep, non_block, sleepable};
use tracing_mutex::stdsync::tracing::Mutex as OrderedMutex;

/// Counts what a thread allocates and frees within `assert_no_alloc`. The features `warn_debug` and `warn_release` let it
/// count; without them the first one would abort the program.
#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const BLOCKS: usize = 98;

/// What an audio callback reads, and a thread that may sleep replaces.
struct Parameters {
    gain: f32,
    taps: Vec<f32>,
}

impl Parameters {
    fn new(gain: f32) -> Self {
        Self { gain, taps: vec![1.0; 4] }
    }
}

/// Filters a block of sound.
#[non_block]
fn process(parameters: &Rcu<Parameters>, block: &mut [f32], _nb: &NonBlock) {
    let now = parameters.read();
    for sample in block {
        *sample *= now.gain * now.taps.iter().sum::<f32>();
    }
}

/// Runs the body as the audio callback is run: in a section, and forbidden to allocate.
fn callback<R>(body: impl FnOnce(&mut NonBlock) -> R) -> R {
    assert_no_alloc(|| nonblock::raw::non_block(body))
}

/// Returns how many allocations and releases `assert_no_alloc` finds in the closure.
fn allocations(f: impl FnOnce()) -> u32 {
    let before = violation_count();
    f();
    violation_count() - before
}

/// A call that may sleep and says so, as in a driver that knows no tokens.
fn wait_for_disk() {
    might_sleep();
}

/// Returns the message of the closure's panic.
#[track_caller]
fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(f)) else { panic!("it did not panic") };
    *panic.downcast::<String>().expect("the message is a text")
}

const CYCLE: &str = "Found cycle in mutex dependency graph";

#[test]
fn a_callback_runs_under_assert_no_alloc_and_in_sections() {
    let parameters = Arc::new(Rcu::new(Parameters::new(1.0)));
    let start = Arc::new(Barrier::new(2));
    // Allocates what the callback reads next, and frees what it read before.
    let knob = nonblock::thread::spawn({
        let (parameters, start) = (parameters.clone(), start.clone());
        move |cx: &mut Sleepable| {
            start.wait();
            for step in 0..1_000_u16 {
                parameters.replace(cx, Parameters::new(f32::from(step)));
            }
        }
    });
    start.wait();
    let mut block = [0.5; 64];
    let allocated = allocations(|| {
        let found = violations(|| {
            for _ in 0..BLOCKS {
                callback(|nb| process(&parameters, black_box(&mut block), nb));
            }
        });
        assert_eq!(found.len(), 0, "{found:?}");
    });
    assert_eq!(allocated, 0);
    sleepable(|cx| knob.join(cx)).expect("it does not panic");
}

#[test]
fn assert_no_alloc_finds_the_allocation() {
    let found = violations(|| {
        let allocated = allocations(|| callback(|_nb| drop(black_box(Box::new(1)))));
        assert_eq!(allocated, 2); // to get the memory, and to give it back
    });
    assert_eq!(found.len(), 0, "{found:?}");
}

#[test]
fn the_counters_find_the_sleep() {
    assert_eq!(allocations(|| assert_no_alloc(wait_for_disk)), 0);

    let allocated = allocations(|| {
        let violation = expect_violation(|| callback(|_nb| wait_for_disk()));
        assert_eq!(violation.kind(), SleepInNonBlock);
    });
    // A report allocates: under an allocator that aborts, it would not come to its end.
    assert_ne!(allocated, 0);
}

/// The system's allocator takes untouched pages for zeroed memory; what goes through the wrapper is written.
#[cfg(target_os = "linux")]
#[test]
fn assert_no_alloc_writes_all_of_a_zeroed_vector() {
    use std::alloc::{GlobalAlloc as _, Layout, System};

    const SIZE: usize = 64 << 20;

    /// The memory of this process that is in use, in bytes.
    fn resident() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kilobytes.and_then(|number| number.parse::<usize>().ok()).expect("it is a number") << 10
    }

    let layout = Layout::array::<u8>(SIZE).expect("it is small enough");
    let before = resident();
    // SAFETY: the size is not zero.
    let memory = black_box(unsafe { System.alloc_zeroed(layout) });
    assert!(resident() - before < SIZE / 8);
    // SAFETY: it was allocated so.
    unsafe { System.dealloc(memory, layout) };

    let before = resident();
    let zeroed = black_box(vec![0_u8; SIZE]);
    assert!(resident() - before > SIZE / 8 * 7);
    drop(zeroed);
}

#[test]
fn tracing_mutex_finds_the_order() {
    let (one, two) = (OrderedMutex::new(1), OrderedMutex::new(2));
    let found = violations(|| {
        drop((one.lock(), two.lock()));
        let held = two.lock();
        assert!(panic_of(|| one.lock().is_ok()).starts_with(CYCLE));
        drop(held);
    });
    assert_eq!(found.len(), 0, "{found:?}");

    // Ours look at the order with the feature `lockdep`.
    let (one, two) = (Mutex::new(1), Mutex::new(2));
    let found = violations(|| {
        sleepable(|cx| {
            drop((one.lock(cx), two.lock(cx)));
            drop((two.lock(cx), one.lock(cx)));
        });
    });
    assert_eq!(found.len(), usize::from(nonblock::lockdep::ENABLED), "{found:?}");
}

#[test]
fn a_section_does_not_get_at_a_traced_lock_in_may_sleep() {
    let table = MaySleep::new(OrderedMutex::new(1));
    sleepable(|cx| *table.get(cx).lock().expect("nobody panicked") += 1);
    // `table.get(nb)` does not compile. What compiles is a root in the section, which the counters find.
    let violation = expect_violation(|| {
        non_block(|_nb| sleepable(|cx| *table.get(cx).lock().expect("nobody panicked") += 1));
    });
    assert_eq!(violation.kind(), SleepInNonBlock);
}

#[test]
fn tracing_mutex_panics_where_a_section_tries() {
    let (one, two) = (OrderedMutex::new(1), OrderedMutex::new(2));
    drop((one.lock(), two.lock()));
    let _held = two.lock();
    assert!(panic_of(|| non_block(|_nb| one.try_lock().is_ok())).starts_with(CYCLE));
    assert!(panic_of(|| non_block(|_nb| two.try_lock().is_ok())).starts_with(CYCLE));

    let (one, two) = (Mutex::new(1), Mutex::new(2));
    sleepable(|cx| {
        drop((one.lock(cx), two.lock(cx)));
        let _held = two.lock(cx);
        cx.non_block(|_nb| {
            assert!(one.try_lock().is_some());
            assert!(two.try_lock().is_none());
        });
    });
}

/// Its record of the order is no business of a callback's.
#[test]
fn tracing_mutex_allocates_where_a_section_tries() {
    let (one, two) = (OrderedMutex::new(1), OrderedMutex::new(2));
    let try_both = || callback(|_nb| drop(black_box((one.try_lock(), two.try_lock()))));
    assert_ne!(allocations(try_both), 0);

    let (one, two) = (Mutex::new(1), Mutex::new(2));
    let try_both = || callback(|_nb| drop(black_box((one.try_lock(), two.try_lock()))));
    assert_eq!(allocations(try_both), 0);
}

/// A critical section keeps others out, and lets its holder sleep: a section in it does not.
#[test]
fn a_critical_section_is_a_section_too_where_it_opens_one() {
    critical_section::with(|_cs| wait_for_disk());
    let violation = expect_violation(|| {
        critical_section::with(|_cs| non_block(|_nb| wait_for_disk()));
    });
    assert_eq!(violation.kind(), SleepInNonBlock);
}
