//! What a section is offered never sleeps, by the kernel's own count, while other threads do the same in its way, and others wait
//! for it. The operations are those of the table in the guide.
#![cfg(target_os = "linux")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use nix::libc;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::Pid;
use nonblock::notifier::{Answer, AtomicChain};
use nonblock::rcu::Rcu;
use nonblock::reclaim::{Collector, Shared, Worker};
use nonblock::sync::channel::{self, Receiver, Sender};
use nonblock::sync::{
    Completion, Condvar, Mutex, OnceLock, RwLock, Semaphore, SpinLock, SpinRwLock,
};
use nonblock::work::ring::{Consumer, Producer};
use nonblock::work::{self, Queue};
use nonblock::{NonBlock, Reserve, Reserved, Sleepable, non_block, sleepable};

/// Counts, for each thread, how often it allocates and how often it frees.
struct Counting;

thread_local! {
    static ALLOCATED: Cell<u64> = const { Cell::new(0) };
    static FREED: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: it does what the system's allocator does, and counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.set(ALLOCATED.get() + 1);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        FREED.set(FREED.get() + 1);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often each operation is done at least, and how long: it is to lose its processor to the others a few times.
const CALLS: u64 = 5000;
const TIME: Duration = Duration::from_millis(100);

/// How long a thread that waits for a lock leaves it to others between.
const BREAK: Duration = Duration::from_micros(100);

/// On how many threads of their own an operation is the first call.
const FRESH_THREADS: usize = 8;

/// Something that a section does. It says whether it came to something, or was refused.
type Run = Arc<dyn Fn(&mut NonBlock) -> bool + Send + Sync>;

/// Something that a thread does that may sleep.
type Wait = Arc<dyn Fn(&mut Sleepable) + Send + Sync>;

/// A row of the table.
struct Operation {
    name: &'static str,
    run: Run,
    /// What others do meanwhile: the same and the opposite.
    others: Vec<Run>,
    /// What two threads do meanwhile: they wait for the operation, or for its opposite.
    wait: Option<Wait>,
    /// Lets one that waits go on, once the others have ended.
    release: Arc<dyn Fn() + Send + Sync>,
}

/// Something that a section does with an object.
type Does<T> = fn(&T, &mut NonBlock) -> bool;

/// An object, and what is done with it.
struct Object<T: 'static> {
    of: T,
    /// Each is a row.
    operations: &'static [(&'static str, Does<T>)],
    /// What others do meanwhile. If this is empty, they do all the operations.
    others: &'static [Does<T>],
    wait: Option<fn(&T, &mut Sleepable)>,
    release: fn(&T),
}

impl<T: Send + Sync + 'static> Object<T> {
    fn add_to(self, rows: &mut Vec<Operation>) {
        let object = Arc::new(self.of);
        let run = |does: Does<T>| -> Run {
            let object = Arc::clone(&object);
            Arc::new(move |nb| does(&object, nb))
        };
        let others: Vec<Run> = match self.others {
            [] => self.operations.iter().map(|(_, does)| run(*does)).collect(),
            others => others.iter().map(|does| run(*does)).collect(),
        };
        for (name, does) in self.operations {
            let (waited_for, released) = (Arc::clone(&object), Arc::clone(&object));
            rows.push(Operation {
                name,
                run: run(*does),
                others: others.clone(),
                wait: self.wait.map(|wait| -> Wait { Arc::new(move |cx| wait(&waited_for, cx)) }),
                release: Arc::new(move || (self.release)(&released)),
            });
        }
    }
}

/// A waiter goes on by itself, or there is none.
fn by_itself<T>(_: &T) {}

/// All that a section can do: the rows of the table.
fn operations() -> Vec<Operation> {
    let mut rows = Vec::new();
    spin_locks(&mut rows);
    channels(&mut rows);
    signals(&mut rows);
    once_locks(&mut rows);
    queues_and_reserves(&mut rows);
    rings(&mut rows);
    reclaimed(&mut rows);
    read(&mut rows);
    locks_that_are_tried(&mut rows);
    rows
}

