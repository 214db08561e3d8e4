//! What the library itself offers to sections.

use std::sync::Arc;

use nonblock::rcu::Rcu;
use nonblock::sync::{Completion, Condvar, Mutex, Semaphore, SpinLock, channel};
use nonblock::{Reserve, raw, work};

use crate::matrix::operation::{Operation, Prepared, operations};
use crate::matrix::section::sleeper;

pub(super) const OPERATIONS: &[Operation] = operations! {
    "nonblock::sync::SpinLock::lock" => spin_lock;
    "nonblock::sync::Mutex::try_lock, released with a waiter" => mutex_with_waiter;
    "nonblock::sync::Mutex::try_lock, held" => mutex_held;
    "nonblock::sync::Condvar::notify_all, a waiter" => condvar;
    "nonblock::sync::Completion::complete, a waiter" => completion;
    "nonblock::sync::Semaphore::up, a waiter" => semaphore_up;
    "nonblock::sync::Semaphore::try_down, none left" => semaphore_down;
    "nonblock::sync::channel, try_send with a receiver waiting" => try_send;
    "nonblock::sync::channel, try_send, full" => try_send_full;
    "nonblock::sync::channel, try_recv" => try_recv;
    "nonblock::work::Queue::push, a worker waiting" => queue_push;
    "nonblock::work::ring, push and pop" => ring;
    "nonblock::rcu::Rcu::read" => rcu_read;
    "nonblock::Reserve::take and give back" => reserve;
    "nonblock::notifier::AtomicChain::call" => chain;
    "nonblock::non_block, within another" => nested;
};

fn spin_lock() -> Prepared {
    let lock = SpinLock::new(0);
    Ok(Box::new(move || raw::non_block(|nb| *lock.lock(nb) += 1)))
}

/// The section holds it until somebody waits for it, and then releases it.
fn mutex_with_waiter() -> Prepared {
    let lock: &'static Mutex<u32> = Box::leak(Box::new(Mutex::new(0)));
    let mut held = lock.try_lock();
    sleeper(|| nonblock::sleepable(|cx| *lock.lock(cx) += 1));
    Ok(Box::new(move || {
        assert!(lock.try_lock().is_none());
        drop(held.take());
    }))
}

fn mutex_held() -> Prepared {
    let lock: &'static Mutex<u32> = Box::leak(Box::new(Mutex::new(0)));
    let held = lock.try_lock();
    Ok(Box::new(move || {
        assert!(held.is_some() && lock.try_lock().is_none());
    }))
}

fn condvar() -> Prepared {
    let pair = Arc::new((Mutex::new(()), Condvar::new()));
    let others = pair.clone();
    sleeper(move || {
        nonblock::sleepable(|cx| {
            let mut held = others.0.lock(cx);
            others.1.wait(cx, &mut held);
        });
    });
    Ok(Box::new(move || {
        pair.1.notify_all();
    }))
}

fn completion() -> Prepared {
    let done = Arc::new(Completion::new());
    let others = done.clone();
    sleeper(move || {
        nonblock::sleepable(|cx| {
            others.wait(cx);
        });
    });
    Ok(Box::new(move || done.complete()))
}

fn semaphore_up() -> Prepared {
    let semaphore = Arc::new(Semaphore::new(0));
    let others = semaphore.clone();
    sleeper(move || nonblock::sleepable(|cx| others.down(cx)));
    Ok(Box::new(move || semaphore.up()))
}

fn semaphore_down() -> Prepared {
    let semaphore = Semaphore::new(0);
    Ok(Box::new(move || assert!(!semaphore.try_down())))
}

fn try_send() -> Prepared {
    let (sender, receiver) = channel::bounded(1);
    sleeper(move || {
        nonblock::sleepable(|cx| {
            receiver.recv(cx).expect("it is sent");
            std::mem::forget(receiver);
        });
    });
    Ok(Box::new(move || sender.try_send(1).expect("there is room")))
}

fn try_send_full() -> Prepared {
    let (sender, receiver) = channel::bounded(1);
    sender.try_send(1).map_err(|error| error.to_string())?;
    Ok(Box::new(move || {
        assert!(sender.try_send(2).is_err());
        let _alive = &receiver;
    }))
}

fn try_recv() -> Prepared {
    let (sender, receiver) = channel::bounded(2);
    sender.try_send(1).map_err(|error| error.to_string())?;
    Ok(Box::new(move || {
        assert_eq!(receiver.try_recv(), Ok(1));
        assert!(receiver.try_recv().is_err());
        let _alive = &sender;
    }))
}

fn queue_push() -> Prepared {
    let queue = Arc::new(work::Queue::with_capacity(4));
    let others = queue.clone();
    sleeper(move || {
        nonblock::sleepable(|cx| while others.pop(cx).is_some() {});
    });
    Ok(Box::new(move || raw::non_block(|nb| queue.push(nb, 1).expect("there is room"))))
}

fn ring() -> Prepared {
    let (mut producer, mut consumer) = work::ring(4);
    Ok(Box::new(move || {
        producer.push(1).expect("there is room");
        assert_eq!(consumer.pop(), Some(1));
    }))
}

fn rcu_read() -> Prepared {
    let value = Rcu::new(1);
    Ok(Box::new(move || assert_eq!(*value.read(), 1)))
}

fn reserve() -> Prepared {
    let reserve = Reserve::with_capacity(2, || [0_u8; 64]);
    Ok(Box::new(move || {
        let taken = reserve.take().expect("two are set aside");
        assert_eq!(taken[0], 0);
    }))
}

fn chain() -> Prepared {
    use nonblock::notifier::{Answer, AtomicChain};

    let chain = Arc::new(AtomicChain::<u32>::new());
    nonblock::sleepable(|cx| {
        let registration = chain.register_fn(|_, _| Answer::Continue, 0, cx);
        std::mem::forget(registration);
    });
    Ok(Box::new(move || {
        raw::non_block(|nb| {
            let _ = chain.call(&1, nb);
        });
    }))
}

fn nested() -> Prepared {
    Ok(Box::new(|| nonblock::non_block(|_nb| ())))
}
