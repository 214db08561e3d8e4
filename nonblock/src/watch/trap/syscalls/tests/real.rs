//! What the kernel answers when it is asked about descriptors and memory.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;

use super::blocked_thread::syscall;
use crate::watch::trap::syscalls::ask::{Ask, DescriptorKind, Kernel};
use crate::watch::trap::syscalls::classify::decide;
use crate::watch::trap::syscalls::numbers::NATIVE;

pub(super) fn kernel() -> Kernel {
    // SAFETY: it makes the call.
    unsafe { Kernel::new(syscall) }
}

#[test]
fn the_kernel_tells_what_is_open() {
    let kernel = kernel();
    let kind = |descriptor: &dyn AsRawFd| kernel.descriptor_kind(descriptor.as_raw_fd());
    let (reader, _writer) = io::pipe().expect("a pipe");
    assert_eq!(kind(&reader), Some(DescriptorKind::Pipe));
    let (socket, _peer) = UnixStream::pair().expect("sockets");
    assert_eq!(kind(&socket), Some(DescriptorKind::Socket));
    let file = File::open("/proc/self/exe").expect("this program");
    assert_eq!(kind(&file), Some(DescriptorKind::File));
    let folder = File::open("/").expect("a folder");
    assert_eq!(kind(&folder), Some(DescriptorKind::Directory));
    let device = File::open("/dev/null").expect("a device");
    assert_eq!(kind(&device), Some(DescriptorKind::CharacterDevice));
    // SAFETY: it takes no pointer.
    let events = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK) };
    // SAFETY: it is new, and nobody else's.
    let events = unsafe { OwnedFd::from_raw_fd(events) };
    assert_eq!(kind(&events), Some(DescriptorKind::Anonymous));
    assert_eq!(kernel.descriptor_kind(-1), None);
    assert_eq!(kernel.descriptor_kind(i32::MAX), None);
}

#[test]
fn the_kernel_tells_the_flags_of_what_is_open() {
    let kernel = kernel();
    let options = |flags| File::options().read(true).custom_flags(flags).open("/dev/null");
    let nonblock = options(libc::O_NONBLOCK).expect("a device");
    let flags = kernel.descriptor_flags(nonblock.as_raw_fd()).expect("flags");
    assert_ne!(flags & libc::O_NONBLOCK, 0);
    let blocking = options(0).expect("a device");
    let flags = kernel.descriptor_flags(blocking.as_raw_fd()).expect("flags");
    assert_eq!(flags & libc::O_NONBLOCK, 0);
    assert_eq!(kernel.descriptor_flags(-1), None);
}

#[test]
fn memory_is_copied_or_there_is_none() {
    let kernel = kernel();
    let value = [0x1234_5678_9abc_def0_u64, 7];
    let address = (&raw const value).expose_provenance();
    let bytes = kernel.read::<16>(address).expect("it is there");
    assert_eq!(bytes[..8], value[0].to_ne_bytes());
    assert_eq!(bytes[8..], value[1].to_ne_bytes());
    for bad in [0, 8, usize::MAX, usize::MAX - 7, isize::MAX.cast_unsigned()] {
        assert_eq!(kernel.read::<16>(bad), None, "{bad:#x}");
    }
}

/// Half of what is asked for is not an answer, and the page behind is not touched.
#[test]
fn memory_that_ends_in_the_middle_is_none() {
    let page = 4096;
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, used by nobody else.
    let start = unsafe { libc::mmap(core::ptr::null_mut(), 2 * page, protection, flags, -1, 0) };
    assert_ne!(start, libc::MAP_FAILED);
    // SAFETY: it is the second page of that mapping.
    let protected = unsafe { libc::mprotect(start.byte_add(page), page, libc::PROT_NONE) };
    assert_eq!(protected, 0);
    let end = start.expose_provenance() + page;
    assert_eq!(kernel().read::<16>(end - 16), Some([0; 16]));
    assert_eq!(kernel().read::<16>(end - 8), None);
    assert_eq!(kernel().read::<16>(end), None);
    // SAFETY: nobody uses the mapping any more.
    assert_eq!(unsafe { libc::munmap(start, 2 * page) }, 0);
}

/// A text of a file's name may lie at the end of the memory.
#[test]
fn a_text_is_copied_as_far_as_it_goes() {
    let kernel = kernel();
    let text = c"/dev/null".as_ptr().expose_provenance();
    let (bytes, length) = kernel.read_text::<64>(text);
    assert_eq!(&bytes[..length], b"/dev/null");
    let (bytes, length) = kernel.read_text::<4>(text);
    assert_eq!((&bytes, length), (b"/dev", 4));
    for bad in [0, 1, usize::MAX] {
        assert_eq!(kernel.read_text::<64>(bad), ([0; 64], 0), "{bad:#x}");
    }
    let page = 4096;
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, used by nobody else.
    let start = unsafe { libc::mmap(core::ptr::null_mut(), 2 * page, protection, flags, -1, 0) };
    assert_ne!(start, libc::MAP_FAILED);
    // SAFETY: the mapping is this long, and nobody else looks at it.
    unsafe {
        start.cast::<u8>().add(page - 3).copy_from_nonoverlapping(b"/ab".as_ptr(), 3);
        assert_eq!(libc::mprotect(start.byte_add(page), page, libc::PROT_NONE), 0);
    }
    let (bytes, length) = kernel.read_text::<64>(start.expose_provenance() + page - 3);
    assert_eq!(&bytes[..length], b"/ab");
    // SAFETY: nobody uses the mapping any more.
    assert_eq!(unsafe { libc::munmap(start, 2 * page) }, 0);
}

/// A program that runs tests is long after the boot.
#[test]
fn random_numbers_are_ready() {
    let mut byte = [0];
    File::open("/dev/random").expect("a device").read_exact(&mut byte).expect("a byte");
    assert!(kernel().random_ready());
}

std::thread_local! {
    /// The calls that this thread's decisions made.
    static MADE: core::cell::RefCell<BTreeSet<usize>> = const { core::cell::RefCell::new(BTreeSet::new()) };
}

/// Makes a call, and notes its number.
#[expect(clippy::many_single_char_names, reason = "they are arguments of any call")]
unsafe extern "C" fn noting(
    number: usize,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> isize {
    MADE.with_borrow_mut(|made| made.insert(number));
    // SAFETY: the caller vouches for the call.
    unsafe { syscall(number, a, b, c, d, e, f) }
}

/// A handler makes them while the section's own call waits, so that each must be one that only looks.
#[test]
fn a_decision_makes_only_calls_that_look() {
    // SAFETY: it makes the call.
    let kernel = unsafe { Kernel::new(noting) };
    let (reader, _writer) = io::pipe().expect("a pipe");
    // SAFETY: it takes no pointer.
    assert_eq!(unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) }, 0);
    let descriptor = usize::try_from(reader.as_raw_fd()).expect("a descriptor");
    let memory = [0_u64; 64];
    let address = (&raw const memory).expose_provenance();
    for arguments in [[descriptor; 6], [address; 6], [1; 6], [0; 6], [usize::MAX; 6]] {
        for (_, call) in NATIVE {
            decide(call, &arguments, &kernel);
        }
    }
    let looking = [
        libc::SYS_fcntl,
        libc::SYS_statx,
        libc::SYS_getpid,
        libc::SYS_process_vm_readv,
        libc::SYS_getrandom,
    ];
    let looking = looking.map(|number| usize::try_from(number).expect("a number"));
    assert_eq!(MADE.take(), BTreeSet::from(looking));
}
