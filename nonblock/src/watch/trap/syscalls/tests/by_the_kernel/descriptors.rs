//! Reading and writing, and what else is done with descriptors.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::{address, arg, assert_blocks, assert_returns, error};
use crate::watch::trap::syscalls::classify::classify;
use crate::watch::trap::syscalls::tests::real::kernel;

/// A pipe whose two ends have these flags. Nothing is in it.
fn pipe(flags: i32) -> (OwnedFd, OwnedFd) {
    let mut ends = [0; 2];
    // SAFETY: there is room for two numbers.
    assert_eq!(unsafe { libc::pipe2(ends.as_mut_ptr(), flags | libc::O_CLOEXEC) }, 0);
    // SAFETY: both are new, and nobody else's.
    ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) }).into()
}

/// Fills a pipe, whatever its flags.
fn fill(writer: &OwnedFd) {
    let bytes = [0_u8; 4096];
    let vector = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: 4096 };
    // SAFETY: the vector and its bytes live until the end.
    while unsafe { libc::pwritev2(writer.as_raw_fd(), &raw const vector, 1, -1, libc::RWF_NOWAIT) }
        > 0
    {}
}

#[test]
fn a_read_of_an_empty_pipe_blocks_unless_told_not_to() {
    let byte = [0_u8; 8];
    let vector = libc::iovec { iov_base: byte.as_ptr().cast_mut().cast(), iov_len: 8 };
    let (buffer, vector) = (address!(byte), address!(vector));
    let again = error(libc::EAGAIN);
    let (blocking, _writer) = pipe(0);
    let (nonblock, _other_writer) = pipe(libc::O_NONBLOCK);
    let (blocking, nonblock) = (arg!(blocking.as_raw_fd()), arg!(nonblock.as_raw_fd()));
    // SAFETY: the buffer and the vector live until the end.
    unsafe {
        assert_returns(libc::SYS_read, &[nonblock, buffer, 8], again);
        assert_blocks(libc::SYS_read, &[blocking, buffer, 8]);
        assert_returns(libc::SYS_readv, &[nonblock, vector, 1], again);
        assert_blocks(libc::SYS_readv, &[blocking, vector, 1]);
        let here = usize::MAX;
        let nowait = arg!(libc::RWF_NOWAIT);
        assert_returns(libc::SYS_preadv2, &[blocking, vector, 1, here, here, nowait], again);
        assert_returns(libc::SYS_preadv2, &[nonblock, vector, 1, here, here, 0], again);
        assert_blocks(libc::SYS_preadv2, &[blocking, vector, 1, here, here, 0]);
    }
}

#[test]
fn a_write_to_a_full_pipe_blocks_unless_told_not_to() {
    let bytes = [0_u8; 4096];
    let vector = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: 4096 };
    let (buffer, vector) = (address!(bytes), address!(vector));
    let again = error(libc::EAGAIN);
    let (_reader, blocking) = pipe(0);
    let (_other_reader, nonblock) = pipe(libc::O_NONBLOCK);
    fill(&blocking);
    fill(&nonblock);
    let (blocking, nonblock) = (arg!(blocking.as_raw_fd()), arg!(nonblock.as_raw_fd()));
    // SAFETY: the buffer and the vector live until the end.
    unsafe {
        assert_returns(libc::SYS_write, &[nonblock, buffer, 4096], again);
        assert_blocks(libc::SYS_write, &[blocking, buffer, 4096]);
        assert_returns(libc::SYS_writev, &[nonblock, vector, 1], again);
        assert_blocks(libc::SYS_writev, &[blocking, vector, 1]);
    }
}

#[test]
fn a_read_of_an_event_counter_blocks_unless_told_not_to() {
    let count = [0_u64];
    for (flags, blocks) in [(0, true), (libc::EFD_NONBLOCK, false)] {
        // SAFETY: it takes no pointer.
        let events = unsafe { libc::eventfd(0, flags) };
        // SAFETY: it is new, and nobody else's.
        let events = unsafe { OwnedFd::from_raw_fd(events) };
        let arguments = [arg!(events.as_raw_fd()), address!(count), 8];
        // SAFETY: the count lives until the end.
        unsafe {
            if blocks {
                assert_blocks(libc::SYS_read, &arguments);
            } else {
                assert_returns(libc::SYS_read, &arguments, error(libc::EAGAIN));
            }
        }
    }
}

