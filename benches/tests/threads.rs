//! Threads that are timed at once, and what lies apart.

use std::mem;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use benches::{Padded, beside, together, while_running};
use nix::sched::sched_getcpu;

#[test]
fn threads_that_are_timed_together_have_a_processor_each() {
    let used = Mutex::new(Vec::new());
    let mut batch = together(2, |number, times| {
        let processor = sched_getcpu().expect("the kernel tells");
        used.lock().expect("nobody panicked").push((number, times, processor));
    });
    batch(7);
    drop(batch);
    let used = used.into_inner().expect("nobody panicked");
    // A sample may have been taken several times.
    assert!(used.len() >= 2 && used.len().is_multiple_of(2), "{used:?}");
    for sample in used.chunks(2) {
        let [(one, _, first), (other, _, second)] = sample else { panic!("{sample:?}") };
        assert!(one != other && sample.iter().all(|(_, times, _)| *times == 7), "{sample:?}");
        let there_are_two = thread::available_parallelism().is_ok_and(|number| number.get() > 1);
        assert!(!there_are_two || first != second, "{sample:?}");
    }
}

#[test]
fn two_threads_that_do_different_things_wait_for_each_other() {
    let (one, other) = (AtomicU64::new(0), AtomicU64::new(0));
    // Each goes on only when the other has come as far.
    let turns = |own: &AtomicU64, others: &AtomicU64, times| {
        for _ in 0..times {
            let turn = own.fetch_add(1, Ordering::AcqRel) + 1;
            while others.load(Ordering::Acquire) < turn {
                thread::yield_now();
            }
        }
    };
    let mut batch = beside(|times| turns(&one, &other, times), |times| turns(&other, &one, times));
    assert!(batch(100) > Duration::ZERO);
    drop(batch);
    assert_eq!(one.load(Ordering::Acquire), other.load(Ordering::Acquire));
    assert!(one.load(Ordering::Acquire) >= 100);
}

#[test]
fn what_runs_beside_is_there_for_the_whole_sample_and_only_then() {
    let rounds = AtomicU64::new(0);
    let mut batch = while_running(
        || {
            rounds.fetch_add(1, Ordering::AcqRel);
        },
        |times| {
            for _ in 0..times {
                let seen = rounds.load(Ordering::Acquire);
                assert!(seen > 0);
                while rounds.load(Ordering::Acquire) == seen {
                    thread::yield_now();
                }
            }
        },
    );
    batch(20);
    drop(batch);
    let after = rounds.load(Ordering::Acquire);
    assert!(after > 20);
    thread::sleep(Duration::from_millis(5));
    assert_eq!(rounds.load(Ordering::Acquire), after);
}

#[test]
#[should_panic = "this sample fails"]
fn a_sample_that_panics_ends_what_runs_beside() {
    while_running(thread::yield_now, |_times| panic!("this sample fails"))(1);
}

#[test]
fn a_sample_in_pieces_is_as_many_times_as_it_should_be() {
    // A piece that was disturbed is taken again, whole.
    for times in [1, 255, 256, 1003] {
        let pieces = Mutex::new(Vec::new());
        let mut batch = together(1, |_number, times| {
            pieces.lock().expect("nobody panicked").push(times);
        });
        batch(times);
        drop(batch);
        let pieces = pieces.into_inner().expect("nobody panicked");
        assert!(pieces.iter().sum::<u64>() >= times, "{times}: {pieces:?}");
        let least = if times < 256 { times } else { times / 8 };
        assert!(pieces.iter().all(|piece| (least..=least + 1).contains(piece)), "{pieces:?}");
    }
}

#[test]
fn a_padded_value_stays_at_the_beginning_of_a_line_in_a_closure() {
    let number = Padded::new(AtomicU64::new(0));
    let raise = move || number.fetch_add(1, Ordering::Relaxed);
    assert_eq!(mem::align_of_val(&raise), 128);
    raise();
    assert_eq!(raise(), 1);
}
