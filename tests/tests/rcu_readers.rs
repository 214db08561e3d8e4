//! How readers of an `Rcu` show themselves: many threads, many guards, threads that end, signal handlers, children.

use std::cell::RefCell;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use nonblock::rcu::{Guard, Rcu, ends_are_deferred};
use nonblock::{raw, sleepable};

/// A value that notices when it is read after its drop.
struct Watched {
    number: usize,
    alive: AtomicBool,
    dropped: Arc<AtomicUsize>,
}

impl Watched {
    fn new(number: usize, dropped: &Arc<AtomicUsize>) -> Self {
        Self { number, alive: AtomicBool::new(true), dropped: Arc::clone(dropped) }
    }

    fn check(&self) -> usize {
        assert!(self.alive.load(Ordering::Relaxed), "a value is read after its drop");
        self.number
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.alive.store(false, Ordering::Relaxed);
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

fn replace_and_synchronize<T>(rcu: &Rcu<T>, value: T) {
    raw::sleepable(|cx| {
        rcu.replace(cx, value);
        rcu.synchronize(cx);
    });
}

/// Returns whether the readers of the old value are gone soon.
fn synchronizes<T>(rcu: &Rcu<T>, value: T) -> bool {
    raw::sleepable(|cx| {
        rcu.replace(cx, value);
        let period = rcu.grace_period(cx);
        let end = Instant::now() + Duration::from_millis(20);
        while Instant::now() < end {
            rcu.write(cx).collect(cx);
            if rcu.grace_periods().has_ended(period) {
                return true;
            }
        }
        false
    })
}

#[test]
fn guards_of_one_thread_may_be_many_and_are_dropped_in_any_order() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let rcu = Rcu::new(Watched::new(0, &dropped));
    let mut guards: Vec<_> = (0..40).map(|_| rcu.read()).collect();
    assert!(!synchronizes(&rcu, Watched::new(1, &dropped)));
    fastrand_like(|next| {
        while !guards.is_empty() {
            let at = next() % guards.len();
            assert_eq!(guards.swap_remove(at).check(), 0);
            assert_eq!(ends_are_deferred(), !guards.is_empty());
            raw::sleepable(|cx| rcu.write(cx).collect(cx));
            assert_eq!(dropped.load(Ordering::Relaxed), usize::from(guards.is_empty()));
        }
    });
    sleepable(|cx| rcu.synchronize(cx));
}

/// Numbers in an order that has no pattern.
fn fastrand_like(f: impl FnOnce(&mut dyn FnMut() -> usize)) {
    let mut state = 1_usize;
    f(&mut || {
        state = state.wrapping_mul(48_271) % 2_147_483_647;
        state
    });
}

/// More than there are records: some count themselves.
#[test]
fn more_threads_than_records_hold_guards_at_once() {
    const THREADS: usize = 600;
    let dropped = Arc::new(AtomicUsize::new(0));
    let rcu = Rcu::new(Watched::new(0, &dropped));
    let (reading, release) = (Barrier::new(THREADS + 1), Barrier::new(THREADS + 1));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            let builder = thread::Builder::new().stack_size(64 * 1024);
            let reader = builder.spawn_scoped(scope, || {
                let guard = rcu.read();
                let again = rcu.read();
                reading.wait();
                release.wait();
                drop(guard);
                again.check();
            });
            reader.unwrap();
        }
        reading.wait();
        assert!(!synchronizes(&rcu, Watched::new(1, &dropped)));
        assert_eq!(dropped.load(Ordering::Relaxed), 0);
        release.wait();
    });
    replace_and_synchronize(&rcu, Watched::new(2, &dropped));
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
}

#[test]
fn threads_come_and_go_and_each_is_seen() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let rcu = Rcu::new(Watched::new(0, &dropped));
    for number in 1..=1_500 {
        let step = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                let guard = rcu.read();
                step.wait();
                step.wait();
                assert_eq!(guard.check(), number - 1);
            });
            step.wait();
            sleepable(|cx| {
                rcu.replace(cx, Watched::new(number, &dropped));
                rcu.write(cx).collect(cx);
            });
            assert!(dropped.load(Ordering::Relaxed) < number, "the value of a reader is dropped");
            step.wait();
        });
        sleepable(|cx| rcu.synchronize(cx));
        assert_eq!(dropped.load(Ordering::Relaxed), number);
    }
}

#[test]
fn a_guard_of_one_value_holds_up_no_other() {
    let (one, other) = (Rcu::new(1), Rcu::new(1));
    let guard = one.read();
    assert!(synchronizes(&other, 2));
    assert!(!synchronizes(&one, 2));
    drop(guard);
    assert!(synchronizes(&one, 3));
}

/// It holds up its own value for ever, and neither other values nor later threads.
#[test]
fn a_forgotten_guard_holds_up_its_own_value_only() {
    let (one, other) = (Rcu::new(1), Rcu::new(1));
    thread::scope(|scope| scope.spawn(|| mem::forget(one.read())).join().unwrap());
    for number in 0..20 {
        // Some of these have the memory of the thread that ended.
        thread::scope(|scope| {
            scope.spawn(|| {
                assert!(!ends_are_deferred());
                let guard = other.read();
                assert!(ends_are_deferred());
                assert_eq!(*guard, 1 + number);
            });
        });
        replace_and_synchronize(&other, 2 + number);
    }
    assert!(!synchronizes(&one, 2));
}

