//! How the instructions of 64-bit Arm are read.

use yaxpeax_arch::{Decoder as _, U8Reader};
use yaxpeax_arm::armv8::a64::{InstDecoder, Instruction as Decoded, Opcode, Operand, SizeCode};

use super::computing::{computes, written_by_computing};
use super::memory::{moves, written_by_moving};
use super::operands::{register, registers, whole};
use super::operation::{Instruction, LENGTH, LINK, Operation};
use crate::instructions::instruction::{
    Filler, Flow, Instruction as Described, Register, SystemCall,
};

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
