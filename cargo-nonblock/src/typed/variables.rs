//! The variables that a function keeps in its frame, and where.

use gimli::Operation;

use super::debug_information::{DebugInformation, Entry, Reader};
use super::types::{Seen, Types};
use super::word::{Pointee, TypeId, Word};
use crate::machine::Machine;

/// From where places in a frame are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameBase {
    /// The stack pointer, once the function has made its frame.
    StackPointer,
    /// The frame pointer.
    FramePointer,
    /// The stack pointer before the call.
    Caller,
}

/// The variables of a function that lie in its frame.
#[derive(Debug)]
pub(super) struct Variables {
    list: Vec<Variable>,
}

#[derive(Debug)]
struct Variable {
    base: FrameBase,
    offset: i64,
    size: i64,
    is: Is,
}

#[derive(Debug)]
enum Is {
    Type(TypeId),
    Word(Word),
}

impl Variables {
    /// Reads the variables of the function that is described at a place.
    pub(super) fn read<'data>(
        information: &DebugInformation<'data>,
        types: &Types<'data>,
        function: TypeId,
    ) -> Option<Self> {
        let mut base = None;
        let mut list = Vec::new();
        let mut is_optimized = false;
        information.walk(function, |entry, depth| {
            match entry.tag() {
                gimli::DW_TAG_subprogram if depth == 0 => {
                    base = frame_base(information, function, entry);
                }
                // Another function, within this one in the source only.
                gimli::DW_TAG_subprogram => return false,
                gimli::DW_TAG_variable | gimli::DW_TAG_formal_parameter => {
                    let is_in_frame = add(&mut list, information, types, (function, base), entry);
                    // A function that keeps a parameter elsewhere was optimized.
                    is_optimized |= depth == 1
                        && entry.tag() == gimli::DW_TAG_formal_parameter
                        && is_in_frame == Some(false);
                }
                _ => {}
            }
            true
        })?;
        base?;
        (!is_optimized).then_some(Self { list })
    }

    /// Returns what lies somewhere in the frame, by the variables there.
    ///
    /// # Arguments
    ///
    /// * `offset`: how far it is from each base.
    pub(super) fn at(
        &self,
        types: &Types<'_>,
        offset: impl Fn(FrameBase) -> Option<i64>,
    ) -> Vec<Word> {
        let mut words = Vec::new();
        for variable in &self.list {
            let inner = offset(variable.base).and_then(|at| at.checked_sub(variable.offset));
            let Some(inner) = inner else { continue };
            if inner < 0 || inner >= variable.size {
                continue;
            }
            match &variable.is {
                Is::Type(ty) => {
                    if let Seen::Words(found) = types.at(*ty, inner.cast_unsigned()) {
                        words.extend(found);
                    }
                }
                Is::Word(word) if inner == 0 => words.push(word.clone()),
                Is::Word(_) => {}
            }
        }
        words
    }

    /// Returns pointers to what lies somewhere in the frame.
    ///
    /// # Arguments
    ///
    /// * `offset`: how far it is from each base.
    pub(super) fn pointers(&self, offset: impl Fn(FrameBase) -> Option<i64>) -> Vec<Word> {
        let around = self.list.iter().filter_map(|variable| {
            let inner = offset(variable.base)?.checked_sub(variable.offset)?;
            let Is::Type(ty) = variable.is else { return None };
            (0..variable.size)
                .contains(&inner)
                .then_some(Word::Pointer { to: Pointee::Type(ty), distance: inner })
        });
        around.collect()
    }
}

fn frame_base<'data>(
    information: &DebugInformation<'data>,
    function: TypeId,
    entry: &Entry<'data>,
) -> Option<FrameBase> {
    let (stack, frame) = registers(information.machine());
    match information.operations(function, entry, gimli::DW_AT_frame_base)?[..] {
        [Operation::Register { register }] if register == stack => Some(FrameBase::StackPointer),
        [Operation::Register { register }] if register == frame => Some(FrameBase::FramePointer),
        [Operation::CallFrameCFA] => Some(FrameBase::Caller),
        _ => None,
    }
}

/// The numbers that the debugging information has for the stack pointer, and for the frame pointer.
fn registers(machine: Machine) -> (gimli::Register, gimli::Register) {
    match machine {
        Machine::X86_64 => (gimli::X86_64::RSP, gimli::X86_64::RBP),
        Machine::AArch64 => (gimli::AArch64::SP, gimli::AArch64::X29),
    }
}

