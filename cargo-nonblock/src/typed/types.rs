//! What lies at an offset of a type.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::constant_tables;
use super::debug_information::{DebugInformation, Entry, is_another_name};
use super::object_names::principal;
use super::word::{Pointee, TypeId, Word};

/// How deep types may lie in each other. It only guards against a file that goes in circles.
const MOST_NESTED: usize = 64;

/// The types of a program.
#[derive(Debug)]
pub(super) struct Types<'data> {
    information: Arc<DebugInformation<'data>>,
    known: RefCell<FxHashMap<TypeId, Arc<Type>>>,
}

/// What is known of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Type {
    /// Numbers and the like, or something that is not understood.
    Data { size: u64 },
    /// A pointer to something of a type.
    Pointer(TypeId),
    /// A pointer to a function, which is called as Rust calls or in another way.
    Function { of: TypeId, is_rust: bool },
    /// A pointer to a trait object, with the table of its methods behind it.
    Object { to: TypeId, of: Arc<str> },
    /// Things at offsets: fields of a structure.
    Fields { size: u64, fields: Vec<Field>, kind: Kind },
    /// A structure that is only made as a constant, and has pointers to functions: which has this path.
    ConstantTable { path: Arc<str>, size: u64, fields: Vec<Field> },
    /// The same thing several times.
    Array { of: TypeId, each: u64, size: u64 },
}

/// What lies at an offset of a structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    name: String,
    pub(super) offset: u64,
    pub(super) ty: TypeId,
    /// Whether it is one of the variants of an enumeration.
    pub(super) is_variant: bool,
}

/// What a structure is.
#[derive(Clone, Debug)]
pub(super) enum Structure {
    /// A pointer to an object of this trait, with the table of its methods.
    Object(Arc<str>),
    /// A pointer to several things, and how many: with the type of the pointer.
    Slice(TypeId),
    Fields(Vec<Field>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Structure,
    Union,
}

/// What is seen at an offset of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// None of its bytes, or none of which anything is said.
    Nothing,
    /// Something that is no pointer, or that is not the same in all cases.
    Data,
    /// One of these.
    Words(Vec<Word>),
}

impl Seen {
    /// Puts together what is seen in different cases of a type. What is a pointer in one and a number in another is not known.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, other) => other,
            (this, Self::Nothing) => this,
            (Self::Words(mut words), Self::Words(others)) => {
                for word in others {
                    if !words.contains(&word) {
                        words.push(word);
                    }
                }
                Self::Words(words)
            }
            _ => Self::Data,
        }
    }
}

impl<'data> Types<'data> {
    pub(super) fn new(information: Arc<DebugInformation<'data>>) -> Self {
        Self { information, known: RefCell::default() }
    }

    /// Returns what lies at an offset of a type, in the eight bytes there.
    pub(super) fn at(&self, ty: TypeId, offset: u64) -> Seen {
        self.at_depth(ty, offset, MOST_NESTED)
    }

    fn at_depth(&self, ty: TypeId, offset: u64, depth: usize) -> Seen {
        let Some(depth) = depth.checked_sub(1) else { return Seen::Data };
        match &*self.get(ty) {
            Type::Data { size } if offset < *size => Seen::Data,
            Type::Pointer(to) if offset == 0 => Seen::Words(vec![Word::pointer_to(*to)]),
            Type::Function { of, is_rust } if offset == 0 => {
                Seen::Words(vec![Word::Function { of: *of, is_rust: *is_rust }])
            }
            Type::Object { to, .. } if offset == 0 => Seen::Words(vec![Word::pointer_to(*to)]),
            Type::Object { of, .. } if offset == 8 => {
                Seen::Words(vec![Word::Table(Arc::clone(of))])
            }
            Type::Pointer(_) | Type::Function { .. } if offset < 8 => Seen::Data,
            Type::Object { .. } if offset < 16 => Seen::Data,
            Type::Array { of, each, size } if offset < *size && *each > 0 => {
                self.at_depth(*of, offset % *each, depth)
            }
            Type::Data { .. }
            | Type::Array { .. }
            | Type::Pointer(_)
            | Type::Function { .. }
            | Type::Object { .. } => Seen::Nothing,
            Type::ConstantTable { path, fields, .. } => {
                let at = fields.iter().find(|field| field.offset == offset);
                match at.map(|field| (*self.get(field.ty)).clone()) {
                    Some(Type::Function { of, is_rust: true }) => {
                        let path = Arc::clone(path);
                        Seen::Words(vec![Word::InTable { path, layout: ty, offset, of }])
                    }
                    _ => Seen::Data,
                }
            }
            Type::Fields { fields, .. } => {
                // The fields of a structure do not overlap. Those of a union and the variants of an enumeration do.
                let seen = fields.iter().filter_map(|field| {
                    let inner = offset.checked_sub(field.offset)?;
                    (inner < self.size(field.ty)).then(|| self.at_depth(field.ty, inner, depth))
                });
                seen.fold(Seen::Nothing, Seen::or)
            }
        }
    }

