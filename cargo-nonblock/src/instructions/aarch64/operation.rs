//! What the instructions of 64-bit Arm do to registers and memory.

use crate::instructions::instruction::{Instruction as Described, Register};

/// The stack pointer.
pub(crate) const STACK: Register = Register(31);
/// The frame pointer.
pub(crate) const FRAME: Register = Register(29);
/// Where a function returns to.
pub(crate) const LINK: Register = Register(30);
/// The register that is always zero. It has a number of its own here.
pub(crate) const ZERO: Register = Register(32);

/// The registers that a function gives back as it found them: X19 to X29.
pub(crate) const SAVED: u32 = 0x3ff8_0000;

/// The registers of a function's first arguments, and of a system call's.
pub(crate) const ARGUMENTS: [Register; 6] =
    [Register(0), Register(1), Register(2), Register(3), Register(4), Register(5)];

/// The register of a system call's number: X8.
pub(crate) const SYSTEM_CALL_NUMBER: Register = Register(8);

/// The length of each instruction.
pub(crate) const LENGTH: u64 = 4;

/// What an instruction does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instruction {
    pub(crate) described: Described,
    pub(crate) operation: Operation,
    /// The general registers that it may write: a bit for each.
    pub(crate) written: u32,
    /// Those that it names.
    pub(crate) named: u32,
    /// The one with the address to which it calls or jumps.
    pub(crate) jumps_by: Option<Register>,
    /// The one of eight bytes that it compares with zero.
    pub(crate) compares: Option<Register>,
    /// Whether it jumps if what it compares, or was compared before, is zero or equal, or if it is not. `None` if it does neither.
    pub(crate) jumps_if_equal: Option<bool>,
}

/// What an instruction does to registers and memory. What it writes besides, `written` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A register gets a number, or an address that is fixed.
    Constant {
        to: Register,
        value: u64,
    },
    /// A part of a register gets a number: the bits of a mask are taken out before.
    Insert {
        to: Register,
        value: u64,
        mask: u64,
    },
    /// A register gets what another has: all of it, or the lower half.
    Copy {
        to: Register,
        from: Register,
        is_whole: bool,
    },
    /// A register gets what another has, plus a number.
    AddConstant {
        to: Register,
        from: Register,
        by: u64,
    },
    /// A register gets the sum of two, of which the second is made longer, and shifted to the left.
    Add {
        to: Register,
        from: Register,
        by: Register,
        longer: Longer,
        shift: u8,
    },
    /// A register gets a product, or what another has, shifted to the left.
    Multiply {
        to: Register,
        one: Register,
        other: Register,
    },
    ShiftLeft {
        to: Register,
        by: u32,
    },
    /// A register gets what one of two has.
    Select {
        to: Register,
        one: Register,
        other: Register,
    },
    /// Memory is read: so many bytes, into a register that they fill, or into two. Others are not told.
    Load {
        to: [Option<Register>; 2],
        from: Place,
        bytes: u8,
        longer: Longer,
    },
    /// Memory is written: so many bytes, or 0 if nobody says. If all of it comes from one general register, or from two, it is these.
    Store {
        what: [Option<Register>; 2],
        to: Place,
        bytes: u8,
    },
    /// Memory is written anywhere.
    StoreAnywhere,
    /// Where the function returns to gets a signature, or loses it.
    Sign,
    /// It writes no memory.
    Other,
}

/// How a number of fewer bytes is made one of eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Longer {
    /// It has eight already.
    No,
    /// From so many bytes, with zeros.
    Zeros(u8),
    /// From so many bytes, with its sign.
    Sign(u8),
}

/// Where an instruction reads or writes memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) base: Base,
    /// What is added: a register, made longer, and shifted to the left.
    pub(crate) index: Option<(Register, Longer, u8)>,
    pub(crate) offset: i64,
    /// What is added to the base afterwards, if anything is.
    pub(crate) update: Option<i64>,
}

/// From where a place is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    Register(Register),
    Address(u64),
}
