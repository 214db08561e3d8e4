//! System calls that do not wait: they look, wake others, or are told not to wait.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::ptr;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;

use super::support::{
    MOMENT_OF_C, NO_TIME, failed_with, full_pipe, opened, pipe, set_nonblocking, succeeded,
};
use crate::matrix::operation::{Operation, Prepared, operations};
use crate::matrix::section::{sleeper, thread_id};

pub(super) const OPERATIONS: &[Operation] = operations! {
    "futex(FUTEX_WAKE), a waiter" => futex_wake;
    "std::sync::Mutex, unlocked with a waiter" => unlock_contended;
    "std::sync::Condvar::notify_all, a waiter" => notify;
    "std::sync::mpsc::Receiver::try_recv" => try_recv;
    "std::thread::Thread::unpark" => unpark;
    "std::thread::yield_now" => yield_now;
    "sem_post, a waiter" => sem_post;
    "read of an empty pipe, O_NONBLOCK" => read_nonblocking;
    "write to a pipe with room, O_NONBLOCK" => write_nonblocking;
    "write to a full pipe, O_NONBLOCK" => write_full_nonblocking;
    "write to an eventfd, EFD_NONBLOCK" => eventfd_write;
    "read of an eventfd, EFD_NONBLOCK" => eventfd_read;
    "recv, MSG_DONTWAIT" => recv_dontwait;
    "send, MSG_DONTWAIT" => send_dontwait;
    "std::net::UdpSocket::recv, non-blocking" => udp_recv_nonblocking;
    "accept, non-blocking" => accept_nonblocking;
    "poll, no time" => poll_no_time;
    "ppoll, no time" => ppoll_no_time;
    "select, no time" => select_no_time;
    "pselect, no time" => pselect_no_time;
    "epoll_wait, no time" => epoll_no_time;
    "sigtimedwait, no time" => sigtimedwait_no_time;
    "waitpid, WNOHANG" => waitpid_nohang;
    "std::process::Child::try_wait" => try_wait;
    "msgrcv, IPC_NOWAIT" => msgrcv_nowait;
    "semop, IPC_NOWAIT" => semop_nowait;
    "timerfd_settime" => timerfd_settime;
    "setitimer" => setitimer;
    "sched_yield" => sched_yield;
    "getpid" => getpid;
    "syscall(SYS_getppid)" => getppid;
    "gettid" => gettid;
    "getrusage" => getrusage;
    "getrandom" => getrandom;
    "syscall(SYS_clock_gettime), every clock" => clocks;
    "pthread_sigmask" => sigmask;
    "tgkill, no signal" => tgkill;
    "sched_getcpu" => sched_getcpu;
};

fn futex_wake() -> Prepared {
    let word = Arc::new(AtomicU32::new(0));
    let others = word.clone();
    sleeper(move || {
        let none = ptr::null::<libc::timespec>();
        // SAFETY: the word is there.
        unsafe { libc::syscall(libc::SYS_futex, others.as_ptr(), libc::FUTEX_WAIT, 0, none, 0, 0) };
    });
    Ok(Box::new(move || {
        let none = ptr::null::<libc::timespec>();
        // SAFETY: the word is there.
        let woken = unsafe {
            libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1, none, 0, 0)
        };
        assert_eq!(woken, 1);
    }))
}

fn unlock_contended() -> Prepared {
    let lock: &'static Mutex<u32> = Box::leak(Box::new(Mutex::new(0)));
    let mut held = Some(lock.lock().map_err(|error| error.to_string())?);
    sleeper(|| *lock.lock().expect("nobody panics") += 1);
    Ok(Box::new(move || drop(held.take())))
}

fn notify() -> Prepared {
    let pair = Arc::new((Mutex::new(()), Condvar::new()));
    let others = pair.clone();
    sleeper(move || drop(others.1.wait(others.0.lock().expect("nobody panics"))));
    Ok(Box::new(move || pair.1.notify_all()))
}

