//! What a function's instructions do besides computing: where they call and jump to, and which system calls they make.

use crate::function_code::{Around, Decoded, FunctionCode, Target};
use crate::instructions::{Filler, Flow, Instruction, Register, SystemCall};
use crate::instructions::{aarch64, x86_64};

/// Something that an instruction does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The instruction's address.
    pub(crate) site: u64,
    /// The instruction's number.
    index: usize,
    pub(crate) action: Action,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    Call {
        target: Target,
    },
    /// A jump out of the function, after which it does not go on.
    TailCall {
        target: Target,
    },
    /// A `syscall` instruction, or an old form of it.
    SystemCall {
        number: Option<u32>,
        is_old: bool,
    },
}

/// The first arguments of a call, as far as they are in sight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments(pub(crate) [Option<Argument>; 6]);

/// An argument that is in sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    /// A constant.
    Constant(u64),
    /// What this slot of memory holds.
    Slot(u64),
}

/// What a function does.
#[derive(Debug)]
pub(crate) struct Disassembly {
    pub(crate) code: FunctionCode,
    pub(crate) steps: Vec<Step>,
    /// Where bytes are that are no instruction, if there are any.
    pub(crate) unreadable: Option<u64>,
    /// The address after the last instruction, if the function goes on there: into what follows it.
    pub(crate) falls_through: Option<u64>,
    /// The address after the last instruction, if that is a call: then the callee does not return, as a compiler knows.
    pub(crate) ends_in_call: Option<u64>,
}

impl Disassembly {
    /// Returns where in its own midst the function calls, if it does: what is called there may return to another place than behind the call.
    pub(crate) fn calls_own_midst(&self) -> Option<u64> {
        self.steps.iter().find_map(|step| match step.action {
            Action::Call { target: Target::Address(target) } => {
                let start = self.code.instructions().first()?.address;
                (target != start && self.code.contains(target)).then_some(target)
            }
            _ => None,
        })
    }

    /// Returns the first arguments of what a step calls.
    pub(crate) fn arguments(&self, step: &Step) -> Arguments {
        let is_system_call = matches!(step.action, Action::SystemCall { .. });
        let registers = match self.code.decoded() {
            Decoded::X86(_) if is_system_call => x86_64::SYSTEM_CALL_ARGUMENTS,
            Decoded::X86(_) => x86_64::ARGUMENTS,
            Decoded::Arm(_) => aarch64::ARGUMENTS,
        };
        Arguments(registers.map(|register| argument(&self.code, step.index, register)))
    }
}

/// Reads a function's instructions, one after the other from its first byte to its last.
pub(crate) fn disassemble(bytes: &[u8], address: u64, around: Around<'_>) -> Disassembly {
    let code = FunctionCode::read(bytes, address, around);
    let mut steps: Vec<_> =
        (0..code.instructions().len()).filter_map(|index| step(&code, index)).collect();
    // It is a jump to an address that was computed.
    if let Some(index) = code.returns_elsewhere() {
        let action = Action::TailCall { target: Target::Computed { offset: None } };
        steps.push(Step { site: code.instructions()[index].address, index, action });
    }
    // What follows the last instruction that does something is padding.
    let mut instructions = code.instructions().iter();
    let last = instructions.rfind(|instruction| instruction.filler != Filler::Nop);
    let goes_on = code.unreadable().is_none() && last.is_none_or(goes_on);
    let calls = last.is_some_and(|last| {
        matches!(last.flow, Flow::Call | Flow::IndirectCall) && last.system_call != SystemCall::Yes
    });
    let (unreadable, end) = (code.unreadable(), code.end());
    let falls_through = goes_on.then_some(end);
    let ends_in_call = (unreadable.is_none() && calls).then_some(end);
    Disassembly { code, steps, unreadable, falls_through, ends_in_call }
}

