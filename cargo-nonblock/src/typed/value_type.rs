//! What functions are given and return, as far as that tells to which of them a pointer of some type may point.
//!
//! Pointers to functions are what their types say: a pointer to one that takes a `&A` is none to one that takes a `&B`. But programs forget
//! types on purpose, and then transmute a pointer to a function to one of another type, which is called in the same way. What such programs
//! do is let through:
//!
//! - A pointer to `()`, to a byte, to `c_void`, or to anything else that has no size or that of a byte, is one to anything. So is one to a
//!   function, since all of these are passed alike, whatever their types.
//! - Whether a pointer is a reference, a raw one, a `Box` or a `NonNull` is not compared. A structure of one field is passed as this is, and
//!   so is an `Option` in which nothing but a pointer or a number has a size.
//! - A pointer to a structure is one to what lies at its beginning, as C has it for types that derive from each other.
//! - Numbers are compared by their sizes, and those of the size of a pointer may be any pointer. Those with a point have other registers.
//! - Arguments of generic types are compared in the same way. In which module a type lies is not: libraries describe the types of C, each
//!   under the same name.
//!
//! All others are compared by their names, which rustc writes in the same way in each unit. What has no name is compared by its size.

use std::collections::HashSet;
use std::sync::Arc;

use gimli::AttributeValue;

use super::debug_information::{DebugInformation, Entry, is_another_name};
use super::object_names::split_bindings;
use super::type_names::{self, ANY};
use super::types::{Field, Structure, Types};
use super::word::TypeId;

/// How deep types may lie in each other. It only guards against a file that goes in circles.
const MOST_NESTED: usize = 64;

/// How many types are looked for at the beginning of another.
const MOST_AT_BEGINNING: usize = 64;

/// The size of a pointer.
const POINTER: u64 = 8;

/// What a function is given, or returns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum ValueType {
    Pointer(Pointee),
    /// A pointer to several things, and how many.
    Slice(Pointee),
    /// A pointer to an object of this trait, and the table of its methods.
    Object(Box<str>),
    /// A number without a point, a character, or a truth value, of this size.
    Integer(u64),
    Float(u64),
    /// One of several names, kept as a number.
    Enumeration {
        name: Box<str>,
        size: u64,
    },
    Named {
        name: Box<str>,
        size: u64,
    },
    /// Something of this size.
    Unknown(u64),
}

/// What a pointer points to: the names of its type and of those that lie at its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pointee(Arc<[Box<str>]>);

impl ValueType {
    /// Reads what something of a type is. `None` if it has no size, and is not passed at all.
    pub(super) fn read(
        information: &DebugInformation<'_>,
        types: &Types<'_>,
        ty: TypeId,
    ) -> Option<Self> {
        let size = types.size(ty);
        let known = || {
            let mut ty = ty;
            for _ in 0..MOST_NESTED {
                let entry = information.entry_alone(ty)?;
                let target = || information.reference(ty, &entry, gimli::DW_AT_type);
                ty = match entry.tag() {
                    tag if is_another_name(tag) => target()?,
                    gimli::DW_TAG_base_type => return Self::of_base(&entry, size),
                    gimli::DW_TAG_pointer_type | gimli::DW_TAG_reference_type => {
                        return Some(Self::Pointer(Pointee::read(information, types, target())));
                    }
                    gimli::DW_TAG_enumeration_type => {
                        let name = name(information, types, ty)?;
                        return Some(Self::Enumeration { name, size });
                    }
                    gimli::DW_TAG_structure_type | gimli::DW_TAG_union_type => {
                        match types.structure(ty)? {
                            Structure::Object(of) => {
                                return Some(Self::Object(split_bindings(&of).0.into()));
                            }
                            Structure::Slice(pointer) => {
                                return Some(Self::Slice(Pointee::of_slice(
                                    information,
                                    types,
                                    pointer,
                                )));
                            }
                            Structure::Fields(fields) => {
                                let name = name(information, types, ty)?;
                                match only_field(types, &fields, size) {
                                    Some(only) if has_only(&name, &fields) => only,
                                    _ => return Some(Self::Named { name, size }),
                                }
                            }
                        }
                    }
                    _ => return None,
                };
            }
            None
        };
        (size > 0).then(|| known().unwrap_or(Self::Unknown(size)))
    }

