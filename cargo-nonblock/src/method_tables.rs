//! What a call through a table of methods may lead to: the methods at that place of all tables in the program.
//!
//! These are candidates, to be shown. They prove nothing: a pointer at the same offset of a structure looks the same, and may have been
//! written when the program ran.

use std::collections::BTreeSet;

use crate::elf::{Program, Reference};

/// A table of methods begins with the destructor, the size and the alignment. The methods follow.
pub(crate) const FIRST_METHOD: u64 = 24;

/// No type is aligned to more.
const MOST_ALIGNED: u64 = 1 << 29;

/// The methods of all tables in the program, as far as their shape tells.
#[derive(Debug)]
pub(crate) struct Methods {
    /// The functions in each slot, from the first method on. Each is there once, by its number.
    slots: Vec<Vec<usize>>,
}

impl Methods {
    /// Finds them.
    pub(crate) fn find(program: &Program<'_>) -> Self {
        let mut slots: Vec<Vec<usize>> = Vec::new();
        for relocation in program.data_relocations() {
            let Some(table) = relocation.place.checked_sub(FIRST_METHOD) else { continue };
            // A pointer to anything may stand in the place of the destructor: in the file it is zero.
            let begins = has_size_and_alignment(program, table)
                && (function_at(program, table).is_some()
                    || program.constant_number(table) == Some(0));
            if function_at(program, relocation.place).is_none() || !begins {
                continue;
            }
            // Between the first method and the last are methods, too.
            let places = (0..MOST_METHODS).map_while(|slot| relocation.place.checked_add(8 * slot));
            let methods = places.map_while(|place| function_at(program, place));
            for (slot, method) in methods.enumerate() {
                if slots.len() <= slot {
                    slots.push(Vec::new());
                }
                slots[slot].push(method);
            }
        }
        for functions in &mut slots {
            functions.sort_unstable();
            functions.dedup();
        }
        Self { slots }
    }

    /// Returns the methods at an offset of the tables, by the numbers of their functions.
    pub(crate) fn at(&self, offset: u64) -> &[usize] {
        let slot = offset.checked_sub(FIRST_METHOD).filter(|offset| offset.is_multiple_of(8));
        let slot = slot.and_then(|offset| usize::try_from(offset / 8).ok());
        slot.and_then(|slot| self.slots.get(slot)).map_or(&[], Vec::as_slice)
    }
}

/// How many methods a table has at most.
const MOST_METHODS: u64 = 4096;

/// Whether a destructor, a size and an alignment lie at an address.
fn begins_table(program: &Program<'_>, table: u64) -> bool {
    has_size_and_alignment(program, table)
        && (function_at(program, table).is_some()
            || (program.constant_number(table) == Some(0) && is_number(program, table)))
}

/// Whether a size and an alignment lie where they do in a table that begins at an address.
fn has_size_and_alignment(program: &Program<'_>, table: u64) -> bool {
    let (Some(size_at), Some(align_at)) = (table.checked_add(8), table.checked_add(16)) else {
        return false;
    };
    // It is the one of which most addresses are none.
    let aligned = program.constant_number(align_at);
    aligned.is_some_and(|align| align.is_power_of_two() && align <= MOST_ALIGNED)
        && is_number(program, align_at)
        && program.constant_number(size_at).is_some()
        && is_number(program, size_at)
}

/// Whether no pointer lies at an address.
fn is_number(program: &Program<'_>, at: u64) -> bool {
    program.constant_pointer(at).is_none()
}

/// Returns the function whose address lies at an address, by its number.
pub(crate) fn function_at(program: &Program<'_>, at: u64) -> Option<usize> {
    match program.constant_pointer(at) {
        Some(Reference::Address(address)) => program.function_at(address),
        _ => None,
    }
}

/// Finds where tables may begin, by their shape.
pub(crate) fn starts_by_shape(program: &Program<'_>) -> BTreeSet<u64> {
    let mut starts = BTreeSet::new();
    for relocation in program.data_relocations() {
        let place = relocation.place;
        if begins_table(program, place) {
            starts.insert(place);
        }
        // Where a type needs no destructor, a method is the first that points anywhere. Methods that its type has not come before it.
        for before in 0..64_u64 {
            let Some(first) = place.checked_sub(before * 8) else { break };
            if before > 0
                && !(is_number(program, first) && program.constant_number(first) == Some(0))
            {
                break;
            }
            if let Some(start) = first.checked_sub(FIRST_METHOD)
                && begins_table(program, start)
            {
                starts.insert(start);
                break;
            }
        }
    }
    starts
}

/// Returns what lies in a table, from the first method on. Where it ends, nobody says: it goes on until there is something that no table
/// has, at the latest the alignment in the next table.
pub(crate) fn slots<'a>(
    program: &'a Program<'_>,
    start: u64,
    size: u64,
) -> impl Iterator<Item = Option<usize>> + 'a {
    let end = start.saturating_add(size.min(FIRST_METHOD + 8 * MOST_METHODS));
    (0..MOST_METHODS).map_while(move |number| {
        let at = start.checked_add(FIRST_METHOD)?.checked_add(number * 8)?;
        if at >= end {
            return None;
        }
        let is_zero = || program.constant_number(at) == Some(0);
        if is_number(program, at) && !is_zero() {
            return None;
        }
        Some(function_at(program, at))
    })
}