/// Whether execution goes on behind the last instruction of a function.
///
/// A call may be the last: then the callee does not return, as the compiler knows.
fn goes_on(last: &Instruction) -> bool {
    let ends = matches!(
        last.flow,
        Flow::Jump
            | Flow::IndirectJump
            | Flow::Return
            | Flow::Call
            | Flow::IndirectCall
            | Flow::Exception
            | Flow::Interrupt
    );
    last.system_call == SystemCall::Yes || !(ends || last.filler == Filler::Halt)
}

/// Returns what an instruction does, if it is one that leaves the function.
fn step(code: &FunctionCode, index: usize) -> Option<Step> {
    let instruction = &code.instructions()[index];
    let action = match instruction.flow {
        _ if instruction.system_call == SystemCall::Yes => Action::SystemCall {
            number: code.constant(index, system_call_number(code)).and_then(low_half),
            is_old: false,
        },
        _ if instruction.system_call == SystemCall::Old => OLD_SYSTEM_CALL,
        // Without a target the program calls the hypervisor, or begins a transaction.
        Flow::Call | Flow::IndirectCall => Action::Call { target: code.target(index)? },
        Flow::Jump | Flow::ConditionalJump => {
            let target = instruction.target.filter(|target| !code.contains(*target))?;
            Action::TailCall { target: Target::Address(target) }
        }
        Flow::IndirectJump if !code.is_jump_by_table(index) => {
            Action::TailCall { target: code.target(index)? }
        }
        _ => return None,
    };
    Some(Step { site: instruction.address, index, action })
}

/// The register that has the number of a system call.
fn system_call_number(code: &FunctionCode) -> Register {
    match code.decoded() {
        Decoded::X86(_) => x86_64::SYSTEM_CALL_NUMBER,
        Decoded::Arm(_) => aarch64::SYSTEM_CALL_NUMBER,
    }
}

fn argument(code: &FunctionCode, index: usize, register: Register) -> Option<Argument> {
    if let Some(value) = code.constant(index, register) {
        return Some(Argument::Constant(value));
    }
    match code.held(index, register)? {
        Target::Slot(slot) => Some(Argument::Slot(slot)),
        _ => None,
    }
}

const OLD_SYSTEM_CALL: Action = Action::SystemCall { number: None, is_old: true };

fn low_half(value: u64) -> Option<u32> {
    u32::try_from(value & 0xffff_ffff).ok()
}

#[cfg(test)]
mod tests {
    use super::{Action, Argument, Around, Step, Target};
    use crate::machine::Machine;

    /// Reads code that has no tables.
    fn disassemble(bytes: &[u8], address: u64) -> super::Disassembly {
        super::disassemble(bytes, address, Around::with_table(Machine::X86_64, &|_| None))
    }

    fn system_calls(bytes: &[u8]) -> Vec<Option<u32>> {
        let steps = disassemble(bytes, 0x1000).steps;
        let numbers = steps.into_iter().filter_map(|step| match step.action {
            Action::SystemCall { number, .. } => Some(number),
            _ => None,
        });
        numbers.collect()
    }

    #[test]
    fn the_number_of_a_system_call_is_a_constant_in_sight() {
        // mov eax, 35; syscall
        assert_eq!(system_calls(&[0xb8, 35, 0, 0, 0, 0x0f, 0x05]), [Some(35)]);
        // xor eax, eax; syscall
        assert_eq!(system_calls(&[0x31, 0xc0, 0x0f, 0x05]), [Some(0)]);
        // mov ecx, 39; mov rax, rcx; syscall
        assert_eq!(system_calls(&[0xb9, 39, 0, 0, 0, 0x48, 0x89, 0xc8, 0x0f, 0x05]), [Some(39)]);
    }

