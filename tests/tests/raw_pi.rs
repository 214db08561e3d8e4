//! The raw lock with priority inheritance: one holder at a time, waits that end, what is wrong for good is named, forks, and what
//! the kernel makes of the holder's priority.
#![cfg(target_os = "linux")]

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use nix::libc;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};
use nonblock::sync::lock_api::{GuardNoSend, RawMutex as _};
use nonblock::sync::{MutexGuard, RawPiMutex};
use nonblock::{WouldBlock, raw, sleepable};
use nonblock_tests::process::own;

#[path = "raw_pi/inheritance.rs"]
mod inheritance;

type Mutex<T> = nonblock::sync::Mutex<T, RawPiMutex>;

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(30);

/// The text of the panic of a closure.
fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).err().expect("it panics");
    payload.downcast_ref::<String>().expect("a text").clone()
}

/// Waits until a thread of this process sleeps: by its id, the state in its `stat`.
fn wait_until_asleep(id: libc::pid_t) {
    let give_up = Instant::now() + LONG;
    loop {
        let stat = std::fs::read_to_string(format!("/proc/self/task/{id}/stat")).unwrap();
        if stat[stat.rfind(')').unwrap()..].starts_with(") S") {
            return;
        }
        assert!(Instant::now() < give_up, "it never waits: {stat}");
        thread::yield_now();
    }
}

fn own_id() -> libc::pid_t {
    nix::unistd::gettid().as_raw()
}

/// Runs a closure on a thread that holds the lock, and returns when it has it. The thread ends with the closure.
fn held_by_another<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    lock: &'scope Mutex<u32>,
    then: impl FnOnce(MutexGuard<'scope, u32, RawPiMutex>) + Send + 'scope,
) -> thread::ScopedJoinHandle<'scope, ()> {
    let (tells, told) = mpsc::channel();
    let thread = scope.spawn(move || {
        let guard = sleepable(|cx| lock.lock(cx));
        tells.send(()).unwrap();
        then(guard);
    });
    told.recv().unwrap();
    thread
}

/// Runs a closure on a thread, and returns when that waits.
fn that_waits<'scope, R: Send + 'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    waits: impl FnOnce() -> R + Send + 'scope,
) -> thread::ScopedJoinHandle<'scope, R> {
    let (tells, told) = mpsc::channel();
    let thread = scope.spawn(move || {
        tells.send(own_id()).unwrap();
        waits()
    });
    wait_until_asleep(told.recv().unwrap());
    thread
}

#[test]
fn one_thread_at_a_time_has_the_lock() {
    const THREADS: u32 = 4;
    const TIMES: u32 = 20_000;
    let lock = Mutex::with_raw(0);
    let inside = AtomicU32::new(0);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (lock, inside) = (&lock, &inside);
            scope.spawn(move || {
                sleepable(|cx| {
                    for turn in 0..TIMES {
                        let mut guard = match (turn + number) % 3 {
                            0 => lock.try_lock_for(cx, LONG).expect("it is soon free"),
                            1 => lock.try_lock().unwrap_or_else(|| lock.lock(cx)),
                            _ => lock.lock(cx),
                        };
                        assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0, "two are inside");
                        let seen = *guard;
                        if turn % 64 == 0 {
                            thread::yield_now();
                        }
                        *guard = seen + 1;
                        inside.fetch_sub(1, Ordering::Relaxed);
                    }
                });
            });
        }
    });
    assert_eq!(lock.into_inner(), THREADS * TIMES);
}

/// In a thread for which the kernel is one before 5.14, since a filter refuses what is newer.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn refuse_lock_pi2() {
    const NUMBER: u32 = 0;
    const OPERATION: u32 = 24;
    let step = |code: u32, k: u32, jt: u8, jf: u8| libc::sock_filter {
        code: u16::try_from(code).unwrap(),
        jt,
        jf,
        k,
    };
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let if_equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    let answer = libc::BPF_RET | libc::BPF_K;
    let refused = libc::FUTEX_LOCK_PI2 | libc::FUTEX_PRIVATE_FLAG;
    let mut filter = [
        step(load, NUMBER, 0, 0),
        step(if_equal, u32::try_from(libc::SYS_futex).unwrap(), 0, 3),
        step(load, OPERATION, 0, 0),
        step(if_equal, refused.cast_unsigned(), 0, 1),
        step(answer, libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned(), 0, 0),
        step(answer, libc::SECCOMP_RET_ALLOW, 0, 0),
    ];
    let program = libc::sock_fprog { len: 6, filter: filter.as_mut_ptr() };
    // SAFETY: this takes numbers only.
    let bound = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    // SAFETY: the program is well-formed, and read before this returns.
    let set =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    assert_eq!((bound, set), (0, 0), "a thread can be given a filter");
    let word = AtomicU32::new(0);
    // SAFETY: the word lives, and there is no time.
    let made = unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), refused, 0, 0) };
    assert_eq!((made, nix::Error::last()), (-1, nix::Error::ENOSYS));
}

