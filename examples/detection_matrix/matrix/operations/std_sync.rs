//! Threads and locks of std.

use std::sync::mpsc;
use std::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock};
use std::thread;

use super::support::{MOMENT, keeping};
use crate::matrix::operation::{Operation, Prepared, operations};
use crate::matrix::section::{meanwhile, once_blocked};

pub(super) const OPERATIONS: &[Operation] = operations! {
    "std::thread::sleep" => thread_sleep;
    "std::thread::park_timeout" => park_timeout;
    "std::thread::park" => park;
    "std::thread::JoinHandle::join" => join;
    "std::thread::spawn" => spawn [Slept: May(SPAWN)];
    "std::sync::Mutex::lock, held" => mutex;
    "std::sync::RwLock::read, written" => rwlock_read;
    "std::sync::RwLock::write, read" => rwlock_write;
    "std::sync::Condvar::wait" => condvar;
    "std::sync::Condvar::wait_timeout" => condvar_timeout;
    "std::sync::Barrier::wait" => barrier;
    "std::sync::OnceLock::get_or_init, being made" => once_lock;
    "std::sync::LazyLock, being made" => lazy_lock;
    "std::sync::Once::call_once, being run" => once;
    "std::sync::mpsc::Receiver::recv" => recv;
    "std::sync::mpsc::SyncSender::send, full" => send;
};

const SPAWN: &str = "A lock of the address space is seldom taken by somebody else.";

fn thread_sleep() -> Prepared {
    Ok(Box::new(|| thread::sleep(MOMENT)))
}

fn park_timeout() -> Prepared {
    Ok(Box::new(|| thread::park_timeout(MOMENT)))
}

fn park() -> Prepared {
    let this = thread::current();
    once_blocked(move || this.unpark());
    Ok(Box::new(|| {
        thread::park();
    }))
}

fn join() -> Prepared {
    let mut handle = Some(once_blocked(|| ()));
    Ok(Box::new(move || handle.take().expect("it runs once").join().expect("it does not panic")))
}

fn spawn() -> Prepared {
    keeping(move || thread::spawn(|| ()))
}

fn mutex() -> Prepared {
    let lock = Arc::new(Mutex::new(0));
    let others = lock.clone();
    meanwhile(move |blocked| {
        let _held = others.lock();
        blocked.wait();
    });
    Ok(Box::new(move || *lock.lock().expect("nobody panics") += 1))
}

fn rwlock_read() -> Prepared {
    let lock = Arc::new(RwLock::new(0));
    let others = lock.clone();
    meanwhile(move |blocked| {
        let _held = others.write();
        blocked.wait();
    });
    Ok(Box::new(move || drop(lock.read())))
}

fn rwlock_write() -> Prepared {
    let lock = Arc::new(RwLock::new(0));
    let others = lock.clone();
    meanwhile(move |blocked| {
        let _held = others.read();
        blocked.wait();
    });
    Ok(Box::new(move || *lock.write().expect("nobody panics") += 1))
}

fn condvar() -> Prepared {
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let others = pair.clone();
    once_blocked(move || {
        *others.0.lock().expect("nobody panics") = true;
        others.1.notify_all();
    });
    Ok(Box::new(move || {
        let mut done = pair.0.lock().expect("nobody panics");
        while !*done {
            done = pair.1.wait(done).expect("nobody panics");
        }
    }))
}

fn condvar_timeout() -> Prepared {
    let (lock, changed) = (Mutex::new(()), Condvar::new());
    Ok(Box::new(move || {
        let held = lock.lock().expect("nobody panics");
        drop(changed.wait_timeout(held, MOMENT));
    }))
}

fn barrier() -> Prepared {
    let barrier = Arc::new(Barrier::new(2));
    let others = barrier.clone();
    once_blocked(move || others.wait());
    Ok(Box::new(move || {
        barrier.wait();
    }))
}

fn once_lock() -> Prepared {
    let cell = Arc::new(OnceLock::new());
    let others = cell.clone();
    meanwhile(move |blocked| {
        others.get_or_init(|| blocked.wait());
    });
    Ok(Box::new(move || {
        cell.get_or_init(|| ());
    }))
}

fn lazy_lock() -> Prepared {
    static VALUE: LazyLock<u32, fn() -> u32> = LazyLock::new(|| {
        SLOW.with_borrow(|slow| slow.as_ref().map(|blocked| blocked()));
        1
    });
    std::thread_local! {
        static SLOW: std::cell::RefCell<Option<Box<dyn Fn()>>> = const { std::cell::RefCell::new(None) };
    }

    let (begins, begun) = mpsc::channel();
    once_blocked(move || begins.send(()).expect("it is waited for"));
    let (ready, is_ready) = mpsc::channel();
    thread::spawn(move || {
        let wait = move || {
            ready.send(()).expect("it is waited for");
            begun.recv().expect("it is sent");
        };
        SLOW.set(Some(Box::new(wait)));
        LazyLock::force(&VALUE);
    });
    is_ready.recv().expect("the other thread makes it");
    Ok(Box::new(|| assert_eq!(*VALUE, 1)))
}

fn once() -> Prepared {
    let once = Arc::new(Once::new());
    let others = once.clone();
    meanwhile(move |blocked| others.call_once(|| blocked.wait()));
    Ok(Box::new(move || once.call_once(|| ())))
}

fn recv() -> Prepared {
    let (sender, receiver) = mpsc::channel();
    once_blocked(move || sender.send(1).expect("it is received"));
    Ok(Box::new(move || assert_eq!(receiver.recv(), Ok(1))))
}

fn send() -> Prepared {
    let (sender, receiver) = mpsc::sync_channel(1);
    sender.send(1).expect("there is room");
    once_blocked(move || {
        receiver.recv().expect("one is there");
        receiver
    });
    Ok(Box::new(move || sender.send(2).expect("it is received")))
}
