//! Time and signals, by libc.

use std::ptr;

use super::support::{MOMENT_OF_C, block_signal, failed_with, handle_signal, send_signal};
use crate::matrix::operation::{Operation, Prepared, operations};
use crate::matrix::section::{once_blocked, thread_id};

pub(super) const OPERATIONS: &[Operation] = operations! {
    "nanosleep" => nanosleep;
    "nanosleep, no time" => nanosleep_zero;
    "clock_nanosleep" => clock_nanosleep;
    "usleep" => usleep;
    "pause, an alarm" => pause;
    "sigsuspend" => sigsuspend;
    "sigwait" => sigwait;
    "sigtimedwait" => sigtimedwait;
};

fn nanosleep() -> Prepared {
    Ok(Box::new(|| {
        // SAFETY: it reads the time.
        assert_eq!(unsafe { libc::nanosleep(&raw const MOMENT_OF_C, ptr::null_mut()) }, 0);
    }))
}

/// The kernel adds some slack to it, and so it sleeps.
fn nanosleep_zero() -> Prepared {
    Ok(Box::new(|| {
        let time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: it reads the time.
        assert_eq!(unsafe { libc::nanosleep(&raw const time, ptr::null_mut()) }, 0);
    }))
}

fn clock_nanosleep() -> Prepared {
    Ok(Box::new(|| {
        let (clock, time) = (libc::CLOCK_MONOTONIC, &raw const MOMENT_OF_C);
        // SAFETY: it reads the time.
        assert_eq!(unsafe { libc::clock_nanosleep(clock, 0, time, ptr::null_mut()) }, 0);
    }))
}

fn usleep() -> Prepared {
    Ok(Box::new(|| {
        // SAFETY: it takes no pointer.
        assert_eq!(unsafe { libc::usleep(2000) }, 0);
    }))
}

fn pause() -> Prepared {
    handle_signal(libc::SIGALRM);
    once_blocked(|| {
        let time = libc::timeval { tv_sec: 0, tv_usec: 1000 };
        let once = libc::itimerval {
            it_interval: libc::timeval { tv_sec: 0, tv_usec: 0 },
            it_value: time,
        };
        // The other threads are not to get it.
        block_signal(libc::SIGALRM);
        // SAFETY: it reads the time.
        unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const once, ptr::null_mut()) };
    });
    Ok(Box::new(|| {
        // SAFETY: it takes nothing.
        failed_with(libc::EINTR, unsafe { libc::pause() });
    }))
}

fn sigsuspend() -> Prepared {
    handle_signal(libc::SIGUSR1);
    block_signal(libc::SIGUSR1);
    let thread = thread_id();
    once_blocked(move || send_signal(thread, libc::SIGUSR1));
    Ok(Box::new(|| {
        // SAFETY: zeros are an empty set.
        let empty = unsafe { std::mem::zeroed() };
        // SAFETY: it reads the set.
        failed_with(libc::EINTR, unsafe { libc::sigsuspend(&raw const empty) });
    }))
}

fn sigwait() -> Prepared {
    let set = block_signal(libc::SIGUSR1);
    let thread = thread_id();
    once_blocked(move || send_signal(thread, libc::SIGUSR1));
    let mut signal = 0;
    Ok(Box::new(move || {
        // SAFETY: it reads the set and writes the signal.
        assert_eq!(unsafe { libc::sigwait(&raw const set, &raw mut signal) }, 0);
        assert_eq!(signal, libc::SIGUSR1);
    }))
}

fn sigtimedwait() -> Prepared {
    let set = block_signal(libc::SIGUSR1);
    Ok(Box::new(move || {
        let time = &raw const MOMENT_OF_C;
        // SAFETY: it reads the set and the time.
        let result = unsafe { libc::sigtimedwait(&raw const set, ptr::null_mut(), time) };
        failed_with(libc::EAGAIN, result);
    }))
}
