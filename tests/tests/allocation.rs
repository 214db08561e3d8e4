//! What notifiers are called with: no allocation, and nothing freed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use nonblock::notifier::{Answer, AtomicChain};
use nonblock::sync::{RawSpin, SpinLock};
use nonblock::{Context, NonBlock, non_block, sleepable};
use nonblock_mm::mmu::{AddressSpace, Event, Invalidate, InvalidateInterval, PAGE_SIZE, Range};
use nonblock_tests::allocations::{Counting, allocations};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn range() -> Range {
    Range::with_len(0x10_0000, 4 * PAGE_SIZE).unwrap()
}

/// A driver that itself allocates nothing, and refuses when told to.
struct Quiet(AtomicBool);

impl Invalidate for Quiet {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        if self.0.load(Ordering::Relaxed) {
            cx.or_refuse()?;
        }
        Ok(())
    }
}

impl InvalidateInterval for Quiet {
    fn invalidate_interval<C: Context>(&self, _: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        if self.0.load(Ordering::Relaxed) {
            cx.or_refuse()?;
        }
        Ok(())
    }
}

/// How often the closure allocates or frees.
fn count(f: &mut dyn FnMut()) -> usize {
    let before = allocations();
    f();
    allocations() - before
}

/// Neither the look-up nor the calls allocate or free, nor the driver's side of the protocol.
#[test]
fn intervals_are_found_without_allocating() {
    let space = AddressSpace::new();
    sleepable(|cx| {
        let refusing = Arc::new(Quiet(AtomicBool::new(false)));
        let quiet = Arc::new(Quiet(AtomicBool::new(false)));
        let at = |page: usize| Range::with_len(page * PAGE_SIZE, 4 * PAGE_SIZE).unwrap();
        let apart = if cfg!(miri) { 20 } else { 1 };
        let mut subscriptions: Vec<_> = (0..1_000)
            .step_by(apart)
            .map(|page| space.subscribe_interval(at(page), quiet.clone(), cx).unwrap())
            .collect();
        let last = space.subscribe_interval(at(300), refusing.clone(), cx).unwrap();
        let _listed = space.subscribe(quiet.clone(), cx).unwrap();
        // Dropped ones are still in the tree, and trees that were replaced wait to be freed.
        drop(subscriptions.drain(100 / apart..200 / apart));
        let open = space.invalidate(at(250), Event::Unmap, cx);
        let newest = space.subscribe_interval(at(900), quiet.clone(), cx).unwrap();

        let tried = count(&mut || {
            for page in [0, 150, 298, 500, 2_000] {
                drop(space.try_invalidate(at(page), Event::Unmap, cx).unwrap());
                cx.non_block(|nb| drop(space.try_invalidate(at(page), Event::Clear, nb).unwrap()));
                drop(space.invalidate(at(page), Event::Unmap, cx));
            }
        });
        assert_eq!(tried, 0);
        refusing.0.store(true, Ordering::Relaxed);
        let refused = count(&mut || {
            assert!(space.try_invalidate(at(300), Event::Unmap, cx).is_err());
        });
        assert_eq!(refused, 0);
        let asked = count(&mut || {
            space.arch_invalidate_secondary_tlbs(&at(0), cx);
            assert!(!space.clear_flush_young(&at(0), cx) && !space.clear_young(&at(0), cx));
            assert!(!space.test_young(0, cx));
        });
        assert_eq!(asked, 0);
        drop(open);
        let _ = (last.read_begin(cx), newest.read_begin(cx));
        let protocol = count(&mut || {
            let seq = last.read_begin(cx);
            assert!(!last.read_retry(seq) && last.try_read_begin() == Some(seq));
        });
        assert_eq!(protocol, 0);
        let mut dropped = subscriptions.pop();
        assert_eq!(count(&mut || cx.non_block(|_nb| drop(dropped.take()))), 0);
    });
}

/// An atomic chain's call, and a callback that removes itself within it.
#[test]
fn an_atomic_chain_is_called_without_allocating() {
    let chain = AtomicChain::<u32, &'static str>::new();
    sleepable(|cx| {
        let answers =
            |answer: Answer<&'static str>| Arc::new(move |_: &u32, _: &mut NonBlock| answer);
        let first = chain.register(answers(Answer::Continue), 2, cx).unwrap();
        let _second = chain.register(answers(Answer::Continue), 1, cx).unwrap();
        let _last = chain.register(answers(Answer::Bad("no")), 0, cx).unwrap();
        let mut first = Some(first);
        let called = count(&mut || {
            assert_eq!(chain.call(&0, cx).called(), 3);
            assert!(chain.call_robust(&0, &1, cx).into_result().is_err());
            cx.non_block(|nb| {
                drop(first.take());
                assert_eq!(chain.call(&0, nb).called(), 2);
            });
        });
        assert_eq!(called, 0);
    });
}

