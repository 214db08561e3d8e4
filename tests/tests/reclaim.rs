//! Reclamation: a section that drops the last pointer does nothing else, and every value is dropped once, where it may be.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nonblock::ViolationKind::SleepInNonBlock;
use nonblock::reclaim::{Collector, Owned, Shared};
use nonblock::testing::violations;
use nonblock::{raw, sleepable, thread};
use nonblock_tests::interpreter::report_panics_briefly;

thread_local! {
    /// How often this thread allocated or released.
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts by thread.
struct Counting;

fn count() {
    CALLS.set(CALLS.get() + 1);
}

// SAFETY: it does what the system's does.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often the closure allocated or released.
fn calls(f: impl FnOnce()) -> usize {
    let before = CALLS.get();
    f();
    CALLS.get() - before
}

/// What became of values: their numbers, in the order of their drops.
#[derive(Debug, Default)]
struct Fate {
    dropped: Mutex<Vec<usize>>,
    in_a_section: AtomicBool,
}

impl Fate {
    fn dropped(&self) -> Vec<usize> {
        assert!(!self.in_a_section.load(Ordering::Relaxed), "dropped in a section");
        self.dropped.lock().unwrap().clone()
    }

    fn count(&self) -> usize {
        self.dropped().len()
    }
}

/// A value with memory of its own, which panics in its drop if its number is `PANICS`.
#[derive(Debug)]
struct Value {
    number: Box<usize>,
    fate: Arc<Fate>,
    /// Drops more when it is dropped.
    inner: Option<Shared<Value>>,
}

const PANICS: usize = 13;

impl Value {
    fn new(number: usize, fate: &Arc<Fate>) -> Self {
        Self { number: Box::new(number), fate: Arc::clone(fate), inner: None }
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        if raw::depth() > 0 {
            self.fate.in_a_section.store(true, Ordering::Relaxed);
        }
        self.fate.dropped.lock().unwrap().push(*self.number);
        assert_ne!(*self.number, PANICS, "as told");
    }
}

/// A value that must lie at a multiple of 64.
#[repr(align(64))]
#[derive(Clone, Copy, Debug, PartialEq)]
struct Aligned(u8);

/// Counts those that are alive, and keeps a number for as long.
struct Counted(Arc<AtomicUsize>, usize);

impl Drop for Counted {
    fn drop(&mut self) {
        assert_eq!(raw::depth(), 0);
        assert_eq!(self.1, 77);
        self.1 = 0;
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[track_caller]
fn soon(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "it did not come");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_section_that_drops_the_last_pointer_only_lists_the_value() {
    let (collector, fate) = (Collector::new(), Arc::default());
    let handle = collector.handle();
    let shared = Shared::new(&handle, Value::new(1, &fate));
    let owned = Owned::new(&handle, Value::new(2, &fate));
    let done = calls(|| {
        raw::non_block(|_nb| {
            let clone = Shared::clone(&shared);
            assert_eq!((*clone.number, *owned.number), (1, 2));
            drop(shared);
            drop(clone);
            drop(owned);
            drop(handle);
        });
    });
    assert_eq!((done, fate.count()), (0, 0));
    assert!(!collector.is_empty());
    assert_eq!(calls(|| drop(Shared::new(&collector.handle(), [1_u64; 4]))), 1, "the count counts");
    assert_eq!(sleepable(|cx| collector.collect(cx)), 3);
    assert_eq!(fate.dropped(), [1, 2], "in the order in which they died");
    assert_eq!((sleepable(|cx| collector.collect(cx)), collector.is_empty()), (0, true));
}

/// A process that may make no system call but `exit`: it is killed if the drop makes one.
#[cfg(all(target_os = "linux", not(miri)))]
#[test]
fn the_last_drop_makes_no_system_call() {
    use nix::libc;
    use nix::sys::wait::{WaitStatus, waitpid};
    use nix::unistd::{ForkResult, Pid, fork};

    let status_of = |f: &mut dyn FnMut()| -> WaitStatus {
        // SAFETY: the child calls what makes no system call, which the kernel sees to, and nothing that was locked elsewhere.
        match unsafe { fork() }.unwrap() {
            ForkResult::Parent { child } => waitpid(child, None).unwrap(),
            ForkResult::Child => {
                // SAFETY: it takes numbers.
                unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT) };
                f();
                // SAFETY: it does not return. The one that libc's function calls is another.
                unsafe { libc::syscall(libc::SYS_exit, 7) };
                unreachable!();
            }
        }
    };

    let is_killed = |status| matches!(status, WaitStatus::Signaled(..));
    assert!(is_killed(status_of(&mut || drop(std::fs::metadata("/")))), "the kernel looks");

    let (collector, fate) = (Collector::new(), Arc::default());
    let mut shared = Some(Shared::new(&collector.handle(), Value::new(1, &fate)));
    let status = status_of(&mut || {
        raw::non_block(|_nb| {
            drop(shared.clone());
            drop(shared.take());
        });
    });
    assert_eq!(status, WaitStatus::Exited(Pid::from_raw(status.pid().unwrap().as_raw()), 7));
}

#[test]
fn pointers_do_what_an_arc_does() {
    let collector = Collector::new();
    let mut one = Shared::new(&collector.handle(), String::from("a"));
    Shared::get_mut(&mut one).unwrap().push('b');
    let other = one.clone();
    assert_eq!(Shared::get_mut(&mut one), None);
    assert_eq!(Shared::strong_count(&one), 2);
    assert!(Shared::ptr_eq(&one, &other));
    assert!(!Shared::ptr_eq(&one, &Shared::new(&collector.handle(), String::from("ab"))));
    assert_eq!((format!("{one:?}"), other.len()), ("\"ab\"".to_owned(), 2));
    drop(other);
    assert!(Shared::get_mut(&mut one).is_some());

    let mut owned = Owned::new(&collector.handle(), vec![1]);
    owned.push(2);
    assert_eq!(format!("{owned:?}"), "[1, 2]");
    let shared = Owned::into_shared(owned);
    assert_eq!((shared.len(), Shared::strong_count(&shared)), (2, 1));
    drop((one, shared));
    assert_eq!(sleepable(|cx| collector.collect(cx)), 3);
    assert_eq!(format!("{collector:?}"), "Collector { is_empty: true, .. }");
    assert_eq!(format!("{:?}", collector.handle()), "Handle { .. }");
}

#[test]
fn pointers_to_trait_objects_and_slices_drop_the_whole_value() {
    let (collector, fate) = (Collector::new(), Arc::default());
    let value = Shared::new(&collector.handle(), Value::new(5, &fate));
    let kept = value.clone();
    // SAFETY: it only coerces.
    let object: Shared<dyn std::fmt::Debug + Send + Sync> =
        unsafe { Shared::unsize(value, |value| value as *mut (dyn std::fmt::Debug + Send + Sync)) };
    assert!(format!("{object:?}").contains("number: 5"));
    drop(kept);
    assert_eq!(Shared::strong_count(&object), 1);
    std::thread::spawn(move || drop(object)).join().unwrap();

    let array = Shared::new(&collector.handle(), [Aligned(1), Aligned(2), Aligned(3)]);
    // SAFETY: it only coerces.
    let mut slice: Shared<[Aligned]> = unsafe { Shared::unsize(array, |array| array as *mut [_]) };
    Shared::get_mut(&mut slice).unwrap()[1] = Aligned(9);
    assert_eq!(slice[..], [Aligned(1), Aligned(9), Aligned(3)]);
    drop(slice);
    assert_eq!((sleepable(|cx| collector.collect(cx)), fate.dropped()), (2, vec![5]));
}

fn chain(collector: &Collector, length: usize, fate: &Arc<Fate>) -> Option<Shared<Value>> {
    let mut first = None;
    for number in (100..100 + length).rev() {
        let mut value = Value::new(number, fate);
        value.inner = first;
        first = Some(Shared::new(&collector.handle(), value));
    }
    first
}

#[test]
fn a_long_chain_is_dropped_in_a_loop() {
    let length = if cfg!(miri) { 500 } else { 200_000 };
    let small = std::thread::Builder::new().stack_size(128 << 10);
    let dropping = small.spawn(move || {
        let fate = Arc::default();
        let collector = Collector::new();
        drop(chain(&collector, length, &fate));
        assert_eq!(sleepable(|cx| collector.collect(cx)), length);
        assert!(fate.dropped().into_iter().eq(100..100 + length));

        // The collector is dropped with it, or before it.
        drop(chain(&collector, length, &fate));
        let late = chain(&collector, length, &fate);
        drop(collector);
        assert_eq!(fate.count(), 2 * length);
        drop(late);
        assert_eq!(fate.count(), 3 * length);
    });
    dropping.unwrap().join().unwrap();
}

#[test]
fn without_its_collector_a_value_is_dropped_where_it_dies() {
    let (collector, fate) = (Collector::new(), Arc::default());
    let handle = collector.handle();
    let [first, second] = [1, 2].map(|number| Shared::new(&handle, Value::new(number, &fate)));
    drop(collector);
    assert_eq!(fate.count(), 0, "they are alive");
    drop(first);
    assert_eq!(fate.dropped(), [1]);
    // A handle can still make pointers.
    drop(Shared::new(&handle, Value::new(3, &fate)));
    assert_eq!(fate.dropped(), [1, 3]);
    let reported = violations(|| raw::non_block(|_nb| drop(second)));
    assert_eq!(
        reported.iter().map(nonblock::Violation::kind).collect::<Vec<_>>(),
        [SleepInNonBlock]
    );
    assert_eq!(*fate.dropped.lock().unwrap(), [1, 3, 2]);
}

#[test]
fn memory_of_collectors_is_used_again() {
    let allocated = calls(|| {
        for _ in 0..1000 {
            let (collector, other) = (Collector::new(), Collector::new());
            drop(other);
            drop(collector.handle());
        }
    });
    // Other tests of this process may hold what is free for a moment.
    assert!(allocated < 500, "{allocated} allocations for 2000 collectors");
}

#[test]
fn a_panic_of_a_value_loses_no_other() {
    report_panics_briefly();
    let collect = |collector: &Collector| {
        catch_unwind(AssertUnwindSafe(|| sleepable(|cx| collector.collect(cx)))).ok()
    };
    let (collector, fate) = (Collector::new(), Arc::default());
    for number in [11, 12, PANICS, 14, 15] {
        drop(Shared::new(&collector.handle(), Value::new(number, &fate)));
    }
    assert_eq!((collect(&collector), fate.dropped()), (None, vec![11, 12, PANICS]));
    drop(Shared::new(&collector.handle(), Value::new(16, &fate)));
    assert_eq!(collect(&collector), Some(3));
    let mut dropped = fate.dropped();
    dropped.sort_unstable();
    assert_eq!(dropped, (11..=16).collect::<Vec<_>>());

    // The drop of the collector drops all of them, whatever panics.
    for number in [PANICS, 20, 21] {
        drop(Shared::new(&collector.handle(), Value::new(number, &fate)));
    }
    let late = Shared::new(&collector.handle(), Value::new(22, &fate));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(collector))).is_err());
    assert_eq!(fate.count(), 6 + 3);
    drop(late);
    assert_eq!(fate.count(), 10, "the list is drained as before");
}