    #[test]
    fn the_number_of_a_system_call_is_not_guessed() {
        // mov rax, rdi; syscall: it is the caller's.
        assert_eq!(system_calls(&[0x48, 0x89, 0xf8, 0x0f, 0x05]), [None]);
        // mov eax, 39; mov al, dil; syscall: a part of it is the caller's.
        assert_eq!(system_calls(&[0xb8, 39, 0, 0, 0, 0x40, 0x88, 0xf8, 0x0f, 0x05]), [None]);
        // jmp +5; mov eax, 39; syscall: a jump comes from elsewhere to the call.
        assert_eq!(system_calls(&[0xeb, 5, 0xb8, 39, 0, 0, 0, 0x0f, 0x05]), [None]);
        // mov eax, 39; call rdx; syscall: the callee may have changed it.
        assert_eq!(system_calls(&[0xb8, 39, 0, 0, 0, 0xff, 0xd2, 0x0f, 0x05]), [None]);
        // int 0x80
        assert_eq!(system_calls(&[0xb8, 39, 0, 0, 0, 0xcd, 0x80]), [None]);
    }

    #[test]
    fn a_jump_out_of_the_function_is_a_call() {
        // jmp to the function's own start, and behind its end
        let steps = disassemble(&[0xeb, 0xfe], 0x1000).steps;
        assert!(steps.is_empty(), "{steps:?}");
        let steps = disassemble(&[0xeb, 0x10], 0x1000).steps;
        assert!(
            matches!(
                steps[..],
                [Step { action: Action::TailCall { target: Target::Address(0x1012) }, .. }]
            ),
            "{steps:?}"
        );
        // jmp rax
        let steps = disassemble(&[0xff, 0xe0], 0x1000).steps;
        assert!(
            matches!(
                steps[..],
                [Step {
                    action: Action::TailCall { target: Target::Computed { offset: None } },
                    ..
                }]
            ),
            "{steps:?}"
        );
    }

    #[test]
    fn a_call_of_an_address_that_was_loaded_before_is_followed() {
        let target = |bytes: &[u8]| {
            let mut steps = disassemble(bytes, 0x1000).steps.into_iter();
            steps.find_map(|step| match step.action {
                Action::Call { target } => Some(target),
                _ => None,
            })
        };
        // lea rax, [rip + 0x10]; call rax
        assert_eq!(
            target(&[0x48, 0x8d, 0x05, 0x10, 0, 0, 0, 0xff, 0xd0]),
            Some(Target::Address(0x1017))
        );
        // mov rax, [rip + 0x10]; call rax
        assert_eq!(
            target(&[0x48, 0x8b, 0x05, 0x10, 0, 0, 0, 0xff, 0xd0]),
            Some(Target::Slot(0x1017))
        );
        // mov rax, [rdi + 0x18]; call rax: a method of a trait object
        assert_eq!(
            target(&[0x48, 0x8b, 0x47, 0x18, 0xff, 0xd0]),
            Some(Target::Computed { offset: Some(0x18) })
        );
        // jmp +7; lea rax, [rip + 0x10]; call rax: another address may come from elsewhere.
        assert_eq!(
            target(&[0xeb, 7, 0x48, 0x8d, 0x05, 0x10, 0, 0, 0, 0xff, 0xd0]),
            Some(Target::Computed { offset: None })
        );
    }

    #[test]
    fn a_register_that_holds_one_address_throughout_is_followed() {
        let targets = |bytes: &[u8]| {
            let steps = disassemble(bytes, 0x1000).steps.into_iter();
            let targets = steps.filter_map(|step| match step.action {
                Action::Call { target } => Some(target),
                _ => None,
            });
            targets.collect::<Vec<_>>()
        };
        // mov rbx, [rip + 0x10]; call rbx; call rbx; pop rbx; ret
        let once = [0x48, 0x8b, 0x1d, 0x10, 0, 0, 0, 0xff, 0xd3, 0xff, 0xd3, 0x5b, 0xc3];
        assert_eq!(targets(&once), [Target::Slot(0x1017); 2]);
        // The same, with a jump back to the second call.
        let again =
            [0x48, 0x8b, 0x1d, 0x10, 0, 0, 0, 0xff, 0xd3, 0xff, 0xd3, 0x74, 0xfc, 0x5b, 0xc3];
        assert_eq!(targets(&again), [Target::Slot(0x1017); 2]);
        // The same, with mov rbx, rdi in between.
        let twice =
            [0x48, 0x8b, 0x1d, 0x10, 0, 0, 0, 0xff, 0xd3, 0x48, 0x89, 0xfb, 0xff, 0xd3, 0x5b, 0xc3];
        assert_eq!(targets(&twice), [Target::Slot(0x1017), Target::Computed { offset: None }]);
    }