static AT_THE_END: LazyLock<Rcu<usize>> = LazyLock::new(|| Rcu::new(7));

/// What reads when its thread ends, and holds a guard until then.
struct Late(RefCell<Option<Guard<'static, usize>>>);

impl Drop for Late {
    fn drop(&mut self) {
        assert_eq!(self.0.borrow_mut().take().map(|guard| *guard), Some(7));
        assert_eq!(*AT_THE_END.read(), 8);
    }
}

#[test]
fn a_thread_reads_while_it_ends() {
    thread_local! {
        static LATE: Late = const { Late(RefCell::new(None)) };
    }
    let (reading, replaced) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        let ending = scope.spawn(|| {
            LATE.with(|late| *late.0.borrow_mut() = Some(AT_THE_END.read()));
            reading.wait();
            replaced.wait();
        });
        reading.wait();
        assert!(!synchronizes(&AT_THE_END, 8));
        replaced.wait();
        ending.join().unwrap();
    });
    sleepable(|cx| AT_THE_END.synchronize(cx));
}

/// Readers read often enough between two replacements to do without fences, and sometimes not.
#[test]
fn no_value_is_read_after_its_drop_beside_writers_of_any_pace() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let rcu = Rcu::new(Watched::new(0, &dropped));
    let stop = AtomicBool::new(false);
    let replaced = thread::scope(|scope| {
        for nested in 0..3 {
            let (rcu, stop) = (&rcu, &stop);
            scope.spawn(move || {
                let mut last = 0;
                while !stop.load(Ordering::Relaxed) {
                    let guard = rcu.read();
                    let others: Vec<_> = (0..nested * 5).map(|_| rcu.read()).collect();
                    let number = guard.check();
                    assert!(number >= last);
                    last = others.iter().map(|other| other.check()).max().unwrap_or(number);
                    guard.check();
                }
            });
        }
        let end = Instant::now() + Duration::from_secs(1);
        let mut number = 0;
        while Instant::now() < end {
            number += 1;
            replace_and_synchronize(&rcu, Watched::new(number, &dropped));
            if number % 8 == 0 {
                thread::sleep(Duration::from_millis(1));
            }
        }
        stop.store(true, Ordering::Relaxed);
        number
    });
    assert_eq!(dropped.load(Ordering::Relaxed), replaced);
}

#[cfg(all(target_os = "linux", not(miri)))]
mod signals_and_children {
    use std::sync::OnceLock;

    use nix::libc::{pthread_kill, pthread_self};
    use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
    use nix::sys::wait::{WaitStatus, waitpid};
    use nix::unistd::{ForkResult, fork};

    use super::*;

    static READ_BY_HANDLER: OnceLock<Rcu<Watched>> = OnceLock::new();
    static HANDLED: AtomicUsize = AtomicUsize::new(0);

    extern "C" fn handler(_: i32) {
        if let Some(rcu) = READ_BY_HANDLER.get() {
            let (one, another) = (rcu.read(), rcu.read());
            // A panic would leave the handler.
            if !one.alive.load(Ordering::Relaxed) || another.number < one.number {
                std::process::abort();
            }
            drop(one);
            HANDLED.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_signal_handler_reads_on_a_thread_that_reads() {
        let dropped = Arc::new(AtomicUsize::new(0));
        let rcu = READ_BY_HANDLER.get_or_init(|| Rcu::new(Watched::new(0, &dropped)));
        let action =
            SigAction::new(SigHandler::Handler(handler), SaFlags::SA_RESTART, SigSet::empty());
        // SAFETY: the handler reads atomics, and an `Rcu`, which may be done anywhere.
        unsafe { sigaction(Signal::SIGUSR1, &action) }.unwrap();
        let stop = AtomicBool::new(false);
        let (sender, threads) = std::sync::mpsc::channel();
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                // SAFETY: it only asks.
                sender.send(unsafe { pthread_self() }).unwrap();
                let mut last = 0;
                while !stop.load(Ordering::Relaxed) {
                    let guard = rcu.read();
                    assert!(guard.check() >= last);
                    last = guard.number;
                    guard.check();
                }
                assert!(!ends_are_deferred());
            });
            let thread = threads.recv().unwrap();
            let mut number = 0;
            while HANDLED.load(Ordering::Relaxed) < 300 && !reader.is_finished() {
                // SAFETY: the thread is not joined before the end of this scope.
                assert_eq!(unsafe { pthread_kill(thread, Signal::SIGUSR1 as i32) }, 0);
                number += 1;
                if number % 4 == 0 {
                    replace_and_synchronize(rcu, Watched::new(number, &dropped));
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
    }

    #[test]
    fn a_child_reads_and_replaces() {
        let rcu = Rcu::new(1);
        let guard = rcu.read();
        // SAFETY: the child does what is in `in_child`, which takes no lock that another thread may hold.
        match unsafe { fork() }.unwrap() {
            ForkResult::Child => {
                drop(guard);
                let done = *rcu.read() == 1 && {
                    replace_and_synchronize(&rcu, 2);
                    *rcu.read() == 2
                };
                // SAFETY: it ends the child at once.
                unsafe { nix::libc::_exit(i32::from(!done)) }
            }
            ForkResult::Parent { child } => {
                assert_eq!(*guard, 1);
                drop(guard);
                replace_and_synchronize(&rcu, 3);
                assert_eq!(waitpid(child, None).unwrap(), WaitStatus::Exited(child, 0));
            }
        }
    }
}
