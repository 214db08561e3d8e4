//! The instructions of x86-64.

use iced_x86::{
    Code, Decoder, DecoderOptions, FlowControl, Instruction as Decoded, InstructionInfoFactory,
    InstructionInfoOptions, Mnemonic, OpAccess, OpKind, Register as Named,
};

use super::instruction::{Filler, Flow, Instruction, Register, SystemCall};

/// The registers that a function gives back as it found them.
pub(crate) const SAVED: u32 = bits(&[3, 5, 12, 13, 14, 15]);

/// The registers of a function's first arguments: RDI, RSI, RDX, RCX, R8, R9.
pub(crate) const ARGUMENTS: [Register; 6] =
    [Register(7), Register(6), Register(2), Register(1), Register(8), Register(9)];

/// The registers of a system call's first arguments: R10 in place of RCX.
pub(crate) const SYSTEM_CALL_ARGUMENTS: [Register; 6] =
    [Register(7), Register(6), Register(2), Register(10), Register(8), Register(9)];

/// The register of a system call's number: RAX.
pub(crate) const SYSTEM_CALL_NUMBER: Register = Register(0);

const fn bits(numbers: &[u8]) -> u32 {
    let (mut bits, mut at) = (0, 0);
    while at < numbers.len() {
        bits |= 1 << numbers[at];
        at += 1;
    }
    bits
}

/// Reads instructions, from the first byte to the last. Returns also where bytes are that are none, if there are any.
pub(crate) fn read(bytes: &[u8], start: u64) -> (Vec<Decoded>, Option<u64>) {
    let mut instructions = Vec::with_capacity(bytes.len() / 4);
    let mut decoder = Decoder::with_ip(64, bytes, start, DecoderOptions::NONE);
    while decoder.can_decode() {
        let instruction = decoder.decode();
        if instruction.is_invalid() {
            return (instructions, Some(instruction.ip()));
        }
        instructions.push(instruction);
    }
    (instructions, None)
}

/// Tells what an instruction does to the flow of control.
pub(crate) fn described(decoded: &Decoded) -> Instruction {
    let flow = match decoded.flow_control() {
        FlowControl::Next => Flow::Next,
        FlowControl::UnconditionalBranch => Flow::Jump,
        FlowControl::ConditionalBranch => Flow::ConditionalJump,
        FlowControl::IndirectBranch => Flow::IndirectJump,
        FlowControl::Call => Flow::Call,
        FlowControl::IndirectCall => Flow::IndirectCall,
        FlowControl::Return => Flow::Return,
        FlowControl::Interrupt => Flow::Interrupt,
        FlowControl::Exception => Flow::Exception,
        FlowControl::XbeginXabortXend => Flow::Other,
    };
    let system_call = match decoded.code() {
        Code::Syscall => SystemCall::Yes,
        Code::Sysenter => SystemCall::Old,
        // `int 0x80`, whose numbers are those of 32-bit programs.
        Code::Int_imm8 if decoded.immediate8() == 0x80 => SystemCall::Old,
        _ => SystemCall::No,
    };
    let filler = match decoded.mnemonic() {
        Mnemonic::Nop => Filler::Nop,
        Mnemonic::Endbr64 => Filler::Mark,
        Mnemonic::Hlt => Filler::Halt,
        _ if pads(decoded) => Filler::Same,
        _ => Filler::No,
    };
    Instruction { address: decoded.ip(), flow, target: near_target(decoded), system_call, filler }
}

/// Whether an instruction does nothing, as assemblers fill gaps.
fn pads(instruction: &Decoded) -> bool {
    let is_same = instruction.op0_kind() == OpKind::Register
        && instruction.op1_kind() == OpKind::Register
        && instruction.op0_register() == instruction.op1_register();
    matches!(instruction.mnemonic(), Mnemonic::Xchg | Mnemonic::Mov) && is_same
        || instruction.mnemonic() == Mnemonic::Lea
            && instruction.memory_base() == instruction.op0_register()
            && instruction.memory_displacement64() == 0
            && instruction.memory_index() == Named::None
}

/// Where a direct call or jump leads. `None` if it is none.
pub(crate) fn near_target(instruction: &Decoded) -> Option<u64> {
    let is_near = matches!(
        instruction.op0_kind(),
        OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64
    );
    is_near.then(|| instruction.near_branch_target())
}

/// Returns the general register that another one is, or is a part of. `None` for all others.
pub(crate) fn general(register: Named) -> Option<Register> {
    let full = register.full_register();
    full.is_gpr64().then(|| Register(u8::try_from(full.number()).unwrap_or(u8::MAX)))
}

/// Returns the general registers that instructions write, or of which they write a part: a bit for each.
pub(crate) fn written(instructions: &[Decoded]) -> Vec<u32> {
    let mut info = InstructionInfoFactory::new();
    let written = instructions.iter().map(|instruction| {
        let info = info.info_options(instruction, InstructionInfoOptions::NO_MEMORY_USAGE);
        let written = info.used_registers().iter().filter(|used| !only_reads(used.access()));
        written.filter_map(|used| general(used.register())).fold(0, |bits, of| bits | of.bit())
    });
    written.collect()
}

/// Whether an instruction reads or writes a register, or a part of it.
pub(crate) fn uses(info: &mut InstructionInfoFactory, by: &Decoded, register: Register) -> bool {
    let used = info.info(by).used_registers();
    used.iter().any(|used| general(used.register()) == Some(register))
}

/// Whether an access changes nothing.
pub(crate) fn only_reads(access: OpAccess) -> bool {
    matches!(access, OpAccess::Read | OpAccess::CondRead | OpAccess::NoMemAccess | OpAccess::None)
}

/// Whether an instruction begins at an address, by the instructions in order. Some code jumps behind the prefix that locks.
pub(crate) fn begins_instruction(instructions: &[Decoded], address: u64) -> bool {
    match instructions.binary_search_by_key(&address, Decoded::ip) {
        Ok(_) => true,
        Err(after) => after.checked_sub(1).is_some_and(|before| {
            let around = &instructions[before];
            around.has_lock_prefix() && around.ip() + 1 == address
        }),
    }
}

/// Reads the instructions until an address.
pub(crate) fn until(bytes: &[u8], start: u64, address: u64) -> Vec<Decoded> {
    let decoder = Decoder::with_ip(64, bytes, start, DecoderOptions::NONE);
    decoder.into_iter().take_while(|instruction| instruction.ip() <= address).collect()
}
