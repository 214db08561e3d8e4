//! The instructions of AArch64.
//!
//! They are decoded by `yaxpeax-arm`. What it cannot decode is no instruction here, and so is what only the kernel may execute. Of the rest
//! it is told which registers each may write: too many in doubt, and never too few.

use yaxpeax_arch::{Decoder as _, U8Reader};
use yaxpeax_arm::armv8::a64::{
    InstDecoder, Instruction as Decoded, Opcode, Operand, ShiftStyle, SizeCode,
};

use super::instruction::{Filler, Flow, Instruction as Described, Register, SystemCall};

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
    /// The one of eight bytes that it compares with zero, and whether it jumps if it is zero.
    pub(crate) is_zero: Option<(Register, bool)>,
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
        let decoded = decoder.decode(&mut U8Reader::new(&word)).ok();
        let instruction = decoded.and_then(|decoded| described(&decoded, word, address));
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
        Operation::Constant { .. } | Operation::AddConstant { .. } | Operation::Load { .. } => true,
        _ => instruction.described.filler != Filler::No,
    };
    is_known && instruction.written & !of_stubs == 0 && instruction.described.flow == Flow::Next
}

/// Returns where a word branches to, if it is a direct call or jump.
pub(crate) fn branch_target(word: u32, address: u64) -> Option<u64> {
    // `b` and `bl`; `b.cond`, `bc.cond`, `cbz` and `cbnz`; `tbz` and `tbnz`.
    let (bits, at) = match word {
        _ if word & 0x7c00_0000 == 0x1400_0000 => (26, 0),
        _ if word & 0xff00_0000 == 0x5400_0000 || word & 0x7e00_0000 == 0x3400_0000 => (19, 5),
        _ if word & 0x7e00_0000 == 0x3600_0000 => (14, 5),
        _ => return None,
    };
    let number = (word >> at << (32 - bits)).cast_signed() >> (32 - bits);
    Some(address.wrapping_add_signed(i64::from(number) * 4))
}

/// How many instructions may stand between the two that compute an address. Compilers put them next to each other, or nearly so.
const MOST_BETWEEN: usize = 64;

/// Returns the addresses that code computes by their distance, with where each is computed. Bytes that only look like such instructions are no
/// harm.
pub(crate) fn computed(code: &[u8], start: u64) -> Vec<(u64, u64)> {
    let word = |word: &[u8]| u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
    let words: Vec<u32> = code.chunks_exact(4).map(word).collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let here = start.wrapping_add(4 * at as u64);
        let number = (word >> 5 & 0x7_ffff) << 2 | word >> 29 & 0b11;
        let distance = i64::from((number << 11).cast_signed() >> 11);
        // `adr`
        if word & 0x9f00_0000 == 0x1000_0000 {
            found.push((here, here.wrapping_add_signed(distance)));
        }
        // `adrp`, and each `add` of a number to what it computes.
        if word & 0x9f00_0000 == 0x9000_0000 {
            let page = (here & !0xfff).wrapping_add_signed(distance << 12);
            let adds = words.iter().enumerate().skip(at + 1).take(MOST_BETWEEN);
            let adds = adds.filter(|(_, add)| {
                *add & 0xffc0_0000 == 0x9100_0000 && *add >> 5 & 0b1_1111 == word & 0b1_1111
            });
            found.extend(adds.map(|(at, add)| {
                let place = start.wrapping_add(4 * at as u64);
                (place, page.wrapping_add(u64::from(add >> 10 & 0xfff)))
            }));
        }
    }
    found
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
    Instruction { described, operation, written, named, jumps_by: None, is_zero: None }
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
    let named = registers(decoded) | written;
    let is_zero = match decoded.opcode {
        Opcode::CBZ => whole(decoded.operands[0]).map(|register| (register, true)),
        Opcode::CBNZ => whole(decoded.operands[0]).map(|register| (register, false)),
        _ => None,
    };
    Some(Instruction { described, operation, written, named, jumps_by, is_zero })
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

/// Returns the register that an operand is.
fn register(operand: Operand) -> Option<Register> {
    let number = |number: u16| u8::try_from(number).map(Register).ok();
    match operand {
        Operand::Register(_, 31) => Some(ZERO),
        Operand::Register(_, of) | Operand::RegisterOrSP(_, of) => number(of),
        _ => None,
    }
}