    /// Returns the type of the elements of an array around an offset, where the distance between two of them divides `stride`, and
    /// the offset in such an element.
    pub(super) fn element(&self, ty: TypeId, offset: u64, stride: u64) -> Option<(TypeId, u64)> {
        let (mut ty, mut offset) = (ty, offset);
        for _ in 0..MOST_NESTED {
            let size = self.size(ty);
            // A pointer to the first of several.
            if size > 0 && stride.is_multiple_of(size) && offset < size {
                return Some((ty, offset));
            }
            (ty, offset) = match &*self.get(ty) {
                Type::Array { of, each, size } if offset < *size && *each > 0 => {
                    (*of, offset % *each)
                }
                Type::Fields { fields, kind: Kind::Structure, .. } => {
                    let mut around = fields.iter().filter_map(|field| {
                        let inner = offset.checked_sub(field.offset)?;
                        (inner < self.size(field.ty) && !field.is_variant)
                            .then_some((field.ty, inner))
                    });
                    around.next().filter(|_| around.next().is_none())?
                }
                _ => return None,
            };
        }
        None
    }

    /// Returns the size of a type in bytes. That of an object of an unknown type is 0.
    pub(super) fn size(&self, ty: TypeId) -> u64 {
        match &*self.get(ty) {
            Type::Data { size }
            | Type::Fields { size, .. }
            | Type::ConstantTable { size, .. }
            | Type::Array { size, .. } => *size,
            Type::Pointer(_) | Type::Function { .. } => 8,
            Type::Object { .. } => 16,
        }
    }

    /// Returns what kind of thing a type is, where it is a structure or the like.
    pub(super) fn structure(&self, ty: TypeId) -> Option<Structure> {
        match &*self.get(ty) {
            Type::Object { of, .. } => Some(Structure::Object(Arc::clone(of))),
            Type::Fields { fields, .. } | Type::ConstantTable { fields, .. } => {
                let [first, second] = fields.as_slice() else {
                    return Some(Structure::Fields(fields.clone()));
                };
                Some(match (first.name.as_str(), second.name.as_str()) {
                    ("data_ptr", "length") => Structure::Slice(first.ty),
                    _ => Structure::Fields(fields.clone()),
                })
            }
            _ => None,
        }
    }

    /// Returns the types of the fields of a structure, in their order. `None` if the type is none.
    pub(super) fn fields(&self, ty: TypeId) -> Option<Vec<TypeId>> {
        match &*self.get(ty) {
            Type::Fields { fields, kind: Kind::Structure, .. } => {
                Some(fields.iter().map(|field| field.ty).collect())
            }
            // `()`
            Type::Data { size: 0 } => Some(Vec::new()),
            _ => None,
        }
    }

    /// Returns the trait whose objects a type of no size is, or ends with: `dyn Trait`, with the types that go with it.
    pub(super) fn trait_of(&self, ty: TypeId) -> Option<Arc<str>> {
        let mut ty = ty;
        for _ in 0..MOST_NESTED {
            let mut fields = Vec::new();
            let entry = self.information.entry(ty, |information, child| {
                if child.tag() == gimli::DW_TAG_member
                    && let Some(of) = information.reference(ty, child, gimli::DW_AT_type)
                {
                    let offset = DebugInformation::number(child, gimli::DW_AT_data_member_location);
                    fields.push((offset.unwrap_or(0), of));
                }
            })?;
            if is_another_name(entry.tag()) {
                ty = self.information.reference(ty, &entry, gimli::DW_AT_type)?;
                continue;
            }
            if entry.tag() != gimli::DW_TAG_structure_type {
                return None;
            }
            let name = self.information.name(ty, &entry)?;
            if let Some(of) = principal(&name) {
                return Some(of.into());
            }
            // The last field is the one whose size is not known.
            ty = fields.into_iter().max_by_key(|(offset, _)| *offset)?.1;
        }
        None
    }

