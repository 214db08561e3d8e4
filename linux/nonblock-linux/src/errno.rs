//! The numbers by which a driver says what failed.

use core::error::Error;
use core::fmt;
use core::num::NonZeroI32;

use nonblock::WouldBlock;

use crate::alloc::AllocError;
use crate::mmu::RangeError;

/// Why an operation failed: a number of the kernel's, `EINVAL` for instance.
///
/// A system call returns it negated. Mirrors Linux's `include/uapi/asm-generic/errno-base.h` (6.12).
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock::WouldBlock;
/// use nonblock_linux::errno::Errno;
///
/// assert_eq!(Errno::EINVAL.get(), 22);
/// assert_eq!(Errno::EINVAL.to_string(), "EINVAL (22)");
/// assert_eq!(Errno::from(WouldBlock), Errno::EAGAIN);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(NonZeroI32);

/// Declares the numbers, and their names.
macro_rules! errnos {
    ($($name:ident = $number:literal, $meaning:literal;)+) => {
        impl Errno {
            $(
                #[doc = $meaning]
                pub const $name: Self = Self(NonZeroI32::new($number).unwrap());
            )+

            /// Returns the name, if it is one of those that this crate knows.
            const fn name(self) -> Option<&'static str> {
                match self.get() {
                    $($number => Some(stringify!($name)),)+
                    _ => None,
                }
            }
        }
    };
}

errnos! {
    EPERM = 1, "The caller may not do this.";
    ENOENT = 2, "What was named is not there.";
    ESRCH = 3, "The process is gone.";
    EINTR = 4, "The wait was interrupted.";
    EAGAIN = 11, "It would have had to wait, or was overtaken each time: try again later.";
    ENOMEM = 12, "There was no memory.";
    EFAULT = 14, "No memory is mapped at the address.";
    EBUSY = 16, "It is in use already.";
    EEXIST = 17, "It exists already.";
    ENODEV = 19, "There is no such device.";
    EINVAL = 22, "An argument is wrong.";
    ENOTTY = 25, "The device knows no such command.";
    ERANGE = 34, "An argument lies outside of what is possible.";
}

impl Errno {
    /// Returns the error of a number, or `None` if no error has it: they are from 1 to 4095.
    ///
    /// # Arguments
    ///
    /// * `positive`: the number, not negated.
    pub const fn new(positive: i32) -> Option<Self> {
        match NonZeroI32::new(positive) {
            Some(number) if positive > 0 && positive <= 4095 => Some(Self(number)),
            _ => None,
        }
    }

    /// Returns the number, which is positive.
    pub const fn get(self) -> i32 {
        self.0.get()
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.get()),
            None => write!(f, "errno {}", self.get()),
        }
    }
}

/// As it is displayed.
impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Errno {}

impl From<WouldBlock> for Errno {
    fn from(_refusal: WouldBlock) -> Self {
        Self::EAGAIN
    }
}

/// Drops the value that found no memory.
impl<T> From<AllocError<T>> for Errno {
    fn from(_error: AllocError<T>) -> Self {
        Self::ENOMEM
    }
}

impl From<RangeError> for Errno {
    fn from(_error: RangeError) -> Self {
        Self::EINVAL
    }
}
