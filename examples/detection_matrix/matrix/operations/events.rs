//! Waiting for what comes in at descriptors, and for words of memory.

use std::io::Write as _;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::support::{
    MOMENT_OF_C, block_signal, failed_with, opened, pipe, send_signal, succeeded,
};
use crate::matrix::operation::{Operation, Prepared, operations};
use crate::matrix::section::{once_blocked, thread_id};

pub(super) const OPERATIONS: &[Operation] = operations! {
    "poll" => poll;
    "poll, ready" => poll_ready;
    "ppoll" => ppoll;
    "select" => select;
    "pselect" => pselect;
    "epoll_wait" => epoll_wait;
    "epoll_pwait" => epoll_pwait;
    "read of an eventfd" => eventfd;
    "read of a timerfd" => timerfd;
    "read of a signalfd" => signalfd;
    "read of an inotify" => inotify;
    "futex(FUTEX_WAIT)" => futex_wait;
    "futex(FUTEX_WAIT), another value" => futex_wait_refused;
    "futex(FUTEX_LOCK_PI), held" => futex_lock_pi;
    "io_uring_enter" => io_uring_enter;
};

fn poll() -> Prepared {
    let (reader, mut writer) = pipe();
    once_blocked(move || writer.write_all(&[1]).map(|()| writer));
    Ok(Box::new(move || {
        let mut poll = libc::pollfd { fd: reader.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: it writes to one structure.
        assert_eq!(unsafe { libc::poll(&raw mut poll, 1, -1) }, 1);
    }))
}

/// It may sleep, and this time has no need to.
fn poll_ready() -> Prepared {
    let (reader, mut writer) = pipe();
    writer.write_all(&[1]).map_err(|error| error.to_string())?;
    Ok(Box::new(move || {
        let mut poll = libc::pollfd { fd: reader.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: it writes to one structure.
        assert_eq!(unsafe { libc::poll(&raw mut poll, 1, -1) }, 1);
        let _alive = &writer;
    }))
}

fn ppoll() -> Prepared {
    Ok(Box::new(|| {
        // SAFETY: it reads the time.
        let result =
            unsafe { libc::ppoll(ptr::null_mut(), 0, &raw const MOMENT_OF_C, ptr::null()) };
        assert_eq!(result, 0);
    }))
}

fn select() -> Prepared {
    Ok(Box::new(|| {
        let mut time = libc::timeval { tv_sec: 0, tv_usec: 2000 };
        let none = ptr::null_mut();
        // SAFETY: it reads and writes the time.
        assert_eq!(unsafe { libc::select(0, none, none, none, &raw mut time) }, 0);
    }))
}

fn pselect() -> Prepared {
    Ok(Box::new(|| {
        let none = ptr::null_mut();
        let time = &raw const MOMENT_OF_C;
        // SAFETY: it reads the time.
        assert_eq!(unsafe { libc::pselect(0, none, none, none, time, ptr::null()) }, 0);
    }))
}

fn epoll() -> Result<OwnedFd, String> {
    // SAFETY: it takes no pointer.
    opened(unsafe { libc::epoll_create1(0) })
}

fn epoll_wait() -> Prepared {
    let epoll = epoll()?;
    let mut event = libc::epoll_event { events: 0, u64: 0 };
    Ok(Box::new(move || {
        // SAFETY: there is room for one event.
        assert_eq!(unsafe { libc::epoll_wait(epoll.as_raw_fd(), &raw mut event, 1, 2) }, 0);
    }))
}

fn epoll_pwait() -> Prepared {
    let epoll = epoll()?;
    let mut event = libc::epoll_event { events: 0, u64: 0 };
    Ok(Box::new(move || {
        let descriptor = epoll.as_raw_fd();
        // SAFETY: there is room for one event.
        assert_eq!(unsafe { libc::epoll_pwait(descriptor, &raw mut event, 1, 2, ptr::null()) }, 0);
    }))
}

fn eventfd() -> Prepared {
    // SAFETY: it takes no pointer.
    let descriptor = opened(unsafe { libc::eventfd(0, 0) })?;
    let mut other = std::fs::File::from(descriptor.try_clone().map_err(|error| error.to_string())?);
    once_blocked(move || other.write_all(&1_u64.to_ne_bytes()));
    let mut word = 0_u64;
    Ok(Box::new(move || {
        // SAFETY: there is room for a word.
        succeeded(unsafe { libc::read(descriptor.as_raw_fd(), (&raw mut word).cast(), 8) } as i64);
    }))
}

fn timerfd() -> Prepared {
    // SAFETY: it takes no pointer.
    let descriptor = opened(unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, 0) })?;
    let mut word = 0_u64;
    Ok(Box::new(move || {
        let time = libc::itimerspec {
            it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: MOMENT_OF_C,
        };
        // SAFETY: it reads the time.
        succeeded(unsafe {
            libc::timerfd_settime(descriptor.as_raw_fd(), 0, &raw const time, ptr::null_mut())
        });
        // SAFETY: there is room for a word.
        let read = unsafe { libc::read(descriptor.as_raw_fd(), (&raw mut word).cast(), 8) };
        succeeded(read as i64);
    }))
}

