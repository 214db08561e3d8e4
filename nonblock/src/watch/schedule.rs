//! Whether a thread left its processor in a section: the marker that the kernel clears, and the kernel's counts.
//!
//! # The marker
//!
//! The kernel keeps an area for restartable sequences in each thread (`rseq(2)`). Where it takes the processor from a thread,
//! it looks at the field `rseq_cs`. If that points to a descriptor whose range the thread is not in, it clears the field. A
//! section stores the address of such a descriptor, and finds at its end whether the field was cleared. Only then it asks for the
//! counts, which takes a system call.
//!
//! From Linux 6.19 on, the kernel looks there only where it interrupted the program: at a preemption, a page fault or a signal. A
//! sleep within a system call leaves the field as it is. [`Marker::ask`] tries which it is.

use core::mem::MaybeUninit;
use core::time::Duration;

use crate::primitive::{AtomicUsize, Ordering};

use super::layers::MARKS;
use super::raw_code;

/// What the kernel counts for one thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// How often it went to sleep.
    pub(super) voluntary: u64,
    /// How often the processor was taken from it.
    pub(super) involuntary: u64,
    /// How many page faults waited for a disk.
    pub(super) major_faults: u64,
}

impl Usage {
    /// Asks the kernel. Safe in a signal handler, and stopped by no trap.
    pub(super) fn of_this_thread() -> Self {
        let mut usage = MaybeUninit::<libc::rusage>::zeroed();
        let arguments = [libc::RUSAGE_THREAD as usize, usage.as_mut_ptr() as usize, 0, 0, 0, 0];
        // SAFETY: the kernel writes such a structure there.
        unsafe { raw_code::syscall(libc::SYS_getrusage, arguments) };
        // SAFETY: it has succeeded since Linux 2.6.26, and zeros are a value too.
        let usage = unsafe { usage.assume_init() };
        Self {
            voluntary: usage.ru_nvcsw.cast_unsigned(),
            involuntary: usage.ru_nivcsw.cast_unsigned(),
            major_faults: usage.ru_majflt.cast_unsigned(),
        }
    }

    /// What was counted since.
    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            voluntary: self.voluntary.saturating_sub(earlier.voluntary),
            involuntary: self.involuntary.saturating_sub(earlier.involuntary),
            major_faults: self.major_faults.saturating_sub(earlier.major_faults),
        }
    }
}

/// A descriptor of a restartable sequence: `struct rseq_cs` of Linux's `include/uapi/linux/rseq.h` (6.12).
#[cfg(target_arch = "x86_64")]
#[repr(C, align(32))]
#[derive(Debug)]
struct Descriptor {
    version: u32,
    flags: u32,
    start: unsafe extern "C" fn(),
    post_commit_offset: u64,
    abort: unsafe extern "C" fn(),
}

/// One for each mark. Nothing ever runs in their range, so nothing is ever aborted.
#[cfg(target_arch = "x86_64")]
static DESCRIPTORS: [Descriptor; MARKS] = [const {
    Descriptor {
        version: 0,
        flags: 0,
        start: raw_code::nonblock_watch_rseq_start,
        post_commit_offset: 1,
        abort: raw_code::nonblock_watch_rseq_abort,
    }
}; MARKS];

/// Where there is no marker, any address will do.
#[cfg(not(target_arch = "x86_64"))]
static DESCRIPTORS: [u64; MARKS] = [0; MARKS];

/// Returns the mark of a change of the settings: the address of a descriptor.
pub(super) fn mark(change: usize) -> usize {
    &raw const DESCRIPTORS[change % MARKS] as usize
}

/// What the marker of this program tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// Sleep, preemption, page faults and signals.
    All,
    /// Not a sleep within a system call.
    Interruptions,
    /// There is none: libc registers no area, and another could not be registered.
    None,
}

/// The size of the area that the kernel first had, and the least one.
const AREA_SIZE: u32 = 32;
/// What the kernel compares with the four bytes before an abort address.
#[cfg(target_arch = "x86_64")]
const SIGNATURE: u32 = 0x5305_3053;
/// Where the field is within the area.
#[cfg(target_arch = "x86_64")]
const FIELD_OFFSET: usize = 8;

