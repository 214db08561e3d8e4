//! Values that a section reads without waiting: what readers find, when old values are dropped, and what a read never does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use nonblock::rcu::{Entry, List, Rcu, VersionClock, ends_are_deferred};
use nonblock::{non_block, raw, sleepable};
use nonblock_tests::allocations::{Counting, allocations};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A value that says how many of its kind there are, and must not be dropped in a section.
struct Counted {
    alive: Arc<AtomicUsize>,
    number: usize,
}

impl Counted {
    fn new(alive: &Arc<AtomicUsize>, number: usize) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        Self { alive: Arc::clone(alive), number }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        assert_eq!(raw::depth(), 0, "a value is dropped in a section");
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a panic said.
fn message(payload: &(dyn std::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("")
}

#[test]
fn a_guard_keeps_its_value_and_later_reads_find_the_new_one() {
    let rcu = Rcu::new(vec![1]);
    let before = rcu.read();
    sleepable(|cx| rcu.replace(cx, vec![2]));
    sleepable(|cx| rcu.update(cx, |now| now.iter().map(|n| n * 10).collect()));
    assert_eq!((&*before, &*rcu.read()), (&vec![1], &vec![20]));
    assert_eq!(format!("{rcu:?}"), "[20]");
}

#[test]
fn replaced_values_go_with_the_next_synchronize_and_not_before_their_guards() {
    let alive = Arc::new(AtomicUsize::new(0));
    let rcu = Arc::new(Rcu::new(Counted::new(&alive, 0)));
    let (reading, read) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let reader = thread::spawn({
        let rcu = Arc::clone(&rcu);
        move || {
            let guard = rcu.read();
            reading.send(()).unwrap();
            released.recv().unwrap();
            guard.number
        }
    });
    read.recv().unwrap();
    let synchronized = Arc::new(AtomicBool::new(false));
    let waiter = thread::spawn({
        let (rcu, alive, synchronized) =
            (Arc::clone(&rcu), Arc::clone(&alive), Arc::clone(&synchronized));
        move || {
            raw::sleepable(|cx| {
                rcu.replace(cx, Counted::new(&alive, 1));
                let period = rcu.grace_period(cx);
                assert!(!rcu.grace_periods().has_ended(period));
                rcu.synchronize(cx);
                synchronized.store(true, Ordering::SeqCst);
                assert!(rcu.grace_periods().has_ended(period));
            });
        }
    });
    // The new value is there at once, and the old one as long as its reader.
    while rcu.read().number == 0 {
        thread::yield_now();
    }
    assert!(!synchronized.load(Ordering::SeqCst));
    assert_eq!(alive.load(Ordering::Relaxed), 2);
    release.send(()).unwrap();
    assert_eq!(reader.join().unwrap(), 0);
    waiter.join().unwrap();
    assert_eq!(alive.load(Ordering::Relaxed), 1);
    drop(rcu);
    assert_eq!(alive.load(Ordering::Relaxed), 0);
}

/// Nobody calls `synchronize`: the replacements alone keep what piles up small.
#[test]
fn replacing_without_an_end_keeps_few_old_values() {
    let alive = Arc::new(AtomicUsize::new(0));
    let rcu = Rcu::new(Counted::new(&alive, 0));
    sleepable(|cx| {
        for number in 1..1_000 {
            rcu.replace(cx, Counted::new(&alive, number));
            // The page of `Rcu` says 8, and there is the current one.
            assert!(
                alive.load(Ordering::Relaxed) <= 9,
                "{} are alive",
                alive.load(Ordering::Relaxed)
            );
        }
    });
}

#[test]
fn waiting_for_readers_on_a_thread_that_reads_is_refused() {
    let rcu = Rcu::new(1);
    let other = Rcu::new(2);
    let guard = other.read();
    assert!(ends_are_deferred());
    let refused = catch_unwind(AssertUnwindSafe(|| raw::sleepable(|cx| rcu.synchronize(cx))));
    let payload = refused.unwrap_err();
    assert!(message(&*payload).contains("on a thread that reads"), "{}", message(&*payload));
    drop(guard);
    assert!(!ends_are_deferred());
    sleepable(|cx| rcu.synchronize(cx));
}

#[test]
fn an_update_that_panics_leaves_the_value_and_the_next_writer_comes_in() {
    let rcu = Rcu::new(1);
    let update = AssertUnwindSafe(|| raw::sleepable(|cx| rcu.update(cx, |_| panic!("no value"))));
    assert_eq!(message(&*catch_unwind(update).unwrap_err()), "no value");
    assert_eq!(*rcu.read(), 1);
    sleepable(|cx| rcu.replace(cx, 2));
    assert_eq!(*rcu.read(), 2);
}

/// A value whose drop panics.
struct Rude(&'static str);

impl Drop for Rude {
    fn drop(&mut self) {
        assert!(self.0.is_empty(), "{}", self.0);
    }
}

#[test]
fn the_panic_of_a_values_drop_passes_through_after_the_waiting() {
    let rcu = Rcu::new(Rude("first"));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        raw::sleepable(|cx| {
            rcu.replace(cx, Rude(""));
            rcu.synchronize(cx);
        });
    }));
    assert_eq!(message(&*outcome.unwrap_err()), "first");
    // It does not come back, and nothing is stuck.
    sleepable(|cx| {
        rcu.replace(cx, Rude(""));
        rcu.synchronize(cx);
    });
}

