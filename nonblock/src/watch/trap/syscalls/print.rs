//! A call as a line of text, the way strace writes it. Not for signal handlers.

use core::fmt;

use super::condition::low_half;
use super::errno;
use super::names;
use super::system_call::{Argument, Name, SystemCall};

/// How a futex call's kind is told from its flags.
const FUTEX_KIND: u32 = 0x7f;

impl SystemCall {
    /// Writes the call, its arguments, and its result if it has one yet.
    ///
    /// Pointers are written as numbers: what they point to may be gone.
    ///
    /// # Arguments
    ///
    /// * `number`: for a call that the table does not have, and so has no name.
    pub(crate) fn write(
        &self,
        f: &mut impl fmt::Write,
        number: usize,
        arguments: &[usize; 6],
        result: Option<isize>,
    ) -> fmt::Result {
        if self.name.is_empty() {
            write!(f, "syscall_{}(", low_half(number))?;
        } else {
            write!(f, "{}(", self.name)?;
        }
        for (index, argument) in self.shown(arguments).enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            argument.write(f, arguments.get(index).copied().unwrap_or(0))?;
        }
        f.write_char(')')?;
        write_result(f, result)
    }

    /// The arguments that mean something here.
    fn shown(&self, arguments: &[usize; 6]) -> impl Iterator<Item = &'static Argument> {
        let [_, second, third, ..] = arguments;
        let count = match self.name {
            "futex" => futex_arguments(low_half(*second)),
            "open" | "mq_open" if !creates(low_half(*second)) => 2,
            "openat" if !creates(low_half(*third)) => 3,
            _ => self.arguments.len(),
        };
        self.arguments.iter().take(count)
    }
}

/// How many arguments a futex call of a kind has.
fn futex_arguments(operation: u32) -> usize {
    match (operation & FUTEX_KIND).cast_signed() {
        libc::FUTEX_UNLOCK_PI | libc::FUTEX_TRYLOCK_PI => 2,
        libc::FUTEX_WAKE => 3,
        libc::FUTEX_WAIT | libc::FUTEX_LOCK_PI | libc::FUTEX_LOCK_PI2 => 4,
        _ => 6,
    }
}

/// Whether these flags may create a file, so that its mode means something.
fn creates(flags: u32) -> bool {
    let flags = flags.cast_signed();
    flags & libc::O_CREAT != 0 || flags & libc::O_TMPFILE == libc::O_TMPFILE
}

impl Argument {
    fn write(self, f: &mut impl fmt::Write, register: usize) -> fmt::Result {
        let low = low_half(register);
        match self {
            Self::Descriptor if low.cast_signed() == libc::AT_FDCWD => f.write_str("AT_FDCWD"),
            Self::Descriptor | Self::Int => write!(f, "{}", low.cast_signed()),
            Self::Pointer | Self::Path if register == 0 => f.write_str("NULL"),
            Self::Pointer | Self::Path | Self::Hex => write!(f, "{register:#x}"),
            Self::Long => write!(f, "{}", register.cast_signed()),
            Self::Size => write!(f, "{register}"),
            Self::Mode | Self::ModeOfNew => write!(f, "0{low:o}"),
            Self::Signal => write_one(f, names::SIGNAL, low, Base::Decimal),
            Self::OneOf(values) => write_one(f, values, low, Base::Hexadecimal),
            Self::Flags(flags) => write_flags(f, flags, low, true),
            Self::FutexOperation => write_futex_operation(f, low),
            Self::OneOfWithFlags { mask, values, flags } => {
                write_one(f, values, low & mask, Base::Hexadecimal)?;
                write_flags(f, flags, low & !mask, false)
            }
        }
    }
}

/// Writes a futex call's kind as its header names it, with or without `_PRIVATE`.
fn write_futex_operation(f: &mut impl fmt::Write, operation: u32) -> fmt::Result {
    let private = libc::FUTEX_PRIVATE_FLAG.cast_unsigned();
    let real_time = libc::FUTEX_CLOCK_REALTIME.cast_unsigned();
    write_one(f, names::FUTEX, operation & !(private | real_time), Base::Hexadecimal)?;
    if operation & private != 0 {
        f.write_str("_PRIVATE")?;
    }
    if operation & real_time != 0 {
        f.write_str("|FUTEX_CLOCK_REALTIME")?;
    }
    Ok(())
}

/// How a value without a name is written.
#[derive(Clone, Copy)]
enum Base {
    Decimal,
    Hexadecimal,
}

fn write_one(f: &mut impl fmt::Write, values: &[Name], value: u32, base: Base) -> fmt::Result {
    match (values.iter().find(|(named, _)| *named == value), base) {
        (Some((_, name)), _) => f.write_str(name),
        (None, Base::Decimal) => write!(f, "{}", value.cast_signed()),
        (None, Base::Hexadecimal) => write!(f, "{value:#x}"),
    }
}

/// Writes flags with `|` between them.
///
/// # Arguments
///
/// * `is_first`: whether nothing stands before them.
fn write_flags(
    f: &mut impl fmt::Write,
    flags: &[Name],
    value: u32,
    mut is_first: bool,
) -> fmt::Result {
    if value == 0 {
        return if is_first { f.write_char('0') } else { Ok(()) };
    }
    let mut rest = value;
    let mut bar = |f: &mut dyn fmt::Write| {
        if is_first {
            is_first = false;
            Ok(())
        } else {
            f.write_char('|')
        }
    };
    for (flag, name) in flags {
        if *flag != 0 && rest & flag == *flag {
            rest &= !flag;
            bar(f)?;
            f.write_str(name)?;
        }
    }
    if rest != 0 {
        bar(f)?;
        write!(f, "{rest:#x}")?;
    }
    Ok(())
}

/// Writes a result: an error by its name, an address as one.
fn write_result(f: &mut impl fmt::Write, result: Option<isize>) -> fmt::Result {
    let Some(result) = result else { return f.write_str(" = ?") };
    match (errno::of_result(result), u32::try_from(result)) {
        (Some(number), _) => match errno::name(number) {
            Some(name) => write!(f, " = -1 {name}"),
            None => write!(f, " = -1 error {number}"),
        },
        (None, Ok(small)) => write!(f, " = {small}"),
        (None, Err(_)) => write!(f, " = {result:#x}"),
    }
}
