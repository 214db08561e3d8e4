//! Threads.

use std::thread;
use std::time::Duration;

use nix::mount::{MsFlags, mount};
use nix::sys::stat::Mode;

use super::probes;
use super::process::environment_in_demand;
use crate::folder;
use crate::observe::{
    FUTEX, Gate, blocks, blocks_for_long, calls, does_nothing, spawn, waits_for_lock,
};
use crate::slow::{Slow, own_mounts};

/// Longer than any test.
const LONG: Duration = Duration::from_hours(1);

probes! {
    "std::thread::sleep" => Shows || blocks_for_long(calls!(SYS_clock_nanosleep), || thread::sleep(LONG));
    "std::thread::sleep_ms" => Shows || {
        #[expect(deprecated, reason = "it is still there")]
        blocks_for_long(calls!(SYS_clock_nanosleep), || thread::sleep_ms(u32::MAX))
    };
    "std::thread::park" => Shows || parked(thread::park);
    "std::thread::park_timeout" => Shows || parked(|| thread::park_timeout(LONG));
    "std::thread::park_timeout_ms" => Shows || {
        #[expect(deprecated, reason = "it is still there")]
        parked(|| thread::park_timeout_ms(u32::MAX))
    };
    "std::thread::scope" => Shows || {
        let gate = Gate::default();
        let own = gate.clone();
        let call = move || thread::scope(|scope| {
            let builder = thread::Builder::new().stack_size(1 << 20);
            builder.spawn_scoped(scope, || own.keep()).expect("there is room for a thread");
        });
        blocks(FUTEX, call, || gate.release())
    };
    "std::thread::JoinHandle::join" => Shows || {
        let gate = Gate::default();
        let own = gate.clone();
        let thread = spawn(move || own.keep());
        blocks(FUTEX, move || thread.join().expect("it does not panic"), || gate.release())
    };
    "std::thread::ScopedJoinHandle::join" => Shows || {
        let gate = Gate::default();
        let own = gate.clone();
        let call = move || thread::scope(|scope| {
            let builder = thread::Builder::new().stack_size(1 << 20);
            let thread = builder.spawn_scoped(scope, || own.keep());
            thread.expect("there is room for a thread").join().expect("it does not panic");
        });
        blocks(FUTEX, call, || gate.release())
    };
    "std::thread::available_parallelism" => Shows || {
        own_mounts();
        let pipe = folder().join("pipe");
        nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).expect("a pipe can be made");
        mount(Some(&pipe), "/proc/self/cgroup", None::<&str>, MsFlags::MS_BIND, None::<&str>)
            .expect("the mounts are this process's own");
        let call = || drop(thread::available_parallelism());
        blocks(calls!(SYS_openat), call, || drop(std::fs::File::create(pipe)))
    };
    "std::thread::spawn" => Shows || {
        let slow = Slow::mount();
        waits_for_lock(environment_in_demand(&slow), || drop(thread::spawn(|| ())))
    };
    "std::thread::Builder::spawn" => Shows || {
        let slow = Slow::mount();
        waits_for_lock(environment_in_demand(&slow), || drop(thread::Builder::new().spawn(|| ())))
    };
    "std::thread::Builder::spawn_unchecked" => Shows || {
        let slow = Slow::mount();
        waits_for_lock(environment_in_demand(&slow), || {
            // SAFETY: the closure borrows nothing.
            drop(unsafe { thread::Builder::new().spawn_unchecked(|| ()) });
        })
    };
    "std::thread::Builder::spawn_scoped" => Shows || {
        let slow = Slow::mount();
        waits_for_lock(environment_in_demand(&slow), || thread::scope(|scope| {
            drop(thread::Builder::new().spawn_scoped(scope, || ()));
        }))
    };
    "std::thread::Scope::spawn" => Shows || {
        let slow = Slow::mount();
        waits_for_lock(environment_in_demand(&slow), || thread::scope(|scope| {
            scope.spawn(|| ());
        }))
    };
    "std::thread::yield_now" => Harmless || does_nothing(thread::yield_now);
    "std::thread::current" => Harmless || {
        spawn(|| does_nothing(thread::current)).join().expect("it does not panic")
    };
    "std::thread::Thread::unpark" => Harmless || {
        let thread = thread::current();
        does_nothing(|| thread.unpark())
    };
}

/// Shows that a call sleeps until its thread is unparked.
fn parked(call: impl FnOnce() + Send + 'static) -> crate::observe::Seen {
    let (tell, told) = std::sync::mpsc::channel();
    let call = move || {
        tell.send(thread::current()).expect("it is received");
        call();
    };
    blocks(FUTEX, call, || told.recv().expect("it is sent").unpark())
}
