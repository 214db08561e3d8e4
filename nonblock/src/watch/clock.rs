//! Time stamps that cost little: the processor's counter where it is steady, and the kernel's clock elsewhere.

use core::time::Duration;

#[cfg(target_arch = "x86_64")]
use crate::primitive::AtomicU8;
use crate::primitive::{AtomicU64, Ordering};

use super::raw_code;

/// Returns the time now, in ticks. May be called in a signal handler, and is stopped by no trap.
#[inline]
pub(super) fn now() -> u64 {
    #[cfg(target_arch = "x86_64")]
    if is_steady() {
        // SAFETY: every x86-64 processor has the instruction.
        return unsafe { core::arch::x86_64::_rdtsc() };
    }
    kernel_nanoseconds()
}

/// Whether the processor's counter is steady: 2 until it was asked.
#[cfg(target_arch = "x86_64")]
static STEADY: AtomicU8 = AtomicU8::new(2);

/// Takes the processor's counter for one that is not steady. Tests do, before anything is measured.
pub(super) fn assume_unsteady_counter() {
    #[cfg(target_arch = "x86_64")]
    STEADY.store(0, Ordering::Relaxed);
}

/// Returns whether the processor's counter runs at one speed, whatever the processor does.
#[cfg(target_arch = "x86_64")]
#[inline]
fn is_steady() -> bool {
    #[cold]
    fn ask() -> bool {
        let leaf = core::arch::x86_64::__cpuid(0x8000_0000).eax;
        let steady =
            leaf >= 0x8000_0007 && core::arch::x86_64::__cpuid(0x8000_0007).edx & 1 << 8 != 0;
        STEADY.store(steady.into(), Ordering::Relaxed);
        steady
    }

    match STEADY.load(Ordering::Relaxed) {
        2 => ask(),
        steady => steady != 0,
    }
}

fn kernel_nanoseconds() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let arguments = [libc::CLOCK_MONOTONIC as usize, &raw mut time as usize, 0, 0, 0, 0];
    // SAFETY: the kernel writes such a structure there.
    unsafe { raw_code::syscall(libc::SYS_clock_gettime, arguments) };
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// How many nanoseconds a tick takes, in parts of 2^32: 0 until it was measured.
static NANOSECONDS_PER_TICK: AtomicU64 = AtomicU64::new(0);

/// For how many nanoseconds the two clocks are compared.
const COMPARED_FOR: u64 = 2_000_000;

/// Measures the speed of the ticks, if that was not done before. Takes two milliseconds.
pub(super) fn calibrate() {
    if NANOSECONDS_PER_TICK.load(Ordering::Relaxed) != 0 {
        return;
    }
    let before = both();
    let mut elapsed = (0, 0);
    while elapsed.1 < COMPARED_FOR {
        let after = both();
        elapsed = (after.0 - before.0, after.1 - before.1);
    }
    let speed = (u128::from(elapsed.1) << 32) / u128::from(elapsed.0.max(1));
    NANOSECONDS_PER_TICK.store(speed.try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// How often both clocks are read for one time.
const READINGS: u32 = 16;

/// Reads both clocks at one time: in the shortest of several readings, since the thread may lose its processor in between.
fn both() -> (u64, u64) {
    let mut shortest = u64::MAX;
    let mut time = (0, 0);
    for _ in 0..READINGS {
        let before = now();
        let nanoseconds = kernel_nanoseconds();
        let took = now() - before;
        if took < shortest {
            shortest = took;
            time = (before + took / 2, nanoseconds);
        }
    }
    time
}

/// Returns how many nanoseconds a number of ticks takes.
#[expect(clippy::cast_possible_truncation, reason = "64 bits are enough for 584 years")]
#[inline]
pub(super) fn nanoseconds(ticks: u64) -> u64 {
    let speed = NANOSECONDS_PER_TICK.load(Ordering::Relaxed);
    ((u128::from(ticks) * u128::from(speed)) >> 32) as u64
}

/// Returns how long a number of ticks takes.
pub(super) fn duration(ticks: u64) -> Duration {
    Duration::from_nanos(nanoseconds(ticks))
}