fn spin_locks(rows: &mut Vec<Operation>) {
    Object {
        of: SpinLock::new(0),
        operations: &[
            ("SpinLock::lock", |lock, nb| keep(&mut lock.lock(nb))),
            ("SpinLock::with", |lock, nb| lock.with(nb, |value, _nb| keep(value))),
            ("SpinLock::try_lock", |lock, nb| {
                lock.try_lock(nb).is_some_and(|mut value| keep(&mut value))
            }),
        ],
        others: &[],
        wait: None,
        release: by_itself,
    }
    .add_to(rows);
    Object {
        of: SpinRwLock::new(0),
        operations: &[
            ("SpinRwLock::read", |lock, nb| keep(&mut lock.read(nb).clone())),
            ("SpinRwLock::write", |lock, nb| keep(&mut lock.write(nb))),
            ("SpinRwLock::try_read", |lock, nb| {
                lock.try_read(nb).is_some_and(|value| keep(&mut value.clone()))
            }),
            ("SpinRwLock::try_write", |lock, nb| {
                lock.try_write(nb).is_some_and(|mut value| keep(&mut value))
            }),
        ],
        others: &[],
        wait: None,
        release: by_itself,
    }
    .add_to(rows);
}

type Channel = (Sender<u64>, Receiver<u64>);

/// Takes what was sent, and then fills the channel until it waits for room.
fn receive_and_send((sender, receiver): &Channel, cx: &mut Sleepable) {
    receiver.recv(cx).expect("there is a sender");
    sender.send(cx, 1).expect("there is a receiver");
}

fn channels(rows: &mut Vec<Operation>) {
    Object {
        of: channel::bounded(4),
        operations: &[
            ("Sender::try_send, bounded", |(sender, _), _| sender.try_send(1).is_ok()),
            ("Receiver::try_recv, bounded", |(_, receiver), _| receiver.try_recv().is_ok()),
        ],
        others: &[],
        wait: Some(receive_and_send),
        release: |(sender, receiver)| {
            let _ = (sender.try_send(1), receiver.try_recv());
        },
    }
    .add_to(rows);
    let (sender, receiver) = channel::unbounded();
    // Grown to what its users need, it allocates no more.
    (0..5000).for_each(|n| sender.try_send(n).expect("there is a receiver"));
    while receiver.try_recv().is_ok() {}
    Object {
        of: (sender, receiver),
        operations: &[
            ("Sender::try_send, unbounded", |(sender, _), _| {
                sender.len() < 100 && sender.try_send(1).is_ok()
            }),
            ("Receiver::try_recv, unbounded", |(_, receiver), _| receiver.try_recv().is_ok()),
        ],
        others: &[],
        wait: Some(receive_and_send),
        release: |(sender, _)| sender.try_send(1).expect("there is a receiver"),
    }
    .add_to(rows);
}

fn signals(rows: &mut Vec<Operation>) {
    Object {
        of: Completion::new(),
        operations: &[
            ("Completion::complete", |completion, _| {
                completion.complete();
                true
            }),
            ("Completion::try_wait", |completion, _| completion.try_wait().is_some()),
        ],
        others: &[],
        wait: Some(|completion, cx| {
            completion.wait(cx);
        }),
        release: Completion::complete,
    }
    .add_to(rows);
    Object {
        of: Completion::new(),
        operations: &[("Completion::complete_all", |completion, _| {
            completion.complete_all();
            true
        })],
        others: &[
            |completion, _| {
                completion.complete_all();
                true
            },
            |completion, _| {
                completion.reinit();
                true
            },
        ],
        wait: Some(|completion, cx| {
            completion.wait(cx);
        }),
        release: Completion::complete_all,
    }
    .add_to(rows);
    Object {
        of: Semaphore::new(1),
        operations: &[
            ("Semaphore::up", |semaphore, _| {
                semaphore.up();
                true
            }),
            ("Semaphore::try_down", |semaphore, _| semaphore.try_down()),
        ],
        others: &[
            |semaphore, _| semaphore.try_down(),
            |semaphore, _| semaphore.try_down(),
            |semaphore, _| {
                semaphore.up();
                true
            },
        ],
        wait: Some(Semaphore::down),
        release: Semaphore::up,
    }
    .add_to(rows);
}

