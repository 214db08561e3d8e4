//! The constants that nobody but the precompiled standard library refers to.
//!
//! A constant has no name and no owner. But whoever reads it has its address, or that of a part of it, in its code or in data of its own:
//! if only the library's code has, then nobody else has what the constant holds.

use super::debug_information::UnitCode;
use super::standard_library::is_of_std;
use crate::elf::{Program, Reference};

/// Who refers to constants that have functions in them.
#[derive(Debug)]
pub(super) struct ConstantsOfStd<'a, 'data> {
    program: &'a Program<'data>,
    code: &'a UnitCode,
    /// Addresses to which something refers, each with the place in code that does, or none for a place in data. In order.
    references: Vec<(u64, Option<u64>)>,
}

impl<'a, 'data> ConstantsOfStd<'a, 'data> {
    pub(super) fn new(program: &'a Program<'data>, code: &'a UnitCode) -> Self {
        let relocations = program.data_relocations();
        let range = relocations
            .first()
            .zip(relocations.last())
            .map(|(first, last)| first.place..=last.place);
        let may_hold = |address: u64| range.as_ref().is_some_and(|range| range.contains(&address));
        let by_code = program.code_relocations().addresses.iter();
        let by_code = by_code.map(|(place, target)| (*target, Some(*place)));
        let by_data = relocations.iter().filter_map(|relocation| match relocation.target {
            Reference::Address(target) => Some((target, None)),
            Reference::Import(_) => None,
        });
        let mut references: Vec<_> =
            by_code.chain(by_data).filter(|(target, _)| may_hold(*target)).collect();
        references.sort_unstable();
        Self { program, code, references }
    }

    /// Whether only the library's code refers to the constant at a place. In doubt others do.
    pub(super) fn has(&self, place: u64) -> bool {
        if self.program.constant_number(place).is_none() {
            return false;
        }
        let after = self.references.partition_point(|(target, _)| *target <= place);
        // Two constants do not lie within each other, so the last address before is one of this.
        let before = &self.references[..after];
        let Some((nearest, _)) = before.last() else { return false };
        let mut users = before.iter().rev().take_while(|(target, _)| target == nearest);
        users.all(|(_, place)| place.is_some_and(|place| is_of_std(self.program, self.code, place)))
    }
}
