//! What is known of one system call.

use super::condition::Exception;

/// A system call: its name, whether it may block, and what its arguments are.
#[derive(Debug)]
pub(crate) struct SystemCall {
    pub(crate) name: &'static str,
    pub(crate) class: Class,
    /// Why it may block; of a call that never does, why not. One sentence.
    pub(crate) reason: &'static str,
    /// The arguments that are worth printing, from the first on.
    pub(crate) arguments: &'static [Argument],
}

/// Whether a system call may block.
#[derive(Debug)]
pub(crate) enum Class {
    NeverBlocks,
    MayBlock,
    /// It may block, except where one of these holds.
    ByArguments(&'static [Exception]),
}

/// What an argument is, and so how it is printed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Argument {
    Descriptor,
    Pointer,
    /// A pointer to the name of a file.
    Path,
    /// A signed number of 32 bits.
    Int,
    /// A signed number of the machine's width.
    Long,
    /// A number without sign, of the machine's width.
    Size,
    /// Bits without names here.
    Hex,
    /// The permissions of a new file, or of one that is changed.
    Mode,
    /// The permissions of the file that the flags before may create.
    ModeOfNew,
    /// The number of a signal.
    Signal,
    /// The kind of a futex call, and its flags.
    FutexOperation,
    /// One of these values.
    OneOf(&'static [Name]),
    /// One value under a mask, and flags beside it.
    OneOfWithFlags {
        mask: u32,
        values: &'static [Name],
        flags: &'static [Name],
    },
    /// Any of these flags.
    Flags(&'static [Name]),
}

/// A value of 32 bits and its name.
pub(crate) type Name = (u32, &'static str);

impl SystemCall {
    /// Which argument is the name of a file: the first that is.
    pub(crate) fn path_argument(&self) -> Option<usize> {
        self.arguments.iter().position(|argument| matches!(argument, Argument::Path))
    }
}