fn waits_that_end() {
    let lock = Mutex::with_raw(0);
    thread::scope(|scope| {
        let (release, released) = mpsc::channel();
        let holder = held_by_another(scope, &lock, move |_guard| released.recv().unwrap());
        sleepable(|cx| {
            let start = Instant::now();
            assert!(lock.try_lock_for(cx, SHORT).is_none(), "it is held");
            assert!(start.elapsed() >= SHORT, "it gave up before its time");
            assert!(lock.try_lock_for(cx, Duration::ZERO).is_none(), "it is held");
            release.send(()).unwrap();
            assert!(lock.try_lock_for(cx, LONG).is_some(), "it is released");
            holder.join().unwrap();
            assert!(lock.try_lock_for(cx, Duration::MAX).is_some(), "it is free");
        });
    });
}

#[test]
fn a_wait_ends_when_its_time_is_over() {
    waits_that_end();
}

#[test]
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn a_wait_ends_when_its_time_is_over_on_a_kernel_without_lock_pi2() {
    thread::spawn(|| {
        refuse_lock_pi2();
        waits_that_end();
    })
    .join()
    .unwrap();
}

#[test]
fn a_section_is_refused_and_a_wait_in_it_is_reported() {
    let lock = Mutex::with_raw(0);
    sleepable(|cx| {
        let guard = lock.lock(cx);
        assert_eq!(cx.non_block(|nb| lock.acquire(nb).map(|_| ())), Err(WouldBlock));
        drop(guard);
        assert!(cx.non_block(|nb| lock.acquire(nb).is_ok()));
    });
    let text = thread::scope(|scope| {
        let (release, released) = mpsc::channel::<()>();
        held_by_another(scope, &lock, move |_guard| _ = released.recv());
        let text = panic_of(|| raw::non_block(|_nb| raw::sleepable(|cx| drop(lock.lock(cx)))));
        drop(release);
        text
    });
    assert!(text.contains("sleep"), "{text}");
}

#[test]
fn a_section_releases_what_others_wait_for() {
    let lock = Mutex::with_raw(0);
    thread::scope(|scope| {
        let guard = lock.try_lock().unwrap();
        let waiter = that_waits(scope, || sleepable(|cx| *lock.lock(cx) += 1));
        raw::non_block(|_nb| drop(guard));
        waiter.join().unwrap();
    });
    assert_eq!(lock.into_inner(), 1);
}

#[test]
fn a_thread_that_waits_for_itself_is_told_so() {
    if nonblock::lockdep::ENABLED {
        // That reports it before it comes to what is tried here.
        return;
    }
    let lock = Mutex::with_raw(0);
    sleepable(|cx| {
        let guard = lock.lock(cx);
        let text = panic_of(|| drop(lock.lock(cx)));
        assert!(text.contains("this thread waits for a lock that it holds itself"), "{text}");
        let text = panic_of(|| drop(lock.try_lock_for(cx, LONG)));
        assert!(text.contains("this thread waits for a lock that it holds itself"), "{text}");
        assert!(lock.try_lock().is_none());
        drop(guard);
        assert!(lock.try_lock().is_some(), "it is as before");
    });
}

#[test]
fn a_ring_of_waiters_is_told_so_and_undone() {
    if nonblock::lockdep::ENABLED {
        // That reports it before it comes to what is tried here.
        return;
    }
    let (first, second) = (Mutex::with_raw(0), Mutex::with_raw(0));
    thread::scope(|scope| {
        let guard = sleepable(|cx| first.lock(cx));
        let other = that_waits(scope, || {
            let _guard = second.try_lock().unwrap();
            sleepable(|cx| *first.lock(cx) += 1);
        });
        let text = panic_of(|| sleepable(|cx| drop(second.lock(cx))));
        assert!(text.contains("deadlock"), "{text}");
        drop(guard);
        other.join().unwrap();
    });
    assert_eq!(first.into_inner(), 1);
}

fn forget(guard: MutexGuard<'_, u32, RawPiMutex>) {
    mem::forget(guard);
}

