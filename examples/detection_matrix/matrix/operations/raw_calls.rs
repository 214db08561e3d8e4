//! System calls that libc knows nothing of.

use std::arch::asm;
use std::io::Write as _;
use std::time::Duration;

use super::support::{MOMENT_OF_C, pipe};
use crate::matrix::operation::{Operation, Prepared, operations};
use crate::matrix::section::once_blocked;

pub(super) const OPERATIONS: &[Operation] = operations! {
    "syscall(SYS_nanosleep)" => syscall_nanosleep;
    "rustix::thread::nanosleep" => rustix_nanosleep;
    "rustix::io::read of a pipe" => rustix_read;
    "rustix::event::poll" => rustix_poll;
    "inline assembly: nanosleep" => assembly_nanosleep;
    "inline assembly: futex(FUTEX_WAIT)" => assembly_futex;
    "inline assembly: nanosleep by int 0x80" => assembly_of_32_bits;
};

fn syscall_nanosleep() -> Prepared {
    Ok(Box::new(|| {
        // SAFETY: it reads the time.
        let result = unsafe { libc::syscall(libc::SYS_nanosleep, &raw const MOMENT_OF_C, 0) };
        assert_eq!(result, 0);
    }))
}

fn rustix_nanosleep() -> Prepared {
    Ok(Box::new(|| {
        let time = rustix::thread::Timespec { tv_sec: 0, tv_nsec: MOMENT_OF_C.tv_nsec };
        let result = rustix::thread::nanosleep(&time);
        assert!(matches!(result, rustix::thread::NanosleepRelativeResult::Ok));
    }))
}

fn rustix_read() -> Prepared {
    let (reader, mut writer) = pipe();
    once_blocked(move || writer.write_all(&[1]).map(|()| writer));
    let mut byte = [0];
    Ok(Box::new(move || assert_eq!(rustix::io::read(&reader, &mut byte), Ok(1))))
}

fn rustix_poll() -> Prepared {
    let time = Duration::from_millis(2).try_into().map_err(|_| "no such time".to_owned())?;
    Ok(Box::new(move || assert_eq!(rustix::event::poll(&mut [], Some(&time)), Ok(0))))
}

/// # Safety
///
/// As for the call.
#[expect(
    clippy::inline_always,
    reason = "the operation is to make the call itself, as programs do"
)]
#[inline(always)]
unsafe fn system_call(number: i64, arguments: [usize; 4]) -> i64 {
    let [a, b, c, d] = arguments;
    let result;
    // SAFETY: the kernel changes these registers and no others. The caller answers for the call.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    result
}

fn assembly_nanosleep() -> Prepared {
    Ok(Box::new(|| {
        let time = (&raw const MOMENT_OF_C).expose_provenance();
        // SAFETY: it reads the time.
        assert_eq!(unsafe { system_call(libc::SYS_nanosleep, [time, 0, 0, 0]) }, 0);
    }))
}

fn assembly_futex() -> Prepared {
    let word = 0_u32;
    Ok(Box::new(move || {
        let word = (&raw const word).expose_provenance();
        let operation = (libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG) as usize;
        let time = (&raw const MOMENT_OF_C).expose_provenance();
        // SAFETY: it reads the word and the time.
        let result = unsafe { system_call(libc::SYS_futex, [word, operation, 0, time]) };
        assert_eq!(result, -i64::from(libc::ETIMEDOUT));
    }))
}

/// The way into the kernel that 32-bit programs take. It is open to others too.
///
/// # Safety
///
/// As for the call. Numbers and structures are those of 32-bit programs.
#[expect(
    clippy::inline_always,
    reason = "the operation is to make the call itself, as programs do"
)]
#[inline(always)]
unsafe fn system_call_of_32_bits(number: i32, a: u32, b: u32) -> i32 {
    let result;
    // SAFETY: `rbx` is put back. The caller answers for the call.
    unsafe {
        asm!(
            "xchg {a:r}, rbx",
            "int 0x80",
            "xchg {a:r}, rbx",
            a = inout(reg) u64::from(a) => _,
            inlateout("eax") number => result,
            in("ecx") b, in("edx") 0, in("esi") 0, in("edi") 0,
            lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _,
        );
    }
    result
}

/// Numbers of 32-bit calls.
const GETPID_OF_32_BITS: i32 = 20;
const NANOSLEEP_OF_32_BITS: i32 = 162;

fn assembly_of_32_bits() -> Prepared {
    // SAFETY: it takes nothing.
    let process = unsafe { system_call_of_32_bits(GETPID_OF_32_BITS, 0, 0) };
    if process != std::process::id().cast_signed() {
        return Err("this kernel has no calls of 32-bit programs".to_owned());
    }
    // The time must lie where an address has 32 bits.
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_32BIT;
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: it maps new memory.
    let memory = unsafe { libc::mmap(std::ptr::null_mut(), 4096, protection, flags, -1, 0) };
    let Ok(address) = u32::try_from(memory.expose_provenance()) else {
        return Err("there is no memory at an address of 32 bits".to_owned());
    };
    // SAFETY: the memory is new, and large enough.
    unsafe { memory.cast::<[i32; 2]>().write([0, 2_000_000]) };
    Ok(Box::new(move || {
        // SAFETY: it reads the time.
        assert_eq!(unsafe { system_call_of_32_bits(NANOSLEEP_OF_32_BITS, address, 0) }, 0);
    }))
}