/// Returns from where the place of a variable is counted, and how far it is. `None` if it is not in the frame, or counted from elsewhere.
fn counted(
    machine: Machine,
    base: Option<FrameBase>,
    first: &Operation<Reader<'_>>,
) -> Option<(Option<FrameBase>, i64)> {
    match (machine, first) {
        (_, Operation::FrameOffset { offset }) => Some((base, *offset)),
        // There variables are mostly counted from the stack pointer itself.
        (Machine::AArch64, Operation::RegisterOffset { register, offset, .. }) => {
            let (stack, frame) = registers(machine);
            match *register {
                register if register == stack => Some((Some(FrameBase::StackPointer), *offset)),
                register if register == frame => Some((Some(FrameBase::FramePointer), *offset)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Adds a variable, if it lies in the frame. Returns whether it does, if that is known and it lies anywhere.
fn add<'data>(
    list: &mut Vec<Variable>,
    information: &DebugInformation<'data>,
    types: &Types<'data>,
    (function, base): (TypeId, Option<FrameBase>),
    entry: &Entry<'data>,
) -> Option<bool> {
    let place = information.place_of(function, entry)?;
    // What it is may be said where the inlined function is described.
    let ty = types.type_of(place)?;
    let has_place = types.size(ty) > 0;
    let operations = information.operations(function, entry, gimli::DW_AT_location);
    let Some(operations) = operations else { return has_place.then_some(false) };
    let counted = operations
        .split_first()
        .and_then(|(first, rest)| Some((counted(information.machine(), base, first)?, rest)));
    let Some(((base, offset), rest)) = counted else {
        return has_place.then_some(false);
    };
    // Where the function says of no base, it is given up.
    let Some(base) = base else { return Some(true) };
    let Some((offset, hops)) = hops(offset, rest) else { return Some(true) };
    if hops.is_empty() {
        let size = i64::try_from(types.size(ty)).unwrap_or(0);
        list.push(Variable { base, offset, size, is: Is::Type(ty) });
        return Some(true);
    }
    for (at, word) in through(types, ty, &hops) {
        let offset = offset.saturating_add(at);
        list.push(Variable { base, offset, size: 8, is: Is::Word(word) });
    }
    Some(true)
}

/// Reads an expression that begins in the frame and goes through pointers: how far it goes from each. `None` if it does anything else.
fn hops(offset: i64, operations: &[Operation<Reader<'_>>]) -> Option<(i64, Vec<i64>)> {
    let mut offset = offset;
    let mut hops = Vec::new();
    for operation in operations {
        match operation {
            Operation::PlusConstant { value } => {
                let value = i64::try_from(*value).ok()?;
                let last = hops.last_mut().unwrap_or(&mut offset);
                *last = i64::checked_add(*last, value)?;
            }
            Operation::Deref { size: 8, space: false, .. } => hops.push(0),
            _ => return None,
        }
    }
    Some((offset, hops))
}

/// Returns the words, each with its offset, from which something of a type is found by going through pointers.
fn through(types: &Types<'_>, ty: TypeId, hops: &[i64]) -> Vec<(i64, Word)> {
    let Some((last, others)) = hops.split_last() else { return Vec::new() };
    let Some(distance) = last.checked_neg() else { return Vec::new() };
    let mut words = vec![(0, Word::Pointer { to: Pointee::Type(ty), distance })];
    // The pointer to an object has the table of its methods behind it.
    if *last == 0
        && let Some(of) = types.trait_of(ty)
    {
        words.push((8, Word::Table(of)));
    }
    for hop in others.iter().rev() {
        let there = words.into_iter().filter_map(|(at, word)| Some((hop.checked_add(at)?, word)));
        let to = Pointee::Words(there.collect());
        words = vec![(0, Word::Pointer { to, distance: 0 })];
    }
    words
}

#[cfg(test)]
mod tests {
    use gimli::{Operation, UnitOffset};

    use super::hops;

    #[test]
    fn only_steps_through_pointers_are_understood() {
        let deref = Operation::Deref { base_type: UnitOffset(0), size: 8, space: false };
        let plus = Operation::PlusConstant { value: 16 };
        assert_eq!(hops(8, &[]), Some((8, vec![])));
        assert_eq!(hops(8, &[plus]), Some((24, vec![])));
        assert_eq!(hops(8, &[deref, plus, deref]), Some((8, vec![16, 0])));
        assert_eq!(hops(8, &[plus, deref]), Some((24, vec![0])));
        assert_eq!(hops(8, &[Operation::StackValue]), None);
        let byte = Operation::Deref { base_type: UnitOffset(0), size: 1, space: false };
        assert_eq!(hops(8, &[byte]), None);
    }
}