#[test]
fn of_several_values_whose_drops_panic_the_first_panic_passes_through() {
    let replaced_twice = || {
        let rcu = Rcu::new(Rude(""));
        let guard = rcu.read();
        raw::sleepable(|cx| {
            rcu.replace(cx, Rude("first"));
            rcu.replace(cx, Rude("second"));
            rcu.replace(cx, Rude(""));
        });
        drop(guard);
        rcu
    };
    let rcu = replaced_twice();
    let outcome =
        catch_unwind(AssertUnwindSafe(|| raw::sleepable(|cx| rcu.synchronize(cx)))).unwrap_err();
    assert_eq!(message(&*outcome), "first");
    // With the values still waiting to be dropped.
    let rcu = replaced_twice();
    let outcome = catch_unwind(AssertUnwindSafe(|| drop(rcu))).unwrap_err();
    assert_eq!(message(&*outcome), "first");
}

#[test]
fn what_is_removed_twice_stays_removed_for_calls_in_between() {
    let clock = VersionClock::<u32>::new();
    let tombstone = nonblock::rcu::Tombstone::new();
    clock.remove(&tombstone, |removed, _nb| *removed += 1);
    let between = clock.now();
    clock.remove(&tombstone, |removed, _nb| *removed += 1);
    assert!(!tombstone.is_live_at(between));
    assert_eq!(clock.take_notes(), (between, 1));
}

/// Neither marked nor counted: else nobody would take the entry off the list.
#[test]
fn a_note_that_panics_removes_nothing() {
    let clock = VersionClock::<u32>::new();
    let tombstone = nonblock::rcu::Tombstone::new();
    let before = clock.now();
    let remove = || clock.remove(&tombstone, |_removed, _nb| panic!("as told"));
    assert!(catch_unwind(AssertUnwindSafe(remove)).is_err());
    assert_eq!((clock.now(), raw::depth()), (before, 0));
    assert!(tombstone.is_live_at(clock.now()));
    clock.remove(&tombstone, |removed, _nb| *removed += 1);
    assert!(!tombstone.is_live_at(clock.now()));
    assert_eq!(clock.take_notes(), (clock.now(), 1));
}

/// A writer that is forgotten keeps other writers out, and nobody else.
#[test]
fn readers_go_on_where_a_writer_was_forgotten() {
    let rcu = Rcu::new(1);
    sleepable(|cx| {
        let mut writer = rcu.write(cx);
        writer.publish(2);
        std::mem::forget(writer);
    });
    assert_eq!(*rcu.read(), 2);
    assert_eq!(format!("{rcu:?}"), "2");
}

#[test]
fn the_items_of_calls_that_are_all_made_are_dropped() {
    let shared = Arc::new(());
    let items = vec![Arc::clone(&shared); 3].into_iter();
    nonblock::unwind::for_each(items, &mut (), |item, ()| drop(item));
    let kept = Arc::clone(&shared);
    let items = (0..3).map(move |_| Arc::strong_count(&kept));
    nonblock::unwind::for_each(items, &mut (), |_count, ()| ());
    assert_eq!(Arc::strong_count(&shared), 1);
}

/// Calls in order, of which some items panic as they are made, and some calls panic.
fn for_each_of(made_badly: &'static [u32], called_badly: &'static [u32]) -> (Vec<u32>, String) {
    let items = (1..=5).inspect(move |number| {
        assert!(!made_badly.contains(number), "item {number}");
    });
    let mut called = Vec::new();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        nonblock::unwind::for_each(items, &mut called, |number, called| {
            called.push(number);
            assert!(!called_badly.contains(&number), "call {number}");
        });
    }));
    (called, message(&*outcome.unwrap_err()).to_owned())
}

#[test]
fn an_iterator_that_panics_in_calls_that_are_all_made_does_not_abort() {
    let told = |called: &[u32], message: &str| (called.to_vec(), message.to_owned());
    assert_eq!(for_each_of(&[2], &[]), told(&[1, 3, 4, 5], "item 2"));
    assert_eq!(for_each_of(&[2], &[4]), told(&[1, 3, 4, 5], "item 2"));
    assert_eq!(for_each_of(&[2, 4], &[]), told(&[1, 3], "item 2"));
    assert_eq!(for_each_of(&[3], &[1]), told(&[1, 2], "call 1"));
}

#[test]
fn a_clone_of_an_iterator_that_panics_in_calls_that_are_all_made_does_not_abort() {
    struct Once(u32);

    impl Clone for Once {
        fn clone(&self) -> Self {
            panic!("the clone");
        }
    }

    impl Iterator for Once {
        type Item = u32;

        fn next(&mut self) -> Option<u32> {
            self.0 += 1;
            (self.0 < 3).then_some(self.0)
        }
    }

    let outcome = catch_unwind(|| {
        nonblock::unwind::for_each(Once(0), &mut (), |number, ()| assert!(number != 1, "the call"));
    });
    assert_eq!(message(&*outcome.unwrap_err()), "the call");
}