    fn of_base(entry: &Entry<'_>, size: u64) -> Option<Self> {
        Some(match encoding(entry)? {
            gimli::DW_ATE_float => Self::Float(size),
            gimli::DW_ATE_boolean
            | gimli::DW_ATE_signed
            | gimli::DW_ATE_signed_char
            | gimli::DW_ATE_unsigned
            | gimli::DW_ATE_unsigned_char
            | gimli::DW_ATE_UTF => Self::Integer(size),
            _ => return None,
        })
    }

    /// Returns a pointer to something of a type that has this name.
    pub(super) fn pointer_to(name: &str) -> Self {
        Self::Pointer(Pointee([name.into()].into()))
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Pointer(_) => POINTER,
            Self::Slice(_) | Self::Object(_) => 2 * POINTER,
            Self::Integer(size)
            | Self::Float(size)
            | Self::Enumeration { size, .. }
            | Self::Named { size, .. }
            | Self::Unknown(size) => *size,
        }
    }

    /// Whether what is passed as the one may be taken as the other. In doubt it may.
    pub(super) fn may_be(&self, other: &Self) -> bool {
        if self.size() != other.size() {
            return false;
        }
        match (self, other) {
            (Self::Pointer(one), Self::Pointer(other)) | (Self::Slice(one), Self::Slice(other)) => {
                one.may_be(other)
            }
            (Self::Object(one), Self::Object(other))
            | (Self::Named { name: one, .. }, Self::Named { name: other, .. })
            | (Self::Enumeration { name: one, .. }, Self::Enumeration { name: other, .. }) => {
                type_names::may_be_the_same(one, other)
            }
            (Self::Unknown(_), _)
            | (_, Self::Unknown(_))
            | (Self::Integer(_), Self::Integer(_) | Self::Pointer(_) | Self::Enumeration { .. })
            | (Self::Pointer(_) | Self::Enumeration { .. }, Self::Integer(_))
            | (Self::Float(_), Self::Float(_)) => true,
            _ => false,
        }
    }
}

impl Pointee {
    /// Reads what a pointer to a type points to.
    fn read(information: &DebugInformation<'_>, types: &Types<'_>, target: Option<TypeId>) -> Self {
        let target = target.filter(|target| types.size(*target) > 1);
        target.map_or_else(Self::any, |target| Self::named(information, types, target))
    }

    /// Reads what a pointer to several things points to, by the pointer's type. Bytes have a type there: their number goes with them.
    fn of_slice(information: &DebugInformation<'_>, types: &Types<'_>, pointer: TypeId) -> Self {
        let entry = information.entry_alone(pointer);
        let target =
            entry.and_then(|entry| information.reference(pointer, &entry, gimli::DW_AT_type));
        target.map_or_else(Self::any, |target| Self::named(information, types, target))
    }

    fn any() -> Self {
        Self([ANY.into()].into())
    }

    fn named(information: &DebugInformation<'_>, types: &Types<'_>, ty: TypeId) -> Self {
        names_at_beginning(information, types, ty)
            .filter(|names| !names.is_empty())
            .map_or_else(Self::any, |names| Self(names.into()))
    }

    fn may_be(&self, other: &Self) -> bool {
        let begins_with = |one: &Self, other: &Self| {
            let first = &other.0[0];
            one.0.iter().any(|name| type_names::may_be_the_same(name, first))
        };
        begins_with(self, other) || begins_with(other, self)
    }
}

