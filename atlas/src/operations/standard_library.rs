use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::sync::mpsc::{channel, sync_channel};
use std::sync::{Arc, Condvar, LazyLock, Mutex, OnceLock, RwLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "std",
    operations: &[
        Operation::new(HandOver, "sync::mpsc::SyncSender::try_send", try_send)
            .instead(CHANNEL)
            .paths(&["std::sync::mpsc::SyncSender::try_send"]),
        Operation::new(HandOver, "sync::mpsc::Receiver::try_recv, of a sync_channel", try_recv)
            .instead(CHANNEL)
            .paths(&["std::sync::mpsc::Receiver::try_recv"]),
        Operation::new(HandOver, "sync::mpsc::Sender::send", send)
            .instead(CHANNEL)
            .paths(&["std::sync::mpsc::Sender::send"]),
        Operation::new(Read, "sync::Mutex::lock", lock)
            .instead(TRY),
        Operation::new(Read, "sync::Mutex::try_lock", try_lock),
        Operation::new(Read, "sync::RwLock::read", read)
            .instead("`try_read` of it, or `nonblock::rcu::Rcu::read`"),
        Operation::new(Read, "sync::RwLock::try_read", try_read),
        Operation::new(Read, "sync::OnceLock::get", once_get),
        Operation::new(Read, "sync::OnceLock::get_or_init, another is at it", once_get_or_init)
            .instead("`get` of it, and `nonblock::sync::OnceLock`"),
        Operation::new(Read, "sync::LazyLock, looked at", lazy)
            .note("the first look makes the value")
            .instead("a look before the section"),
        Operation::new(Read, "sync::Arc::clone, and drop", arc_clone),
        Operation::new(Read, "sync::Arc, dropped as the last", arc_last)
            .instead("`nonblock::reclaim::Shared`, or `basedrop`"),
        Operation::new(Read, "thread::current", current),
        Operation::new(Read, "thread_local!, without a destructor", thread_local_plain),
        Operation::new(Read, "thread_local!, with a destructor", thread_local_drop)
            .instead("a look before the section"),
        Operation::new(Read, "env::var", env_var)
            .instead("what was read before"),
        Operation::new(Read, "collections::HashMap::get", map_get),
        Operation::new(Log, "println!", print).instead(WORKER),
        Operation::new(Log, "eprintln!", eprint).instead(WORKER),
        Operation::new(Log, "panic::Location::caller", location),
        Operation::new(Log, "backtrace::Backtrace::force_capture", backtrace)
            .instead("`panic::Location::caller`"),
        Operation::new(Log, "panic::catch_unwind, of a panic", catch)
            .instead("a `Result`"),
        Operation::new(Time, "time::Instant::now", instant),
        Operation::new(Time, "time::SystemTime::now", system_time),
        Operation::new(Random, "hash::RandomState::new", random_state)
            .note("until the kernel has entropy, which it has soon after it starts, this waits"),
        Operation::new(Memory, "Box::new", box_new)
            .instead(RESERVE),
        Operation::new(Memory, "Vec::push, capacity left", vec_push),
        Operation::new(Memory, "collections::VecDeque::push_back, capacity left", deque_push),
        Operation::new(Memory, "collections::BinaryHeap::push, capacity left", heap_push),
        Operation::new(Memory, "collections::HashMap::insert, capacity left", map_insert)
            .instead("`nonblock::Reserve`, or a sorted `arrayvec::ArrayVec`"),
        Operation::new(Memory, "collections::BTreeMap::insert, of a key that is there", tree_insert),
        Operation::new(Memory, "collections::BTreeMap::remove, and insert of it", tree_remove)
            .instead("a sorted `arrayvec::ArrayVec`"),
        Operation::new(Memory, "slice::sort, 20 elements", sort),
        Operation::new(Memory, "slice::sort, 1000 elements", sort_large)
            .instead("`sort_unstable`")
            .paths(&["slice::sort"]),
        Operation::new(Memory, "slice::sort_unstable, 1000 elements", sort_unstable),
        Operation::new(Memory, "String::clone", string_clone)
            .instead("`arrayvec::ArrayString`"),
        Operation::new(Memory, "write!, into a String with capacity", write_string),
        Operation::new(Memory, "f64, written into a fixed buffer", write_float),
        Operation::new(Wake, "thread::Thread::unpark, it is parked", unpark),
        Operation::new(Wake, "thread::Thread::unpark, it is not", unpark_awake),
        Operation::new(Wake, "sync::Condvar::notify_one, one waits", notify),
        Operation::new(Wake, "thread::yield_now", yield_now)
            .instead("the end of the section"),
        Operation::new(Wake, "thread::sleep, no time", sleep)
            .instead("the end of the section"),
        Operation::new(Wake, "thread::park_timeout, no time", park)
            .instead("the end of the section"),
        Operation::new(Wake, "thread::spawn", spawn)
            .varies(&[("call mmap", 0), ("call mprotect", 0), ("call munmap", 0)])
            .first_varies(&[("call mmap", 0), ("call mprotect", 0)])
            .instead("`nonblock::work::Queue::push`"),
        Operation::new(Wake, "thread::available_parallelism", parallelism)
            .instead("what was asked before"),
    ],
};