/// What is caught and not resumed panics no second time.
#[test]
fn a_first_panic_that_is_dropped_while_unwinding_does_not_abort() {
    let outcome = catch_unwind(|| {
        let mut first = nonblock::unwind::FirstPanic::new();
        first.catch(|| std::panic::panic_any(Rude("of the payload")));
        panic!("another");
    });
    assert_eq!(message(&*outcome.unwrap_err()), "another");
}

/// The handle owns no part of the `Rcu`, and says that all is over when that is gone.
#[test]
fn grace_periods_end_with_the_rcu() {
    let rcu = Rcu::new(1);
    let grace_periods = rcu.grace_periods().clone();
    let guard = rcu.read();
    let period = replace_and_period(&rcu);
    assert!(!grace_periods.has_ended(period));
    drop(guard);
    drop(rcu);
    assert!(grace_periods.has_ended(period));
}

/// Replaces the value, and returns the grace period of the one before.
fn replace_and_period(rcu: &Rcu<i32>) -> nonblock::rcu::GracePeriod {
    raw::sleepable(|cx| {
        rcu.replace(cx, 2);
        rcu.grace_period(cx)
    })
}

/// How often this thread gave its processor up because it had to wait, as the kernel counts it.
#[cfg(target_os = "linux")]
fn waits() -> i64 {
    use nix::sys::resource::{UsageWho, getrusage};

    getrusage(UsageWho::RUSAGE_THREAD).unwrap().voluntary_context_switches()
}

/// Two threads replace as fast as they can, and wait for the readers; a third reads in sections. More threads than the
/// machine has processors, so that each loses its own in the middle of what it does.
#[cfg(target_os = "linux")]
#[test]
fn a_section_that_reads_neither_waits_nor_allocates_nor_frees_beside_writers() {
    const READS: usize = 200_000;
    let rcu = Arc::new(Rcu::new(vec![0_usize; 8]));
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..2)
        .map(|_| {
            let (rcu, stop) = (Arc::clone(&rcu), Arc::clone(&stop));
            thread::spawn(move || {
                raw::sleepable(|cx| {
                    let mut replaced = 0_usize;
                    while !stop.load(Ordering::Relaxed) {
                        rcu.update(cx, |now| vec![now[0] + 1; 8]);
                        rcu.synchronize(cx);
                        replaced += 1;
                    }
                    replaced
                })
            })
        })
        .collect();
    let mut changes = 0;
    while changes < 100 {
        let first = rcu.read()[0];
        let (waits_before, allocations_before) = (waits(), allocations());
        let last = non_block(|_nb| {
            let mut last = first;
            for _ in 0..READS {
                let guard = rcu.read();
                // All of it is of one moment, and moments do not go back.
                assert!(guard.iter().all(|number| *number == guard[0]) && guard[0] >= last);
                last = guard[0];
            }
            last
        });
        let (waited, allocated) = (waits() - waits_before, allocations() - allocations_before);
        assert_eq!((waited, allocated), (0, 0), "in {READS} reads");
        changes += last - first;
        thread::yield_now();
    }
    stop.store(true, Ordering::Relaxed);
    let replaced: usize = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
    assert!(replaced >= 100, "{replaced} replacements");
}

type Callback = dyn Fn() -> u32 + Send + Sync;

#[test]
fn a_list_is_called_in_order_without_what_was_removed() {
    let clock = VersionClock::<usize>::new();
    let list = Rcu::new(List::<Callback, u32>::new());
    let entry = |number| Entry::new(Arc::new(move || number) as Arc<Callback>, number);
    let call = |version| {
        let list = list.read();
        let mut called = Vec::new();
        list.view_at(version, 0).for_each(&mut called, |callback, called| called.push(callback()));
        called
    };
    let mut tombstones = Vec::new();
    sleepable(|cx| {
        for number in [2, 1, 3] {
            let entry = entry(number);
            tombstones.push(entry.tombstone().clone());
            list.update(cx, |list| list.with(entry, |other| other.data > number));
        }
    });
    let before = clock.now();
    assert_eq!(call(before), [1, 2, 3]);
    // In a section, and without a change of the list.
    let allocated = allocations();
    non_block(|_nb| clock.remove(&tombstones[0], |removed, _nb| *removed += 1));
    assert_eq!(allocations(), allocated);
    assert_eq!(call(clock.now()), [1, 3]);
    // A call that began before still has it.
    assert_eq!(call(before), [1, 2, 3]);
    let (now, removed) = clock.take_notes();
    assert_eq!(removed, 1);
    sleepable(|cx| {
        list.update(cx, |list| list.without_removed(now, |entry| entry.data != 3));
        list.synchronize(cx);
    });
    assert_eq!(call(now), [1]);
}
