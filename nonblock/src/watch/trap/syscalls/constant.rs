//! Constants of libc's, whatever their type there, as the kernel sees them.

/// The low half of a constant.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the kernel sees these bits only"
)]
pub(super) const fn low(constant: i128) -> u32 {
    constant as u32
}

/// `bits!(A B)` is both flags together, and `bits!(A)` one constant.
macro_rules! bits {
    ($($name:ident)+) => {
        $($crate::watch::trap::syscalls::constant::low(libc::$name as i128))|+
    };
}

/// `values!(A B)` is a slice of both constants.
macro_rules! values {
    ($($name:ident)+) => {
        &[$($crate::watch::trap::syscalls::constant::low(libc::$name as i128)),+]
    };
}

pub(super) use {bits, values};