    /// Where a function is so long that nobody can look at all of it, a register's value is not known.
    #[test]
    fn a_register_is_followed_over_a_bounded_number_of_instructions() {
        // mov rbx, [rip + 0x10]; nop ..; call rbx; ret
        let target = |nops: usize| {
            let nops = vec![0x90; nops];
            let code = [&[0x48, 0x8b, 0x1d, 0x10, 0, 0, 0], &nops[..], &[0xff, 0xd3, 0xc3]];
            let mut steps = disassemble(&code.concat(), 0x1000).steps.into_iter();
            steps.find_map(|step| match step.action {
                Action::Call { target, .. } => Some(target),
                _ => None,
            })
        };
        assert_eq!(target(8190), Some(Target::Slot(0x1017)));
        assert_eq!(target(8193), Some(Target::Computed { offset: None }));
    }

    #[test]
    fn the_arguments_of_a_tail_call_are_in_sight() {
        // mov rsi, rdi; mov edi, 202; mov edx, 0x81; jmp [rip + 0x10]
        let bytes =
            [0x48, 0x89, 0xfe, 0xbf, 202, 0, 0, 0, 0xba, 0x81, 0, 0, 0, 0xff, 0x25, 0x10, 0, 0, 0];
        let disassembly = disassemble(&bytes, 0x1000);
        let [step @ Step { action: Action::TailCall { target: Target::Slot(0x1023) }, .. }] =
            &disassembly.steps[..]
        else {
            panic!("{disassembly:?}");
        };
        let arguments = disassembly.arguments(step);
        assert_eq!(arguments.0[0], Some(Argument::Constant(202)));
        assert_eq!(arguments.0[1], None);
        assert_eq!(arguments.0[2], Some(Argument::Constant(0x81)));
    }

    #[test]
    fn a_jump_by_a_table_stays_in_the_function() {
        // lea rcx, [rip + 0x100]; movsxd rax, dword [rcx + rax*4]; add rax, rcx; jmp rax; ret
        let distances = [
            0x48, 0x8d, 0x0d, 0, 1, 0, 0, 0x48, 0x63, 0x04, 0x81, 0x48, 0x01, 0xc8, 0xff, 0xe0,
            0xc3,
        ];
        let steps = |code: &[u8], entries: [u64; 2], size: u64, from: u64| {
            let read = |address: u64| {
                let offset = address.checked_sub(0x1107)?;
                let entry = entries.get(usize::try_from(offset / size).ok()?)?.wrapping_sub(from);
                let half = usize::try_from(offset % size).ok()?;
                let bytes = *entry.to_le_bytes()[half..].first_chunk()?;
                Some(i32::from_le_bytes(bytes))
            };
            super::disassemble(code, 0x1000, Around::with_table(Machine::X86_64, &read)).steps.len()
        };
        assert_eq!(steps(&distances, [0x1010, 0x1010], 4, 0x1107), 0);
        // What leads elsewhere is a table of functions, also where it has this one.
        assert_eq!(steps(&distances, [0x2000, 0x1010], 4, 0x1107), 1);
        assert_eq!(steps(&distances, [0x1000, 0x2000], 4, 0x1107), 1);
        // nop; jmp [rax*8 + 0x1107]; ret, where the table has addresses
        let addresses = [0x90, 0xff, 0x24, 0xc5, 0x07, 0x11, 0, 0, 0xc3];
        assert_eq!(steps(&addresses, [0x1008, 0x1001], 8, 0), 0);
        assert_eq!(steps(&addresses, [0x2000, 0x3000], 8, 0), 1);
        // Nobody knows the table.
        assert_eq!(disassemble(&distances, 0x1000).steps.len(), 1);
        assert_eq!(disassemble(&addresses, 0x1000).steps.len(), 1);
    }

