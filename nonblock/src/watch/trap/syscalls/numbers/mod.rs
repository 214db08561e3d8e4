//! Which number stands for which call, by architecture, as of Linux 7.0.

#[cfg(any(test, target_arch = "aarch64"))]
pub(super) mod aarch64;
#[cfg(any(test, target_arch = "x86_64"))]
pub(super) mod x86_64;

#[cfg(target_arch = "aarch64")]
pub(super) use aarch64::NUMBERS as NATIVE;
#[cfg(target_arch = "x86_64")]
pub(super) use x86_64::NUMBERS as NATIVE;

use super::system_call::SystemCall;

/// A number and its call.
pub(super) type Numbered = (u32, &'static SystemCall);

/// There is no table for this architecture, so every call may block.
#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
pub(super) static NATIVE: &[Numbered] = &[];

/// The call with this number, in a table that is in order.
pub(super) fn find(numbers: &[Numbered], number: u32) -> Option<&'static SystemCall> {
    let index = numbers.binary_search_by_key(&number, |(number, _)| *number).ok()?;
    numbers.get(index).map(|(_, call)| *call)
}