#[test]
fn who_comes_after_a_holder_has_ended_is_told_so() {
    let lock = Mutex::with_raw(0);
    thread::scope(|scope| held_by_another(scope, &lock, forget).join().unwrap());
    sleepable(|cx| {
        let text = panic_of(|| drop(lock.lock(cx)));
        assert!(text.contains("a thread has ended that held this lock"), "{text}");
        assert!(lock.try_lock().is_none(), "what it guards may still be in use");
    });
}

/// The kernel gives the lock to the waiters, one after the other. None may have it.
#[test]
fn who_waits_when_a_holder_ends_is_told_so_and_nobody_gets_the_lock() {
    let lock = Mutex::with_raw(0);
    thread::scope(|scope| {
        let (end, ends) = mpsc::channel();
        let holder = held_by_another(scope, &lock, move |guard| {
            ends.recv().unwrap();
            forget(guard);
        });
        let waiters: Vec<_> = (0..3)
            .map(|_| that_waits(scope, || panic_of(|| sleepable(|cx| drop(lock.lock(cx))))))
            .collect();
        end.send(()).unwrap();
        holder.join().unwrap();
        for waiter in waiters {
            let text = waiter.join().unwrap();
            assert!(text.contains("a thread has ended that held this lock"), "{text}");
        }
    });
    assert!(lock.try_lock().is_none(), "what it guards may still be in use");
    let text = panic_of(|| sleepable(|cx| drop(lock.try_lock_for(cx, LONG))));
    assert!(text.contains("a thread has ended that held this lock"), "{text}");
}

/// Runs a closure in a child, and returns how that ended. A child that hangs is killed. Only for tests in processes of their own: in
/// a child, what another test had locked stays locked.
fn in_child(f: impl FnOnce()) -> WaitStatus {
    // SAFETY: the child uses locks of this kind, the allocator, which the C library keeps whole over a fork, and what starts a
    // thread. No other thread of this process is in the middle of anything.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            // SAFETY: this takes a number only.
            unsafe { libc::alarm(20) };
            let ended = catch_unwind(AssertUnwindSafe(f)).is_ok();
            // SAFETY: this takes a number only.
            unsafe { libc::_exit(i32::from(!ended)) };
        }
        ForkResult::Parent { child } => waitpid(child, None).unwrap(),
    }
}

fn assert_ended(status: WaitStatus) {
    assert!(matches!(status, WaitStatus::Exited(_, 0)), "the child: {status:?}");
}

/// The word of a lock, which its debugging form shows.
fn word(lock: &RawPiMutex) -> u32 {
    let text = format!("{lock:?}");
    let number = text.split_once("word: ").expect("it shows its word").1;
    number[..number.find(|byte: char| !byte.is_ascii_digit()).unwrap()].parse().unwrap()
}

/// With the parent's id, the kernel would let the waiter wait for a thread of the parent.
#[test]
fn a_child_takes_locks_by_its_own_id() {
    fn release(lock: &RawPiMutex, guard: GuardNoSend) {
        // SAFETY: the guard says that this thread holds the lock.
        unsafe { lock.unlock(guard) };
    }
    let outcome = own("a_child_takes_locks_by_its_own_id", &[], || {
        let lock = RawPiMutex::INIT;
        release(&lock, lock.lock());
        let in_a_child = || {
            thread::scope(|scope| {
                let guard = lock.lock();
                assert_eq!(word(&lock), own_id().cast_unsigned());
                let waiter = that_waits(scope, || release(&lock, lock.lock()));
                // The waiter is in the line of the kernel, which takes the holder for a thread of this process.
                assert_eq!(word(&lock), own_id().cast_unsigned() | libc::FUTEX_WAITERS);
                release(&lock, guard);
                waiter.join().unwrap();
            });
            assert!(!lock.is_locked());
        };
        assert_ended(in_child(in_a_child));
        assert_ended(in_child(|| assert_ended(in_child(in_a_child))));
    });
    outcome.assert_success();
}

fn is_released_in_a_child(guard: MutexGuard<'_, u32, RawPiMutex>, lock: &Mutex<u32>) {
    thread::scope(|scope| {
        let out_of_time = scope.spawn(|| {
            assert!(lock.try_lock().is_none(), "the parent's thread came over with it");
            assert!(sleepable(|cx| lock.try_lock_for(cx, SHORT).is_none()));
        });
        out_of_time.join().unwrap();
        let waiter = that_waits(scope, || sleepable(|cx| *lock.lock(cx) += 1));
        let text = panic_of(|| sleepable(|cx| drop(lock.lock(cx))));
        assert!(text.contains("this thread waits for a lock that it holds itself"), "{text}");
        drop(guard);
        waiter.join().unwrap();
    });
    assert_eq!(*lock.try_lock().unwrap(), 1);
    sleepable(|cx| *lock.lock(cx) += 1);
}