fn try_recv() -> Prepared {
    let (sender, receiver) = mpsc::channel::<u32>();
    Ok(Box::new(move || {
        assert!(receiver.try_recv().is_err());
        let _alive = &sender;
    }))
}

fn unpark() -> Prepared {
    let (tell, thread) = mpsc::channel();
    sleeper(move || {
        tell.send(thread::current()).expect("it is received");
        thread::park();
    });
    let thread = thread.recv().map_err(|error| error.to_string())?;
    Ok(Box::new(move || thread.unpark()))
}

fn yield_now() -> Prepared {
    Ok(Box::new(thread::yield_now))
}

fn sem_post() -> Prepared {
    struct Shared(*mut libc::sem_t);

    // SAFETY: semaphores are for several threads.
    unsafe impl Send for Shared {}

    impl Shared {
        fn wait(self) {
            // SAFETY: it is a semaphore, and never freed.
            unsafe { libc::sem_wait(self.0) };
        }
    }

    // SAFETY: zeros may become a semaphore.
    let semaphore = Box::leak(Box::new(unsafe { std::mem::zeroed::<libc::sem_t>() }));
    let semaphore = ptr::from_mut(semaphore);
    // SAFETY: nobody uses it yet.
    succeeded(unsafe { libc::sem_init(semaphore, 0, 0) });
    let others = Shared(semaphore);
    sleeper(move || others.wait());
    // SAFETY: it is a semaphore.
    Ok(Box::new(move || succeeded(unsafe { libc::sem_post(semaphore) })))
}

fn read_nonblocking() -> Prepared {
    let (mut reader, writer) = pipe();
    set_nonblocking(&reader);
    let mut byte = [0];
    Ok(Box::new(move || {
        assert!(reader.read(&mut byte).is_err());
        let _alive = &writer;
    }))
}

fn write_nonblocking() -> Prepared {
    let (reader, mut writer) = pipe();
    set_nonblocking(&writer);
    Ok(Box::new(move || {
        assert_eq!(writer.write(&[1]).expect("there is room"), 1);
        let _alive = &reader;
    }))
}

fn write_full_nonblocking() -> Prepared {
    let (reader, mut writer) = full_pipe();
    set_nonblocking(&writer);
    Ok(Box::new(move || {
        assert!(writer.write(&[1]).is_err());
        let _alive = &reader;
    }))
}

fn eventfd_write() -> Prepared {
    // SAFETY: it takes no pointer.
    let descriptor = opened(unsafe { libc::eventfd(0, libc::EFD_NONBLOCK) })?;
    let one = 1_u64;
    Ok(Box::new(move || {
        // SAFETY: it reads a word.
        succeeded(unsafe { libc::write(descriptor.as_raw_fd(), (&raw const one).cast(), 8) } as i64);
    }))
}

fn eventfd_read() -> Prepared {
    // SAFETY: it takes no pointer.
    let descriptor = opened(unsafe { libc::eventfd(0, libc::EFD_NONBLOCK) })?;
    let mut word = 0_u64;
    Ok(Box::new(move || {
        // SAFETY: there is room for a word.
        let read = unsafe { libc::read(descriptor.as_raw_fd(), (&raw mut word).cast(), 8) };
        failed_with(libc::EAGAIN, read as i64);
    }))
}

fn recv_dontwait() -> Prepared {
    let (one, other) = UnixStream::pair().map_err(|error| error.to_string())?;
    let mut byte = [0_u8];
    Ok(Box::new(move || {
        let (bytes, flags) = (byte.as_mut_ptr().cast(), libc::MSG_DONTWAIT);
        // SAFETY: there is room for a byte.
        failed_with(libc::EAGAIN, unsafe { libc::recv(one.as_raw_fd(), bytes, 1, flags) } as i64);
        let _alive = &other;
    }))
}

