//! What a drop may do in a section: each type that a section can drop, in one table, held by counting what its drop does.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use nonblock::ViolationKind::SleepInNonBlock;
use nonblock::notifier::{Answer, AtomicChain, AtomicNotifier};
use nonblock::rcu::Rcu;
use nonblock::reclaim::{Collector, Owned, Shared};
use nonblock::sync::{Mutex, RwLock, Semaphore, SpinLock, SpinRwLock, channel};
use nonblock::testing::violations;
use nonblock::work::{Queue, ring};
use nonblock::{MaySleep, NonBlock, Reserve, Sleepable, raw, sleepable, thread};

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static DONE: Cell<Done> = const { Cell::new(Done::NOTHING) };
}

/// What a thread did while it was watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Done {
    allocations: u32,
    frees: u32,
    /// Destructors of users.
    destructors: u32,
    /// How often it gave the processor away.
    waits: i64,
}

impl Done {
    const NOTHING: Self = Self { allocations: 0, frees: 0, destructors: 0, waits: 0 };
}

fn note(change: impl FnOnce(&mut Done)) {
    if WATCHED.get() {
        let mut done = DONE.get();
        change(&mut done);
        DONE.set(done);
    }
}

/// The system's allocator, which counts.
struct Counting;

// SAFETY: it does what the system's does.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(|done| done.allocations += 1);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(|done| done.frees += 1);
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A value of a user's, with a destructor.
#[derive(Debug, Default)]
struct Users(#[expect(dead_code, reason = "its memory is what counts")] Box<[u8; 32]>);

impl Drop for Users {
    fn drop(&mut self) {
        note(|done| done.destructors += 1);
    }
}

impl AtomicNotifier<u32> for Users {
    fn notify_atomic(&self, _: &u32, _: &mut NonBlock) -> Answer {
        Answer::Continue
    }
}

#[cfg(target_os = "linux")]
fn waits() -> i64 {
    use nix::sys::resource::{UsageWho, getrusage};
    getrusage(UsageWho::RUSAGE_THREAD).unwrap().voluntary_context_switches()
}

#[cfg(not(target_os = "linux"))]
fn waits() -> i64 {
    0
}

/// What the drop of a type may do in a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum May {
    /// Neither allocate, nor free, nor run a user's destructor, nor wait.
    DoNothing,
    /// Sleep: it is reported.
    Sleep,
}

/// Drops a value in a section, and looks at what that does.
#[track_caller]
fn row<V>(name: &str, may: May, value: V) {
    let reported = violations(|| {
        raw::non_block(|_nb| {
            if may == May::Sleep {
                // A report allocates, so what the drop does is not counted.
                drop(value);
                return;
            }
            DONE.set(Done::NOTHING);
            let before = waits();
            WATCHED.set(true);
            drop(value);
            WATCHED.set(false);
            let done = Done { waits: waits() - before, ..DONE.get() };
            assert_eq!(done, Done::NOTHING, "{name}");
        });
    });
    let kinds: Vec<_> = reported.iter().map(nonblock::Violation::kind).collect();
    let expected: &[_] = if may == May::Sleep { &[SleepInNonBlock] } else { &[] };
    assert_eq!(kinds, expected, "{name}: {may:?}");
}