/// Returns the names of a type and of all that lie at its beginning. `None` if nobody knows.
fn names_at_beginning(
    information: &DebugInformation<'_>,
    types: &Types<'_>,
    ty: TypeId,
) -> Option<Vec<Box<str>>> {
    let mut names: Vec<Box<str>> = Vec::new();
    let mut note = |name: Box<str>| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    let mut seen = HashSet::new();
    let mut open = vec![ty];
    while let Some(ty) = open.pop() {
        if !seen.insert(ty) {
            continue;
        }
        if seen.len() > MOST_AT_BEGINNING {
            return None;
        }
        let entry = information.entry_alone(ty)?;
        let size = types.size(ty);
        let target = || information.reference(ty, &entry, gimli::DW_AT_type);
        match entry.tag() {
            tag if is_another_name(tag) => open.push(target()?),
            gimli::DW_TAG_array_type => open.push(target()?),
            gimli::DW_TAG_base_type => note(match ValueType::of_base(&entry, size)? {
                ValueType::Integer(size) => number(size),
                _ => information.name(ty, &entry)?.into(),
            }),
            // To what the pointer there points is not compared.
            gimli::DW_TAG_pointer_type | gimli::DW_TAG_reference_type => note(number(POINTER)),
            gimli::DW_TAG_enumeration_type => {
                note(name(information, types, ty)?);
                note(number(size));
            }
            gimli::DW_TAG_structure_type | gimli::DW_TAG_union_type => {
                match types.structure(ty)? {
                    Structure::Fields(fields) => {
                        note(name(information, types, ty)?);
                        let fields = fields.iter().flat_map(|field| of_variant(types, field));
                        open.extend(fields.filter(|(offset, _)| *offset == 0).map(|(_, ty)| ty));
                    }
                    Structure::Object(_) | Structure::Slice(_) => {
                        note(name(information, types, ty)?);
                        note(number(POINTER));
                    }
                }
            }
            _ => return None,
        }
    }
    Some(names)
}

/// Returns a number's name of this size.
fn number(size: u64) -> Box<str> {
    format!("number of {size} bytes").into()
}

fn encoding(entry: &Entry<'_>) -> Option<gimli::DwAte> {
    match entry.attr_value(gimli::DW_AT_encoding)? {
        AttributeValue::Encoding(encoding) => Some(encoding),
        _ => None,
    }
}

/// Returns the one field of a structure that has a size, if it is as large as the structure. That may be the one of all its variants.
fn only_field(types: &Types<'_>, fields: &[Field], size: u64) -> Option<TypeId> {
    let all = fields.iter().flat_map(|field| of_variant(types, field));
    let mut sized = all.filter(|(_, ty)| types.size(*ty) > 0);
    let (offset, only) = sized.next()?;
    (sized.next().is_none() && offset == 0 && types.size(only) == size).then_some(only)
}

/// Whether a type may stand for its only field. Of enumerations only `Option` is put in the place of what it has: for a pointer that may
/// be null.
fn has_only(name: &str, fields: &[Field]) -> bool {
    name.starts_with("Option<") || !fields.iter().any(|field| field.is_variant)
}

/// Returns a field, or those of the variant that it is: the offset of each, and its type.
fn of_variant(types: &Types<'_>, field: &Field) -> Vec<(u64, TypeId)> {
    if !field.is_variant {
        return vec![(field.offset, field.ty)];
    }
    match types.structure(field.ty) {
        Some(Structure::Fields(own)) => {
            own.iter().map(|own| (field.offset.saturating_add(own.offset), own.ty)).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the name of a type. Where its generic arguments say that something is of any type, this is said in the same way.
fn name(information: &DebugInformation<'_>, types: &Types<'_>, ty: TypeId) -> Option<Box<str>> {
    let mut given = Vec::new();
    let entry = information.entry(ty, |information, child| {
        if child.tag() == gimli::DW_TAG_template_type_parameter {
            given.push(information.reference(ty, child, gimli::DW_AT_type));
        }
    })?;
    let name = information.name(ty, &entry)?;
    let Some((path, arguments)) = type_names::generics(&name) else { return Some(name.into()) };
    // Constants are no types. A tuple's fields are not described as arguments.
    if given.len() != arguments.len() {
        return Some(name.into());
    }
    let is_any = |ty: Option<TypeId>| ty.is_none_or(|ty| types.size(ty) <= 1);
    let arguments = given.into_iter().zip(arguments);
    let arguments = arguments.map(|(ty, argument)| if is_any(ty) { ANY } else { argument });
    Some(format!("{path}<{}>", arguments.collect::<Vec<_>>().join(", ")).into())
}
