//! Requests of programs to a device, each with a few words that go in and come out.

use core::fmt;

use crate::errno::Errno;

/// How many words a command has at most.
pub const MAX_WORDS: usize = 32;

/// Both ways: the words go in and come out.
const READ_WRITE: u32 = 3;
const DIRECTION_SHIFT: u32 = 30;
const SIZE_SHIFT: u32 = 16;
const SIZE_MASK: u32 = 0x3fff;
const KIND_SHIFT: u32 = 8;
const WORD: usize = size_of::<u64>();

/// Returns the number of a command: Linux's `_IOWR(kind, nr, [u64; words])` (`include/uapi/asm-generic/ioctl.h`, 6.12).
///
/// # Arguments
///
/// * `kind`: the letter of the device.
/// * `nr`: which of its commands.
/// * `words`: how many words go in and come out, from 1 to [`MAX_WORDS`].
///
/// # Context
///
/// May be called anywhere.
///
/// # Panics
///
/// If `words` is 0, or more than [`MAX_WORDS`].
///
/// # Examples
///
/// ```
/// use nonblock_linux::ioctl;
///
/// const FAULT: u32 = ioctl::number(b'n', 3, 3);
/// assert_eq!(FAULT, 0xc018_6e03);
/// ```
pub const fn number(kind: u8, nr: u8, words: usize) -> u32 {
    assert!(1 <= words && words <= MAX_WORDS, "a command has from 1 to 32 words");
    // It fits: `MAX_WORDS` words have 256 bytes.
    #[allow(clippy::cast_possible_truncation, reason = "at most 256")]
    let size = (words * WORD) as u32;
    (READ_WRITE << DIRECTION_SHIFT)
        | (size << SIZE_SHIFT)
        | ((kind as u32) << KIND_SHIFT)
        | nr as u32
}

/// Returns how many words a command has, or `None` if its number is none that [`number`] makes.
///
/// # Context
///
/// May be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock_linux::ioctl;
///
/// assert_eq!(ioctl::words(ioctl::number(b'n', 3, 3)), Some(3));
/// assert_eq!(ioctl::words(0x5401), None); // `TCGETS`, which is older
/// ```
pub const fn words(number: u32) -> Option<usize> {
    let size = ((number >> SIZE_SHIFT) & SIZE_MASK) as usize;
    let fits = number >> DIRECTION_SHIFT == READ_WRITE && size.is_multiple_of(WORD);
    match size / WORD {
        count @ 1..=MAX_WORDS if fits => Some(count),
        _ => None,
    }
}

/// A command of a program to a device: its number, and its words.
///
/// The words are copied from the program before the device is asked, and back to it after, also if the device answers with an
/// error. So it is with the commands of Linux's DRM drivers (`drm_ioctl()`, `drivers/gpu/drm/drm_ioctl.c`, 6.12).
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock_linux::errno::Errno;
/// use nonblock_linux::ioctl::{self, Command};
///
/// const DOUBLE: u32 = ioctl::number(b'n', 1, 1);
///
/// fn answer(mut command: Command<'_>) -> Result<u32, Errno> {
///     match command.number {
///         DOUBLE => {
///             let [number] = command.words()?;
///             *number *= 2;
///             Ok(0)
///         }
///         _ => Err(Errno::ENOTTY),
///     }
/// }
///
/// let mut words = [21];
/// assert_eq!(answer(Command::new(DOUBLE, &mut words)), Ok(0));
/// assert_eq!(words, [42]);
/// ```
pub struct Command<'a> {
    /// The number of the command, as [`number`] makes it.
    pub number: u32,
    words: &'a mut [u64],
}

impl<'a> Command<'a> {
    /// Makes a command of its number and its words.
    pub const fn new(number: u32, words: &'a mut [u64]) -> Self {
        Self { number, words }
    }

    /// Returns the words, if there are as many as the device expects.
    ///
    /// # Errors
    ///
    /// [`Errno::EINVAL`] if there are more or fewer.
    pub fn words<const N: usize>(&mut self) -> Result<&mut [u64; N], Errno> {
        (&mut *self.words).try_into().map_err(|_| Errno::EINVAL)
    }
}

impl fmt::Debug for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("number", &format_args!("{:#x}", self.number))
            .field("words", &self.words)
            .finish()
    }
}