fn send_dontwait() -> Prepared {
    let (one, other) = UnixStream::pair().map_err(|error| error.to_string())?;
    let byte = [0_u8];
    Ok(Box::new(move || {
        let (bytes, flags) = (byte.as_ptr().cast(), libc::MSG_DONTWAIT);
        // SAFETY: it reads a byte.
        assert_eq!(unsafe { libc::send(one.as_raw_fd(), bytes, 1, flags) }, 1);
        let _alive = &other;
    }))
}

fn udp_recv_nonblocking() -> Prepared {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    socket.set_nonblocking(true).map_err(|error| error.to_string())?;
    let mut byte = [0];
    Ok(Box::new(move || assert!(socket.recv(&mut byte).is_err())))
}

fn accept_nonblocking() -> Prepared {
    let listener =
        std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    listener.set_nonblocking(true).map_err(|error| error.to_string())?;
    Ok(Box::new(move || {
        // SAFETY: it is told no place for an address.
        let result =
            unsafe { libc::accept(listener.as_raw_fd(), ptr::null_mut(), ptr::null_mut()) };
        failed_with(libc::EAGAIN, result);
    }))
}

fn poll_no_time() -> Prepared {
    let (reader, writer) = pipe();
    Ok(Box::new(move || {
        let mut poll = libc::pollfd { fd: reader.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: it writes to one structure.
        assert_eq!(unsafe { libc::poll(&raw mut poll, 1, 0) }, 0);
        let _alive = &writer;
    }))
}

fn ppoll_no_time() -> Prepared {
    let (reader, writer) = pipe();
    Ok(Box::new(move || {
        let mut poll = libc::pollfd { fd: reader.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: it writes to one structure, and reads the time.
        assert_eq!(unsafe { libc::ppoll(&raw mut poll, 1, &raw const NO_TIME, ptr::null()) }, 0);
        let _alive = &writer;
    }))
}

fn select_no_time() -> Prepared {
    Ok(Box::new(|| {
        let mut time = libc::timeval { tv_sec: 0, tv_usec: 0 };
        let none = ptr::null_mut();
        // SAFETY: it reads and writes the time.
        assert_eq!(unsafe { libc::select(0, none, none, none, &raw mut time) }, 0);
    }))
}

fn pselect_no_time() -> Prepared {
    Ok(Box::new(|| {
        let none = ptr::null_mut();
        // SAFETY: it reads the time.
        let result = unsafe { libc::pselect(0, none, none, none, &raw const NO_TIME, ptr::null()) };
        assert_eq!(result, 0);
    }))
}

fn epoll_no_time() -> Prepared {
    // SAFETY: it takes no pointer.
    let epoll = opened(unsafe { libc::epoll_create1(0) })?;
    let mut event = libc::epoll_event { events: 0, u64: 0 };
    Ok(Box::new(move || {
        // SAFETY: there is room for one event.
        assert_eq!(unsafe { libc::epoll_wait(epoll.as_raw_fd(), &raw mut event, 1, 0) }, 0);
    }))
}

fn sigtimedwait_no_time() -> Prepared {
    let set = super::support::block_signal(libc::SIGUSR1);
    Ok(Box::new(move || {
        let time = &raw const NO_TIME;
        // SAFETY: it reads the set and the time.
        failed_with(libc::EAGAIN, unsafe {
            libc::sigtimedwait(&raw const set, ptr::null_mut(), time)
        });
    }))
}

/// A process that does not end by itself.
fn child() -> Result<std::process::Child, String> {
    let child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn();
    child.map_err(|error| format!("cat: {error}"))
}

fn waitpid_nohang() -> Prepared {
    let child = child()?;
    let mut status = 0;
    Ok(Box::new(move || {
        let process = child.id().cast_signed();
        // SAFETY: it writes the status there.
        assert_eq!(unsafe { libc::waitpid(process, &raw mut status, libc::WNOHANG) }, 0);
    }))
}

fn try_wait() -> Prepared {
    let mut child = child()?;
    Ok(Box::new(move || assert!(child.try_wait().expect("it is ours").is_none())))
}

fn msgrcv_nowait() -> Prepared {
    // SAFETY: it takes no pointer.
    let queue = unsafe { libc::msgget(libc::IPC_PRIVATE, 0o600) };
    if queue < 0 {
        return Err(std::io::Error::last_os_error().to_string());
    }
    let mut message = [0_u64; 2];
    Ok(Box::new(move || {
        let room = message.as_mut_ptr().cast();
        // SAFETY: there is room for a kind and 8 bytes.
        failed_with(libc::ENOMSG, unsafe { libc::msgrcv(queue, room, 8, 0, libc::IPC_NOWAIT) }
            as i64);
    }))
}

fn semop_nowait() -> Prepared {
    // SAFETY: it takes no pointer.
    let set = unsafe { libc::semget(libc::IPC_PRIVATE, 1, 0o600) };
    if set < 0 {
        return Err(std::io::Error::last_os_error().to_string());
    }
    let no_wait = libc::IPC_NOWAIT.try_into().expect("a small number");
    Ok(Box::new(move || {
        let mut down = libc::sembuf { sem_num: 0, sem_op: -1, sem_flg: no_wait };
        // SAFETY: it reads one operation.
        failed_with(libc::EAGAIN, unsafe { libc::semop(set, &raw mut down, 1) });
    }))
}

fn timerfd_settime() -> Prepared {
    // SAFETY: it takes no pointer.
    let descriptor = opened(unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, 0) })?;
    Ok(Box::new(move || {
        let time = libc::itimerspec { it_interval: NO_TIME, it_value: MOMENT_OF_C };
        // SAFETY: it reads the time.
        succeeded(unsafe {
            libc::timerfd_settime(descriptor.as_raw_fd(), 0, &raw const time, ptr::null_mut())
        });
    }))
}