/// Values that are set one after another.
struct Once {
    values: Vec<OnceLock<u64>>,
    next: AtomicUsize,
}

impl Once {
    /// The one that is set just now, or will be soon.
    fn at(&self, ahead: usize) -> &OnceLock<u64> {
        let place = self.next.load(Ordering::Relaxed) + ahead;
        &self.values[place.min(self.values.len() - 1)]
    }

    fn set_next(&self) -> bool {
        let set = self.at(0).try_set(1).is_ok();
        self.next.fetch_add(1, Ordering::Relaxed);
        set
    }
}

fn once_locks(rows: &mut Vec<Operation>) {
    Object {
        of: Once {
            values: (0..50_000).map(|_| OnceLock::new()).collect(),
            next: AtomicUsize::new(0),
        },
        operations: &[
            ("OnceLock::try_set", |once, _| once.set_next()),
            ("OnceLock::get", |once, _| {
                once.values[0].get().is_some() | once.at(0).get().is_some()
            }),
        ],
        others: &[|once, _| once.at(0).try_set(2).is_ok(), |once, _| once.at(0).get().is_some()],
        wait: Some(|once, cx| {
            once.at(2).wait(cx);
        }),
        release: |once| {
            once.set_next();
        },
    }
    .add_to(rows);
}

fn queues_and_reserves(rows: &mut Vec<Operation>) {
    Object {
        of: Queue::with_capacity(4),
        operations: &[
            ("Queue::push", |queue, nb| queue.push(nb, 1).is_ok()),
            ("Queue::try_pop", |queue, _| queue.try_pop().is_some()),
        ],
        others: &[],
        wait: Some(|queue, cx| {
            queue.pop(cx).expect("it is open");
            queue.push_from(cx, 1).expect("it is open");
        }),
        release: |queue| {
            let _ = non_block(|nb| queue.push(nb, 1));
            queue.try_pop();
        },
    }
    .add_to(rows);
    Object {
        of: Reserve::with_capacity(2, || 0_u64),
        operations: &[
            ("Reserve::take, and giving back", |reserve, _| {
                reserve.take().is_some_and(|mut value| keep(&mut value))
            }),
            ("Reserve::give", |reserve, _| {
                let taken = reserve.take().map(Reserved::into_inner);
                taken.is_some_and(|value| reserve.give(value).is_ok())
            }),
        ],
        others: &[],
        wait: Some(|reserve, cx| drop(reserve.take_from(cx))),
        release: by_itself,
    }
    .add_to(rows);
}

/// One end of a ring, for whoever comes first. Others do without.
fn end<T>(end: &StdMutex<T>) -> Option<MutexGuard<'_, T>> {
    match end.try_lock() {
        Ok(end) => Some(end),
        Err(TryLockError::WouldBlock) => None,
        Err(TryLockError::Poisoned(_)) => panic!("an operation has panicked"),
    }
}

type Ends = (StdMutex<Producer<u64>>, StdMutex<Consumer<u64>>);

fn ends() -> Ends {
    let (producer, consumer) = work::ring(16);
    (StdMutex::new(producer), StdMutex::new(consumer))
}

