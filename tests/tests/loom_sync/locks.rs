//! There is one holder at a time, by whichever function it took the lock.

use std::mem::ManuallyDrop;
use std::sync::Arc;

use nonblock_tests::model::{Depth, explore};

use crate::sync::{Mutex, MutexGuard, SpinLock};
use crate::token::lend_sleepable;
use crate::{Context, Guarded, NonBlock, Sleepable, non_block, spawn};

#[test]
fn a_mutex_has_one_holder_whichever_way_it_is_taken() {
    explore(3, || {
        let mutex = Arc::new(Mutex::new(Guarded::default()));
        let waiting = spawn(&mutex, |mutex, cx| {
            mutex.lock(cx).add(1);
            1
        });
        let acquiring = spawn(&mutex, |mutex, cx| {
            let Ok(held) = mutex.acquire(cx);
            held.add(1);
            1
        });
        let cx = &mut lend_sleepable();
        // A section is refused, or alone.
        let tried = non_block(cx, |nb| mutex.acquire(nb).map(|held| held.add(1)).is_ok());
        let sum = u32::from(tried) + waiting.join().unwrap() + acquiring.join().unwrap();
        assert_eq!(mutex.lock(cx).read(), sum);
    });
}

#[test]
fn a_section_that_was_refused_gets_the_mutex_when_it_comes_back() {
    explore(3, || {
        let mutex = Arc::new(Mutex::new(Guarded::default()));
        let holder = spawn(&mutex, |mutex, cx| mutex.lock(cx).add(1));
        let cx = &mut lend_sleepable();
        while non_block(cx, |nb| mutex.acquire(nb).map(|held| held.add(1)).is_err()) {
            loom::thread::yield_now();
        }
        holder.join().unwrap();
        assert_eq!(mutex.try_lock().unwrap().read(), 2);
    });
}

/// Who lets go of it for a while lets others in, and is alone again after.
#[test]
fn a_mutex_that_is_let_go_for_a_while_is_held_again() {
    explore(3, || {
        let mutex = Arc::new(Mutex::new(Guarded::default()));
        let others = [(); 2].map(|()| spawn(&mutex, |mutex, cx| mutex.lock(cx).add(1)));
        let cx = &mut lend_sleepable();
        let mut held = mutex.lock(cx);
        held.add(10);
        MutexGuard::unlocked(&mut held, cx, |cx| mutex.lock(cx).add(10));
        held.add(10);
        drop(held);
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(mutex.lock(cx).read(), 32);
    });
}

#[test]
fn a_guard_that_was_narrowed_keeps_others_out() {
    explore(3, || {
        let mutex = Arc::new(Mutex::new((0, Guarded::default())));
        let other = spawn(&mutex, |mutex, cx| mutex.lock(cx).1.add(1));
        let cx = &mut lend_sleepable();
        let part = MutexGuard::map(mutex.lock(cx), |value| &mut value.1);
        part.add(1);
        part.add(1);
        drop(part);
        other.join().unwrap();
        assert_eq!(mutex.lock(cx).1.read(), 3);
    });
}

/// That the section outlasts the lock, the raw lock of the model asserts whenever it is taken or released.
#[test]
fn a_spin_lock_has_one_holder_who_is_in_a_section_for_as_long() {
    explore(3, || {
        let lock = Arc::new(SpinLock::new(Guarded::default()));
        let with = spawn(&lock, |lock, cx| {
            lock.with(cx, |value, _nb| value.add(1));
            assert_eq!(Depth::now(), 0);
        });
        let trying = spawn(&lock, |lock, cx| {
            non_block(cx, |nb| lock.try_lock(nb).map(|held| held.add(1)).is_some())
        });
        let cx = &mut lend_sleepable();
        non_block(cx, |nb| lock.lock(nb).add(1));
        with.join().unwrap();
        let tried = trying.join().unwrap();
        let found = lock.with(cx, |value, _nb| value.read());
        assert_eq!(found, 2 + u32::from(tried));
        assert_eq!(Depth::now(), 0);
    });
}

/// Taken in one order by everybody, several can be held, and released in any order.
#[test]
fn several_spin_locks_are_held_at_once_and_released_in_any_order() {
    explore(3, || {
        let locks = Arc::new([(); 2].map(|()| SpinLock::new(Guarded::default())));
        let both = |locks: &[SpinLock<Guarded>; 2], nb: &mut NonBlock, first_out: bool| {
            let (one, other) = (locks[0].lock(nb), locks[1].lock(nb));
            one.add(1);
            other.add(1);
            if first_out {
                drop(one);
                other.add(1);
            } else {
                drop(other);
                one.add(1);
            }
        };
        let nesting = spawn(&locks, |locks, cx| {
            locks[0].with(cx, |one, nb| {
                one.add(1);
                locks[1].with(nb, |other, _nb| other.add(1));
            });
        });
        let holding = spawn(&locks, move |locks, cx| non_block(cx, |nb| both(locks, nb, true)));
        let cx = &mut lend_sleepable();
        non_block(cx, |nb| both(&locks, nb, false));
        nesting.join().unwrap();
        holding.join().unwrap();
        let found = locks.each_ref().map(|lock| lock.with(cx, |value, _nb| value.read()));
        assert_eq!(found, [4, 4]);
    });
}

/// The checker tells who waits for whom: with locks taken in two orders there is an order of the threads in which
/// nobody goes on. The types do not prevent that.
#[test]
#[should_panic(expected = "deadlock")]
fn two_that_may_sleep_and_take_two_locks_in_two_orders_can_wait_for_each_other() {
    explore(3, || {
        let locks = Arc::new([(); 2].map(|()| Mutex::new(())));
        let there = spawn(&locks, |locks, cx| {
            let one = ManuallyDrop::new(locks[0].lock(cx));
            let other = ManuallyDrop::new(locks[1].lock(cx));
            drop(ManuallyDrop::into_inner(other));
            drop(ManuallyDrop::into_inner(one));
        });
        let cx = &mut lend_sleepable();
        // Nobody unlocks once the checker has found the order in which both wait: there is no model any more.
        let other = ManuallyDrop::new(locks[1].lock(cx));
        let one = ManuallyDrop::new(locks[0].lock(cx));
        drop(ManuallyDrop::into_inner(one));
        drop(ManuallyDrop::into_inner(other));
        there.join().unwrap();
    });
}

/// A driver's callback, generic over the context.
fn add<C: Context>(mutex: &Mutex<Guarded>, cx: &mut C) -> Result<(), C::Refusal> {
    mutex.acquire(cx)?.add(1);
    Ok(())
}

#[test]
fn one_callback_serves_both_contexts_at_once() {
    explore(3, || {
        let mutex = Arc::new(Mutex::new(Guarded::default()));
        let sleeping = spawn(&mutex, |mutex, cx: &mut Sleepable| {
            let Ok(()) = add(mutex, cx);
        });
        let cx = &mut lend_sleepable();
        let done = non_block(cx, |nb| add(&mutex, nb).is_ok());
        sleeping.join().unwrap();
        assert_eq!(mutex.lock(cx).read(), 1 + u32::from(done));
    });
}