    /// Returns the type of a variable, or of what a function returns, by the place where it is described. `None` if a function returns
    /// nothing.
    pub(super) fn type_of(&self, function: TypeId) -> Option<TypeId> {
        let mut at = function;
        for _ in 0..8 {
            let entry = self.information.entry_alone(at)?;
            if let Some(ty) = self.information.reference(at, &entry, gimli::DW_AT_type) {
                return Some(ty);
            }
            let origin = self.information.reference(at, &entry, gimli::DW_AT_abstract_origin);
            at = origin
                .or_else(|| self.information.reference(at, &entry, gimli::DW_AT_specification))?;
        }
        None
    }

    /// Whether a variable that is not on the stack lies at an address.
    pub(super) fn are_at(&self, address: u64) -> bool {
        self.range_at(address).is_some()
    }

    /// Returns where the variable is, from its beginning to its end, that lies at an address and is not on the stack.
    pub(super) fn range_at(&self, address: u64) -> Option<Range<u64>> {
        let (start, ty) = self.information.global(address)?;
        let range = start..start.saturating_add(self.size(ty));
        range.contains(&address).then_some(range)
    }

    fn get(&self, ty: TypeId) -> Arc<Type> {
        if let Some(known) = self.known.borrow().get(&ty) {
            return Arc::clone(known);
        }
        let read = Arc::new(self.read(ty, MOST_NESTED).unwrap_or(Type::Data { size: 0 }));
        self.known.borrow_mut().insert(ty, Arc::clone(&read));
        read
    }

    fn read(&self, ty: TypeId, depth: usize) -> Option<Type> {
        let depth = depth.checked_sub(1)?;
        let information = &*self.information;
        let mut fields = Vec::new();
        let mut count = Some(1_u64);
        let mut variants = Vec::new();
        let entry = information.entry(ty, |information, child| match child.tag() {
            gimli::DW_TAG_member | gimli::DW_TAG_inheritance => {
                fields.extend(field(information, ty, child, false));
            }
            gimli::DW_TAG_variant_part => variants.extend(information.place_of(ty, child)),
            gimli::DW_TAG_subrange_type => {
                let own = DebugInformation::number(child, gimli::DW_AT_count).or_else(|| {
                    DebugInformation::number(child, gimli::DW_AT_upper_bound)?.checked_add(1)
                });
                count = count.zip(own).and_then(|(count, own)| count.checked_mul(own));
            }
            _ => {}
        })?;
        let target = information.reference(ty, &entry, gimli::DW_AT_type);
        let size = DebugInformation::number(&entry, gimli::DW_AT_byte_size);
        Some(match entry.tag() {
            tag if is_another_name(tag) => {
                return Some(target.map_or(Type::Data { size: 0 }, |target| {
                    self.read(target, depth).unwrap_or(Type::Data { size: 0 })
                }));
            }
            gimli::DW_TAG_pointer_type
            | gimli::DW_TAG_reference_type
            | gimli::DW_TAG_rvalue_reference_type => match target {
                Some(of) if self.is_function(of) => {
                    let name = information.name(ty, &entry);
                    // C gives these no name. Without a prototype a pointer says nothing, and those of C++ have none.
                    let is_known = name.is_some() || self.has_prototype(of);
                    let is_rust = name.is_some_and(|name| !name.contains("extern "));
                    if is_known { Type::Function { of, is_rust } } else { Type::Data { size: 8 } }
                }
                Some(target) => Type::Pointer(target),
                None => Type::Data { size: 8 },
            },
            gimli::DW_TAG_array_type => {
                let of = target?;
                let each = self.size(of);
                Type::Array { of, each, size: each.saturating_mul(count.unwrap_or(0)) }
            }
            gimli::DW_TAG_structure_type | gimli::DW_TAG_class_type | gimli::DW_TAG_union_type => {
                if let Some(object) = self.object(&fields, size) {
                    return Some(object);
                }
                for variant in variants {
                    fields.extend(self.variants(variant));
                }
                if let Some(path) = self.path_of_table(ty, &entry) {
                    return Some(Type::ConstantTable { path, size: size.unwrap_or(0), fields });
                }
                let kind = if entry.tag() == gimli::DW_TAG_union_type {
                    Kind::Union
                } else {
                    Kind::Structure
                };
                Type::Fields { size: size.unwrap_or(0), fields, kind }
            }
            _ => Type::Data { size: size.unwrap_or(0) },
        })
    }

    /// Returns the fields that are the variants of an enumeration. Which of them it is, a number says, which is left out: where it is
    /// kept in the place of a pointer, that pointer is none which can be followed.
    fn variants(&self, part: TypeId) -> Vec<Field> {
        let mut fields = Vec::new();
        let information = &*self.information;
        let walked = information.walk(part, |entry, depth| {
            if depth == 2 && entry.tag() == gimli::DW_TAG_member {
                fields.extend(field(information, part, entry, true));
            }
            depth < 2
        });
        debug_assert!(walked.is_some() || fields.is_empty());
        fields
    }