fn rings(rows: &mut Vec<Operation>) {
    Object::<Ends> {
        of: ends(),
        operations: &[
            ("Producer::push", |ends, _| end(&ends.0).is_some_and(|mut end| end.push(1).is_ok())),
            ("Producer::push_slice", |ends, _| {
                end(&ends.0).is_some_and(|mut end| end.push_slice(&[1, 2, 3]) > 0)
            }),
            ("Producer::push_iter", |ends, _| {
                end(&ends.0).is_some_and(|mut end| end.push_iter(0..3) > 0)
            }),
            ("Producer::write_chunk", |ends, _| {
                end(&ends.0).is_some_and(|mut end| end.write_chunk(3).commit_all() > 0)
            }),
        ],
        others: &[|ends, _| end(&ends.1).is_some_and(|mut end| end.pop().is_some())],
        wait: None,
        release: by_itself,
    }
    .add_to(rows);
    Object::<Ends> {
        of: ends(),
        operations: &[
            ("Consumer::pop", |ends, _| end(&ends.1).is_some_and(|mut end| end.pop().is_some())),
            ("Consumer::pop_slice", |ends, _| {
                end(&ends.1).is_some_and(|mut end| end.pop_slice(&mut [0; 3]) > 0)
            }),
            ("Consumer::read_chunk", |ends, _| {
                end(&ends.1).is_some_and(|mut end| end.read_chunk(3).commit_all() > 0)
            }),
        ],
        others: &[|ends, _| end(&ends.0).is_some_and(|mut end| end.push_slice(&[1, 2, 3]) > 0)],
        wait: None,
        release: by_itself,
    }
    .add_to(rows);
}

/// Pointers that a thread has made, for a section to drop.
struct Pointers {
    worker: Worker,
    made: (Sender<Shared<u64>>, Receiver<Shared<u64>>),
}

fn reclaimed(rows: &mut Vec<Operation>) {
    Object {
        of: Pointers {
            worker: Collector::new().spawn_worker("reclaim").expect("a thread"),
            made: channel::bounded(64),
        },
        operations: &[("Shared, dropped as the last", |pointers, _| {
            pointers.made.1.try_recv().is_ok()
        })],
        others: &[|pointers, _| {
            pointers.made.0.try_send(Shared::new(&pointers.worker.handle(), 1)).is_ok()
        }],
        wait: None,
        release: by_itself,
    }
    .add_to(rows);
}

fn read(rows: &mut Vec<Operation>) {
    Object {
        of: Rcu::new(1_u64),
        operations: &[("Rcu::read", |rcu, _| keep(&mut rcu.read().clone()))],
        others: &[],
        wait: Some(|rcu, cx| rcu.replace(cx, 2)),
        release: by_itself,
    }
    .add_to(rows);
    let chain = AtomicChain::<u64>::new();
    std::mem::forget(sleepable(|cx| chain.register_fn(|_, _| Answer::Continue, 1, cx)));
    Object {
        of: chain,
        operations: &[("AtomicChain::call", |chain, nb| chain.call(&1, nb).called() > 0)],
        others: &[],
        wait: Some(|chain, cx| chain.register_fn(|_, _| Answer::Continue, 2, cx).unregister(cx)),
        release: by_itself,
    }
    .add_to(rows);
}

fn locks_that_are_tried(rows: &mut Vec<Operation>) {
    Object {
        of: Mutex::new(0),
        operations: &[("Mutex::try_lock, and its release", |lock, _| {
            lock.try_lock().is_some_and(|mut value| keep(&mut value))
        })],
        others: &[],
        wait: Some(|lock, cx| {
            keep(&mut lock.lock(cx));
            thread::park_timeout(BREAK);
        }),
        release: by_itself,
    }
    .add_to(rows);
    Object {
        of: RwLock::new(0),
        operations: &[
            ("RwLock::try_read, and its release", |lock, _| {
                lock.try_read().is_some_and(|value| keep(&mut value.clone()))
            }),
            ("RwLock::try_write, and its release", |lock, _| {
                lock.try_write().is_some_and(|mut value| keep(&mut value))
            }),
        ],
        others: &[],
        wait: Some(|lock, cx| {
            keep(&mut lock.write(cx));
            thread::park_timeout(BREAK);
        }),
        release: by_itself,
    }
    .add_to(rows);
    Object {
        of: (Mutex::new(()), Condvar::new()),
        operations: &[
            ("Condvar::notify_one", |(_, condvar), _| {
                condvar.notify_one();
                true
            }),
            ("Condvar::notify_all", |(_, condvar), _| {
                condvar.notify_all();
                true
            }),
        ],
        others: &[],
        wait: Some(|(lock, condvar), cx| {
            let mut guard = lock.lock(cx);
            condvar.wait(cx, &mut guard);
        }),
        release: |(_, condvar)| {
            condvar.notify_all();
        },
    }
    .add_to(rows);
}

