//! What a function is given by its caller, and what else it may get hold of.

use rustc_hash::FxHashSet;

use super::debug_information::DebugInformation;
use super::word::TypeId;

/// How many types are looked at. Who is given more may be given anything.
const MOST_TYPES: usize = 20_000;

/// The part of a function's values that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Its parameters, and what a closure has captured.
    Given,
    /// The object of which it is a method, and what a closure has captured.
    Object,
    /// Its parameters and all of its variables.
    All,
    /// What it returns.
    Result,
}

/// Whether a part of a function's values holds or leads to something of a type whose name is fitting. In doubt it does. What is behind a
/// trait object is not seen.
///
/// # Arguments
///
/// * `clean`: types that are known to lead to none. Those that are found are added.
pub(super) fn lead_to(
    information: &DebugInformation<'_>,
    function: TypeId,
    part: Part,
    fits: impl Fn(&str) -> bool,
    clean: &mut FxHashSet<TypeId>,
) -> bool {
    let Some(types) = types_of(information, function, part) else { return true };
    types.into_iter().any(|ty| leads_to(information, ty, &fits, clean))
}

/// Returns the types of a part of a function's values. `None` if they are not described.
fn types_of(
    information: &DebugInformation<'_>,
    function: TypeId,
    part: Part,
) -> Option<Vec<Option<TypeId>>> {
    if !information.has_types(function) {
        return None;
    }
    let mut types = Vec::new();
    let mut origin = None;
    information.walk(function, |entry, depth| {
        let is_wanted = match entry.tag() {
            gimli::DW_TAG_subprogram if depth == 0 => {
                origin = information.reference(function, entry, gimli::DW_AT_abstract_origin);
                let result = information.reference(function, entry, gimli::DW_AT_type);
                if part == Part::Result {
                    types.extend(result.map(Some));
                }
                false
            }
            gimli::DW_TAG_formal_parameter if part == Part::Object => {
                depth == 1 && information.name(function, entry).is_none_or(|name| name == "self")
            }
            // That of a function which drops an object has no name.
            gimli::DW_TAG_template_type_parameter => part == Part::Object && depth == 1,
            // What a closure has captured is described as its variables.
            gimli::DW_TAG_formal_parameter | gimli::DW_TAG_variable => match part {
                Part::Given | Part::Object => depth == 1,
                Part::All => true,
                Part::Result => false,
            },
            _ => false,
        };
        if is_wanted {
            let own = information.reference(function, entry, gimli::DW_AT_type);
            types.push(own.or_else(|| {
                // That of a function that was inlined is described there.
                let origin =
                    information.reference(function, entry, gimli::DW_AT_abstract_origin)?;
                let described = information.entry_alone(origin)?;
                information.reference(origin, &described, gimli::DW_AT_type)
            }));
        }
        depth == 0 || part == Part::All
    })?;
    // Where a function was also inlined elsewhere, what no register holds is described only once for all.
    if let Some(origin) = origin.filter(|origin| *origin != function) {
        types.extend(types_of(information, origin, part)?);
    }
    Some(types)
}

/// Whether a type is one with a fitting name, or leads to one. In doubt it is.
pub(super) fn leads_to(
    information: &DebugInformation<'_>,
    ty: Option<TypeId>,
    fits: impl Fn(&str) -> bool,
    clean: &mut FxHashSet<TypeId>,
) -> bool {
    let mut types = vec![ty];
    let mut seen = FxHashSet::default();
    while let Some(ty) = types.pop() {
        let Some(ty) = ty else { return true };
        if clean.contains(&ty) || !seen.insert(ty) {
            continue;
        }
        let mut is_fitting = seen.len() > MOST_TYPES;
        let walked = information.walk(ty, |entry, depth| {
            // The methods of a type are no part of its values, and a pointer to a function holds nothing that the function is given.
            if [gimli::DW_TAG_subprogram, gimli::DW_TAG_subroutine_type].contains(&entry.tag()) {
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
    clean.extend(seen);
    false
}