fn signalfd() -> Prepared {
    let set = block_signal(libc::SIGUSR1);
    // SAFETY: it reads the set.
    let descriptor = opened(unsafe { libc::signalfd(-1, &raw const set, 0) })?;
    let thread = thread_id();
    once_blocked(move || send_signal(thread, libc::SIGUSR1));
    let mut info = [0_u8; 128];
    Ok(Box::new(move || {
        // SAFETY: there is room for one structure.
        let read =
            unsafe { libc::read(descriptor.as_raw_fd(), info.as_mut_ptr().cast(), info.len()) };
        assert_eq!(read, 128);
    }))
}

fn inotify() -> Prepared {
    // SAFETY: it takes no pointer.
    let descriptor = opened(unsafe { libc::inotify_init1(0) })?;
    let folder = std::env::temp_dir().join("watched");
    std::fs::create_dir(&folder).map_err(|error| error.to_string())?;
    let path = std::ffi::CString::new(folder.as_os_str().as_encoded_bytes())
        .map_err(|error| error.to_string())?;
    // SAFETY: the path ends in a nul.
    succeeded(unsafe {
        libc::inotify_add_watch(descriptor.as_raw_fd(), path.as_ptr(), libc::IN_CREATE)
    });
    once_blocked(move || std::fs::write(folder.join("new"), ""));
    let mut event = [0_u8; 512];
    Ok(Box::new(move || {
        // SAFETY: there is room for so many bytes.
        succeeded(unsafe {
            libc::read(descriptor.as_raw_fd(), event.as_mut_ptr().cast(), event.len())
        } as i64);
    }))
}

/// Calls `futex` with a time.
fn futex(word: &AtomicU32, operation: i32, value: u32, time: *const libc::timespec) -> i64 {
    // SAFETY: the word is there, and the time is null or a time.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), operation, value, time, 0, 0) }
}

fn futex_wait() -> Prepared {
    let word = AtomicU32::new(0);
    Ok(Box::new(move || {
        let result =
            futex(&word, libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG, 0, &raw const MOMENT_OF_C);
        failed_with(libc::ETIMEDOUT, result);
    }))
}

/// It would sleep if the word had the value.
fn futex_wait_refused() -> Prepared {
    let word = AtomicU32::new(0);
    Ok(Box::new(move || {
        let result = futex(&word, libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG, 1, ptr::null());
        failed_with(libc::EAGAIN, result);
    }))
}

fn futex_lock_pi() -> Prepared {
    let word = Arc::new(AtomicU32::new(0));
    let others = word.clone();
    crate::matrix::section::meanwhile(move |blocked| {
        others.store(thread_id().cast_unsigned(), Ordering::SeqCst);
        blocked.wait();
        succeeded(futex(&others, libc::FUTEX_UNLOCK_PI | libc::FUTEX_PRIVATE_FLAG, 0, ptr::null()));
    });
    Ok(Box::new(move || {
        succeeded(futex(&word, libc::FUTEX_LOCK_PI | libc::FUTEX_PRIVATE_FLAG, 0, ptr::null()));
    }))
}

fn io_uring_enter() -> Prepared {
    // `struct io_uring_params`, of which nothing is asked for.
    let mut parameters = [0_u32; 30];
    // SAFETY: the structure has room.
    let ring = unsafe { libc::syscall(libc::SYS_io_uring_setup, 4, parameters.as_mut_ptr()) };
    let ring = opened(i32::try_from(ring).expect("a descriptor"))?;
    super::support::handle_signal(libc::SIGUSR1);
    let thread = thread_id();
    once_blocked(move || send_signal(thread, libc::SIGUSR1));
    Ok(Box::new(move || {
        const GET_EVENTS: u32 = 1;
        let none = ptr::null::<()>();
        // SAFETY: it takes no pointer.
        let result = unsafe {
            libc::syscall(libc::SYS_io_uring_enter, ring.as_raw_fd(), 0, 1, GET_EVENTS, none, 0)
        };
        failed_with(libc::EINTR, result);
    }))
}