/// An area of a thread for which libc has registered none. It is never unregistered: it lies in memory that stays.
#[repr(C, align(32))]
#[derive(Debug)]
pub(super) struct OwnArea([AtomicUsize; AREA_SIZE as usize / size_of::<usize>()]);

impl OwnArea {
    pub(super) const fn new() -> Self {
        Self([const { AtomicUsize::new(0) }; AREA_SIZE as usize / size_of::<usize>()])
    }

    /// Registers the area for this thread, and returns its field.
    #[cfg(target_arch = "x86_64")]
    fn register(&'static self) -> Option<&'static AtomicUsize> {
        let address = core::ptr::from_ref(self) as usize;
        let arguments = [address, AREA_SIZE as usize, 0, SIGNATURE as usize, 0, 0];
        // SAFETY: the area is there for ever, has the size and the alignment that the kernel asks for, and belongs to this
        // thread. Only the kernel and this thread store there.
        let result = unsafe { raw_code::syscall(libc::SYS_rseq, arguments) };
        // It is busy if this thread has registered it before.
        let is_registered = result == 0 || result == -(libc::EBUSY as isize);
        is_registered.then(|| &self.0[FIELD_OFFSET / size_of::<usize>()])
    }
}

/// Returns the marker of this thread, if it has one.
#[cfg(target_arch = "x86_64")]
pub(super) fn marker(own: &'static OwnArea) -> Option<&'static AtomicUsize> {
    match area_of_libc() {
        Some(field) => Some(field),
        None => own.register(),
    }
}

/// Returns the marker of this thread: there is none on this architecture.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn marker(_own: &'static OwnArea) -> Option<&'static AtomicUsize> {
    None
}

/// Returns the field of the area that libc has registered for this thread.
#[cfg(target_arch = "x86_64")]
fn area_of_libc() -> Option<&'static AtomicUsize> {
    let offset = symbol::<isize>(c"__rseq_offset")?;
    let size = symbol::<u32>(c"__rseq_size")?;
    // glibc up to 2.39 gives the size of the area, later versions the size of what the kernel knows of it: 20 bytes at first.
    if size < 20 {
        return None;
    }
    let thread_pointer: usize;
    // SAFETY: on x86-64 the first word at the segment `fs` is its own address, by the system's ABI.
    unsafe {
        core::arch::asm!("mov {}, fs:0", out(reg) thread_pointer, options(nostack, pure, readonly));
    }
    let field = thread_pointer.wrapping_add_signed(offset) + FIELD_OFFSET;
    // SAFETY: libc has registered an area there for as long as this thread runs, and only this thread uses the reference. The
    // kernel's stores are those of a signal handler: an atomic is what they ask for.
    Some(unsafe { AtomicUsize::from_ptr(field as *mut usize) })
}

/// Returns the value of a variable of libc's, if it has such a one.
#[cfg(target_arch = "x86_64")]
fn symbol<T: Copy>(name: &core::ffi::CStr) -> Option<T> {
    // SAFETY: the name ends in a nul.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    // SAFETY: the caller names a variable of that type. It is never changed after the program's start.
    (!address.is_null()).then(|| unsafe { *address.cast::<T>() })
}

impl Marker {
    /// Tries what the marker of this thread tells. May sleep for some 200 microseconds.
    pub(super) fn ask(own: &'static OwnArea) -> Self {
        /// How many sleeps must be told, since an interrupt in one of them may have cleared the field.
        const SLEEPS: usize = 3;
        /// How often it is tried.
        const TRIES: usize = 10;

        let Some(marker) = marker(own) else { return Self::None };
        let before = marker.load(Ordering::Relaxed);
        let mut told = 0;
        for _ in 0..TRIES {
            let usage = Usage::of_this_thread();
            marker.store(mark(0), Ordering::Relaxed);
            std::thread::sleep(Duration::from_micros(20));
            let is_told = marker.load(Ordering::Relaxed) != mark(0);
            let usage = Usage::of_this_thread().since(usage);
            // The time was over before it slept, or something else took the processor away.
            if usage.voluntary == 0 || usage.involuntary > 0 {
                continue;
            }
            told = if is_told { told + 1 } else { 0 };
            if matches!(told, 0 | SLEEPS) {
                break;
            }
        }
        marker.store(before, Ordering::Relaxed);
        // What was not found out costs a system call more for each section, and no event.
        if told == SLEEPS { Self::All } else { Self::Interruptions }
    }
}