/// Waits for a thread to end, and its result to be there for whoever drops the handle.
fn until(is_finished: impl Fn() -> bool) {
    while !is_finished() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn guards_and_handles_do_nothing_when_a_section_drops_them() {
    sleepable(|cx| {
        let (mutex, lock) = (Mutex::new(Users::default()), RwLock::new(Users::default()));
        row("sync::MutexGuard", May::DoNothing, mutex.lock(cx));
        row("sync::RwLockReadGuard", May::DoNothing, lock.read(cx));
        row("sync::RwLockWriteGuard", May::DoNothing, lock.write(cx));
        row("sync::RwLockUpgradableReadGuard", May::DoNothing, lock.upgradable_read(cx));

        raw::non_block(|nb| {
            let (spin, spin_rw) =
                (SpinLock::new(Users::default()), SpinRwLock::new(Users::default()));
            row("sync::SpinLockGuard", May::DoNothing, spin.lock(nb));
            row("sync::SpinRwLockReadGuard", May::DoNothing, spin_rw.read(nb));
            row("sync::SpinRwLockWriteGuard", May::DoNothing, spin_rw.write(nb));
        });

        let permits = Semaphore::new(1);
        row("sync::SemaphorePermit", May::DoNothing, permits.try_acquire());

        let reserve = Reserve::with_capacity(1, Users::default);
        row("Reserved", May::DoNothing, reserve.take());

        let rcu = Rcu::new(Users::default());
        let guard = rcu.read();
        rcu.replace(cx, Users::default());
        row("rcu::Guard, the last that finds a replaced value", May::DoNothing, guard);

        let chain = AtomicChain::<u32>::new();
        let registration = chain.register(Arc::new(Users::default()), 0, cx).unwrap();
        row("notifier::Registration", May::DoNothing, registration);
    });
}

#[test]
fn ends_of_a_channel_do_nothing_until_the_last_of_the_receivers() {
    for capacity in [1, 1 << 16] {
        let (sender, receiver) = channel::bounded(capacity);
        sender.try_send(Users::default()).unwrap();
        row("channel::Sender, beside another", May::DoNothing, sender.clone());
        row("channel::Sender, the last with a receiver", May::DoNothing, sender);
        row("channel::Receiver, beside another", May::DoNothing, receiver.clone());
        row("channel::Receiver, the last end", May::Sleep, receiver);

        let (sender, receiver) = channel::bounded::<Users>(capacity);
        row("channel::Receiver, the last with a sender", May::Sleep, receiver);
        row("channel::Sender, the last end", May::Sleep, sender);
    }
}

#[test]
fn ends_of_a_ring_do_nothing_until_the_last_of_them() {
    for producer_first in [false, true] {
        let (mut producer, consumer) = ring(4);
        assert_eq!(producer.push_iter([(); 3].map(|()| Users::default())), 3);
        if producer_first {
            row("work::ring::Producer, before the other end", May::DoNothing, producer);
            row("work::ring::Consumer, the last end", May::Sleep, consumer);
        } else {
            row("work::ring::Consumer, before the other end", May::DoNothing, consumer);
            row("work::ring::Producer, the last end", May::Sleep, producer);
        }
    }
}

#[test]
fn pointers_of_a_collector_do_nothing_as_long_as_there_is_one() {
    let collector = Collector::new();
    let handle = collector.handle();
    let [shared, late] = [(); 2].map(|()| Shared::new(&handle, Users::default()));
    row("reclaim::Shared, beside another", May::DoNothing, shared.clone());
    row("reclaim::Shared, the last", May::DoNothing, shared);
    row("reclaim::Owned", May::DoNothing, Owned::new(&handle, Users::default()));
    row("reclaim::Collector", May::Sleep, collector);
    row("reclaim::Shared, the last, without a collector", May::Sleep, late);
    row("reclaim::Handle, the last of all", May::DoNothing, handle);

    let worker = Collector::new().spawn_worker("worker").unwrap();
    row("reclaim::Worker", May::Sleep, worker);
}

#[test]
fn handles_of_threads_report_that_a_section_drops_them() {
    let result = |_cx: &mut Sleepable| Users::default();
    let ended = thread::spawn(result);
    until(|| ended.is_finished());
    row("thread::JoinHandle, of a thread that has ended", May::Sleep, ended);
    row("thread::JoinHandle", May::Sleep, thread::spawn(result));
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            row("thread::ScopedJoinHandle", May::Sleep, scope.spawn(result));
            // Who joins has dropped no handle.
            drop(scope.spawn(result).join(cx).unwrap());
        });
        drop(thread::spawn(result).join(cx).unwrap());
    });
}

#[test]
fn what_belongs_to_a_queue_keeps_to_its_page() {
    let queue = Queue::<Users>::with_capacity(1);
    let worker = queue.worker("worker", |_, _cx| ()).unwrap();
    row("work::Worker", May::DoNothing, worker);
    row("work::Queue, with a worker", May::Sleep, queue);
    row("MaySleep", May::Sleep, MaySleep::new(Users::default()));
}