/// Returns the register of eight bytes that an operand is.
fn whole(operand: Operand) -> Option<Register> {
    match operand {
        Operand::Register(SizeCode::X, _) | Operand::RegisterOrSP(SizeCode::X, _) => {
            register(operand)
        }
        _ => None,
    }
}

/// Returns the register by which an address is given. There the last one is the stack pointer.
fn base(number: u16) -> Register {
    Register(u8::try_from(number).unwrap_or(u8::MAX))
}

/// Returns the register that is added to an address. There the last one is zero.
fn index(number: u16) -> Register {
    if number == 31 { ZERO } else { base(number) }
}

/// Returns the general registers that an operand names.
fn registers_of(operand: Operand) -> u32 {
    match operand {
        Operand::Register(..) | Operand::RegisterOrSP(..) => {
            register(operand).map_or(0, Register::bit)
        }
        Operand::RegisterPair(_, number) => index(number).bit() | index(number + 1).bit(),
        Operand::RegShift(_, _, _, number) => index(number).bit(),
        Operand::RegRegOffset(own, other, ..) | Operand::RegPostIndexReg(own, other) => {
            base(own).bit() | index(other).bit()
        }
        Operand::RegPreIndex(own, ..) | Operand::RegPostIndex(own, _) => base(own).bit(),
        _ => 0,
    }
}

/// Returns all general registers that an instruction names.
fn registers(decoded: &Decoded) -> u32 {
    decoded.operands.iter().fold(0, |bits, operand| bits | registers_of(*operand))
}

