//! What a function is given by its caller.

use std::collections::HashSet;

use super::debug_information::DebugInformation;
use super::word::TypeId;

/// How many types are looked at. Who is given more may be given anything.
const MOST_TYPES: usize = 20_000;

/// Whether a parameter of a function, or what a closure has captured, holds or leads to something of a type whose name is fitting. In
/// doubt it does. What is behind a trait object is not seen.
pub(super) fn lead_to(
    information: &DebugInformation<'_>,
    function: TypeId,
    fits: impl Fn(&str) -> bool,
) -> bool {
    let mut types = Vec::new();
    let walked = information.walk(function, |entry, depth| {
        // What a closure has captured is described as its variables.
        let is_given =
            [gimli::DW_TAG_formal_parameter, gimli::DW_TAG_variable].contains(&entry.tag());
        if is_given && depth == 1 {
            types.push(information.reference(function, entry, gimli::DW_AT_type));
        }
        depth == 0
    });
    if walked.is_none() || !information.has_types(function) {
        return true;
    }
    let mut seen = HashSet::new();
    while let Some(ty) = types.pop() {
        let Some(ty) = ty else { return true };
        if !seen.insert(ty) {
            continue;
        }
        let mut is_fitting = seen.len() > MOST_TYPES;
        let walked = information.walk(ty, |entry, depth| {
            // The methods of a type are no part of its values.
            if entry.tag() == gimli::DW_TAG_subprogram {
                return false;
            }
            if depth == 0 {
                is_fitting |= information.name(ty, entry).is_some_and(|name| fits(&name));
            }
            let of = information.reference(ty, entry, gimli::DW_AT_type);
            types.extend(of.map(Some));
            true
        });
        if is_fitting || walked.is_none() {
            return true;
        }
    }
    false
}