#[test]
fn a_worker_drops_what_dies_and_survives_panics() {
    report_panics_briefly();
    let fate = Arc::default();
    let worker = Collector::new().spawn_worker("reclaim").unwrap();
    assert!(format!("{worker:?}").contains("reclaim"));
    let handle = worker.handle();
    for number in [1, PANICS, 3] {
        let value = Shared::new(&handle, Value::new(number, &fate));
        assert_eq!(calls(|| raw::non_block(|_nb| drop(value))), 0);
        soon(|| fate.count() > 0 && fate.dropped().contains(&number));
    }
    let late = Shared::new(&handle, Value::new(5, &fate));
    let values = [6, 7].map(|number| Shared::new(&handle, Value::new(number, &fate)));
    drop(values);
    sleepable(|cx| worker.shutdown(cx));
    let mut dropped = fate.dropped();
    dropped.sort_unstable();
    assert_eq!(dropped, [1, 3, 6, 7, PANICS], "shutting down waits for them");
    drop(late);
    assert_eq!(fate.count(), 6);
}

#[test]
fn a_worker_ends_when_its_handle_is_dropped() {
    let fate = Arc::default();
    let worker = Collector::new().spawn_worker("reclaim").unwrap();
    let value = Shared::new(&worker.handle(), Value::new(1, &fate));
    let handle = worker.handle();
    drop(worker);
    // From then on nobody collects, and pointers look after themselves.
    soon(|| {
        let probe = Arc::<Fate>::default();
        drop(Shared::new(&handle, Value::new(2, &probe)));
        probe.count() == 1
    });
    drop(value);
    soon(|| fate.count() == 1);
}

