//! A thread that has stopped in the middle of an operation keeps no section waiting: others go on with the same object. When it
//! goes on too, nothing is lost or doubled.
//!
//! The thread is stopped by a signal whose handler waits, so at any instruction, in the system calls that wake too.
#![cfg(target_os = "linux")]

use std::ffi::c_int;
use std::os::unix::thread::JoinHandleExt;
use std::process::abort;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nonblock::rcu::Rcu;
use nonblock::sync::channel::{self, Receiver, Sender};
use nonblock::sync::{Completion, Semaphore};
use nonblock::work::Queue;
use nonblock::{NonBlock, Reserve, non_block, sleepable};

/// How often the thread is stopped, and how often at least, where that takes long. It goes on until the thread has stopped in the
/// middle of a send and of a receive.
const STOPS: usize = 1500;
const FEWEST_STOPS: usize = 300;
const LONG: Duration = Duration::from_secs(4);

/// How often others do each operation while it is.
const TURNS: usize = 12;

const CAPACITY: usize = 4;

/// Large enough that most of the time of a push is between the claim of a slot and its stamp.
#[derive(Clone, Copy)]
struct Value {
    number: u64,
    _ballast: [u64; 1024],
}

/// What was put in and taken out: how many, and a sum that tells a value which was lost or doubled from all others.
#[derive(Default)]
struct Tally {
    count: AtomicU64,
    sum: AtomicU64,
}

impl Tally {
    fn add(&self, number: u64) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(mixed(number), Ordering::Relaxed);
    }

    fn get(&self) -> (u64, u64) {
        (self.count.load(Ordering::Relaxed), self.sum.load(Ordering::Relaxed))
    }
}

/// A number that looks random: the last steps of `SplitMix64`.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Everything that the threads share.
struct Shared {
    next: AtomicU64,
    bounded: (Sender<Value>, Receiver<Value>),
    unbounded: (Sender<Value>, Receiver<Value>),
    queue: Queue<Value>,
    sent: [Tally; 3],
    received: [Tally; 3],
    reserve: Reserve<u64>,
    semaphore: Semaphore,
    completion: Completion,
    completed: AtomicU64,
    passed: AtomicU64,
    rcu: Rcu<[u64; 2]>,
    /// How often a section was told since the last stop that there is nothing, although something is about to be there.
    half_sent: AtomicUsize,
    /// The same of no room.
    half_received: AtomicUsize,
}

impl Shared {
    fn new() -> Self {
        let shared = Self {
            next: AtomicU64::new(0),
            bounded: channel::bounded(CAPACITY),
            unbounded: channel::unbounded(),
            queue: Queue::with_capacity(CAPACITY),
            sent: Default::default(),
            received: Default::default(),
            reserve: numbered(),
            semaphore: Semaphore::new(2),
            completion: Completion::new(),
            completed: AtomicU64::new(0),
            passed: AtomicU64::new(0),
            rcu: Rcu::new([7, !7]),
            half_sent: AtomicUsize::new(0),
            half_received: AtomicUsize::new(0),
        };
        // It allocates no more when it has grown. A thread that has stopped in the allocator would keep others from it.
        let (sender, receiver) = &shared.unbounded;
        for _ in 0..500 {
            sender.try_send(shared.value()).expect("there is a receiver");
        }
        while receiver.try_recv().is_ok() {}
        shared
    }

    fn value(&self) -> Value {
        Value { number: self.next.fetch_add(1, Ordering::Relaxed), _ballast: [0; 1024] }
    }
}

/// Objects that are told apart.
fn numbered() -> Reserve<u64> {
    let next = AtomicU64::new(0);
    Reserve::with_capacity(CAPACITY, move || next.fetch_add(1, Ordering::Relaxed))
}