/// What computes writes its first operand only, if that is not what it compares.
fn written_by_computing(decoded: &Decoded) -> u32 {
    match decoded.opcode {
        Opcode::CCMP | Opcode::CCMN | Opcode::RMIF | Opcode::SETF8 | Opcode::SETF16 => 0,
        _ => registers_of(decoded.operands[0]),
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

/// The registers that what reads or writes memory writes.
fn written_by_moving(decoded: &Decoded) -> u32 {
    let [first, second, ..] = decoded.operands;
    let updated = decoded.operands.iter().fold(0, |bits, operand| match operand {
        Operand::RegPreIndex(own, _, true)
        | Operand::RegPostIndex(own, _)
        | Operand::RegPostIndexReg(own, _) => bits | base(*own).bit(),
        _ => bits,
    });
    let written = match kind(decoded.opcode) {
        Kind::Load { .. } => registers_of(first),
        Kind::LoadPair => registers_of(first) | registers_of(second),
        Kind::Store { .. } | Kind::StorePair | Kind::Prefetch => 0,
        // The first is whether it was stored.
        Kind::StoreExclusive => registers_of(first),
        Kind::Other => registers(decoded),
    };
    written | updated
}

/// What an instruction does that reads or writes memory.
enum Kind {
    /// So many bytes, or 0 if that depends on the register.
    Load {
        bytes: u8,
        is_signed: bool,
    },
    LoadPair,
    Store {
        bytes: u8,
    },
    StorePair,
    StoreExclusive,
    Prefetch,
    Other,
}

fn kind(opcode: Opcode) -> Kind {
    let load = |bytes, is_signed| Kind::Load { bytes, is_signed };
    match opcode {
        Opcode::LDR | Opcode::LDUR | Opcode::LDTR | Opcode::LDAR | Opcode::LDLAR => load(0, false),
        Opcode::LDXR | Opcode::LDAXR | Opcode::LDAPR | Opcode::LDAPUR => load(0, false),
        Opcode::LDRB | Opcode::LDURB | Opcode::LDTRB | Opcode::LDARB | Opcode::LDLARB => {
            load(1, false)
        }
        Opcode::LDXRB | Opcode::LDAXRB | Opcode::LDAPRB | Opcode::LDAPURB => load(1, false),
        Opcode::LDRH | Opcode::LDURH | Opcode::LDTRH | Opcode::LDARH | Opcode::LDLARH => {
            load(2, false)
        }
        Opcode::LDXRH | Opcode::LDAXRH | Opcode::LDAPRH | Opcode::LDAPURH => load(2, false),
        Opcode::LDRSB | Opcode::LDURSB | Opcode::LDTRSB | Opcode::LDAPURSB => load(1, true),
        Opcode::LDRSH | Opcode::LDURSH | Opcode::LDTRSH | Opcode::LDAPURSH => load(2, true),
        Opcode::LDRSW | Opcode::LDURSW | Opcode::LDTRSW | Opcode::LDAPURSW => load(4, true),
        Opcode::LDP | Opcode::LDNP | Opcode::LDPSW | Opcode::LDXP | Opcode::LDAXP => Kind::LoadPair,
        Opcode::STR | Opcode::STUR | Opcode::STTR | Opcode::STLR | Opcode::STLLR => {
            Kind::Store { bytes: 0 }
        }
        Opcode::STLUR => Kind::Store { bytes: 0 },
        Opcode::STRB | Opcode::STURB | Opcode::STTRB | Opcode::STLRB | Opcode::STLLRB => {
            Kind::Store { bytes: 1 }
        }
        Opcode::STLURB => Kind::Store { bytes: 1 },
        Opcode::STRH | Opcode::STURH | Opcode::STTRH | Opcode::STLRH | Opcode::STLLRH => {
            Kind::Store { bytes: 2 }
        }
        Opcode::STLURH => Kind::Store { bytes: 2 },
        Opcode::STP | Opcode::STNP => Kind::StorePair,
        Opcode::STXR | Opcode::STLXR | Opcode::STXP | Opcode::STLXP => Kind::StoreExclusive,
        Opcode::STXRB | Opcode::STLXRB | Opcode::STXRH | Opcode::STLXRH => Kind::StoreExclusive,
        Opcode::PRFM | Opcode::PRFUM => Kind::Prefetch,
        _ => Kind::Other,
    }
}

/// Returns the place in memory that an operand is. `None` if nobody says which it is.
fn place(operand: Operand, address: u64) -> Option<Place> {
    let at = |own, offset, update| Place {
        base: Base::Register(base(own)),
        index: None,
        offset,
        update,
    };
    Some(match operand {
        Operand::PCOffset(distance) => Place {
            base: Base::Address(address.wrapping_add_signed(distance)),
            index: None,
            offset: 0,
            update: None,
        },
        Operand::RegPreIndex(own, offset, is_updated) => {
            let offset = i64::from(offset);
            at(own, offset, is_updated.then_some(offset))
        }
        Operand::RegPostIndex(own, by) => at(own, 0, Some(i64::from(by))),
        Operand::RegRegOffset(own, other, size, style, shift) => {
            let longer = longer(style, size)?;
            Place { index: Some((index(other), longer, shift)), ..at(own, 0, None) }
        }
        _ => return None,
    })
}

/// Returns how a register is made longer that is added.
fn longer(style: ShiftStyle, size: SizeCode) -> Option<Longer> {
    Some(match (style, size) {
        (ShiftStyle::LSL | ShiftStyle::UXTX | ShiftStyle::SXTX, SizeCode::X) => Longer::No,
        (ShiftStyle::UXTB, _) => Longer::Zeros(1),
        (ShiftStyle::UXTH, _) => Longer::Zeros(2),
        (ShiftStyle::UXTW | ShiftStyle::LSL, SizeCode::W) => Longer::Zeros(4),
        (ShiftStyle::SXTB, _) => Longer::Sign(1),
        (ShiftStyle::SXTH, _) => Longer::Sign(2),
        (ShiftStyle::SXTW, SizeCode::W) => Longer::Sign(4),
        _ => return None,
    })
}

/// How many bytes a register has that is loaded or stored.
fn bytes_of(operand: Operand) -> u8 {
    match operand {
        Operand::Register(SizeCode::X, _) => 8,
        Operand::Register(SizeCode::W, _) => 4,
        // All of a vector register, at most.
        _ => 16,
    }
}

/// What reads or writes memory does.
fn moves(decoded: &Decoded, address: u64) -> Operation {
    let [first, second, third, _] = decoded.operands;
    let known = match kind(decoded.opcode) {
        Kind::Load { bytes, is_signed } => place(second, address).map(|from| {
            let bytes = if bytes == 0 { bytes_of(first) } else { bytes };
            let longer = match bytes {
                8.. => Longer::No,
                _ if is_signed => Longer::Sign(bytes),
                _ => Longer::Zeros(bytes),
            };
            Operation::Load { to: [register(first), None], from, bytes, longer }
        }),
        Kind::LoadPair => place(third, address).map(|from| {
            let is_whole = decoded.opcode != Opcode::LDPSW && whole(first).is_some();
            let (bytes, longer) = if is_whole { (8, Longer::No) } else { (0, Longer::Zeros(4)) };
            let to = if is_whole { [whole(first), whole(second)] } else { [None, None] };
            Operation::Load { to, from, bytes, longer }
        }),
        Kind::Store { bytes } => place(second, address).map(|to| {
            let bytes = if bytes == 0 { bytes_of(first) } else { bytes };
            let what = if bytes == 8 { [whole(first), None] } else { [None, None] };
            Operation::Store { what, to, bytes }
        }),
        Kind::StorePair => place(third, address).map(|to| {
            let what = [whole(first), whole(second)];
            Operation::Store { what, to, bytes: bytes_of(first).saturating_mul(2) }
        }),
        Kind::Prefetch => return Operation::Other,
        Kind::StoreExclusive | Kind::Other => {
            let mut operands = decoded.operands.iter();
            let place = operands.find_map(|operand| place(*operand, address));
            // So much is written by none that is not one of several vectors.
            place.map(|to| Operation::Store { what: [None, None], to, bytes: 0 })
        }
    };
    known.unwrap_or(Operation::StoreAnywhere)
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

/// The number that an operand is.
fn number(operand: Operand) -> Option<u64> {
    Some(match operand {
        Operand::Immediate(value) => u64::from(value),
        Operand::Imm64(value) => value,
        Operand::ImmShift(value, shift) => u64::from(value).checked_shl(u32::from(shift))?,
        _ => return None,
    })
}

/// What computes does.
fn computes(decoded: &Decoded, address: u64) -> Operation {
    known(decoded, address).unwrap_or(Operation::Other)
}

fn known(decoded: &Decoded, address: u64) -> Option<Operation> {
    let [first, second, third, fourth] = decoded.operands;
    let to = register(first)?;
    let is_whole = whole(first).is_some();
    let half = |value: u64| if is_whole { value } else { value & 0xffff_ffff };
    Some(match (decoded.opcode, second, third) {
        (Opcode::ADR, Operand::PCOffset(distance), _) => {
            Operation::Constant { to, value: address.wrapping_add_signed(distance) }
        }
        (Opcode::ADRP, Operand::PCOffset(distance), _) => {
            Operation::Constant { to, value: (address & !0xfff).wrapping_add_signed(distance) }
        }
        (Opcode::MOVZ, ..) => Operation::Constant { to, value: half(number(second)?) },
        (Opcode::MOVN, ..) => Operation::Constant { to, value: half(!number(second)?) },
        (Opcode::MOVK, Operand::ImmShift(_, shift), _) => {
            let mask = 0xffff_u64.checked_shl(u32::from(shift))?;
            let rest = if is_whole { 0 } else { 0xffff_ffff_0000_0000 };
            Operation::Insert { to, value: number(second)?, mask: mask | rest }
        }
        (Opcode::ORR, _, Operand::RegShift(ShiftStyle::LSL, 0, _, from))
            if register(second)? == ZERO =>
        {
            Operation::Copy { to, from: index(from), is_whole }
        }
        (Opcode::ORR, _, Operand::Immediate(_) | Operand::Imm64(_))
            if register(second)? == ZERO =>
        {
            Operation::Constant { to, value: half(number(third)?) }
        }
        (Opcode::ADD | Opcode::SUB, _, Operand::Immediate(_) | Operand::ImmShift(..))
            if is_whole =>
        {
            let by = number(third)?;
            let by = if decoded.opcode == Opcode::ADD { by } else { by.wrapping_neg() };
            match by {
                0 => Operation::Copy { to, from: register(second)?, is_whole },
                _ => Operation::AddConstant { to, from: register(second)?, by },
            }
        }
        (Opcode::ADD, _, Operand::RegShift(style, shift, size, by)) if is_whole => {
            let longer = longer(style, size)?;
            Operation::Add { to, from: register(second)?, by: index(by), longer, shift }
        }
        (Opcode::MADD, _, _) if is_whole && register(fourth)? == ZERO => {
            Operation::Multiply { to, one: register(second)?, other: register(third)? }
        }
        (Opcode::UBFM, _, Operand::Immediate(rotated)) if is_whole => {
            let Operand::Immediate(last) = fourth else { return None };
            let by = 63_u32.checked_sub(last)?;
            let is_shift = last < 63 && rotated == last + 1;
            if !is_shift {
                return None;
            }
            Operation::ShiftLeft { to, by }
        }
        (Opcode::CSEL, ..) if is_whole => {
            Operation::Select { to, one: register(second)?, other: register(third)? }
        }
        _ => return None,
    })
}