#[test]
fn threads_lose_nothing_and_drop_nothing_twice() {
    let (threads, rounds) = if cfg!(miri) { (2, 50) } else { (4, 5_000) };
    let alive = Arc::new(AtomicUsize::new(0));

    for with_worker in [false, true] {
        let (mut collector, mut worker) = (Some(Collector::new()), None);
        let handle = collector.as_ref().unwrap().handle();
        if with_worker {
            worker = collector.take().map(|collector| collector.spawn_worker("reclaim").unwrap());
        }
        let make = || {
            alive.fetch_add(1, Ordering::Relaxed);
            Shared::new(&handle, Counted(Arc::clone(&alive), 77))
        };
        let place = nonblock::sync::SpinLock::new(make());
        sleepable(|cx| {
            thread::scope(cx, |scope, cx| {
                for _ in 0..threads {
                    scope.spawn(|cx| {
                        for round in 0..rounds {
                            let new = make();
                            cx.non_block(|nb| {
                                let old = std::mem::replace(&mut *place.lock(nb), new);
                                assert_eq!(Shared::clone(&old).1, 77);
                                let read = Shared::clone(&place.lock(nb));
                                assert_eq!(read.1, 77);
                            });
                            if round % 100 == 0 {
                                thread::yield_now(cx);
                            }
                        }
                    });
                }
                if let Some(collector) = &collector {
                    for _ in 0..rounds / 10 {
                        collector.collect(cx);
                    }
                }
            });
        });
        drop(place);
        drop(collector);
        if let Some(worker) = worker {
            sleepable(|cx| worker.shutdown(cx));
        }
        assert_eq!(alive.load(Ordering::Relaxed), 0);
    }
}

/// A collector's memory stays for the next one. It grows with the collectors that there are at once, and not with how often two are
/// made at the same time.
#[test]
fn collectors_that_are_made_at_once_leave_no_more_behind_than_there_were() {
    let (threads, rounds) = if cfg!(miri) { (2, 20) } else { (8, 500_000) };
    let start = std::sync::Barrier::new(threads);
    let make = || {
        start.wait();
        CALLS.set(0);
        for _ in 0..rounds {
            drop(Collector::new());
        }
        CALLS.get()
    };
    let calls = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(make)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
    });
    assert!(calls <= 2 * threads, "{calls} allocations for {threads} collectors at once");
}
