//! Locks and channels of other crates.

use std::sync::Arc;

use crate::matrix::operation::{Operation, Prepared, operations};
use crate::matrix::section::{meanwhile, once_blocked};

pub(super) const OPERATIONS: &[Operation] = operations! {
    "parking_lot::Mutex::lock, held" => parking_lot_mutex;
    "parking_lot::RwLock::write, read" => parking_lot_rwlock;
    "parking_lot::Condvar::wait" => parking_lot_condvar;
    "crossbeam_channel::Receiver::recv" => crossbeam_recv;
    "crossbeam_channel::Sender::send, full" => crossbeam_send;
};

fn parking_lot_mutex() -> Prepared {
    let lock = Arc::new(parking_lot::Mutex::new(0));
    let others = lock.clone();
    meanwhile(move |blocked| {
        let _held = others.lock();
        blocked.wait();
    });
    Ok(Box::new(move || *lock.lock() += 1))
}

fn parking_lot_rwlock() -> Prepared {
    let lock = Arc::new(parking_lot::RwLock::new(0));
    let others = lock.clone();
    meanwhile(move |blocked| {
        let _held = others.read();
        blocked.wait();
    });
    Ok(Box::new(move || *lock.write() += 1))
}

fn parking_lot_condvar() -> Prepared {
    let pair = Arc::new((parking_lot::Mutex::new(()), parking_lot::Condvar::new()));
    let others = pair.clone();
    once_blocked(move || others.1.notify_all());
    Ok(Box::new(move || pair.1.wait(&mut pair.0.lock())))
}

fn crossbeam_recv() -> Prepared {
    let (sender, receiver) = crossbeam_channel::unbounded();
    once_blocked(move || sender.send(1).map(|()| sender));
    Ok(Box::new(move || assert_eq!(receiver.recv(), Ok(1))))
}

fn crossbeam_send() -> Prepared {
    let (sender, receiver) = crossbeam_channel::bounded(1);
    sender.send(1).map_err(|error| error.to_string())?;
    once_blocked(move || receiver.recv().map(|_| receiver));
    Ok(Box::new(move || sender.send(2).expect("it is received")))
}
