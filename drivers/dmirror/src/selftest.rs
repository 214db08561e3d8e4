//! Tries of the parts that the driver stands on, for a program that judges them.

use core::sync::atomic::{AtomicU64, Ordering};

use nonblock::{Context, Sleepable, may_sleep, raw};
use nonblock_linux::alloc::Box;
use nonblock_linux::errno::Errno;
use nonblock_linux::sync::{Arc, Completion, Mutex, SpinLock};
use nonblock_linux::work::{Handle, Queue};

use crate::uapi::selftest;

/// Tries the part that the first word names, and says in the words what came of it.
#[may_sleep]
pub(crate) fn run(words: &mut [u64; 8], cx: &mut Sleepable) -> Result<(), Errno> {
    let [which, ..] = *words;
    let (is_right, found) = match which {
        selftest::MUTEX => mutex(cx)?,
        selftest::SPIN_LOCK => spin_lock(cx)?,
        selftest::COMPLETION => completion(cx)?,
        selftest::QUEUE => queue(cx)?,
        selftest::MEMORY => memory(cx),
        selftest::SHARED => shared(cx)?,
        _ => return Err(Errno::EINVAL),
    };
    let [first, second, third] = found;
    *words = [u64::from(is_right), first, second, third, 0, 0, 0, 0];
    Ok(())
}

/// Whether all was as it should be, and what was found.
type Found = (bool, [u64; 3]);

#[may_sleep]
fn mutex(cx: &mut Sleepable) -> Result<Found, Errno> {
    fn had<C: Context>(mutex: &Mutex<u64>, cx: &mut C) -> Result<(), C::Refusal> {
        *mutex.acquire(cx)? += 1;
        Ok(())
    }

    let mutex = Mutex::new(0, cx)?;
    let Ok(()) = had(&mutex, cx);
    let free = cx.non_block(|nb| had(&mutex, nb));
    let held = mutex.lock(cx);
    let refused = cx.non_block(|nb| had(&mutex, nb)).is_err() && mutex.try_lock().is_none();
    let times = *held;
    drop(held);
    Ok((free.is_ok() && refused && times == 2, [times, u64::from(refused), 0]))
}

#[may_sleep]
fn spin_lock(cx: &mut Sleepable) -> Result<Found, Errno> {
    let lock = SpinLock::new(0_u64, cx)?;
    let depth = lock.with(cx, |value, _nb| {
        *value += 1;
        raw::depth()
    });
    cx.non_block(|nb| *lock.lock(nb) += 1);
    let times = lock.with(cx, |value, _nb| *value);
    Ok((times == 2, [u64::from(depth), times, 0]))
}

#[may_sleep]
fn completion(cx: &mut Sleepable) -> Result<Found, Errno> {
    let done = Completion::new(cx)?;
    cx.non_block(|_nb| {
        done.complete();
        done.complete();
    });
    let mut passed = 0;
    for _ in 0..2 {
        done.wait(cx);
        passed += 1;
    }
    cx.non_block(|_nb| done.complete_all());
    for _ in 0..2 {
        done.wait(cx);
        passed += 1;
    }
    Ok((passed == 4, [passed, 0, 0]))
}

/// Handles nothing before it is let.
struct Gated {
    gate: Completion,
    handled: AtomicU64,
}

#[may_sleep]
impl Handle for Gated {
    type Item = u64;

    fn handle(&self, item: u64, cx: &mut Sleepable) {
        self.gate.wait(cx);
        self.handled.fetch_add(item, Ordering::Relaxed);
    }
}

#[may_sleep]
fn queue(cx: &mut Sleepable) -> Result<Found, Errno> {
    const CAPACITY: usize = 4;
    /// One is handled while the queue is full.
    const PUSHES: u64 = CAPACITY as u64 + 2;

    let gated = Gated { gate: Completion::new(cx)?, handled: AtomicU64::new(0) };
    let queue = Queue::new(CAPACITY, gated, cx)?;
    let (mut pushed, mut lost) = (0, 0);
    cx.non_block(|nb| {
        for _ in 0..PUSHES {
            match queue.push(nb, 1) {
                Ok(()) => pushed += 1,
                Err(full) => lost += full.into_inner(),
            }
        }
    });
    queue.handler().gate.complete_all();
    queue.flush(cx);
    let handled = queue.handler().handled.load(Ordering::Relaxed);
    queue.shutdown(cx);
    let is_right = handled == pushed && lost > 0 && pushed + lost == PUSHES;
    Ok((is_right, [pushed, handled, lost]))
}

#[may_sleep]
fn memory(cx: &mut Sleepable) -> Found {
    /// How many of two allocations hold what was put there.
    fn tries<C: Context>(cx: &mut C) -> u64 {
        let one = Box::new(7_u64, cx).is_ok_and(|seven| Box::into_inner(seven) == 7);
        let many = Box::from_fn(100, |index| index, cx);
        let many = many.is_ok_and(|many| many.iter().sum::<usize>() == 4950);
        u64::from(one) + u64::from(many)
    }

    let sleepable = tries(cx);
    // There may be no memory for a section.
    let section = cx.non_block(tries);
    (sleepable == 2, [sleepable, section, 0])
}

#[may_sleep]
fn shared(cx: &mut Sleepable) -> Result<Found, Errno> {
    struct Counted<'a>(&'a AtomicU64);

    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    let drops = AtomicU64::new(0);
    let first = Arc::new(Counted(&drops), cx)?;
    let second = Arc::clone(&first);
    drop(first);
    let early = drops.load(Ordering::Relaxed);
    let last = Arc::into_inner(second);
    let is_last = last.is_some();
    drop(last);
    let drops = drops.load(Ordering::Relaxed);
    Ok((early == 0 && is_last && drops == 1, [2, drops, 0]))
}