    #[test]
    fn a_jump_into_an_instruction_is_said() {
        let into = |bytes: &[u8]| disassemble(bytes, 0x1000).code.jumps_into_instruction();
        // jmp +1; mov eax, 0x9090050f; ret
        assert_eq!(into(&[0xeb, 1, 0xb8, 0x0f, 0x05, 0x90, 0x90, 0xc3]), Some(0x1003));
        // jmp +0; mov eax, 0x9090050f; ret
        assert_eq!(into(&[0xeb, 0, 0xb8, 0x0f, 0x05, 0x90, 0x90, 0xc3]), None);
        // jmp +1; lock inc dword [rdi]; ret: behind the prefix
        assert_eq!(into(&[0xeb, 1, 0xf0, 0xff, 0x07, 0xc3]), None);
    }

    #[test]
    fn a_register_that_is_used_after_it_was_popped_holds_what_was_popped() {
        // push rbx; mov ebx, 39; push 35; pop rbx; mov eax, ebx; syscall; pop rbx; ret
        let bytes = [0x53, 0xbb, 39, 0, 0, 0, 0x6a, 35, 0x5b, 0x89, 0xd8, 0x0f, 0x05, 0x5b, 0xc3];
        assert_eq!(system_calls(&bytes), [None]);
    }

    #[test]
    fn what_a_table_leads_to_is_reached_from_the_jump() {
        // xor edi, edi; lea rcx, [rip + 0xf8]; movsxd rax, [rcx + rax*4]; add rax, rcx; jmp rax;
        // mov eax, 39; L: syscall; ret. The table at 0x1101 has L and 0x1018.
        let bytes = [
            0x31, 0xff, 0x48, 0x8d, 0x0d, 0xf8, 0, 0, 0, 0x48, 0x63, 0x04, 0x81, 0x48, 0x01, 0xc8,
            0xff, 0xe0, 0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3,
        ];
        let number = |table: [u64; 2]| {
            let read = |address: u64| {
                let entry = usize::try_from(address.checked_sub(0x1101)? / 4).ok()?;
                i32::try_from(table.get(entry)?.cast_signed() - 0x1101).ok()
            };
            let around = Around::with_table(Machine::X86_64, &read);
            let mut steps = super::disassemble(&bytes, 0x1000, around).steps.into_iter();
            steps.find_map(|step| match step.action {
                Action::SystemCall { number, .. } => Some(number),
                _ => None,
            })
        };
        assert_eq!(number([0x1012, 0x1012]), Some(Some(39)));
        // A jump comes from elsewhere to the call.
        assert_eq!(number([0x1012, 0x1017]), Some(None));
        // Nobody knows where the table leads.
        assert_eq!(number([0, 0]), Some(None));
    }

    #[test]
    fn bytes_that_are_no_instruction_are_said() {
        assert_eq!(disassemble(&[0x90, 0x06, 0xc3], 0x1000).unreadable, Some(0x1001));
        // An instruction that the function's end cuts off.
        assert_eq!(disassemble(&[0xe8, 0, 0], 0x1000).unreadable, Some(0x1000));
    }

    #[test]
    fn a_function_that_does_not_end_goes_on_in_the_next() {
        assert_eq!(disassemble(&[0x31, 0xc0], 0x1000).falls_through, Some(0x1002));
        assert_eq!(disassemble(&[0x31, 0xc0, 0xc3], 0x1000).falls_through, None);
        // call rdx; nop: perhaps
        let calls = disassemble(&[0xff, 0xd2, 0x90], 0x1000);
        assert_eq!((calls.falls_through, calls.ends_in_call), (None, Some(0x1003)));
    }
}
