//! The world of the cases.

use std::vec::Vec;

use crate::watch::trap::syscalls::ask::DescriptorKind;
use crate::watch::trap::syscalls::tests::made_up::MadeUp;

/// A descriptor of each kind, with `O_NONBLOCK` and without.
pub(super) const PIPE: usize = 10;
pub(super) const NONBLOCK_PIPE: usize = 11;
pub(super) const SOCKET: usize = 12;
pub(super) const NONBLOCK_SOCKET: usize = 13;
pub(super) const FILE: usize = 14;
pub(super) const NONBLOCK_FILE: usize = 15;
pub(super) const NONBLOCK_DISK: usize = 16;
pub(super) const NONBLOCK_TERMINAL: usize = 17;
pub(super) const NONBLOCK_EVENTS: usize = 18;
pub(super) const CLOSED: usize = 99;

pub(super) fn world() -> MadeUp {
    let nonblock = libc::O_NONBLOCK;
    MadeUp::default()
        .with_descriptor(10, libc::O_RDWR, DescriptorKind::Pipe)
        .with_descriptor(11, nonblock, DescriptorKind::Pipe)
        .with_descriptor(12, libc::O_RDWR, DescriptorKind::Socket)
        .with_descriptor(13, nonblock | libc::O_RDWR, DescriptorKind::Socket)
        .with_descriptor(14, libc::O_RDWR, DescriptorKind::File)
        .with_descriptor(15, nonblock, DescriptorKind::File)
        .with_descriptor(16, nonblock, DescriptorKind::BlockDevice)
        .with_descriptor(17, nonblock, DescriptorKind::CharacterDevice)
        .with_descriptor(18, nonblock, DescriptorKind::Anonymous)
}

/// Two semaphore operations.
pub(super) fn operations(flags: [i32; 2]) -> Vec<u8> {
    flags
        .into_iter()
        .flat_map(|flags| {
            let flags = u16::try_from(flags).expect("flags of 16 bits").to_ne_bytes();
            [0, 0, 1, 0, flags[0], flags[1]]
        })
        .collect()
}