/// Keeps a lock for some hundred nanoseconds.
fn keep(value: &mut u64) -> bool {
    for _ in 0..100 {
        *value = std::hint::black_box(*value + 1);
    }
    true
}

/// More threads than the machine has processors, so that each loses its own while it holds what the others wait for.
fn others() -> usize {
    thread::available_parallelism().map_or(2, usize::from) + 1
}

/// How often this thread gave its processor up because it had to wait.
fn waits() -> i64 {
    getrusage(UsageWho::RUSAGE_THREAD).expect("Linux counts").voluntary_context_switches()
}

/// The processors that this program may use.
fn processors() -> Vec<usize> {
    let set = sched_getaffinity(Pid::from_raw(0)).expect("Linux tells");
    (0..CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false)).collect()
}

/// Keeps this thread on a processor.
fn stay_on(cpu: usize) {
    let mut set = CpuSet::new();
    set.set(cpu).expect("it is there");
    sched_setaffinity(Pid::from_raw(0), &set).expect("it may be used");
}

/// How often threads that may wait did.
static WAITED: AtomicI64 = AtomicI64::new(0);

/// Ends the others when it is dropped, also if the operation panics.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Returns what a closure returns, while others do what is in the way of an operation, and threads wait for it: one on the first
/// processor, and one on the last.
fn in_its_way<R>(operation: &Operation, others: usize, measure: impl FnOnce() -> R) -> R {
    let (done, others_left) = (AtomicBool::new(false), AtomicUsize::new(others));
    let processors = processors();
    let cpus = [processors[0], *processors.last().expect("there is one")];
    thread::scope(|scope| {
        for first in 0..others {
            let (done, others_left) = (&done, &others_left);
            scope.spawn(move || {
                let mut turns = operation.others.iter().cycle().skip(first);
                while !done.load(Ordering::Relaxed) {
                    let turn = turns.next().expect("there are some");
                    non_block(|nb| turn(nb));
                }
                others_left.fetch_sub(1, Ordering::Relaxed);
            });
        }
        let waiters = operation.wait.iter().flat_map(|wait| cpus.map(|cpu| (wait, cpu)));
        let waiters: Vec<_> = waiters
            .map(|(wait, cpu)| {
                let done = &done;
                scope.spawn(move || {
                    stay_on(cpu);
                    while !done.load(Ordering::Relaxed) {
                        sleepable(|cx| wait(cx));
                    }
                    WAITED.fetch_add(waits(), Ordering::Relaxed);
                })
            })
            .collect();
        let end = End(&done);
        let result = measure();
        drop(end);
        while waiters.iter().any(|waiter| !waiter.is_finished()) {
            // Others could undo it.
            if others_left.load(Ordering::Relaxed) == 0 {
                (operation.release)();
            }
            thread::yield_now();
        }
        result
    })
}

/// How often a thread waited in a section, how often it did the operation, how often that came to something, and
/// what it did with memory.
#[derive(Default, Debug)]
struct Count {
    waited: i64,
    calls: u64,
    done: u64,
    allocated: u64,
    freed: u64,
}

/// Counts on a thread of its own, on the first processor.
fn count(operation: &Operation) -> Count {
    let cpu = processors()[0];
    let counted = thread::scope(|scope| {
        let counted = scope.spawn(|| {
            stay_on(cpu);
            let (before, start) = (waits(), Instant::now());
            let (allocated, freed) = (ALLOCATED.get(), FREED.get());
            let mut count = Count::default();
            non_block(|nb| {
                while count.calls < CALLS || start.elapsed() < TIME {
                    count.done += u64::from((operation.run)(nb));
                    count.calls += 1;
                }
            });
            Count {
                waited: waits() - before,
                allocated: ALLOCATED.get() - allocated,
                freed: FREED.get() - freed,
                ..count
            }
        });
        counted.join()
    });
    counted.expect("the operation does not panic")
}