    /// Returns the pointer to a trait object that a structure is, if it is one: as the compiler describes it.
    fn object(&self, fields: &[Field], size: Option<u64>) -> Option<Type> {
        let [first, second] = fields else { return None };
        let is_pair = size == Some(16)
            && (first.name.as_str(), first.offset) == ("pointer", 0)
            && (second.name.as_str(), second.offset) == ("vtable", 8);
        if !is_pair {
            return None;
        }
        let Type::Pointer(to) = *self.get(first.ty) else { return None };
        Some(Type::Object { to, of: self.trait_of(to)? })
    }

    /// Returns the path of a structure that is a table which is only made as a constant.
    fn path_of_table(&self, ty: TypeId, entry: &Entry<'data>) -> Option<Arc<str>> {
        let name = self.information.name(ty, entry).filter(|name| constant_tables::may_be(name))?;
        let path = format!("{}::{name}", self.information.namespace(ty)?);
        (self.information.is_rust(ty) && constant_tables::is_one(&path)).then(|| path.into())
    }

    /// Returns the pointers to functions in a table that is only made as a constant: where each is, and the type of what it points to.
    pub(super) fn function_pointers(&self, table: TypeId) -> Option<Vec<(u64, TypeId)>> {
        let ty = self.get(table);
        let Type::ConstantTable { fields, .. } = &*ty else { return None };
        let pointers = fields.iter().filter_map(|field| match *self.get(field.ty) {
            Type::Function { of, is_rust: true } => Some((field.offset, of)),
            _ => None,
        });
        Some(pointers.collect())
    }

    fn has_prototype(&self, function: TypeId) -> bool {
        let entry = self.information.entry_alone(function);
        entry.is_some_and(|entry| entry.has_attr(gimli::DW_AT_prototyped))
    }

    fn is_function(&self, ty: TypeId) -> bool {
        let mut ty = ty;
        for _ in 0..MOST_NESTED {
            let Some(entry) = self.information.entry_alone(ty) else { return false };
            if entry.tag() == gimli::DW_TAG_subroutine_type {
                return true;
            }
            let target = self.information.reference(ty, &entry, gimli::DW_AT_type);
            match target.filter(|_| is_another_name(entry.tag())) {
                Some(target) => ty = target,
                None => return false,
            }
        }
        false
    }

    /// Returns what a pointer points to, at a distance from where it points.
    pub(super) fn behind(&self, to: &Pointee, distance: i64) -> Seen {
        match to {
            // Bytes may be anything: a pointer to them says nothing.
            Pointee::Type(ty) if matches!(&*self.get(*ty), Type::Data { size: ..8 }) => {
                Seen::Nothing
            }
            Pointee::Type(ty) => {
                u64::try_from(distance).map_or(Seen::Nothing, |offset| self.at(*ty, offset))
            }
            Pointee::Words(words) => words
                .iter()
                .filter(|(at, _)| *at == distance)
                .map(|(_, word)| Seen::Words(vec![word.clone()]))
                .fold(Seen::Nothing, Seen::or),
        }
    }
}

fn field<'data>(
    information: &DebugInformation<'data>,
    beside: TypeId,
    entry: &Entry<'data>,
    is_variant: bool,
) -> Option<Field> {
    let has = |attribute| entry.attr_value(attribute).is_some();
    // Bits are no pointers.
    if has(gimli::DW_AT_data_bit_offset) || has(gimli::DW_AT_bit_size) {
        return None;
    }
    Some(Field {
        name: information.name(beside, entry).unwrap_or_default(),
        // Without an offset it is that of a union.
        offset: DebugInformation::number(entry, gimli::DW_AT_data_member_location).unwrap_or(0),
        ty: information.reference(beside, entry, gimli::DW_AT_type)?,
        is_variant,
    })
}

#[cfg(test)]
mod tests {
    use super::Seen;
    use crate::typed::word::Word;

    #[test]
    fn what_is_a_pointer_in_one_case_and_a_number_in_another_is_not_known() {
        let words = |ty| Seen::Words(vec![Word::pointer_to(ty)]);
        assert_eq!(words(1).or(Seen::Data), Seen::Data);
        assert_eq!(Seen::Data.or(words(1)), Seen::Data);
        assert_eq!(words(1).or(Seen::Nothing), words(1));
        assert_eq!(words(1).or(words(1)), words(1));
        assert_eq!(
            words(1).or(words(2)),
            Seen::Words(vec![Word::pointer_to(1), Word::pointer_to(2)])
        );
    }
}
