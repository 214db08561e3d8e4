//! All that a section is offered: the rows of the guide's table, each with what others do in its way.

use std::future::ready;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, TryLockError};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use nonblock::future::NonBlockExt as _;
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

/// How long a thread that waits for a lock leaves it to others between.
const BREAK: Duration = Duration::from_micros(100);

/// Something that a section does. It says whether it came to something, or was refused.
pub(crate) type Run = Arc<dyn Fn(&mut NonBlock) -> bool + Send + Sync>;

/// Something that a thread does that may sleep.
pub(crate) type Wait = Arc<dyn Fn(&mut Sleepable) + Send + Sync>;

/// A row of the table.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
    /// What others do meanwhile: the same and the opposite.
    pub(crate) others: Vec<Run>,
    /// What two threads do meanwhile: they wait for the operation, or for its opposite.
    pub(crate) wait: Option<Wait>,
    /// Lets one that waits go on, once the others have ended.
    pub(crate) release: Arc<dyn Fn() + Send + Sync>,
}

/// Something that a section does with an object.
pub(crate) type Does<T> = fn(&T, &mut NonBlock) -> bool;

/// An object, and what is done with it.
pub(crate) struct Object<T: 'static> {
    pub(crate) of: T,
    /// Each is a row.
    pub(crate) operations: &'static [(&'static str, Does<T>)],
    /// What others do meanwhile. If this is empty, they do all the operations.
    pub(crate) others: &'static [Does<T>],
    pub(crate) wait: Option<fn(&T, &mut Sleepable)>,
    pub(crate) release: fn(&T),
}

impl<T: Send + Sync + 'static> Object<T> {
    pub(crate) fn add_to(self, rows: &mut Vec<Operation>) {
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
pub(crate) fn by_itself<T>(_: &T) {}

/// All that a section can do: the rows of the table.
pub(crate) fn operations() -> Vec<Operation> {
    let mut rows = Vec::new();
    spin_locks(&mut rows);
    channels(&mut rows);
    signals(&mut rows);
    once_locks(&mut rows);
    queues_and_reserves(&mut rows);
    rings(&mut rows);
    reclaimed(&mut rows);
    read(&mut rows);
    polls(&mut rows);
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

fn polls(rows: &mut Vec<Operation>) {
    Object {
        of: (),
        operations: &[("NonBlocking, polled", |(), _| {
            let future = pin!(ready(1).non_block());
            future.poll(&mut Context::from_waker(Waker::noop())).is_ready()
        })],
        others: &[],
        wait: None,
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
pub(crate) fn keep(value: &mut u64) -> bool {
    for _ in 0..100 {
        *value = std::hint::black_box(*value + 1);
    }
    true
}