#[test]
fn no_operation_sleeps_while_others_are_in_its_way() {
    let mut slept = Vec::new();
    for operation in operations() {
        let before = WAITED.load(Ordering::Relaxed);
        // At most: whether it comes to something is left to chance.
        let mut counts = (0..50).map(|_| in_its_way(&operation, others(), || count(&operation)));
        let count = counts.find(|count| count.done > 0 || count.waited > 0).unwrap_or_default();
        let waited = WAITED.load(Ordering::Relaxed) - before;
        println!("{}: {count:?}, and threads that may wait did so {waited} times", operation.name);
        assert!(count.calls > 0, "{}: always refused", operation.name);
        if count.waited != 0 && is_promised(&operation) {
            slept.push((operation.name, count));
        }
    }
    assert!(slept.is_empty(), "{slept:#?}");
}

#[test]
fn no_operation_sleeps_while_threads_wait_for_it() {
    let mut slept = Vec::new();
    let woken = |operation: &&Operation| operation.wait.is_some();
    let before = WAITED.load(Ordering::Relaxed);
    for operation in operations().iter().filter(woken) {
        let count = in_its_way(operation, 0, || count(operation));
        if count.waited != 0 && is_promised(operation) {
            slept.push((operation.name, count));
        }
    }
    assert!(slept.is_empty(), "{slept:#?}");
    assert!(WAITED.load(Ordering::Relaxed) - before > 0, "few were woken");
}

#[test]
fn no_operation_sleeps_as_the_first_call_of_a_thread() {
    let mut slept = Vec::new();
    for operation in operations() {
        let first_call = || {
            let before = waits();
            non_block(|nb| (operation.run)(nb));
            waits() - before
        };
        let waited: i64 = in_its_way(&operation, others(), || {
            let mut waited = 0;
            for _ in 0..FRESH_THREADS {
                let fresh = thread::scope(|scope| scope.spawn(first_call).join());
                waited += fresh.expect("the operation does not panic");
            }
            waited
        });
        if waited != 0 && is_promised(&operation) {
            slept.push((operation.name, waited));
        }
    }
    assert!(slept.is_empty(), "{slept:#?}");
}

/// Whether the lock of the dynamic loader is held, and whether it is to be held on.
static HELD: AtomicBool = AtomicBool::new(false);
static HOLD_ON: AtomicBool = AtomicBool::new(true);

/// Called under the lock of the dynamic loader.
unsafe extern "C" fn hold(_: *mut libc::dl_phdr_info, _: usize, _: *mut c_void) -> c_int {
    HELD.store(true, Ordering::SeqCst);
    while HOLD_ON.load(Ordering::SeqCst) {
        thread::park_timeout(Duration::from_millis(1));
    }
    1
}

/// Looks at nothing.
unsafe extern "C" fn look(_: *mut libc::dl_phdr_info, _: usize, _: *mut c_void) -> c_int {
    1
}

fn under_the_lock_of_the_loader(
    call: unsafe extern "C" fn(*mut libc::dl_phdr_info, usize, *mut c_void) -> c_int,
) {
    // SAFETY: the functions above do not unwind, and look at no argument.
    unsafe { libc::dl_iterate_phdr(Some(call), std::ptr::null_mut()) };
}

