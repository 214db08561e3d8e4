//! Condition variables, against `parking_lot`'s and std's.

use std::hint::black_box;
use std::sync as std_sync;

use benches::{Goal, Group, Padded, Plan, each, repeat, together};
use nonblock::sync::{Condvar, Mutex};

const OURS: &str = "nonblock's Condvar";
const PARKING_LOT: &str = "parking_lot";
const STD: &str = "std";

pub(crate) fn plan(plan: &mut Plan) {
    plan.group(
        "condvar_notify",
        "A condition variable for which nobody waits: a notification",
        |group| {
            group.about("std's makes a system call each time.");
            notifications(group);
            group.counted(1000);
            goal(
                group,
                "it is a load and a branch, as parking_lot's is, and no more instructions. From run to run they take 1% more or less",
            );
        },
    );
    if !nonblock::CHECKS {
        plan.group(
            "condvar_threads",
            "A condition variable: a turn to another thread and back",
            |group| {
                group.about(
                    "Each of two threads waits, with a mutex and one condition variable, until it is its turn, and then gives the \
                     other one its turn. Each time is one turn of each: two notifications, and two threads woken.",
                );
                turns(group);
                goal(
                    group,
                    "nearly all of a turn is the kernel's waking of two threads. Which of the three is ahead changes from run to \
                     run: ours took 0.98 to 1.02 times each of the others' in three of them",
                );
            },
        );
    }
}

fn goal(group: &mut Group, cause: &str) {
    group.goal(Goal::at_most_the_best(1.0, OURS, &[PARKING_LOT, STD]).cause(cause));
}

fn notifications(group: &mut Group) {
    group.ours(OURS, || {
        let condvar = Padded::new(Condvar::new());
        each(move || {
            black_box(&condvar).notify_one();
        })
    });
    group.rival(PARKING_LOT, || {
        let condvar = Padded::new(parking_lot::Condvar::new());
        each(move || {
            black_box(&condvar).notify_one();
        })
    });
    group.rival(STD, || {
        let condvar = Padded::new(std_sync::Condvar::new());
        each(move || black_box(&condvar).notify_one())
    });
}

fn turns(group: &mut Group) {
    group.ours(OURS, || {
        let (turn, changed) = (Padded::new(Mutex::new(0)), Padded::new(Condvar::new()));
        together(2, move |own, times| {
            nonblock::raw::sleepable(|cx| {
                repeat(times, || {
                    let mut turn = turn.lock(cx);
                    while *turn != own {
                        changed.wait(cx, &mut turn);
                    }
                    *turn = 1 - own;
                    changed.notify_one();
                });
            });
        })
    });
    group.rival(PARKING_LOT, || {
        let turn = Padded::new(parking_lot::Mutex::new(0));
        let changed = Padded::new(parking_lot::Condvar::new());
        together(2, move |own, times| {
            repeat(times, || {
                let mut turn = turn.lock();
                while *turn != own {
                    changed.wait(&mut turn);
                }
                *turn = 1 - own;
                changed.notify_one();
            });
        })
    });
    group.rival(STD, || {
        let (turn, changed) =
            (Padded::new(std_sync::Mutex::new(0)), Padded::new(std_sync::Condvar::new()));
        together(2, move |own, times| {
            repeat(times, || {
                let mut turn = turn.lock().expect("no holder panics");
                while *turn != own {
                    turn = changed.wait(turn).expect("no holder panics");
                }
                *turn = 1 - own;
                changed.notify_one();
            });
        })
    });
}
