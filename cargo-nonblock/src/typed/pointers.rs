//! The functions whose addresses the program takes, and which of them a pointer of some type may point to.

use std::collections::{BTreeMap, BTreeSet};

use iced_x86::{Decoder, DecoderOptions, FlowControl, InstructionInfoFactory, OpKind};

use super::debug_information::DebugInformation;
use super::instructions::CALLERS;
use super::types::Types;
use super::word::TypeId;
use crate::demangle::Name;
use crate::elf::{Program, Reference};

/// Something whose address the program takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Taken<'data> {
    /// A function of the program, by its number.
    Function(usize),
    /// A function of another shared object.
    Import(&'data str),
}

/// The functions whose addresses are taken.
#[derive(Debug)]
pub(crate) struct Pointers<'data> {
    list: BTreeMap<Taken<'data>, Known>,
}

/// What is known of a function.
#[derive(Debug)]
struct Known {
    signature: Option<Signature>,
    /// Whether it is described as written in Rust.
    is_rust: bool,
    /// Whether it may be called as Rust calls.
    may_be_rust: bool,
}

/// The sections that have the functions which the program's beginning and end call, and what only the unwinder reads.
const NOT_READ: [&str; 6] = [
    ".preinit_array",
    ".init_array",
    ".fini_array",
    ".eh_frame",
    ".eh_frame_hdr",
    ".gcc_except_table",
];

/// How the names of variables begin that only the unwinder reads.
const FOR_UNWINDER: &str = "DW.ref.";

/// The traits of the library's module `fmt` by which values are written.
const FORMATS: [&str; 9] = [
    "Display", "Debug", "LowerHex", "UpperHex", "Octal", "Binary", "LowerExp", "UpperExp",
    "Pointer",
];

/// The crates that the standard library is made of.
const STD: [&str; 15] = [
    "std",
    "core",
    "alloc",
    "addr2line",
    "adler2",
    "compiler_builtins",
    "gimli",
    "hashbrown",
    "libc",
    "memchr",
    "miniz_oxide",
    "object",
    "panic_unwind",
    "rustc_demangle",
    "unwind",
];

/// The functions of every program that call those.
const BEGIN: [&str; 7] = [
    "_init",
    "_fini",
    "_start",
    "__do_global_dtors_aux",
    "register_tm_clones",
    "deregister_tm_clones",
    "frame_dummy",
];

/// The type of a function, as far as calls by pointers of other types are possible: some types are passed in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Signature {
    /// The sizes of the parameters that have one and that are described. Those without a name are not.
    parameters: Vec<u64>,
    /// Whether it takes any others after these.
    takes_more: bool,
    result: u64,
}

impl<'data> Pointers<'data> {
    /// Finds them.
    ///
    /// # Arguments
    ///
    /// * `is_in_table`: whether a place in the program's data is within a table of methods, from where nothing takes an address.
    pub(super) fn find(
        program: &Program<'data>,
        information: &DebugInformation<'data>,
        types: &Types<'data>,
        is_in_table: impl Fn(u64) -> bool,
    ) -> Self {
        let mut taken = BTreeSet::new();
        let range = |name| {
            let (start, bytes) = program.section(name)?;
            Some(start..start.saturating_add(bytes.len() as u64))
        };
        let not_read = NOT_READ.map(range);
        // An assembler fills in itself what lies in the same section.
        for (place, function) in computed(program) {
            let own = is_of_std(program, information, program.functions()[function].address);
            if !(is_call(program, place)
                || (own && is_of_std(program, information, place))
                || begins_program(program, place))
            {
                taken.insert(Taken::Function(function));
            }
        }
        for relocation in program.relocations() {
            let place = relocation.place;
            let target = match relocation.target {
                Reference::Address(address) => match program.function_at(address) {
                    Some(function) => Taken::Function(function),
                    None => continue,
                },
                Reference::Import(name) => Taken::Import(name),
            };
            let is_own = match target {
                Taken::Function(function) => {
                    is_of_std(program, information, program.functions()[function].address)
                }
                Taken::Import(_) => true,
            };
            let is_left_out = if relocation.in_code {
                is_call(program, place)
                    || (is_own && is_of_std(program, information, place))
                    || begins_program(program, place)
            } else {
                // What the library's own variables hold. Nobody knows whose a constant is.
                let is_of_std = || {
                    program.variable_around(place).is_some_and(|symbol| {
                        let mut crates = crates(symbol).peekable();
                        let is_own =
                            crates.peek().is_some() && crates.all(|name| STD.contains(&name));
                        is_own || symbol.starts_with(FOR_UNWINDER)
                    })
                };
                (is_own && program.constant_number(place).is_none() && is_of_std())
                    || relocation.is_distance
                    || is_in_table(place)
                    || not_read.iter().flatten().any(|range| range.contains(&place))
            };
            if !is_left_out {
                taken.insert(target);
            }
        }
        let list = taken.into_iter().map(|taken| {
            let known = match taken {
                Taken::Function(function) => {
                    let function = &program.functions()[function];
                    // What a unit without types says of a function is nothing.
                    let described = information
                        .function(function.address)
                        .filter(|described| information.has_types(*described));
                    let is_rust = described.is_some_and(|at| information.is_rust(at));
                    let described = described
                        .and_then(|at| Signature::read(information, types, at))
                        .map(|read| read.of_closure(function.symbol));
                    Known {
                        is_rust: is_rust || described.is_none(),
                        signature: described.or_else(|| Signature::of_formatter(function.symbol)),
                        may_be_rust: true,
                    }
                }
                Taken::Import(_) => Known { signature: None, is_rust: false, may_be_rust: false },
            };
            (taken, known)
        });
        Self { list: list.collect() }
    }