/// Files do not heed the flag, so that it says nothing of them.
#[test]
fn a_file_with_the_flag_may_block_all_the_same() {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = File::options();
    options.read(true).custom_flags(libc::O_NONBLOCK);
    let file = options.open("/proc/self/exe").expect("this program");
    let arguments = [arg!(file.as_raw_fd()), 0, 0, 0, 0, 0];
    let verdict = classify(arg!(libc::SYS_read), &arguments, &kernel());
    assert!(verdict.may_block, "{}", verdict.why);
}

#[test]
fn pipes_are_spliced_without_waiting_where_the_call_says_so() {
    let (from, _writer) = pipe(0);
    let (_reader, to) = pipe(0);
    let (from, to) = (arg!(from.as_raw_fd()), arg!(to.as_raw_fd()));
    let byte = [0_u8; 8];
    let vector = libc::iovec { iov_base: byte.as_ptr().cast_mut().cast(), iov_len: 8 };
    let nowait = arg!(libc::SPLICE_F_NONBLOCK);
    let again = error(libc::EAGAIN);
    // SAFETY: the vector and the byte live until the end.
    unsafe {
        assert_returns(libc::SYS_splice, &[from, 0, to, 0, 8, nowait], again);
        assert_blocks(libc::SYS_splice, &[from, 0, to, 0, 8, 0]);
        assert_returns(libc::SYS_tee, &[from, to, 8, nowait], again);
        assert_blocks(libc::SYS_tee, &[from, to, 8, 0]);
    }
    let (_full_reader, full) = pipe(0);
    fill(&full);
    let full = arg!(full.as_raw_fd());
    // SAFETY: as above.
    unsafe {
        assert_returns(libc::SYS_vmsplice, &[full, address!(vector), 1, nowait], again);
        assert_blocks(libc::SYS_vmsplice, &[full, address!(vector), 1, 0]);
    }
}

/// Two open files of one that has no name any more.
fn one_file_twice() -> (File, File) {
    // SAFETY: the name is a C string.
    let memory = unsafe { libc::memfd_create(c"locked".as_ptr(), 0) };
    // SAFETY: it is new, and nobody else's.
    let first = File::from(unsafe { OwnedFd::from_raw_fd(memory) });
    let path = std::format!("/proc/self/fd/{}", first.as_raw_fd());
    let second = File::options().read(true).write(true).open(path).expect("the same file");
    (first, second)
}

#[test]
fn a_lock_that_is_taken_is_waited_for_or_refused() {
    let (holder, other) = one_file_twice();
    // SAFETY: it takes no pointer.
    assert_eq!(unsafe { libc::flock(holder.as_raw_fd(), libc::LOCK_EX) }, 0);
    let descriptor = arg!(other.as_raw_fd());
    let again = error(libc::EAGAIN);
    // SAFETY: they take no pointers.
    unsafe {
        let nowait = arg!(libc::LOCK_EX | libc::LOCK_NB);
        assert_returns(libc::SYS_flock, &[descriptor, nowait], again);
        assert_blocks(libc::SYS_flock, &[descriptor, arg!(libc::LOCK_EX)]);
        assert_returns(libc::SYS_flock, &[descriptor, arg!(libc::LOCK_UN)], 0);
    }
}

#[test]
fn a_lock_of_a_range_that_is_taken_is_waited_for_or_refused() {
    let (holder, other) = one_file_twice();
    // SAFETY: all zeros are a valid value of it.
    let mut range: libc::flock = unsafe { core::mem::zeroed() };
    range.l_type = i16::try_from(libc::F_WRLCK).expect("a type of locks");
    let range_address = address!(range);
    // SAFETY: the range lives until the end.
    unsafe {
        assert_eq!(libc::fcntl(holder.as_raw_fd(), libc::F_OFD_SETLK, &raw const range), 0);
        let again = error(libc::EAGAIN);
        let descriptor = arg!(other.as_raw_fd());
        let (tries, waits) = (arg!(libc::F_OFD_SETLK), arg!(libc::F_OFD_SETLKW));
        assert_returns(libc::SYS_fcntl, &[descriptor, tries, range_address], again);
        assert_blocks(libc::SYS_fcntl, &[descriptor, waits, range_address]);
    }
}

#[test]
fn a_request_that_only_looks_returns() {
    let (reader, _writer) = io::pipe().expect("a pipe");
    let mut count = 7_i32;
    let count = (&raw mut count).expose_provenance();
    let request = arg!(libc::FIONREAD);
    // SAFETY: the count has room, and lives until the end.
    unsafe { assert_returns(libc::SYS_ioctl, &[arg!(reader.as_raw_fd()), request, count], 0) };
}