/// Neither the calls nor a refusal allocate or free, whatever the list has been through.
#[test]
fn try_invalidate_allocates_nothing() {
    let space = AddressSpace::new();
    // The counter counts.
    assert_eq!(count(&mut || drop(std::hint::black_box(Box::new(1)))), 2);

    sleepable(|cx| {
        let refusing = Arc::new(Quiet(AtomicBool::new(false)));
        let mut subscriptions = Vec::new();
        for _ in 0..100 {
            let quiet = Arc::new(Quiet(AtomicBool::new(false)));
            subscriptions.push(space.subscribe(quiet, cx).unwrap());
        }
        let _last = space.subscribe(refusing.clone(), cx).unwrap();
        // Dropped ones are still on the list, and lists that were replaced wait to be freed.
        subscriptions.truncate(50);
        let open = space.invalidate(range(), Event::Unmap, cx);
        let _newest = space.subscribe(Arc::new(Quiet(AtomicBool::new(false))), cx).unwrap();

        let tried = count(&mut || {
            drop(space.try_invalidate(range(), Event::Unmap, cx).unwrap());
            cx.non_block(|nb| drop(space.try_invalidate(range(), Event::Unmap, nb).unwrap()));
        });
        assert_eq!(tried, 0);
        refusing.0.store(true, Ordering::Relaxed);
        let refused = count(&mut || {
            assert!(space.try_invalidate(range(), Event::Unmap, cx).is_err());
        });
        assert_eq!(refused, 0);
        // Nor does the blocking call, of itself; nor a drop in a section, of an entry that is still listed.
        refusing.0.store(false, Ordering::Relaxed);
        assert_eq!(count(&mut || drop(space.invalidate(range(), Event::Unmap, cx))), 0);
        let mut dropped = subscriptions.pop();
        assert_eq!(count(&mut || cx.non_block(|_nb| drop(dropped.take()))), 0);
        drop(open);
    });
}

/// How often threads allocate or free, that all wait for one lock.
///
/// It is a macro, since no bound covers both a raw lock of `lock_api`'s and `RawSpin`.
macro_rules! counts_of_waiters {
    ($raw:ty, $number:expr) => {{
        let lock = SpinLock::<u32, $raw>::with_raw(0);
        let take = |nb: &NonBlock| *lock.lock(nb) += 1;
        non_block(|nb| {
            let held = lock.lock(nb);
            counts_of_threads($number, &take, || drop(held))
        })
    }};
}

/// How often threads allocate or free, that all take a lock which this thread holds, and releases.
fn counts_of_threads(
    number: usize,
    take: &(dyn Fn(&NonBlock) + Sync),
    release: impl FnOnce(),
) -> Vec<usize> {
    let about_to_wait = AtomicUsize::new(0);
    thread::scope(|scope| {
        let wait = || {
            non_block(|nb| {
                about_to_wait.fetch_add(1, Ordering::Relaxed);
                count(&mut || take(nb))
            })
        };
        let waiters: Vec<_> = (0..number).map(|_| scope.spawn(wait)).collect();
        while about_to_wait.load(Ordering::Relaxed) < number {
            thread::yield_now();
        }
        // Long enough for them to give up spinning.
        thread::sleep(Duration::from_millis(100));
        release();
        waiters.into_iter().map(|waiter| waiter.join().expect("a waiter ends")).collect()
    })
}

/// More threads wait than ever before in this program, so the table of threads grows.
#[test]
fn threads_that_wait_for_a_lock_of_parking_lots_may_allocate() {
    // Other tests may have made the table grow already, and on a busy machine few threads get to wait at once.
    let grows = [8, 32, 128, 512].into_iter().any(|number| {
        counts_of_waiters!(parking_lot::RawMutex, number).iter().any(|count| *count > 0)
    });
    assert!(grows, "up to 512 threads waited, and none of them allocated");
}

#[test]
fn threads_that_wait_for_a_lock_that_spins_allocate_nothing() {
    let counts = counts_of_waiters!(RawSpin, 8);
    assert!(counts.iter().all(|count| *count == 0), "{counts:?}");
}

/// Not even the first call of a thread does, which has nothing of its own here yet.
#[test]
fn a_threads_first_call_allocates_nothing() {
    let (space, chain) = (AddressSpace::new(), AtomicChain::<u32>::new());
    let quiet = Arc::new(Quiet(AtomicBool::new(false)));
    sleepable(|cx| {
        let callback = |_: &u32, _: &mut NonBlock| Answer::Continue;
        let _registration = chain.register(Arc::new(callback), 0, cx).unwrap();
        let _listed = space.subscribe(quiet.clone(), cx).unwrap();
        let _interval = space.subscribe_interval(range(), quiet.clone(), cx).unwrap();
        let first = |f: &(dyn Fn(&mut NonBlock) + Sync)| {
            std::thread::scope(|scope| {
                let thread = scope.spawn(|| nonblock::non_block(|nb| count(&mut || f(nb))));
                assert_eq!(thread.join().unwrap(), 0);
            });
        };
        first(&|nb| drop(space.try_invalidate(range(), Event::Unmap, nb).unwrap()));
        first(&|nb| assert_eq!(chain.call(&0, nb).called(), 1));
        first(&|_nb| assert_eq!(space.interval_subscriptions(&range()), 1));
    });
}

/// Nothing else is left that could free what a subscription shared with its address space.
#[test]
fn a_drop_after_that_of_the_space_frees_what_the_subscription_is_made_of() {
    let quiet = Arc::new(Quiet(AtomicBool::new(false)));
    sleepable(|cx| {
        let (space, chain) = (AddressSpace::new(), AtomicChain::<u32>::new());
        let mut listed = space.subscribe(quiet.clone(), cx).ok();
        let mut interval = space.subscribe_interval(range(), quiet.clone(), cx).ok();
        let callback = |_: &u32, _: &mut NonBlock| Answer::Continue;
        let mut registration = chain.register(Arc::new(callback), 0, cx).ok();
        drop((space, chain));
        assert_eq!(Arc::strong_count(&quiet), 1);
        let freed = cx.non_block(|_nb| {
            [
                // The entry's mark.
                count(&mut || drop(listed.take())),
                // The interval, how far the space had come, and what both shared with it: the clock, and the space's own.
                count(&mut || drop(interval.take())),
                // The mark, the clock, and the chain's own.
                count(&mut || drop(registration.take())),
            ]
        });
        assert_eq!(freed, [1, 4, 3]);
    });
}