type Operation = (&'static str, fn(&Shared, &mut NonBlock));

const OPERATIONS: [Operation; 12] = [
    ("try_send, bounded", |shared, _| {
        let (sender, _) = &shared.bounded;
        let value = shared.value();
        match sender.try_send(value) {
            Ok(()) => shared.sent[0].add(value.number),
            Err(_) if !sender.is_full() => _ = shared.half_received.fetch_add(1, Ordering::Relaxed),
            Err(_) => {}
        }
    }),
    ("try_recv, bounded", |shared, _| {
        let (_, receiver) = &shared.bounded;
        match receiver.try_recv() {
            Ok(value) => shared.received[0].add(value.number),
            Err(_) if !receiver.is_empty() => _ = shared.half_sent.fetch_add(1, Ordering::Relaxed),
            Err(_) => {}
        }
    }),
    ("try_send, unbounded", |shared, _| {
        let (sender, _) = &shared.unbounded;
        // It is not to grow.
        if sender.len() < 100 {
            let value = shared.value();
            sender.try_send(value).expect("there is a receiver");
            shared.sent[1].add(value.number);
        }
    }),
    ("try_recv, unbounded", |shared, _| {
        if let Ok(value) = shared.unbounded.1.try_recv() {
            shared.received[1].add(value.number);
        }
    }),
    ("Queue::push", |shared, nb| {
        let value = shared.value();
        if shared.queue.push(nb, value).is_ok() {
            shared.sent[2].add(value.number);
        }
    }),
    ("Queue::try_pop", |shared, _| {
        if let Some(value) = shared.queue.try_pop() {
            shared.received[2].add(value.number);
        }
    }),
    ("Reserve::take, and giving back", |shared, _| {
        if let Some(mut object) = shared.reserve.take() {
            *object = std::hint::black_box(*object);
        }
    }),
    ("Reserve::give", |shared, _| {
        if let Some(object) = shared.reserve.take() {
            shared.reserve.give(object.into_inner()).expect("its place is empty");
        }
    }),
    ("Semaphore::try_down and up", |shared, _| {
        if shared.semaphore.try_down() {
            shared.semaphore.up();
        }
    }),
    ("Completion::complete", |shared, _| {
        shared.completion.complete();
        shared.completed.fetch_add(1, Ordering::Relaxed);
    }),
    ("Completion::try_wait", |shared, _| {
        if shared.completion.try_wait().is_some() {
            shared.passed.fetch_add(1, Ordering::Relaxed);
        }
    }),
    ("Rcu::read", |shared, _| {
        let read = shared.rcu.read();
        assert_eq!(read[0], !read[1], "half a value was read");
    }),
];

/// How long a thread that may sleep waits at most, so that it gets in line and leaves it all the time.
const SOON: Duration = Duration::from_micros(20);

/// What threads do that may sleep. They get in line, which a section must not wait for either.
fn wait(shared: &Shared) {
    sleepable(|cx| {
        if let Ok(value) = shared.bounded.1.recv_timeout(cx, SOON) {
            shared.received[0].add(value.number);
        }
        let value = shared.value();
        if shared.bounded.0.send_timeout(cx, value, SOON).is_ok() {
            shared.sent[0].add(value.number);
        }
        if let Ok(value) = shared.unbounded.1.recv_timeout(cx, SOON) {
            shared.received[1].add(value.number);
        }
        if shared.semaphore.down_timeout(cx, SOON) {
            shared.semaphore.up();
        }
        if shared.completion.wait_for(cx, SOON).is_some() {
            shared.passed.fetch_add(1, Ordering::Relaxed);
        }
    });
}

/// How often a thread has stopped in the handler, and up to which stop it may go on.
static STOPPED: AtomicUsize = AtomicUsize::new(0);
static GO_ON: AtomicUsize = AtomicUsize::new(0);

/// How often the thread that is stopped has done everything.
static LAPS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn stop(_: c_int) {
    // SAFETY: this is where the C library has this thread's `errno`.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above. Handlers leave it as it was.
    let before = unsafe { *errno };
    let stop = STOPPED.fetch_add(1, Ordering::SeqCst) + 1;
    while GO_ON.load(Ordering::SeqCst) < stop {
        // SAFETY: a handler may call this.
        unsafe { libc::sched_yield() };
    }
    // SAFETY: as above.
    unsafe { *errno = before };
}

fn install_handler() {
    let action = SigAction::new(SigHandler::Handler(stop), SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler calls nothing that a handler must not.
    unsafe { sigaction(Signal::SIGUSR1, &action) }.expect("a handler can be set");
}

/// Ends the program if no step is made for long, with the operation that is under way.
struct Watchdog {
    steps: AtomicUsize,
    under_way: AtomicUsize,
    done: AtomicBool,
}

const PATIENCE: Duration = Duration::from_secs(30);

impl Watchdog {
    fn watch(&self) {
        let (mut seen, mut since) = (0, Instant::now());
        while !self.done.load(Ordering::Relaxed) {
            thread::park_timeout(Duration::from_millis(20));
            let steps = self.steps.load(Ordering::Relaxed);
            if steps != seen {
                (seen, since) = (steps, Instant::now());
            } else if since.elapsed() > PATIENCE {
                let (name, _) = OPERATIONS[self.under_way.load(Ordering::Relaxed)];
                eprintln!("{name} waits for a thread that has stopped");
                abort();
            }
        }
    }
}

#[test]
fn a_thread_that_has_stopped_keeps_no_section_waiting() {
    install_handler();
    let shared: &'static Shared = Box::leak(Box::new(Shared::new()));
    let watchdog = Watchdog {
        steps: AtomicUsize::new(0),
        under_way: AtomicUsize::new(0),
        done: AtomicBool::new(false),
    };
    let done: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
    // In a section most of the time, and in line sometimes.
    let victim = thread::spawn(move || {
        while !done.load(Ordering::Relaxed) {
            for _ in 0..50 {
                non_block(|nb| OPERATIONS.iter().for_each(|(_, run)| run(shared, nb)));
                LAPS.fetch_add(1, Ordering::Relaxed);
            }
            wait(shared);
        }
    });
    let waiter = thread::spawn(move || {
        while !done.load(Ordering::Relaxed) {
            wait(shared);
        }
    });
    let (mut half_sent, mut half_received) = (0, 0);
    thread::scope(|scope| {
        scope.spawn(|| watchdog.watch());
        let mut stop = 0;
        let start = Instant::now();
        let is_enough = |stop, hits| {
            let many = stop >= STOPS || (stop >= FEWEST_STOPS && start.elapsed() > LONG);
            many && (hits > 0 || stop >= 20 * STOPS)
        };
        while !is_enough(stop, half_sent.min(half_received)) {
            stop += 1;
            // At a random moment, once it has gone on.
            let laps = LAPS.load(Ordering::Relaxed);
            while LAPS.load(Ordering::Relaxed) == laps {
                thread::yield_now();
            }
            for _ in 0..mixed(stop as u64) % 10_000 {
                std::hint::spin_loop();
            }
            // SAFETY: the thread has not been joined.
            let sent = unsafe { libc::pthread_kill(victim.as_pthread_t(), libc::SIGUSR1) };
            assert_eq!(sent, 0, "it runs");
            while STOPPED.load(Ordering::SeqCst) < stop {
                thread::yield_now();
            }
            shared.half_sent.store(0, Ordering::Relaxed);
            shared.half_received.store(0, Ordering::Relaxed);
            for _ in 0..TURNS {
                for (place, (_, run)) in OPERATIONS.iter().enumerate() {
                    watchdog.under_way.store(place, Ordering::Relaxed);
                    non_block(|nb| run(shared, nb));
                    watchdog.steps.fetch_add(1, Ordering::Relaxed);
                }
            }
            // Most of the time, so it was no other thread that was about to go on.
            half_sent += usize::from(shared.half_sent.load(Ordering::Relaxed) >= TURNS / 2);
            half_received += usize::from(shared.half_received.load(Ordering::Relaxed) >= TURNS / 2);
            GO_ON.store(stop, Ordering::SeqCst);
        }
        watchdog.done.store(true, Ordering::Relaxed);
    });
    done.store(true, Ordering::Relaxed);
    victim.join().expect("no operation panics");
    waiter.join().expect("no operation panics");
    assert_accounted_for(shared);
    println!("{half_sent} stops in the middle of a send, {half_received} of a receive");
    assert!(half_sent > 0, "the thread never stopped in the middle of a send");
    assert!(half_received > 0, "the thread never stopped in the middle of a receive");
}

/// Nothing is lost or doubled, and nothing is half done any more.
fn assert_accounted_for(shared: &Shared) {
    shared.bounded.1.try_iter().for_each(|value| shared.received[0].add(value.number));
    shared.unbounded.1.try_iter().for_each(|value| shared.received[1].add(value.number));
    while let Some(value) = shared.queue.try_pop() {
        shared.received[2].add(value.number);
    }
    for (sent, received) in shared.sent.iter().zip(&shared.received) {
        assert!(sent.get().0 > FEWEST_STOPS as u64);
        assert_eq!(sent.get(), received.get());
    }
    assert_eq!(shared.semaphore.available(), 2);
    let mut objects: Vec<_> = (0..CAPACITY).filter_map(|_| shared.reserve.take()).collect();
    assert!(shared.reserve.take().is_none());
    objects.sort_by_key(|object| **object);
    assert!(objects.iter().map(|object| **object).eq(0..CAPACITY as u64));
    let mut passed = shared.passed.load(Ordering::Relaxed);
    while shared.completion.try_wait().is_some() {
        passed += 1;
    }
    assert_eq!(passed, shared.completed.load(Ordering::Relaxed));
    // All places can be filled.
    for n in 0..2 * CAPACITY {
        let room = n < CAPACITY;
        assert_eq!(shared.bounded.0.try_send(shared.value()).is_ok(), room);
        assert_eq!(non_block(|nb| shared.queue.push(nb, shared.value()).is_ok()), room);
    }
}