#[test]
#[cfg(target_env = "gnu")]
fn no_operation_takes_the_lock_of_the_dynamic_loader() {
    let operations = operations();
    let (start, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let has_looked = AtomicBool::new(false);
    thread::scope(|scope| {
        // Threads are started before the lock is held, since that takes it.
        for operation in &operations {
            let (start, done) = (&start, &done);
            scope.spawn(move || {
                while !start.load(Ordering::SeqCst) {
                    thread::park_timeout(Duration::from_millis(1));
                }
                non_block(|nb| (operation.run)(nb));
                done.fetch_add(1, Ordering::SeqCst);
            });
        }
        scope.spawn(|| under_the_lock_of_the_loader(hold));
        // Shows that the lock is held: this one waits for it.
        scope.spawn(|| {
            while !HELD.load(Ordering::SeqCst) {
                thread::park_timeout(Duration::from_millis(1));
            }
            start.store(true, Ordering::SeqCst);
            under_the_lock_of_the_loader(look);
            has_looked.store(true, Ordering::SeqCst);
        });
        let give_up = Instant::now() + Duration::from_secs(30);
        while done.load(Ordering::SeqCst) < operations.len() && Instant::now() < give_up {
            thread::park_timeout(Duration::from_millis(1));
        }
        let (done, looked) = (done.load(Ordering::SeqCst), has_looked.load(Ordering::SeqCst));
        HOLD_ON.store(false, Ordering::SeqCst);
        assert_eq!(done, operations.len(), "some wait for the loader's lock");
        assert!(!looked, "the loader's lock was not held");
    });
}

/// Whether the table promises that an operation waits for nobody, whatever raw lock or allocator it stands on.
fn is_promised(operation: &Operation) -> bool {
    let guarantee = table()[operation.name][0];
    !guarantee.contains("see below") && guarantee != "not for sections"
}

/// The guide's table: the names in its first column, without the marks, and the cells after them.
fn table() -> BTreeMap<String, Vec<&'static str>> {
    let chapter = include_str!("../../nonblock/src/guide/operations.rs");
    let rows = chapter.lines().filter_map(|line| line.strip_prefix("//! | ["));
    let cells = rows.map(|row| row.trim_end_matches(" |").split(" | "));
    let named = cells.map(|mut cells| (cells.next().unwrap_or_default(), cells.collect()));
    named.map(|(name, cells)| (name.replace(['[', ']', '`'], ""), cells)).collect()
}

#[test]
fn the_table_of_the_guide_has_these_operations() {
    let mut here: Vec<_> = operations().iter().map(|row| row.name).collect();
    here.sort_unstable();
    assert_eq!(table().into_keys().collect::<Vec<_>>(), here);
}

#[test]
fn an_operation_allocates_and_frees_where_the_table_says_so_and_nowhere_else() {
    let table = table();
    for operation in operations() {
        let count = in_its_way(&operation, 1, || count(&operation));
        let [_guarantee, allocates, frees, _calls, _runs] = table[operation.name][..] else {
            panic!("{}: a row with other columns", operation.name);
        };
        assert!(allocates != "none" || count.allocated == 0, "{}: {count:?}", operation.name);
        assert!(frees != "none" || count.freed == 0, "{}: {count:?}", operation.name);
    }
}

/// The number of a system call that a watched thread made and must not, or -1.
static CALLED: AtomicI64 = AtomicI64::new(-1);

/// Called in place of a system call that a filter refuses.
#[cfg(target_arch = "x86_64")]
extern "C" fn refuse(_: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // Behind the signal's number, the error, the code and an address (`siginfo_t` of Linux).
    // SAFETY: of this signal, the number of the system call stands there.
    let called = unsafe { info.cast::<c_int>().wrapping_add(6).read() };
    CALLED.store(called.into(), Ordering::SeqCst);
    // SAFETY: with `SA_SIGINFO` it is this.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    context.uc_mcontext.gregs[libc::REG_RAX as usize] = i64::from(-libc::EPERM);
}