fn try_send(bench: Bench<'_>) {
    let (sender, receiver) = sync_channel(2);
    let receiver = InTurn::new(receiver);
    let send = || _ = sender.try_send(1_u64);
    let receive = || _ = receiver.with(|receiver| receiver.try_recv());
    let ends = Ends {
        send: &send,
        receive: &receive,
        empty: &|| while receiver.with(|receiver| receiver.try_recv()).is_ok() {},
        both: &|| {
            send();
            receive();
        },
    };
    ends.measure_send(bench);
}

fn try_recv(bench: Bench<'_>) {
    let (sender, receiver) = sync_channel(2);
    let receiver = InTurn::new(receiver);
    let send = || _ = sender.try_send(1_u64);
    let receive = || _ = receiver.with(|receiver| receiver.try_recv());
    bench
        .prepare(&send)
        .prepare_beside(&|| ())
        .after(&|| while receiver.with(|receiver| receiver.try_recv()).is_ok() {})
        .peer("`try_send`", &send)
        .call(&receive);
}

fn send(bench: Bench<'_>) {
    let (sender, receiver) = channel();
    let receiver = InTurn::new(receiver);
    bench
        .after(&|| _ = receiver.with(|receiver| receiver.try_recv()))
        .call(&|| _ = sender.send(1_u64));
}

fn lock(bench: Bench<'_>) {
    let mutex = Mutex::new(0_u64);
    bench
        .holder("the holder of the lock", &|stand_still| {
            let _guard = mutex.lock();
            stand_still();
        })
        .call(&|| _ = black_box(mutex.lock().map(|guard| *guard)));
}

fn try_lock(bench: Bench<'_>) {
    let mutex = Mutex::new(0_u64);
    let try_lock = || _ = black_box(mutex.try_lock().map(|guard| *guard).is_ok());
    bench
        .holder("the holder of the lock", &|stand_still| {
            let _guard = mutex.lock();
            stand_still();
        })
        .peer("`try_lock`", &try_lock)
        .call(&try_lock);
}

fn read(bench: Bench<'_>) {
    let lock = RwLock::new(0_u64);
    bench
        .holder("a writer", &|stand_still| {
            let _guard = lock.write();
            stand_still();
        })
        .call(&|| _ = black_box(lock.read().map(|guard| *guard)));
}

fn try_read(bench: Bench<'_>) {
    let lock = RwLock::new(0_u64);
    let try_read = || _ = black_box(lock.try_read().map(|guard| *guard).is_ok());
    bench
        .holder("a writer", &|stand_still| {
            let _guard = lock.write();
            stand_still();
        })
        .peer("`try_read`", &try_read)
        .call(&try_read);
}

fn once_get(bench: Bench<'_>) {
    let cell = OnceLock::new();
    let _ = cell.set(1_u64);
    bench.call(&|| _ = black_box(cell.get()));
}

