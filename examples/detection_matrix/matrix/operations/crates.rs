//! Locks and channels of other crates.

use std::sync::Arc;

use super::support::MOMENT;
use crate::matrix::operation::{Operation, Prepared, operations};
use crate::matrix::section::{meanwhile, once_blocked};

pub(super) const OPERATIONS: &[Operation] = operations! {
    "parking_lot::Mutex::lock, held" => parking_lot_mutex;
    "parking_lot::RwLock::write, read" => parking_lot_rwlock;
    "parking_lot::Condvar::wait_for" => parking_lot_condvar;
    "crossbeam_channel::Receiver::recv" => crossbeam_recv;
    "crossbeam_channel::Receiver::recv_timeout" => crossbeam_recv_timeout;
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
    let (lock, changed) = (parking_lot::Mutex::new(()), parking_lot::Condvar::new());
    Ok(Box::new(move || assert!(changed.wait_for(&mut lock.lock(), MOMENT).timed_out())))
}

fn crossbeam_recv() -> Prepared {
    let (sender, receiver) = crossbeam_channel::unbounded();
    once_blocked(move || sender.send(1).map(|()| sender));
    Ok(Box::new(move || assert_eq!(receiver.recv(), Ok(1))))
}

fn crossbeam_recv_timeout() -> Prepared {
    let (sender, receiver) = crossbeam_channel::unbounded::<()>();
    Ok(Box::new(move || {
        assert!(receiver.recv_timeout(MOMENT).is_err());
        let _alive = &sender;
    }))
}

fn crossbeam_send() -> Prepared {
    let (sender, receiver) = crossbeam_channel::bounded(1);
    sender.send(1).map_err(|error| error.to_string())?;
    once_blocked(move || receiver.recv().map(|_| receiver));
    Ok(Box::new(move || sender.send(2).expect("it is received")))
}
