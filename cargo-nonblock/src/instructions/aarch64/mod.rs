//! The instructions of 64-bit Arm.
//!
//! They are decoded by `yaxpeax-arm`. What it cannot decode is no instruction here, and so is what only the kernel may execute. Of the rest
//! it is told which registers each may write: too many in doubt, and never too few.

mod computing;
mod memory;
mod operands;
#[cfg(test)]
mod tests;
mod words;

use yaxpeax_arch::{Decoder as _, U8Reader};
use yaxpeax_arm::armv8::a64::{InstDecoder, Instruction as Decoded, Opcode, Operand, SizeCode};

use super::instruction::{Filler, Flow, Instruction as Described, Register, SystemCall};
use computing::{computes, written_by_computing};
use memory::{moves, written_by_moving};
use operands::{register, registers, whole};
pub(crate) use words::{branch_target, computed};

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

/// Reads instructions, from the first byte to the last. Returns also where bytes are that are none, if there are any: data may lie in between.
pub(crate) fn read(bytes: &[u8], start: u64) -> (Vec<Instruction>, Option<u64>) {
    let decoder = InstDecoder::default();
    let mut instructions = Vec::with_capacity(bytes.len() / 4);
    let mut unreadable = (!start.is_multiple_of(LENGTH)).then_some(start);
    let words = bytes.chunks_exact(4);
    if !words.remainder().is_empty() {
        unreadable = unreadable.or(Some(start));
    }
    for (address, word) in (start..).step_by(4).zip(words) {
        let word = [word[0], word[1], word[2], word[3]];
        let found = decoder.decode(&mut U8Reader::new(&word)).ok();
        let instruction = found.and_then(|found| described(&found, word, address));
        instructions.push(instruction.unwrap_or_else(|| {
            unreadable = unreadable.or(Some(address));
            unknown(address)
        }));
    }
    (instructions, unreadable)
}

/// Whether an instruction begins at an address in a function.
pub(crate) fn begins_instruction(bytes: &[u8], start: u64, address: u64) -> bool {
    let offset = address.checked_sub(start);
    offset.is_some_and(|offset| offset.is_multiple_of(LENGTH) && offset < bytes.len() as u64)
        && start.is_multiple_of(LENGTH)
}

/// Whether an instruction is one of those by which a stub finds where it jumps to: it writes no registers but X16 and X17.
pub(crate) fn only_loads(instruction: &Instruction) -> bool {
    let of_stubs = Register(16).bit() | Register(17).bit();
    let is_known = match instruction.operation {
        Operation::Constant { .. }
        | Operation::AddConstant { .. }
        | Operation::Copy { .. }
        | Operation::Load { .. } => true,
        _ => instruction.described.filler != Filler::No,
    };
    is_known && instruction.written & !of_stubs == 0 && instruction.described.flow == Flow::Next
}

/// An instruction of which nothing is known but that it is there.
fn unknown(address: u64) -> Instruction {
    let described = Described {
        address,
        flow: Flow::Other,
        target: None,
        system_call: SystemCall::No,
        filler: Filler::No,
    };
    let operation = Operation::StoreAnywhere;
    let (written, named) = (u32::MAX, u32::MAX);
    Instruction {
        described,
        operation,
        written,
        named,
        jumps_by: None,
        compares: None,
        jumps_if_equal: None,
    }
}

/// The groups of instructions, by the bits 25 to 28.
enum Group {
    Branches,
    Memory,
    Vectors,
    Computing,
    Others,
}

fn group(word: u32) -> Group {
    match word >> 25 & 0b1111 {
        0b1010 | 0b1011 => Group::Branches,
        0b0100 | 0b0110 | 0b1100 | 0b1110 => Group::Memory,
        0b0111 | 0b1111 => Group::Vectors,
        0b1000 | 0b1001 | 0b0101 | 0b1101 => Group::Computing,
        _ => Group::Others,
    }
}

/// Tells what an instruction does. `None` if it is none that a program has.
fn described(decoded: &Decoded, word: [u8; 4], address: u64) -> Option<Instruction> {
    let flow_and_target = match group(u32::from_le_bytes(word)) {
        Group::Branches => branch(decoded, address)?,
        Group::Others if decoded.opcode == Opcode::UDF => (Flow::Exception, None),
        Group::Others => return None,
        _ => (Flow::Next, None),
    };
    let (flow, target) = flow_and_target;
    let is_system_call = decoded.opcode == Opcode::SVC;
    let system_call = if is_system_call { SystemCall::Yes } else { SystemCall::No };
    let filler = match decoded.opcode {
        Opcode::HINT => match hint(decoded) {
            0 => Filler::Nop,
            // `bti`, in its four forms.
            32 | 34 | 36 | 38 => Filler::Mark,
            _ => Filler::No,
        },
        Opcode::PACIASP | Opcode::PACIBSP => Filler::Mark,
        _ => Filler::No,
    };
    let described = Described { address, flow, target, system_call, filler };
    let (operation, written) = match group(u32::from_le_bytes(word)) {
        Group::Computing => (computes(decoded, address), written_by_computing(decoded)),
        Group::Memory => (moves(decoded, address), written_by_moving(decoded)),
        Group::Vectors => (Operation::Other, registers(decoded)),
        Group::Branches => (in_branches(decoded), written_by_branches(decoded)),
        Group::Others => (Operation::Other, 0),
    };
    let is_indirect = matches!(flow, Flow::IndirectCall | Flow::IndirectJump);
    let jumps_by = register(decoded.operands[0]).filter(|_| is_indirect);
    // The decoder names another register for what is written to one of the system's.
    let moved = if decoded.opcode == Opcode::MSR { u32::MAX } else { 0 };
    let named = registers(decoded) | written | moved;
    let jumps_if_equal = match decoded.opcode {
        Opcode::CBZ | Opcode::Bcc(0) => Some(true),
        Opcode::CBNZ | Opcode::Bcc(1) => Some(false),
        _ => None,
    };
    let compares = match (decoded.opcode, decoded.operands) {
        (Opcode::CBZ | Opcode::CBNZ, [of, ..]) => whole(of),
        (Opcode::SUBS, [Operand::Register(SizeCode::X, 31), of, Operand::Immediate(0), _]) => {
            whole(of)
        }
        _ => None,
    };
    Some(Instruction { described, operation, written, named, jumps_by, compares, jumps_if_equal })
}

