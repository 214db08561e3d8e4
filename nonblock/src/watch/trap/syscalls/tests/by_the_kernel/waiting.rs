//! Waiting for several descriptors, for signals, and for time.

use std::io;
use std::os::fd::AsRawFd;

use super::{address, arg, assert_blocks, assert_returns, error};

/// In memory that cannot be written: the calls that write what is left of their time bear with that.
static ZERO_TIME: libc::timespec = libc::timespec { tv_sec: 0, tv_nsec: 0 };
static LONG: libc::timespec = libc::timespec { tv_sec: 1000, tv_nsec: 0 };

#[test]
fn a_poll_blocks_unless_its_time_is_zero() {
    let (reader, _writer) = io::pipe().expect("a pipe");
    let entry = libc::pollfd { fd: reader.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let entries = address!(entry);
    // SAFETY: the entry and the times live until the end.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        {
            assert_returns(libc::SYS_poll, &[entries, 1, 0], 0);
            assert_blocks(libc::SYS_poll, &[entries, 1, usize::MAX]);
        }
        assert_returns(libc::SYS_ppoll, &[entries, 1, address!(ZERO_TIME)], 0);
        assert_blocks(libc::SYS_ppoll, &[entries, 1, address!(LONG)]);
        assert_blocks(libc::SYS_ppoll, &[entries, 1, 0]);
    }
}

#[test]
fn a_select_blocks_unless_its_time_is_zero() {
    // SAFETY: there are no sets, and the times live until the end.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        {
            assert_returns(libc::SYS_select, &[0, 0, 0, 0, address!(ZERO_TIME)], 0);
            assert_blocks(libc::SYS_select, &[0, 0, 0, 0, 0]);
        }
        assert_returns(libc::SYS_pselect6, &[0, 0, 0, 0, address!(ZERO_TIME)], 0);
        assert_blocks(libc::SYS_pselect6, &[0, 0, 0, 0, 0]);
    }
}

#[test]
fn an_epoll_wait_blocks_unless_its_time_is_zero() {
    // SAFETY: it takes no pointer.
    let epoll = arg!(unsafe { libc::epoll_create1(0) });
    let events = [libc::epoll_event { events: 0, u64: 0 }; 4];
    let events = address!(events);
    // SAFETY: the events and the times live until the end.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        {
            assert_returns(libc::SYS_epoll_wait, &[epoll, events, 4, 0], 0);
            assert_blocks(libc::SYS_epoll_wait, &[epoll, events, 4, usize::MAX]);
        }
        assert_returns(libc::SYS_epoll_pwait, &[epoll, events, 4, 0], 0);
        assert_blocks(libc::SYS_epoll_pwait, &[epoll, events, 4, usize::MAX]);
        assert_returns(libc::SYS_epoll_pwait2, &[epoll, events, 4, address!(ZERO_TIME)], 0);
        assert_blocks(libc::SYS_epoll_pwait2, &[epoll, events, 4, address!(LONG)]);
    }
}

#[test]
fn a_wait_for_a_signal_blocks_unless_its_time_is_zero() {
    let signals = 1_u64 << (libc::SIGURG - 1);
    let signals = address!(signals);
    // SAFETY: the set and the time live until the end.
    unsafe {
        let again = error(libc::EAGAIN);
        assert_returns(libc::SYS_rt_sigtimedwait, &[signals, 0, address!(ZERO_TIME), 8], again);
        assert_blocks(libc::SYS_rt_sigtimedwait, &[signals, 0, 0, 8]);
    }
}

#[test]
fn a_sleep_blocks() {
    // SAFETY: the time lives until the end.
    unsafe {
        assert_blocks(libc::SYS_nanosleep, &[address!(LONG), 0]);
        let clock = arg!(libc::CLOCK_MONOTONIC);
        assert_blocks(libc::SYS_clock_nanosleep, &[clock, 0, address!(LONG), 0]);
    }
}

/// Why such a sleep counts as one: the thread gives its processor up by itself.
#[test]
fn a_sleep_of_no_time_leaves_the_processor() {
    let switches = || {
        // SAFETY: all zeros are a valid value of it.
        let mut usage: libc::rusage = unsafe { core::mem::zeroed() };
        // SAFETY: it has room for the answer.
        assert_eq!(unsafe { libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage) }, 0);
        usage.ru_nvcsw
    };
    let before = switches();
    for _ in 0..100 {
        // SAFETY: the time lives until the end.
        assert_eq!(unsafe { libc::nanosleep(&raw const ZERO_TIME, core::ptr::null_mut()) }, 0);
    }
    assert!(switches() > before);
}

#[test]
fn clocks_return_and_so_do_random_numbers() {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let mut bytes = [0_u8; 8];
    let (time, bytes) = ((&raw mut time).expose_provenance(), (&raw mut bytes).expose_provenance());
    // SAFETY: both have room, and live until the end.
    unsafe {
        assert_returns(libc::SYS_clock_gettime, &[arg!(libc::CLOCK_MONOTONIC), time], 0);
        assert_returns(libc::SYS_clock_getres, &[arg!(libc::CLOCK_REALTIME), time], 0);
        for flags in [0, libc::GRND_NONBLOCK, libc::GRND_INSECURE] {
            assert_returns(libc::SYS_getrandom, &[bytes, 8, arg!(flags)], 8);
        }
    }
}

/// Requests of kernel rings, where the kernel lets this process have one.
#[test]
fn a_ring_waits_only_for_as_many_events_as_it_is_told() {
    let mut ring = 0_usize;
    // SAFETY: the number has room for the answer.
    if unsafe { libc::syscall(libc::SYS_io_setup, 4, &raw mut ring) } != 0 {
        std::println!("skipped: no rings here");
        return;
    }
    let events = [0_u64; 16];
    // SAFETY: the events and the times live until the end.
    unsafe {
        assert_returns(libc::SYS_io_getevents, &[ring, 0, 4, address!(events), 0], 0);
        let time = address!(ZERO_TIME);
        assert_returns(libc::SYS_io_getevents, &[ring, 1, 4, address!(events), time], 0);
        assert_blocks(libc::SYS_io_getevents, &[ring, 1, 4, address!(events), 0]);
        libc::syscall(libc::SYS_io_destroy, ring);
    }
}

#[test]
fn an_io_uring_is_waited_for_only_where_the_call_says_so() {
    // The parameters: 120 bytes, all zero.
    let mut parameters = [0_u64; 15];
    // SAFETY: the parameters have room for the answer.
    let ring = unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, parameters.as_mut_ptr()) };
    if ring < 0 {
        std::println!("skipped: no io_uring here");
        return;
    }
    let ring = arg!(ring);
    // SAFETY: they take no pointers, and the ring is nobody else's.
    unsafe {
        assert_returns(libc::SYS_io_uring_enter, &[ring, 0, 0, 0, 0, 0], 0);
        assert_returns(libc::SYS_io_uring_enter, &[ring, 0, 0, 1, 0, 0], 0);
        assert_blocks(libc::SYS_io_uring_enter, &[ring, 0, 1, 1, 0, 0]);
        libc::syscall(libc::SYS_close, ring);
    }
}
