//! Barriers: threads wait for each other, round after round.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, TryRecvError};
use std::time::Duration;

use nonblock::sync::Barrier;
use nonblock::{sleepable, thread};

#[test]
fn nobody_goes_on_before_all_have_come_and_one_leads() {
    const THREADS: usize = 4;
    static BARRIER: Barrier = Barrier::new(THREADS);

    sleepable(|cx| {
        let (came_through, through) = mpsc::channel();
        let others: Vec<_> = (1..THREADS)
            .map(|_| {
                let came_through = came_through.clone();
                thread::spawn(move |cx| {
                    came_through.send(BARRIER.wait(cx).is_leader()).unwrap();
                })
            })
            .collect();
        drop(came_through);
        thread::sleep(cx, Duration::from_millis(20));
        assert_eq!(through.try_recv(), Err(TryRecvError::Empty), "this thread has not come");
        let mut leaders = usize::from(BARRIER.wait(cx).is_leader());
        for other in others {
            other.join(cx).unwrap();
        }
        leaders += through.iter().filter(|leads| *leads).count();
        assert_eq!(leaders, 1);
    });
}

#[test]
fn it_is_used_round_after_round() {
    const THREADS: usize = 3;
    const ROUNDS: usize = if cfg!(miri) { 5 } else { 200 };

    let (barrier, arrived) = (Barrier::new(THREADS), AtomicUsize::new(0));
    let leaders = AtomicUsize::new(0);
    sleepable(|cx| {
        thread::scope(cx, |scope, _cx| {
            for _ in 0..THREADS {
                scope.spawn(|cx| {
                    for round in 1..=ROUNDS {
                        arrived.fetch_add(1, Ordering::Relaxed);
                        if barrier.wait(cx).is_leader() {
                            leaders.fetch_add(1, Ordering::Relaxed);
                        }
                        assert!(arrived.load(Ordering::Relaxed) >= round * THREADS);
                        barrier.wait(cx);
                        assert!(arrived.load(Ordering::Relaxed) <= (round + 1) * THREADS);
                    }
                });
            }
        });
    });
    assert_eq!(leaders.into_inner(), ROUNDS);
}

#[test]
fn one_for_nobody_and_one_for_one_wait_for_nobody() {
    sleepable(|cx| {
        for threads in [0, 1] {
            let barrier = Barrier::new(threads);
            assert!(barrier.wait(cx).is_leader());
            assert!(barrier.wait(cx).is_leader());
            assert_eq!(format!("{barrier:?}"), format!("Barrier {{ threads: {threads}, .. }}"));
        }
    });
}
