//! The cases in which a system call that may block does not.

use super::ask::{Ask, DescriptorKind};

/// A case in which a call never blocks, and why not.
#[derive(Debug)]
pub(crate) struct Exception {
    pub(crate) when: Condition,
    /// One sentence.
    pub(crate) why: &'static str,
}

/// What holds of a call's arguments. The first number is that of the argument.
///
/// What cannot be found out does not hold, so that the call counts as one that may block. Of an `int` or a flag word the
/// kernel sees the low half of the register, and so do these.
#[derive(Debug)]
pub(crate) enum Condition {
    /// Its low half is one of these values.
    Is(usize, &'static [u32]),
    /// Its low half under a mask is one of these values.
    Masked(usize, u32, &'static [u32]),
    /// It has all of these flags.
    Has(usize, u32),
    /// It has none of these flags.
    Lacks(usize, u32),
    /// The whole register is zero.
    Zero(usize),
    /// It is an `int` that is not negative.
    NotNegative(usize),
    /// It points to this many bytes, and all of them are zero. Two words are a time.
    ZeroMemory(usize, MemorySize),
    /// A descriptor with `O_NONBLOCK` on something that heeds the flag: not a file, nor a disk.
    Nonblocking(usize),
    /// A descriptor with `O_NONBLOCK`. For calls that only work on what heeds the flag.
    NonblockingFlag(usize),
    /// A pipe, or what [`Nonblocking`](Self::Nonblocking) says.
    PipeOrNonblocking(usize),
    /// The number of a clock that is not a device's.
    NotDeviceClock(usize),
    /// An array of `struct sembuf`, and its length in the argument behind: each operation has `IPC_NOWAIT`.
    EveryOperationNowait(usize),
    /// The kernel's random numbers are ready.
    RandomReady,
    /// Each of these holds.
    All(&'static [Self]),
}

/// How much memory is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MemorySize {
    HalfWord,
    TwoWords,
}

/// The most semaphore operations that are looked at.
const MOST_OPERATIONS: usize = 16;

/// The bytes of a `struct sembuf`: number, operation, flags.
const OPERATION_BYTES: usize = 6;

impl Condition {
    /// Whether the condition holds of these arguments.
    pub(super) fn holds(&self, arguments: &[usize; 6], ask: &impl Ask) -> bool {
        let whole = |index: usize| arguments.get(index).copied().unwrap_or(0);
        let low = |index| low_half(whole(index));
        match *self {
            Self::Is(index, values) => values.contains(&low(index)),
            Self::Masked(index, mask, values) => values.contains(&(low(index) & mask)),
            Self::Has(index, flags) => low(index) & flags == flags,
            Self::Lacks(index, flags) => low(index) & flags == 0,
            Self::Zero(index) => whole(index) == 0,
            Self::NotNegative(index) => low(index).cast_signed() >= 0,
            Self::ZeroMemory(index, size) => zero_memory(whole(index), size, ask),
            Self::Nonblocking(index) => nonblocking(low(index).cast_signed(), ask),
            Self::NonblockingFlag(index) => has_nonblock_flag(low(index).cast_signed(), ask),
            Self::PipeOrNonblocking(index) => {
                let descriptor = low(index).cast_signed();
                ask.descriptor_kind(descriptor) == Some(DescriptorKind::Pipe)
                    || nonblocking(descriptor, ask)
            }
            Self::NotDeviceClock(index) => !is_device_clock(low(index).cast_signed()),
            Self::EveryOperationNowait(index) => {
                let count = low(index.wrapping_add(1));
                every_operation_nowait(whole(index), count, ask)
            }
            Self::RandomReady => ask.random_ready(),
            Self::All(conditions) => {
                conditions.iter().all(|condition| condition.holds(arguments, ask))
            }
        }
    }
}

/// What the kernel sees of an argument of 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "the kernel does the same")]
pub(super) const fn low_half(register: usize) -> u32 {
    register as u32
}

fn zero_memory(address: usize, size: MemorySize, ask: &impl Ask) -> bool {
    let are_zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    address != 0
        && match size {
            MemorySize::HalfWord => ask.read::<4>(address).is_some_and(|bytes| are_zero(&bytes)),
            MemorySize::TwoWords => ask.read::<16>(address).is_some_and(|bytes| are_zero(&bytes)),
        }
}

fn has_nonblock_flag(descriptor: i32, ask: &impl Ask) -> bool {
    ask.descriptor_flags(descriptor).is_some_and(|flags| flags & libc::O_NONBLOCK != 0)
}

fn nonblocking(descriptor: i32, ask: &impl Ask) -> bool {
    has_nonblock_flag(descriptor, ask)
        && ask.descriptor_kind(descriptor).is_some_and(DescriptorKind::heeds_nonblock)
}

/// Whether a clock is a device's: a negative number whose low three bits are 3, with a descriptor in the others.
fn is_device_clock(clock: i32) -> bool {
    clock < 0 && clock & 7 == 3
}

fn every_operation_nowait(address: usize, count: u32, ask: &impl Ask) -> bool {
    let Ok(count) = usize::try_from(count) else { return false };
    let is_nowait = |index: usize| {
        let operation = address.wrapping_add(index.wrapping_mul(OPERATION_BYTES));
        ask.read::<OPERATION_BYTES>(operation).is_some_and(|[_, _, _, _, low, high]| {
            i32::from(u16::from_ne_bytes([low, high])) & libc::IPC_NOWAIT != 0
        })
    };
    count <= MOST_OPERATIONS && (0..count).all(is_nowait)
}
