//! What a call through a table of methods may lead to: the methods at that place of all tables in the program.
//!
//! These are candidates, to be shown. They prove nothing: a pointer at the same offset of a structure looks the same, and may have been
//! written when the program ran.

use crate::elf::{Program, Reference};
use crate::graph::Graph;

/// A table of methods begins with the destructor, the size and the alignment. The methods follow.
const FIRST_METHOD: u64 = 24;

/// No type is aligned to more.
const MOST_ALIGNED: u64 = 1 << 29;

/// Returns the methods at an offset of the tables of methods, by the numbers of their functions. Those of the user's own types come
/// first.
pub(crate) fn candidates(graph: &Graph<'_, '_>, offset: u64) -> Vec<usize> {
    if offset < FIRST_METHOD || !offset.is_multiple_of(8) {
        return Vec::new();
    }
    let program = graph.program;
    let constants = program.relocations().iter().filter(|relocation| !relocation.in_code);
    let found = constants.filter_map(|relocation| {
        let Reference::Address(address) = relocation.target else { return None };
        let function = program.function_at(address)?;
        let table = relocation.place.checked_sub(offset)?;
        // Between the first method and this one are methods, too.
        let mut slots = (FIRST_METHOD..=offset).step_by(8);
        let has_methods = slots.all(|slot| points_to_function(program, table.saturating_add(slot)));
        (has_methods && begins_table(program, table)).then_some(function)
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|function| (graph.name(*function).is_in_std(), *function));
    found.dedup();
    found
}

/// Whether a destructor, a size and an alignment lie at an address.
fn begins_table(program: &Program<'_>, table: u64) -> bool {
    let (Some(size_at), Some(align_at)) = (table.checked_add(8), table.checked_add(16)) else {
        return false;
    };
    let is_number = |at| program.constant_pointer(at).is_none();
    let aligned = program.constant_number(align_at);
    is_number(size_at)
        && is_number(align_at)
        && program.constant_number(size_at).is_some()
        && aligned.is_some_and(|align| align.is_power_of_two() && align <= MOST_ALIGNED)
        && (points_to_function(program, table) || program.constant_number(table) == Some(0))
}

fn points_to_function(program: &Program<'_>, at: u64) -> bool {
    match program.constant_pointer(at) {
        Some(Reference::Address(address)) => program.function_at(address).is_some(),
        _ => false,
    }
}