    /// Returns what a pointer of a type may point to. `None` if its type is not understood.
    pub(super) fn fitting(
        &self,
        information: &DebugInformation<'data>,
        types: &Types<'data>,
        pointer: TypeId,
        is_rust: bool,
    ) -> Option<Vec<Taken<'data>>> {
        let pointer = Signature::read(information, types, pointer)?;
        let fitting = self.list.iter().filter(|(_, taken)| match &taken.signature {
            // C programs call functions by pointers of other types, as long as they take no more parameters.
            Some(signature) if !taken.is_rust => signature.takes_no_more_than(&pointer),
            Some(signature) => signature.may_be_called_as(&pointer),
            // A function of a C library is called in another way.
            None => taken.may_be_rust || !is_rust,
        });
        Some(fitting.map(|(taken, _)| *taken).collect())
    }
}

impl Signature {
    fn read(information: &DebugInformation<'_>, types: &Types<'_>, at: TypeId) -> Option<Self> {
        let mut parameters = Vec::new();
        let mut takes_more = false;
        information.entry(at, |information, child| match child.tag() {
            gimli::DW_TAG_formal_parameter => {
                let ty =
                    information.place_of(at, child).and_then(|parameter| types.type_of(parameter));
                match ty {
                    Some(ty) => parameters.push(types.size(ty)),
                    None => takes_more = true,
                }
            }
            gimli::DW_TAG_unspecified_parameters => takes_more = true,
            _ => {}
        })?;
        parameters.retain(|size| *size > 0);
        let result = types.type_of(at).map_or(0, |ty| types.size(ty));
        Some(Self { parameters, takes_more, result })
    }

    /// What makes a pointer of a closure is described with one parameter, in which all those that the pointer has lie together.
    fn of_closure(self, symbol: &str) -> Self {
        let is_of_trait = Name::of_symbol(symbol).full.contains("core::ops::function::Fn");
        Self { takes_more: self.takes_more || is_of_trait, ..self }
    }

    /// Returns the type of a function that writes a value as text: the trait says it, and almost every program takes the addresses of some
    /// that the library has. The value may be an object, whose pointer is larger.
    fn of_formatter(symbol: &str) -> Option<Self> {
        let name = Name::of_symbol(symbol).plain;
        let of = name.strip_suffix(">::fmt")?.rsplit_once(" as core::fmt::")?.1;
        let is_trait = FORMATS.contains(&of);
        is_trait.then(|| Self { parameters: vec![8], takes_more: false, result: 1 })
    }

    /// Whether a function takes no more parameters than a pointer's.
    fn takes_no_more_than(&self, pointer: &Self) -> bool {
        self.takes_more || pointer.takes_more || self.parameters.len() <= pointer.parameters.len()
    }

    /// Whether a pointer of some type may be one to a function of this type. The function's parameters may be some of the pointer's.
    fn may_be_called_as(&self, pointer: &Self) -> bool {
        if self.takes_more || pointer.takes_more {
            return true;
        }
        let mut theirs = pointer.parameters.iter();
        let has_all = self.parameters.iter().all(|own| theirs.any(|size| size == own));
        has_all && self.result == pointer.result
    }
}

