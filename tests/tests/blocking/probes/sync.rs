//! Locks, and what else threads wait for.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use nonblock_tools::blocking::Effect;

use super::probes;
use crate::observe::{
    FUTEX, Gate, Seen, Watched, allocates, blocks, does_nothing, does_nothing_while,
    keep_at_next_allocation, locks, spawn, waits_for_lock,
};
use crate::stopped::{go_on, stay_in_next_system_call, wait_until_stopped};

/// Longer than any test.
const LONG: Duration = Duration::from_hours(1);

probes! {
    "std::sync::Mutex::lock" => Shows || locks(
        || Mutex::new(0),
        |mutex, gate| {
            let _held = mutex.lock();
            gate.keep();
        },
        |mutex| drop(mutex.lock()),
    );
    "std::sync::RwLock::read" => Shows || locks(
        || RwLock::new(0),
        |lock, gate| {
            let _held = lock.write();
            gate.keep();
        },
        |lock| drop(lock.read()),
    );
    "std::sync::RwLock::write" => Shows || locks(
        || RwLock::new(0),
        |lock, gate| {
            let _held = lock.read();
            gate.keep();
        },
        |lock| drop(lock.write()),
    );
    "std::sync::Condvar::wait" => Shows || notified(|monitor| {
        let held = monitor.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(monitor.1.wait(held));
    });
    "std::sync::Condvar::wait_while" => Shows || notified(|monitor| {
        let held = monitor.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(monitor.1.wait_while(held, |done| !*done));
    });
    "std::sync::Condvar::wait_timeout" => Shows || notified(|monitor| {
        let held = monitor.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(monitor.1.wait_timeout(held, LONG));
    });
    "std::sync::Condvar::wait_timeout_ms" => Shows || notified(|monitor| {
        let held = monitor.0.lock().unwrap_or_else(PoisonError::into_inner);
        #[expect(deprecated, reason = "it is still there")]
        drop(monitor.1.wait_timeout_ms(held, u32::MAX));
    });
    "std::sync::Condvar::wait_timeout_while" => Shows || notified(|monitor| {
        let held = monitor.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(monitor.1.wait_timeout_while(held, LONG, |done| !*done));
    });
    "std::sync::Barrier::wait" => Shows || {
        let barrier = Arc::new(Barrier::new(2));
        let own = Arc::clone(&barrier);
        blocks(FUTEX, move || ignore(own.wait()), || ignore(barrier.wait()))
    };
    "std::sync::Once::call_once" => Shows || locks(
        Once::new,
        |once, gate| once.call_once(|| gate.keep()),
        |once| once.call_once(|| ()),
    );
    "std::sync::Once::call_once_force" => Shows || locks(
        Once::new,
        |once, gate| once.call_once(|| gate.keep()),
        |once| once.call_once_force(|_| ()),
    );
    "std::sync::Once::wait" => Shows || {
        let once = Arc::new(Once::new());
        let own = Arc::clone(&once);
        blocks(FUTEX, move || own.wait(), || once.call_once(|| ()))
    };
    "std::sync::Once::wait_force" => Shows || {
        let once = Arc::new(Once::new());
        let own = Arc::clone(&once);
        blocks(FUTEX, move || own.wait_force(), || once.call_once(|| ()))
    };
    "std::sync::OnceLock::get_or_init" => Shows || locks(OnceLock::new, make, |value| {
        value.get_or_init(|| 1);
    });
    "std::sync::OnceLock::set" => Shows || locks(OnceLock::new, make, |value| ignore(value.set(1)));
    "std::sync::OnceLock::wait" => Shows || {
        let value = Arc::new(OnceLock::new());
        let own = Arc::clone(&value);
        blocks(FUTEX, move || assert_eq!(own.wait(), &1), || value.set(1).expect("it is not set"))
    };
    "std::sync::LazyLock::force" => Shows || {
        // Whoever comes first with `GATE` open keeps the value from being made.
        static GATE: OnceLock<Gate> = OnceLock::new();
        fn value() -> u32 {
            if let Some(gate) = GATE.get() {
                gate.keep();
            }
            1
        }
        locks(
            || LazyLock::new(value as fn() -> u32),
            |lazy, gate| {
                GATE.set(gate.clone()).expect("there is one holder");
                LazyLock::force(lazy);
            },
            |lazy| {
                LazyLock::force(lazy);
            },
        )
    };
    "std::sync::mpsc::Receiver::recv" => Shows || received(|from| ignore(from.recv()));
    "std::sync::mpsc::Receiver::recv_timeout" => Shows || received(|from| ignore(from.recv_timeout(LONG)));
    "std::sync::mpsc::Receiver::iter" => Shows || received(|from| ignore(from.iter().next()));
    "std::sync::mpsc::SyncSender::send" => Shows || {
        let (to, from) = mpsc::sync_channel(1);
        to.send(1).expect("there is room");
        let release = || assert_eq!(from.recv(), Ok(1));
        blocks(FUTEX, move || to.send(2).expect("there is a receiver"), release)
    };
    "std::sync::mpsc::SyncSender::try_send" => Shows || {
        // Whoever comes to receive leaves word under the channel's lock, in memory of its own.
        let (to, from) = mpsc::sync_channel(0);
        let hold = move |gate: &Gate| {
            keep_at_next_allocation(gate);
            assert_eq!(from.recv(), Ok(1));
        };
        waits_for_lock(hold, move || to.try_send(1).expect("there is a receiver"))
    };
    "std::sync::mpsc::Receiver::try_recv" => Shows || {
        let (to, from) = mpsc::sync_channel(0);
        let hold = move |gate: &Gate| {
            keep_at_next_allocation(gate);
            to.send(1).expect("there is a receiver");
        };
        waits_for_lock(hold, move || assert_eq!(from.try_recv(), Ok(1)))
    };
    "std::sync::mpsc::Receiver::try_iter" => Shows || {
        let (to, from) = mpsc::sync_channel(0);
        let hold = move |gate: &Gate| {
            keep_at_next_allocation(gate);
            to.send(1).expect("there is a receiver");
        };
        waits_for_lock(hold, move || assert_eq!(from.try_iter().next(), Some(1)))
    };
    "std::sync::mpsc::Sender::send" => Shows || {
        // Whoever wakes the receiver has the lock of those that wait, under which it asks the kernel to wake it.
        let (to, from) = mpsc::channel();
        let (first, second) = (to.clone(), to);
        first.send(1).expect("there is a receiver");
        let receiver = Watched::start(move || {
            for value in [1, 2] {
                assert_eq!(from.recv(), Ok(value));
            }
            thread::park();
        });
        receiver.wait_until_asleep(FUTEX);
        spawn(move || {
            stay_in_next_system_call();
            first.send(2).expect("there is a receiver");
        });
        wait_until_stopped();
        let sender = Watched::start(move || second.send(3).expect("there is a receiver"));
        let name = sender.wait_until_asleep(FUTEX);
        go_on();
        let switches = sender.finish();
        assert!(switches > 0, "the kernel did not see it sleep");
        let how = format!("asleep in {name} while another thread had the lock; went to sleep: {switches}");
        Seen { effect: Effect::Locks, how }
    };
    "std::sync::mpsc::channel" => Shows || allocates(mpsc::channel::<u32>);
    "std::sync::mpsc::sync_channel" => Shows || allocates(|| mpsc::sync_channel::<u32>(1));
    "std::sync::Mutex::try_lock" => Harmless || {
        static MUTEX: Mutex<u32> = Mutex::new(0);
        let hold = |gate: &Gate| {
            let _held = MUTEX.lock();
            gate.keep();
        };
        does_nothing_while(hold, || assert!(MUTEX.try_lock().is_err()))
    };
    "std::sync::Condvar::notify_one" => Harmless || {
        let changed = Condvar::new();
        does_nothing(|| changed.notify_one())
    };
    "std::sync::OnceLock::get" => Harmless || {
        static VALUE: OnceLock<u32> = OnceLock::new();
        does_nothing_while(|gate| make(&VALUE, gate), || assert_eq!(VALUE.get(), None))
    };
}

/// Shows that a call sleeps until it is notified.
fn notified(call: impl FnOnce(&(Mutex<bool>, Condvar)) + Send + 'static) -> Seen {
    let monitor = Arc::new((Mutex::new(false), Condvar::new()));
    let own = Arc::clone(&monitor);
    blocks(
        FUTEX,
        move || call(&own),
        || {
            *monitor.0.lock().expect("nobody panics") = true;
            monitor.1.notify_one();
        },
    )
}

/// Shows that a call sleeps until a value is sent.
fn received(call: impl FnOnce(&Receiver<u32>) + Send + 'static) -> Seen {
    let (to, from): (Sender<u32>, _) = mpsc::channel();
    blocks(FUTEX, move || call(&from), || to.send(1).expect("there is a receiver"))
}

/// Is long about making a value.
fn make(value: &OnceLock<u32>, gate: &Gate) {
    value.get_or_init(|| {
        gate.keep();
        1
    });
}

/// What a call returns says nothing here.
fn ignore<T>(_: T) {}
