//! The commands of `/dev/dmirror`, as a program sees them. It names only `core`, so that a program can include the file.
//!
//! Each command has some words of 64 bits, which go in and come out. What comes out begins at the first word.

/// The letter of the device.
pub const KIND: u8 = b'n';

/// Linux's `_IOWR(KIND, nr, [u64; words])`.
const fn command(nr: u8, words: u8) -> u32 {
    let size = words as u32 * 8;
    (3 << 30) | (size << 16) | ((KIND as u32) << 8) | nr as u32
}

/// Mirrors a range of the memory of the process that opened the file. Words: its start, its length in bytes.
///
/// Both are multiples of the page size, and the range has at most [`MAX_PAGES`] pages: else `EINVAL`. `EBUSY` if the file
/// mirrors a range already, or refuses invalidations by [`WATCH_REFUSES`]. `ESRCH` if the process is gone, `ENOMEM` if there is
/// no memory, `EINTR` if the caller has a signal to handle first: then ask again.
pub const MIRROR: u32 = command(1, 2);

/// Ends the mirroring, and waits for callbacks. Words: 0. `ENOENT` if nothing is mirrored.
pub const UNMIRROR: u32 = command(2, 1);

/// Makes a translation of an address, as a page fault of the device does. Words: the address, 0, 0.
///
/// Out: the number of the page frame, and how many attempts were needed. `ERANGE` if the address is not in the mirrored range,
/// `ENOENT` if nothing is mirrored, `EFAULT` if the process has no memory there, `EAGAIN` if invalidations overtook it
/// [`MAX_ATTEMPTS`] times.
pub const FAULT: u32 = command(3, 3);

/// Looks whether the device has a translation of an address. Words: the address, 0. Out: 1 if it has one, and its frame.
pub const LOOKUP: u32 = command(4, 2);

/// Reads through the device's translation. Words: the address, a multiple of 8 (else `EINVAL`), 0, 0.
///
/// Out: the value, and 1 if there was a translation. Without one both are 0.
pub const READ: u32 = command(5, 3);

/// Holds the device's table for a time, as a job of the device does. Words: milliseconds, at most [`MAX_JOB_MS`], else `EINVAL`.
pub const JOB: u32 = command(6, 1);

/// Returns the counters. Words: all 0. Out: see [`counter`].
pub const COUNTERS: u32 = command(7, 16);

/// Subscribes the device to all invalidations of the process, and to its end. Words: flags, of which only [`WATCH_REFUSES`] is known,
/// else `EINVAL`. `EBUSY` if it is subscribed already, or mirrors a range and should refuse. Else as [`MIRROR`].
pub const WATCH: u32 = command(8, 1);

/// Tries one of the parts that the driver stands on. Words: which, see [`selftest`]; 0, … Out: 1 if all was as it should be, and
/// what was found. `EINVAL` if there is no such part.
pub const SELFTEST: u32 = command(9, 8);

/// How many pages can be mirrored.
pub const MAX_PAGES: usize = 4096;

/// How long a job takes at most, in milliseconds.
pub const MAX_JOB_MS: u64 = 60_000;

/// How many attempts a [`FAULT`] makes at most.
pub const MAX_ATTEMPTS: u64 = 1000;

/// In [`WATCH`]: a section is refused while the table is held, whatever its range.
///
/// `EBUSY` if the file mirrors a range. Linux leaves the intervals of a process open for ever if one of its other notifiers refuses (a
/// change of November 2026, 6d65925777e, ends them; 6.12.117 does not have it), so nothing in the process may mirror a range
/// then. Without the flag only the mirrored range refuses.
pub const WATCH_REFUSES: u64 = 1;

/// The words that [`COUNTERS`] returns.
pub mod counter {
    /// Callbacks of the mirrored range.
    pub const INTERVAL_CALLS: usize = 0;
    /// Of these, the calls in a section.
    pub const INTERVAL_SECTION_CALLS: usize = 1;
    /// Callbacks of all invalidations.
    pub const LIST_CALLS: usize = 2;
    /// Of these, the calls in a section.
    pub const LIST_SECTION_CALLS: usize = 3;
    /// Calls that were refused, because the table was held.
    pub const REFUSALS: usize = 4;
    /// Translations that callbacks dropped.
    pub const PAGES_DROPPED: usize = 5;
    /// How many sections were open in the last call of the mirrored range in a section.
    pub const DEPTH_IN_INTERVAL_SECTION: usize = 6;
    /// How many sections were open in the last call of all invalidations in a section.
    pub const DEPTH_IN_LIST_SECTION: usize = 7;
    /// Items of work that calls in a section pushed.
    pub const WORK_PUSHED: usize = 8;
    /// Items of work that were handled.
    pub const WORK_DONE: usize = 9;
    /// Items of work for which the queue had no room.
    pub const WORK_LOST: usize = 10;
    /// Attempts of faults that an invalidation overtook.
    pub const RETRIES: usize = 11;
    /// Faults that made a translation.
    pub const FAULTS: usize = 12;
    /// Calls that said that the process is gone.
    pub const RELEASES: usize = 13;
    /// Callbacks of both kinds that were allowed to sleep.
    pub const SLEEPABLE_CALLS: usize = 14;
    /// How many words there are. The last is 0.
    pub const WORDS: usize = 16;
}

/// What [`SELFTEST`] tries.
pub mod selftest {
    /// A mutex. Out: how often it was had, how often a section was refused.
    pub const MUTEX: u64 = 0;
    /// A spin lock. Out: how many sections were open while it was held, as the checks count.
    pub const SPIN_LOCK: u64 = 1;
    /// A completion that a section completes. Out: how many waits it let pass.
    pub const COMPLETION: u64 = 2;
    /// A queue. Out: how many items were pushed, how many handled, how many found no room.
    pub const QUEUE: u64 = 3;
    /// Memory in both contexts. Out: how many allocations succeeded that may sleep, and that must not.
    pub const MEMORY: u64 = 4;
    /// A shared object. Out: how many owners it had, how often it was dropped.
    pub const SHARED: u64 = 5;
    /// How many there are.
    pub const COUNT: u64 = 6;
}