/// Lets this thread make no system call, from now until it ends, but those that end it, and wakes if it may make them.
#[cfg(target_arch = "x86_64")]
fn refuse_system_calls(wakes: bool) {
    const NUMBER: u32 = 0;
    /// The lower half of the second argument.
    const OPERATION: u32 = 24;
    const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    const IF_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    const AND: u32 = libc::BPF_ALU | libc::BPF_AND | libc::BPF_K;
    const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
    /// What the end of a thread takes.
    const TO_END: [libc::c_long; 7] = [
        libc::SYS_exit,
        libc::SYS_madvise,
        libc::SYS_munmap,
        libc::SYS_rseq,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
    ];
    let step = |code: u32, k: u32, skip_if_equal: u8, skip_else: u8| libc::sock_filter {
        code: u16::try_from(code).expect("it is small"),
        jt: skip_if_equal,
        jf: skip_else,
        k,
    };
    let number = |call: libc::c_long| u32::try_from(call).expect("it is small");
    let allow = step(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0);
    let mut filter = vec![step(LOAD, NUMBER, 0, 0)];
    for call in TO_END {
        filter.extend([step(IF_EQUAL, number(call), 0, 1), allow]);
    }
    if wakes {
        filter.push(step(IF_EQUAL, number(libc::SYS_futex), 0, 4));
        filter.push(step(LOAD, OPERATION, 0, 0));
        // Without the flag for futexes of one process.
        filter.push(step(AND, 0x7f, 0, 0));
        filter.extend([step(IF_EQUAL, libc::FUTEX_WAKE as u32, 0, 1), allow]);
    }
    filter.push(step(RETURN, libc::SECCOMP_RET_TRAP, 0, 0));
    let program = libc::sock_fprog {
        len: u16::try_from(filter.len()).expect("it is short"),
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: this takes numbers only.
    let bound = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    // SAFETY: the program is well-formed, and read before this returns.
    let set =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    assert_eq!((bound, set), (0, 0), "a thread can be given a filter");
    // Its memory stays: to free it may take a system call.
    std::mem::forget(filter);
}

#[cfg(target_arch = "x86_64")]
fn catch_refused_calls() {
    let action = SigAction::new(SigHandler::SigAction(refuse), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler calls nothing that a handler must not.
    unsafe { sigaction(Signal::SIGSYS, &action) }.expect("a handler can be set");
}

/// Returns the number of a system call that a closure has made and must not, or -1.
#[cfg(target_arch = "x86_64")]
fn forbidden_call(wakes: bool, f: impl FnOnce() + Send) -> i64 {
    let called = thread::scope(|scope| {
        let watched = scope.spawn(|| {
            refuse_system_calls(wakes);
            CALLED.store(-1, Ordering::SeqCst);
            f();
            CALLED.load(Ordering::SeqCst)
        });
        watched.join()
    });
    called.expect("the operation does not panic")
}

#[test]
#[cfg(target_arch = "x86_64")]
fn an_operation_makes_no_system_call_but_the_wakes_that_the_table_names() {
    catch_refused_calls();
    let table = table();
    for operation in operations().into_iter().filter(is_promised) {
        let wakes = table[operation.name][3] != "none";
        let called = in_its_way(&operation, others(), || {
            forbidden_call(wakes, || {
                non_block(|nb| (0..CALLS).for_each(|_| _ = (operation.run)(nb)));
            })
        });
        assert_eq!(called, -1, "{}: the number of a system call", operation.name);
    }
    // A wait is found, and where there are to be none, a wake.
    let semaphore = Semaphore::new(0);
    let called = forbidden_call(true, || {
        sleepable(|cx| _ = semaphore.down_timeout(cx, Duration::from_millis(1)));
    });
    assert_eq!(called, libc::SYS_futex);
    let called = forbidden_call(false, || {
        let word = AtomicUsize::new(0);
        // SAFETY: nobody waits there, and the word lives.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1) };
    });
    assert_eq!(called, libc::SYS_futex);
}

#[test]
fn sending_into_an_unbounded_channel_allocates_when_it_grows() {
    let (sender, _receiver) = channel::unbounded();
    let before = ALLOCATED.get();
    (0..1000).for_each(|n| sender.try_send(n).expect("there is a receiver"));
    assert!(ALLOCATED.get() > before);
}

/// The count sees a sleep: this lock parks whoever waits long.
#[test]
fn the_count_sees_a_lock_that_parks() {
    let mut rows = Vec::new();
    Object {
        of: SpinLock::<_, parking_lot::RawMutex>::with_raw(0),
        operations: &[("a lock that parks", |lock, nb| keep(&mut lock.lock(nb)))],
        others: &[],
        wait: None,
        release: by_itself,
    }
    .add_to(&mut rows);
    // Whether it has to wait for long is up to where the threads lose their processors.
    let mut counts = (0..20).map(|_| in_its_way(&rows[0], others(), || count(&rows[0])));
    assert!(counts.any(|count| count.waited > 0), "parking_lot's raw lock never parked");
}