fn setitimer() -> Prepared {
    Ok(Box::new(|| {
        // SAFETY: zeros are no time.
        let none = unsafe { std::mem::zeroed() };
        // SAFETY: it reads the time, and stops the timer.
        succeeded(unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const none, ptr::null_mut()) });
    }))
}

fn sched_yield() -> Prepared {
    // SAFETY: it takes nothing.
    Ok(Box::new(|| succeeded(unsafe { libc::sched_yield() })))
}

fn getpid() -> Prepared {
    // SAFETY: it takes nothing.
    Ok(Box::new(|| succeeded(unsafe { libc::getpid() })))
}

fn getppid() -> Prepared {
    // SAFETY: it takes nothing.
    Ok(Box::new(|| succeeded(unsafe { libc::syscall(libc::SYS_getppid) })))
}

fn gettid() -> Prepared {
    Ok(Box::new(|| succeeded(thread_id())))
}

fn getrusage() -> Prepared {
    Ok(Box::new(|| {
        // SAFETY: zeros are such a structure.
        let mut usage = unsafe { std::mem::zeroed() };
        // SAFETY: the kernel writes another there.
        succeeded(unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) });
    }))
}

fn getrandom() -> Prepared {
    let mut bytes = [0_u8; 16];
    Ok(Box::new(move || {
        // SAFETY: there is room for so many.
        assert_eq!(unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) }, 16);
    }))
}

fn clocks() -> Prepared {
    Ok(Box::new(|| {
        for clock in 0..=11 {
            let mut time = NO_TIME;
            // One of the numbers has no clock.
            // SAFETY: it writes the time there.
            unsafe { libc::syscall(libc::SYS_clock_gettime, clock, &raw mut time) };
        }
    }))
}

fn sigmask() -> Prepared {
    Ok(Box::new(|| {
        super::support::block_signal(libc::SIGUSR1);
    }))
}

fn tgkill() -> Prepared {
    Ok(Box::new(|| super::support::send_signal(thread_id(), 0)))
}

fn sched_getcpu() -> Prepared {
    // SAFETY: it takes nothing.
    Ok(Box::new(|| succeeded(unsafe { libc::sched_getcpu() })))
}
