//! Where code takes the address of a function, and where it only calls it.

use iced_x86::{Decoder, DecoderOptions, FlowControl, InstructionInfoFactory, OpKind};

use super::x86_64::CALLERS;
use crate::elf::{Function, Program};
use crate::instructions::aarch64;
use crate::machine::Machine;

/// Returns the functions whose addresses a function's instructions compute by their distance, with where each has it. Bytes that only
/// look like such an instruction are no harm.
pub(super) fn computed(program: &Program<'_>, function: &Function<'_>) -> Vec<(u64, usize)> {
    let (code, start) = (program.code(function).unwrap_or(&[]), function.address);
    match program.machine() {
        Machine::X86_64 => computed_on_x86_64(program, code, start).collect(),
        Machine::AArch64 => {
            let computed = aarch64::computed(code, start).into_iter();
            computed
                .filter_map(|(place, target)| Some((place, program.function_at(target)?)))
                .collect()
        }
    }
}

fn computed_on_x86_64(
    program: &Program<'_>,
    code: &[u8],
    start: u64,
) -> impl Iterator<Item = (u64, usize)> {
    memchr::memchr_iter(0x8d, code).filter_map(move |at| {
        let mode = code.get(at + 1)?;
        if mode & 0b1100_0111 != 0b0000_0101 {
            return None;
        }
        let distance = code.get(at + 2..at + 6)?.try_into().map(i32::from_le_bytes).ok()?;
        let place = start.checked_add(at as u64 + 2)?;
        let target = place.wrapping_add(4).wrapping_add_signed(i64::from(distance));
        Some((place, program.function_at(target)?))
    })
}

/// Whether what the linker filled in at a place in code is where a call or a jump leads, and nothing that anybody keeps.
pub(super) fn is_call(program: &Program<'_>, place: u64) -> bool {
    let Some(function) = program.function_around(place) else { return false };
    let function = &program.functions()[function];
    let Some(code) = program.code(function) else { return false };
    let Some(at) = place.checked_sub(function.address).and_then(|at| usize::try_from(at).ok())
    else {
        return false;
    };
    if program.machine() == Machine::AArch64 {
        let word = code.get(at..).and_then(|rest| rest.first_chunk()).copied();
        let target = word.and_then(|word| aarch64::branch_target(u32::from_le_bytes(word), place));
        return target.is_some_and(|target| leads_to_code(program, target));
    }
    let byte = |before: usize| at.checked_sub(before).and_then(|at| code.get(at)).copied();
    match (byte(2), byte(1)) {
        // call and jmp, which the linker also makes of those by a slot; the conditional jumps.
        (_, Some(0xe8 | 0xe9)) | (Some(0x0f), Some(0x80..=0x8f)) => {
            let Some(rest) = code.get(at..at.saturating_add(4)) else { return false };
            let Ok(distance) = rest.try_into().map(i32::from_le_bytes) else { return false };
            let target = place.wrapping_add(4).wrapping_add_signed(i64::from(distance));
            // So it is no number that happens to stand behind such a byte.
            leads_to_code(program, target)
        }
        // call and jmp by a slot.
        (Some(0xff), Some(0x15 | 0x25)) => {
            let Some(rest) = code.get(at..at.saturating_add(4)) else { return false };
            let Ok(distance) = rest.try_into().map(i32::from_le_bytes) else { return false };
            let slot = place.wrapping_add(4).wrapping_add_signed(i64::from(distance));
            program.slot(slot).is_some()
        }
        _ => is_loaded_for_call(code, at),
    }
}

fn leads_to_code(program: &Program<'_>, target: u64) -> bool {
    program.function_at(target).is_some()
        || program.stub(target).is_some()
        || program.function_around(target).is_some()
}

/// Whether the instruction with its last four bytes at some place loads an address into a register for a call that follows, and that
/// changes the register: so nothing else has the address.
fn is_loaded_for_call(code: &[u8], at: usize) -> bool {
    // mov or lea of eight bytes, from a distance.
    let Some(start) = at.checked_sub(3) else { return false };
    let Some(&[0x48 | 0x4c, 0x8b | 0x8d, mode]) = code.get(start..at) else { return false };
    if mode & 0b1100_0111 != 0b0000_0101 {
        return false;
    }
    let mut instructions = Decoder::new(64, &code[start..], DecoderOptions::NONE).into_iter();
    let Some(load) = instructions.next() else { return false };
    let register = load.op0_register();
    let mut info = InstructionInfoFactory::new();
    for instruction in instructions.take(MOST_BETWEEN) {
        let calls = [FlowControl::IndirectCall, FlowControl::IndirectBranch];
        let calls_it = calls.contains(&instruction.flow_control())
            && instruction.op0_kind() == OpKind::Register
            && instruction.op0_register() == register;
        if calls_it {
            return CALLERS.contains(&register);
        }
        let used = info.info(&instruction).used_registers();
        if instruction.is_invalid()
            || instruction.flow_control() != FlowControl::Next
            || used.iter().any(|used| used.register().full_register() == register)
        {
            return false;
        }
    }
    false
}

/// How many instructions may stand between the one that loads an address, and the call of it.
const MOST_BETWEEN: usize = 32;

#[cfg(test)]
mod tests {
    use super::is_loaded_for_call;

    #[test]
    fn an_address_that_is_loaded_to_be_called_is_not_taken() {
        // mov rax, [rip + 0]; call rax
        assert!(is_loaded_for_call(&[0x48, 0x8b, 0x05, 0, 0, 0, 0, 0xff, 0xd0], 3));
        // lea r10, [rip + 0]; call r10
        assert!(is_loaded_for_call(&[0x4c, 0x8d, 0x15, 0, 0, 0, 0, 0x41, 0xff, 0xd2], 3));
        // mov rax, [rip + 0]; call rcx
        assert!(!is_loaded_for_call(&[0x48, 0x8b, 0x05, 0, 0, 0, 0, 0xff, 0xd1], 3));
        // mov rax, [rip + 0]; mov rdi, rsp; call rax
        assert!(is_loaded_for_call(
            &[0x48, 0x8b, 0x05, 0, 0, 0, 0, 0x48, 0x89, 0xe7, 0xff, 0xd0],
            3
        ));
        // mov rax, [rip + 0]; mov rdi, rax; call rax
        assert!(!is_loaded_for_call(
            &[0x48, 0x8b, 0x05, 0, 0, 0, 0, 0x48, 0x89, 0xc7, 0xff, 0xd0],
            3
        ));
        // mov rbx, [rip + 0]; call rbx: it is kept.
        assert!(!is_loaded_for_call(&[0x48, 0x8b, 0x1d, 0, 0, 0, 0, 0xff, 0xd3], 3));
        // mov rax, [rip + 0]; ret
        assert!(!is_loaded_for_call(&[0x48, 0x8b, 0x05, 0, 0, 0, 0, 0xc3], 3));
    }
}
