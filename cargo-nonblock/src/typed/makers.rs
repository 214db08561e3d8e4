//! Who makes what is called by a computed address: the code that takes the address of a function, or of a table of methods.
//!
//! Where such a thing cannot be kept for longer than a call, nobody has one before the code runs that makes it, but who is given one.

use std::collections::BTreeSet;
use std::hash::Hash;

use rustc_hash::{FxHashMap, FxHashSet};

use super::addresses::{computed, is_call};
use super::pointers::{begins_program, not_read};
use crate::elf::{Program, Reference};
use crate::parallel;

/// Who makes functions' addresses and objects.
#[derive(Debug)]
pub(crate) struct Makers {
    /// Who takes the address of a function, and does more than call it, by the function.
    functions: FxHashMap<usize, MadeBy>,
    /// Who takes the address of a table that has a method, by the method.
    methods: FxHashMap<usize, MadeBy>,
}

/// Who makes something.
#[derive(Debug, Default)]
struct MadeBy {
    functions: BTreeSet<usize>,
    /// Whether it also lies in data, or is made by code of which nobody knows when it runs.
    is_anywhere: bool,
}

/// How many functions, or places, are looked through in one go.
const CHUNK: usize = 4096;

impl Makers {
    /// Finds them.
    ///
    /// # Arguments
    ///
    /// * `tables`: where each table begins, and the methods in it.
    /// * `is_in_table`: whether a place in the program's data is within a table of methods.
    pub(super) fn find(
        program: &Program<'_>,
        tables: impl Iterator<Item = (u64, Vec<usize>)>,
        is_in_table: impl Fn(u64) -> bool,
    ) -> Self {
        let tables: FxHashMap<u64, Vec<usize>> = tables.collect();
        let mut functions: FxHashMap<usize, MadeBy> = FxHashMap::default();
        let mut made: FxHashMap<u64, MadeBy> = FxHashMap::default();
        for (place, function) in taken(program) {
            note(&mut functions, function, program.function_around(place));
        }
        for (place, target) in &program.code_relocations().addresses {
            if tables.contains_key(target) {
                note(&mut made, *target, program.function_around(*place));
            }
        }
        let is_not_read = not_read(program);
        for relocation in program.data_relocations() {
            let Reference::Address(target) = relocation.target else { continue };
            if tables.contains_key(&target) {
                note(&mut made, target, None);
            }
            if let Some(function) = program.function_at(target)
                && !relocation.is_distance
                && !is_in_table(relocation.place)
                && !is_not_read(relocation.place)
            {
                note(&mut functions, function, None);
            }
        }
        let mut methods: FxHashMap<usize, MadeBy> = FxHashMap::default();
        for (start, by) in &made {
            let own: FxHashSet<usize> = tables[start].iter().copied().collect();
            for method in own {
                let all = methods.entry(method).or_default();
                all.functions.extend(&by.functions);
                all.is_anywhere |= by.is_anywhere;
            }
        }
        Self { functions, methods }
    }

    /// Returns the functions whose addresses are taken, in order.
    pub(super) fn functions(&self) -> Vec<usize> {
        let mut functions: Vec<_> = self.functions.keys().copied().collect();
        functions.sort_unstable();
        functions
    }

    /// Returns who takes the address of a function. `None` if it may be had anywhere.
    pub(crate) fn of_function(&self, function: usize) -> Option<&BTreeSet<usize>> {
        known(&self.functions, function)
    }

    /// Returns who makes an object whose table has a method. `None` if it may be made anywhere.
    pub(crate) fn of_method(&self, method: usize) -> Option<&BTreeSet<usize>> {
        known(&self.methods, method)
    }
}

/// Returns who makes something. What nothing is known of may be made anywhere.
fn known(made: &FxHashMap<usize, MadeBy>, what: usize) -> Option<&BTreeSet<usize>> {
    made.get(&what).filter(|by| !by.is_anywhere).map(|by| &by.functions)
}

fn note<T: Eq + Hash>(made: &mut FxHashMap<T, MadeBy>, what: T, by: Option<usize>) {
    let made = made.entry(what).or_default();
    match by {
        Some(function) => _ = made.functions.insert(function),
        None => made.is_anywhere = true,
    }
}

/// Returns the places in code where the address of a function is taken, each with the function. Those that only call it are left out.
fn taken(program: &Program<'_>) -> Vec<(u64, usize)> {
    let relocations = program.code_relocations();
    let is_kept = |place: u64| {
        let is_whole = relocations.whole_addresses.binary_search(&place).is_ok();
        (is_whole || !is_call(program, place)) && !begins_program(program, place)
    };
    // An assembler fills in itself what lies in the same section.
    let functions: Vec<_> = program.functions().chunks(CHUNK).collect();
    let computed = parallel::map(&functions, |functions| {
        let computed = functions.iter().flat_map(|function| computed(program, function));
        computed.filter(|(place, _)| is_kept(*place)).collect::<Vec<_>>()
    });
    let addresses: Vec<_> = relocations.addresses.chunks(CHUNK).collect();
    let filled_in = parallel::map(&addresses, |addresses| {
        let taken = addresses.iter().filter_map(|(place, address)| {
            let function = program.function_at(*address)?;
            is_kept(*place).then_some((*place, function))
        });
        taken.collect::<Vec<_>>()
    });
    computed.into_iter().chain(filled_in).flatten().collect()
}