fn once_get_or_init(bench: Bench<'_>) {
    let cell = InTurn::new(OnceLock::new());
    let beside = OnceLock::new();
    let is_beside = std::sync::atomic::AtomicBool::new(false);
    bench
        .holder("the one that makes the value", &|stand_still| {
            is_beside.store(true, std::sync::atomic::Ordering::SeqCst);
            beside.get_or_init(|| {
                stand_still();
                1_u64
            });
        })
        .call(&|| {
            if is_beside.load(std::sync::atomic::Ordering::SeqCst) {
                black_box(beside.get_or_init(|| 1));
            } else {
                black_box(cell.with(|cell| *cell.get_or_init(|| 1_u64)));
            }
        });
}

fn lazy(bench: Bench<'_>) {
    static LAZY: LazyLock<Box<u64>> = LazyLock::new(|| Box::new(1));
    bench.call(&|| _ = black_box(**LAZY));
}

fn arc_clone(bench: Bench<'_>) {
    let arc = Arc::new(1_u64);
    bench.call(&|| drop(black_box(Arc::clone(&arc))));
}

fn arc_last(bench: Bench<'_>) {
    let arc = InTurn::new(None);
    bench.prepare(&|| arc.put(Arc::new(1_u64))).call(&|| drop(arc.take()));
}

fn current(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(thread::current().id()));
}

fn thread_local_plain(bench: Bench<'_>) {
    thread_local! {
        static PLACE: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
    }
    bench.call(&|| PLACE.set(PLACE.get() + 1));
}

fn thread_local_drop(bench: Bench<'_>) {
    thread_local! {
        static PLACE: std::cell::RefCell<Vec<u64>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    bench.call(&|| PLACE.with_borrow(|place| _ = black_box(place.len())));
}

fn env_var(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(std::env::var("PATH")));
}

fn map_get(bench: Bench<'_>) {
    let map: HashMap<u64, u64> = (0..100).map(|key| (key, key)).collect();
    bench.call(&|| _ = black_box(map.get(&black_box(50))));
}

fn print(bench: Bench<'_>) {
    bench
        .holder("the holder of the standard output", &|stand_still| {
            let _guard = std::io::stdout().lock();
            stand_still();
        })
        .call(&|| println!("{}", black_box(1)));
}

fn eprint(bench: Bench<'_>) {
    bench
        .holder("the holder of the standard error", &|stand_still| {
            let _guard = std::io::stderr().lock();
            stand_still();
        })
        .call(&|| eprintln!("{}", black_box(1)));
}

#[track_caller]
fn line() -> u32 {
    std::panic::Location::caller().line()
}

fn location(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(line()));
}

fn backtrace(bench: Bench<'_>) {
    bench.call(&|| drop(black_box(std::backtrace::Backtrace::force_capture())));
}

fn catch(bench: Bench<'_>) {
    bench.call(&|| _ = std::panic::catch_unwind(|| std::panic::resume_unwind(Box::new(1))));
}

fn instant(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(Instant::now()));
}

fn system_time(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(SystemTime::now()));
}

fn random_state(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(RandomState::new().hash_one(1)));
}

fn box_new(bench: Bench<'_>) {
    let kept = InTurn::new(None);
    bench.after(&|| drop(kept.take())).call(&|| kept.put(Box::new(1)));
}

fn vec_push(bench: Bench<'_>) {
    let vec = InTurn::new(Vec::with_capacity(8));
    bench.call(&|| {
        vec.with(|vec| {
            vec.push(1);
            vec.pop();
        });
    });
}

fn deque_push(bench: Bench<'_>) {
    let deque = InTurn::new(VecDeque::with_capacity(8));
    bench.call(&|| {
        deque.with(|deque| {
            deque.push_back(1);
            deque.pop_front();
        });
    });
}

fn heap_push(bench: Bench<'_>) {
    let heap = InTurn::new(BinaryHeap::with_capacity(8));
    bench.call(&|| {
        heap.with(|heap| {
            heap.push(1);
            heap.pop();
        });
    });
}

fn map_insert(bench: Bench<'_>) {
    // Nearly as many are in it as it was made for, all the time.
    let map = InTurn::new((HashMap::with_capacity(448), 0_u64));
    bench.call(&|| {
        map.with(|(map, next)| {
            map.insert(*next, 1_u8);
            if *next >= 440 {
                map.remove(&(*next - 440));
            }
            *next += 1;
        });
    });
}