/// Returns where an instruction of the group of branches leads. `None` if only the kernel may execute it, or nothing is known of it.
fn branch(decoded: &Decoded, address: u64) -> Option<(Flow, Option<u64>)> {
    let [first, second, third, _] = decoded.operands;
    let to = |operand: Operand| match operand {
        Operand::PCOffset(distance) => Some(address.wrapping_add_signed(distance)),
        _ => None,
    };
    Some(match decoded.opcode {
        Opcode::B => (Flow::Jump, Some(to(first)?)),
        Opcode::Bcc(_) | Opcode::BCcc(_) => (Flow::ConditionalJump, Some(to(first)?)),
        Opcode::CBZ | Opcode::CBNZ => (Flow::ConditionalJump, Some(to(second)?)),
        Opcode::TBZ | Opcode::TBNZ => (Flow::ConditionalJump, Some(to(third)?)),
        Opcode::BL => (Flow::Call, Some(to(first)?)),
        Opcode::BLR | Opcode::BLRAA | Opcode::BLRAAZ | Opcode::BLRAB | Opcode::BLRABZ => {
            (Flow::IndirectCall, None)
        }
        Opcode::BR | Opcode::BRAA | Opcode::BRAAZ | Opcode::BRAB | Opcode::BRABZ => {
            (Flow::IndirectJump, None)
        }
        Opcode::RET if register(first) == Some(LINK) => (Flow::Return, None),
        // It jumps to an address like any other.
        Opcode::RET => (Flow::IndirectJump, None),
        Opcode::RETAA | Opcode::RETAB => (Flow::Return, None),
        Opcode::SVC => (Flow::Call, None),
        // By these, compilers end a program: LLVM, and gcc.
        Opcode::BRK if matches!(first, Operand::Imm16(1 | 1000)) => (Flow::Exception, None),
        Opcode::BRK => (Flow::Interrupt, None),
        Opcode::HINT
        | Opcode::MSR
        | Opcode::MRS
        | Opcode::SYS(_)
        | Opcode::SYSL(_)
        | Opcode::ISB
        | Opcode::DSB(_)
        | Opcode::DMB(_)
        | Opcode::SB
        | Opcode::CLREX
        | Opcode::PACIA1716
        | Opcode::PACIB1716
        | Opcode::AUTIA1716
        | Opcode::AUTIB1716 => (Flow::Next, None),
        opcode if signs(opcode) => (Flow::Next, None),
        _ => return None,
    })
}

/// The number of a hint.
fn hint(decoded: &Decoded) -> u32 {
    match decoded.operands {
        [Operand::ControlReg(high), Operand::Immediate(low), ..] => u32::from(high) * 8 + low,
        _ => u32::MAX,
    }
}

fn written_by_branches(decoded: &Decoded) -> u32 {
    match decoded.opcode {
        Opcode::BL
        | Opcode::BLR
        | Opcode::BLRAA
        | Opcode::BLRAAZ
        | Opcode::BLRAB
        | Opcode::BLRABZ => LINK.bit(),
        Opcode::MRS | Opcode::SYSL(_) => registers(decoded),
        Opcode::PACIA1716 | Opcode::PACIB1716 | Opcode::AUTIA1716 | Opcode::AUTIB1716 => {
            Register(17).bit()
        }
        opcode if signs(opcode) => LINK.bit(),
        // The kernel gives back all but the result.
        Opcode::SVC => Register(0).bit(),
        _ => 0,
    }
}

/// Whether an instruction signs the address to which the function returns, or takes its signature away.
fn signs(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::PACIASP
            | Opcode::PACIBSP
            | Opcode::PACIAZ
            | Opcode::PACIBZ
            | Opcode::AUTIASP
            | Opcode::AUTIBSP
            | Opcode::AUTIAZ
            | Opcode::AUTIBZ
            | Opcode::XPACLRI
    )
}

/// What an instruction of the group of branches does to memory.
fn in_branches(decoded: &Decoded) -> Operation {
    match decoded.opcode {
        // Some clear the memory of a cache's line.
        Opcode::SYS(_) | Opcode::SYSL(_) => Operation::StoreAnywhere,
        _ if signs(decoded.opcode) => Operation::Sign,
        _ => Operation::Other,
    }
}