/// Returns the functions whose addresses instructions compute by their distance, with where each has it. Bytes that only look like
/// such an instruction are no harm.
fn computed(program: &Program<'_>) -> impl Iterator<Item = (u64, usize)> {
    program.functions().iter().flat_map(move |function| {
        let code = program.code(function).unwrap_or(&[]);
        memchr::memchr_iter(0x8d, code).filter_map(move |at| {
            let mode = code.get(at + 1)?;
            let distance = code.get(at + 2..at + 6)?.try_into().map(i32::from_le_bytes).ok()?;
            let place = function.address.checked_add(at as u64 + 2)?;
            let target = place.wrapping_add(4).wrapping_add_signed(i64::from(distance));
            let is_distance = mode & 0b1100_0111 == 0b0000_0101;
            Some((place, program.function_at(target).filter(|_| is_distance)?))
        })
    })
}

/// Whether code at an address is that of the precompiled standard library. Some crates that it is made of are in no unit.
fn is_of_std(program: &Program<'_>, information: &DebugInformation<'_>, address: u64) -> bool {
    information.is_of_std(address).unwrap_or_else(|| {
        let function = program.function_around(address);
        function.is_some_and(|function| {
            let mut crates = crates(program.functions()[function].symbol).peekable();
            crates.peek().is_some() && crates.all(|name| STD.contains(&name))
        })
    })
}

/// Returns the names of the crates in a symbol, and perhaps what only looks like one: `Cs`, a number, and a name with its length before.
fn crates(symbol: &str) -> impl Iterator<Item = &str> {
    symbol.match_indices("Cs").filter_map(move |(at, _)| {
        let (_, rest) = symbol.get(at + 2..)?.split_once('_')?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let length: usize = rest.get(..digits)?.parse().ok()?;
        rest.get(digits..digits.checked_add(length)?)
    })
}

/// Whether a place is in the code that begins and ends each program.
fn begins_program(program: &Program<'_>, place: u64) -> bool {
    let function = program.function_around(place);
    function.is_some_and(|function| BEGIN.contains(&program.functions()[function].symbol))
}

/// Whether what the linker filled in at a place in code is where a call or a jump leads, and nothing that anybody keeps.
fn is_call(program: &Program<'_>, place: u64) -> bool {
    let Some(function) = program.function_around(place) else { return false };
    let function = &program.functions()[function];
    let Some(code) = program.code(function) else { return false };
    let Some(at) = place.checked_sub(function.address).and_then(|at| usize::try_from(at).ok())
    else {
        return false;
    };
    let byte = |before: usize| at.checked_sub(before).and_then(|at| code.get(at)).copied();
    match (byte(2), byte(1)) {
        // call and jmp, which the linker also makes of those by a slot; the conditional jumps.
        (_, Some(0xe8 | 0xe9)) | (Some(0x0f), Some(0x80..=0x8f)) => {
            let Some(rest) = code.get(at..at.saturating_add(4)) else { return false };
            let Ok(distance) = rest.try_into().map(i32::from_le_bytes) else { return false };
            let target = place.wrapping_add(4).wrapping_add_signed(i64::from(distance));
            // So it is no number that happens to stand behind such a byte.
            program.function_at(target).is_some()
                || program.stub(target).is_some()
                || program.function_around(target).is_some()
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
    use super::{Signature, crates, is_loaded_for_call};

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

    fn signature(parameters: &[u64], result: u64) -> Signature {
        Signature { parameters: parameters.to_vec(), takes_more: false, result }
    }

    #[test]
    fn the_crates_of_a_symbol_are_in_it() {
        let symbol = "_RNvXs_NtNtCslNYArtu3iFV_6object4readRShNtCs2_4core1a";
        assert_eq!(crates(symbol).collect::<Vec<_>>(), ["object", "core"]);
        assert_eq!(crates("main").next(), None);
    }

    #[test]
    fn a_function_may_have_parameters_that_are_not_described() {
        let pointer = signature(&[8, 4, 8], 4);
        for parameters in [&[8, 4, 8][..], &[8, 8], &[4], &[]] {
            assert!(signature(parameters, 4).may_be_called_as(&pointer), "{parameters:?}");
        }
        for parameters in [&[8, 4, 4][..], &[4, 4], &[8, 4, 8, 8], &[2]] {
            assert!(!signature(parameters, 4).may_be_called_as(&pointer), "{parameters:?}");
        }
        assert!(!signature(&[8, 4, 8], 8).may_be_called_as(&pointer));
        let open = Signature { takes_more: true, ..signature(&[2], 1) };
        assert!(open.may_be_called_as(&pointer));
    }
}