fn tree_insert(bench: Bench<'_>) {
    let tree = InTurn::new((0..100).map(|key| (key, key)).collect::<BTreeMap<u64, u64>>());
    bench.call(&|| _ = tree.with(|tree| tree.insert(50, 1)));
}

fn tree_remove(bench: Bench<'_>) {
    let tree = InTurn::new(((0..100).map(|key| (key, key)).collect::<BTreeMap<u64, u64>>(), 0));
    bench.call(&|| {
        tree.with(|(tree, next)| {
            tree.remove(next);
            tree.insert(*next + 100, 1);
            *next += 1;
        });
    });
}

/// Numbers in no order.
fn numbers(many: u64) -> Vec<u64> {
    (0..many).map(|number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 7).collect()
}

// What is measured is this sort.
#[allow(clippy::stable_sort_primitive)]
fn sort(bench: Bench<'_>) {
    let slice = InTurn::new(Vec::new());
    bench
        .prepare(&|| slice.with(|slice| *slice = numbers(20)))
        .call(&|| slice.with(|slice| slice.sort()));
}

// What is measured is this sort.
#[allow(clippy::stable_sort_primitive)]
fn sort_large(bench: Bench<'_>) {
    let slice = InTurn::new(Vec::new());
    bench
        .prepare(&|| slice.with(|slice| *slice = numbers(1000)))
        .call(&|| slice.with(|slice| slice.sort()));
}

fn sort_unstable(bench: Bench<'_>) {
    let slice = InTurn::new(Vec::new());
    bench
        .prepare(&|| slice.with(|slice| *slice = numbers(1000)))
        .call(&|| slice.with(|slice| slice.sort_unstable()));
}

fn string_clone(bench: Bench<'_>) {
    let string = "text".to_owned();
    let kept = InTurn::new(None);
    bench.after(&|| drop(kept.take())).call(&|| kept.put(string.clone()));
}

fn write_string(bench: Bench<'_>) {
    use std::fmt::Write as _;

    let string = InTurn::new(String::with_capacity(100));
    bench.prepare(&|| string.with(String::clear)).call(&|| {
        string.with(|string| _ = write!(string, "{} and {:?}", black_box(1.5), black_box("text")));
    });
}

fn write_float(bench: Bench<'_>) {
    bench.call(&|| {
        let mut buffer = [0; 400];
        let _ = write!(&mut buffer[..], "{} {:e}", black_box(0.1_f64), black_box(1e300_f64));
        black_box(buffer);
    });
}

fn unpark(bench: Bench<'_>) {
    let sleeper = Sleeper::start(thread::park);
    bench.prepare(&|| sleeper.falls_asleep()).call(&|| sleeper.thread().unpark());
}

fn unpark_awake(bench: Bench<'_>) {
    // It was told already, and does not park.
    let sleeper = Sleeper::start(|| thread::sleep(Duration::from_hours(1)));
    sleeper.falls_asleep();
    bench.call(&|| sleeper.thread().unpark());
}

fn notify(bench: Bench<'_>) {
    static STATE: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());
    let sleeper = Sleeper::start(|| drop(STATE.1.wait(STATE.0.lock().unwrap())));
    bench
        .prepare(&|| sleeper.falls_asleep())
        .peer("one who begins to wait, for a moment", &|| {
            drop(STATE.1.wait_timeout(STATE.0.lock().unwrap(), Duration::from_nanos(1)));
        })
        .call(&|| STATE.1.notify_one());
}

fn yield_now(bench: Bench<'_>) {
    bench.call(&thread::yield_now);
}

fn sleep(bench: Bench<'_>) {
    bench.call(&|| thread::sleep(Duration::ZERO));
}

fn park(bench: Bench<'_>) {
    bench.call(&|| thread::park_timeout(Duration::ZERO));
}

fn spawn(bench: Bench<'_>) {
    let kept = InTurn::new(None::<thread::JoinHandle<()>>);
    bench
        .after(&|| kept.take().join().unwrap())
        .call(&|| kept.put(thread::spawn(|| ())));
}

fn parallelism(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(thread::available_parallelism()));
}