#[test]
fn a_lock_held_over_a_fork_is_released_in_the_child_and_taken_again() {
    if nonblock::lockdep::ENABLED {
        // That reports it before it comes to what is tried here.
        return;
    }
    let outcome =
        own("a_lock_held_over_a_fork_is_released_in_the_child_and_taken_again", &[], || {
            let lock = Mutex::with_raw(0);
            let guard = lock.try_lock().unwrap();
            let mut guard = Some(guard);
            let status = in_child(|| is_released_in_a_child(guard.take().unwrap(), &lock));
            assert_ended(status);
            let status = in_child(|| {
                assert_ended(in_child(|| is_released_in_a_child(guard.take().unwrap(), &lock)));
            });
            assert_ended(status);
            drop(guard);
            assert_eq!(*lock.try_lock().unwrap(), 0, "in the parent nothing has changed");
        });
    outcome.assert_success();
}

/// Somebody waits in the parent: in the child there is a bit of the kernel's in the word, and no waiter.
#[test]
fn a_lock_held_and_waited_for_over_a_fork_is_released_in_the_child() {
    if nonblock::lockdep::ENABLED {
        // That reports it before it comes to what is tried here.
        return;
    }
    let outcome =
        own("a_lock_held_and_waited_for_over_a_fork_is_released_in_the_child", &[], || {
            let lock = Mutex::with_raw(0);
            thread::scope(|scope| {
                let guard = lock.try_lock().unwrap();
                let waiter = that_waits(scope, || sleepable(|cx| *lock.lock(cx) += 1));
                let mut guard = Some(guard);
                let status = in_child(|| is_released_in_a_child(guard.take().unwrap(), &lock));
                assert_ended(status);
                drop(guard);
                waiter.join().unwrap();
            });
            assert_eq!(lock.into_inner(), 1);
        });
    outcome.assert_success();
}

#[test]
fn who_waits_in_a_child_for_a_thread_of_the_parent_is_told_so() {
    let outcome = own("who_waits_in_a_child_for_a_thread_of_the_parent_is_told_so", &[], || {
        let lock = Mutex::with_raw(0);
        thread::scope(|scope| {
            let (release, released) = mpsc::channel();
            held_by_another(scope, &lock, move |_guard| released.recv().unwrap());
            let status = in_child(|| {
                assert!(lock.try_lock().is_none());
                let text = panic_of(|| sleepable(|cx| drop(lock.lock(cx))));
                assert!(text.contains("held when the process forked"), "{text}");
            });
            release.send(()).unwrap();
            assert_ended(status);
        });
    });
    outcome.assert_success();
}

/// In strict mode the kernel kills whoever makes a system call that is not among four.
#[test]
fn taking_a_free_lock_and_releasing_it_makes_no_system_call() {
    fn ends_in_strict_mode(f: impl FnOnce()) -> WaitStatus {
        in_child(|| {
            // The thread's first use asks for its id.
            drop(Mutex::with_raw(0).try_lock());
            // SAFETY: this takes numbers only.
            let set = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT) };
            assert_eq!(set, 0);
            f();
            // SAFETY: this takes a number only. The end of a whole process is not among the four.
            unsafe { libc::syscall(libc::SYS_exit, 0) };
        })
    }
    let name = "taking_a_free_lock_and_releasing_it_makes_no_system_call";
    let outcome = own(name, &[], || {
        let lock = Mutex::with_raw(0);
        let status = ends_in_strict_mode(|| {
            for _ in 0..1000 {
                *lock.try_lock().unwrap() += 1;
                sleepable(|cx| *lock.lock(cx) += 1);
                sleepable(|cx| *lock.try_lock_for(cx, LONG).unwrap() += 1);
            }
        });
        assert_ended(status);
        // A call is found where there is one.
        let status = ends_in_strict_mode(|| {
            let _guard = lock.try_lock();
            sleepable(|cx| _ = lock.try_lock_for(cx, SHORT));
        });
        assert!(matches!(status, WaitStatus::Signaled(_, Signal::SIGKILL, _)), "{status:?}");
    });
    outcome.assert_success();
}
