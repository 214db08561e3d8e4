//! The debugging information, looked through once: where functions and variables are described, and which tables of methods have a name.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use gimli::{
    AttributeValue, DwAt, DwTag, Dwarf, EndianSlice, LittleEndian, Operation, Unit, UnitOffset,
};

use super::word::TypeId;
use crate::demangle::split_at_as;
use crate::elf::Program;

pub(super) type Reader<'data> = EndianSlice<'data, LittleEndian>;
pub(super) type Entry<'data> = gimli::DebuggingInformationEntry<Reader<'data>>;

/// The debugging information of a program.
#[derive(Debug)]
pub(crate) struct DebugInformation<'data> {
    pub(super) dwarf: Dwarf<Reader<'data>>,
    units: Vec<UnitInformation<'data>>,
    /// Where functions are described, by their address. `None` if there are several.
    functions: HashMap<u64, Option<TypeId>>,
    tables: Vec<NamedTable>,
    /// The types of variables that are not on the stack, by their address.
    globals: BTreeMap<u64, TypeId>,
    /// Where the code of each unit lies, by address, and whether it is that of the precompiled standard library.
    code: Vec<(Range<u64>, bool)>,
}

#[derive(Debug)]
struct UnitInformation<'data> {
    entries: Range<usize>,
    unit: Unit<Reader<'data>>,
    is_optimized: bool,
    has_types: bool,
    is_rust: bool,
}

/// A table of methods that the compiler has named.
#[derive(Clone, Debug)]
pub(crate) struct NamedTable {
    pub(crate) address: u64,
    pub(crate) size: u64,
    /// The trait, with its generic arguments.
    pub(crate) of: Box<str>,
}

/// How many times as many variables a unit that was not optimized has in the stack's frames as elsewhere.
const MOSTLY: usize = 4;

impl<'data> DebugInformation<'data> {
    /// Reads it. `None` if there is none, or none that can be read to its end: then nobody knows.
    pub(crate) fn read(program: &Program<'data>) -> Option<Self> {
        if !program.has_debug_information() {
            return None;
        }
        let dwarf = Dwarf::load(|id| {
            Ok::<_, gimli::Error>(EndianSlice::new(program.debug_section(id.name()), LittleEndian))
        })
        .ok()?;
        let mut this = Self {
            dwarf,
            units: Vec::new(),
            functions: HashMap::new(),
            tables: Vec::new(),
            globals: BTreeMap::new(),
            code: Vec::new(),
        };
        this.look_through().ok()?;
        Some(this)
    }

    fn look_through(&mut self) -> Result<(), gimli::Error> {
        let mut headers = self.dwarf.units();
        let mut units = Vec::new();
        while let Some(header) = headers.next()? {
            let Some(start) = header.debug_info_offset() else { continue };
            let end = start.0.saturating_add(header.length_including_self());
            let unit = self.dwarf.unit(header)?;
            let of_std = unit.name.is_some_and(|name| is_of_std(&name.to_string_lossy()));
            let mut ranges = self.dwarf.unit_ranges(&unit)?;
            while let Some(range) = ranges.next()? {
                self.code.push((range.begin..range.end, of_std));
            }
            let (is_optimized, has_types) = self.look_through_unit(start.0, &unit)?;
            let is_rust = unit.entry(unit.header.root_offset()).is_ok_and(|root| {
                root.attr_value(gimli::DW_AT_language)
                    == Some(AttributeValue::Language(gimli::DW_LANG_Rust))
            });
            units.push(UnitInformation {
                is_rust,
                entries: start.0..end,
                unit,
                is_optimized,
                has_types,
            });
        }
        self.units = units;
        self.code.sort_by_key(|(range, _)| range.start);
        Ok(())
    }

    /// Notes what is in a unit, and returns whether it was optimized, and whether types are described in it.
    fn look_through_unit(
        &mut self,
        start: usize,
        unit: &Unit<Reader<'data>>,
    ) -> Result<(bool, bool), gimli::Error> {
        let mut has_types = false;
        let (mut in_frames, mut elsewhere) = (0_usize, 0_usize);
        let mut entries = unit.entries();
        while let Some(entry) = entries.next_dfs()? {
            let own = start + entry.offset().0;
            has_types |= entry.has_attr(gimli::DW_AT_type);
            match entry.tag() {
                gimli::DW_TAG_subprogram => {
                    if let Some(AttributeValue::Addr(address)) =
                        entry.attr_value(gimli::DW_AT_low_pc)
                        && address != 0
                    {
                        // Where the linker has put equal functions together, nobody knows which of them it is.
                        let known = self.functions.entry(address);
                        known.and_modify(|known| *known = None).or_insert(Some(own));
                    }
                }
                gimli::DW_TAG_variable | gimli::DW_TAG_formal_parameter => {
                    match place(unit, entry) {
                        Some(Location::Address(address)) => {
                            self.note_global(start, unit, entry, address);
                        }
                        Some(Location::Frame) => in_frames += 1,
                        Some(Location::Elsewhere) => elsewhere += 1,
                        None => {}
                    }
                }
                _ => {}
            }
        }
        Ok((in_frames < elsewhere.saturating_mul(MOSTLY), has_types))
    }

    fn note_global(
        &mut self,
        start: usize,
        unit: &Unit<Reader<'data>>,
        entry: &Entry<'data>,
        address: u64,
    ) {
        let Some(AttributeValue::UnitRef(ty)) = entry.attr_value(gimli::DW_AT_type) else { return };
        let name = entry
            .attr_value(gimli::DW_AT_name)
            .and_then(|name| self.dwarf.attr_string(unit, name).ok())
            .map(|name| name.to_string_lossy());
        if let Some(of) = name.as_deref().and_then(trait_of_table) {
            let size = unit.entry(ty).ok().and_then(|ty| {
                ty.attr_value(gimli::DW_AT_byte_size).and_then(|size| size.udata_value())
            });
            // One whose size is not known has at least the methods of each table that it is compared with.
            let size = size.unwrap_or(u64::MAX);
            self.tables.push(NamedTable { address, size, of: of.into() });
        }
        self.globals.insert(address, start + ty.0);
    }

    /// Returns the tables of methods that have names.
    pub(crate) fn tables(&self) -> &[NamedTable] {
        &self.tables
    }

    /// Returns where the function at an address is described.
    pub(super) fn function(&self, address: u64) -> Option<TypeId> {
        self.functions.get(&address).copied().flatten()
    }

    /// Whether a function at an address is described, or several.
    pub(super) fn describes(&self, address: u64) -> bool {
        self.functions.contains_key(&address)
    }

    /// Whether code at an address is that of the precompiled standard library. `None` if it is in no unit.
    pub(super) fn is_of_std(&self, address: u64) -> Option<bool> {
        let after = self.code.partition_point(|(range, _)| range.start <= address);
        let (range, of_std) = self.code.get(after.checked_sub(1)?)?;
        range.contains(&address).then_some(*of_std)
    }

    /// Returns the variable at an address, or around it: where it begins, and its type.
    pub(super) fn global(&self, address: u64) -> Option<(u64, TypeId)> {
        self.globals.range(..=address).next_back().map(|(start, ty)| (*start, *ty))
    }

    /// Whether what a place describes was optimized, as far as its unit tells.
    pub(super) fn is_optimized(&self, at: TypeId) -> bool {
        self.unit(at).is_none_or(|(unit, _)| unit.is_optimized)
    }

    /// Whether types are described in the unit of a place. Where none are, parameters are not either.
    pub(super) fn has_types(&self, at: TypeId) -> bool {
        self.unit(at).is_some_and(|(unit, _)| unit.has_types)
    }

    /// Whether what a place describes was written in Rust.
    pub(super) fn is_rust(&self, at: TypeId) -> bool {
        self.unit(at).is_some_and(|(unit, _)| unit.is_rust)
    }

    fn unit(&self, at: TypeId) -> Option<(&UnitInformation<'data>, UnitOffset)> {
        let after = self.units.partition_point(|unit| unit.entries.start <= at);
        let unit = self.units.get(after.checked_sub(1)?)?;
        unit.entries.contains(&at).then(|| (unit, UnitOffset(at - unit.entries.start)))
    }

    /// Returns an entry, and calls `f` with those directly below it.
    pub(super) fn entry(
        &self,
        at: TypeId,
        mut child: impl FnMut(&Self, &Entry<'data>),
    ) -> Option<Entry<'data>> {
        let mut first = None;
        self.walk(at, |entry, depth| {
            match depth {
                0 => first = Some(entry.clone()),
                1 => child(self, entry),
                _ => {}
            }
            true
        })?;
        first
    }

    /// Goes through an entry and all below it, each with its depth, as long as `f` wants to go below.
    pub(super) fn walk(
        &self,
        at: TypeId,
        mut f: impl FnMut(&Entry<'data>, isize) -> bool,
    ) -> Option<()> {
        let (unit, offset) = self.unit(at)?;
        let mut entries = unit.unit.entries_at_offset(offset).ok()?;
        let mut below = isize::MAX;
        let mut is_first = true;
        while let Some(entry) = entries.next_dfs().ok()? {
            let depth = entry.depth();
            if depth <= 0 && !is_first {
                break;
            }
            is_first = false;
            if depth > below {
                continue;
            }
            below = if f(entry, depth) { isize::MAX } else { depth };
            if depth == 0 && !entry.has_children() {
                break;
            }
        }
        Some(())
    }

    /// Returns the place of an entry of the same unit as another.
    pub(super) fn place_of(&self, beside: TypeId, entry: &Entry<'data>) -> Option<TypeId> {
        let (unit, _) = self.unit(beside)?;
        Some(unit.entries.start + entry.offset().0)
    }

    /// Returns what an attribute refers to.
    pub(super) fn reference(
        &self,
        beside: TypeId,
        entry: &Entry<'data>,
        attribute: DwAt,
    ) -> Option<TypeId> {
        match entry.attr_value(attribute)? {
            AttributeValue::UnitRef(offset) => {
                let (unit, _) = self.unit(beside)?;
                Some(unit.entries.start + offset.0)
            }
            AttributeValue::DebugInfoRef(offset) => Some(offset.0),
            _ => None,
        }
    }

    /// Returns an entry's name.
    pub(super) fn name(&self, beside: TypeId, entry: &Entry<'data>) -> Option<String> {
        let (unit, _) = self.unit(beside)?;
        let name = entry.attr_value(gimli::DW_AT_name)?;
        let name = self.dwarf.attr_string(&unit.unit, name).ok()?;
        Some(name.to_string_lossy().into_owned())
    }

    /// Returns the operations of an attribute that is an expression. `None` if it is none, or a list of them.
    pub(super) fn operations(
        &self,
        beside: TypeId,
        entry: &Entry<'data>,
        attribute: DwAt,
    ) -> Option<Vec<Operation<Reader<'data>>>> {
        let (unit, _) = self.unit(beside)?;
        let expression = entry.attr_value(attribute)?.exprloc_value()?;
        let mut operations = expression.operations(unit.unit.encoding());
        let mut found = Vec::new();
        while let Some(operation) = operations.next().ok()? {
            found.push(operation);
        }
        Some(found)
    }

    /// Returns a number that an attribute has.
    pub(super) fn number(entry: &Entry<'data>, attribute: DwAt) -> Option<u64> {
        entry.attr_value(attribute)?.udata_value()
    }
}

/// Where a variable is.
enum Location {
    Address(u64),
    Frame,
    Elsewhere,
}

fn place<'data>(unit: &Unit<Reader<'data>>, entry: &Entry<'data>) -> Option<Location> {
    let value = entry.attr_value(gimli::DW_AT_location)?;
    let Some(expression) = value.exprloc_value() else { return Some(Location::Elsewhere) };
    let mut operations = expression.operations(unit.encoding());
    let first = operations.next().ok().flatten()?;
    Some(match first {
        Operation::Address { address } => match operations.next() {
            Ok(None) => Location::Address(address),
            _ => return None,
        },
        Operation::FrameOffset { .. } => Location::Frame,
        // That of a thread.
        Operation::UnsignedConstant { .. } | Operation::TLS => return None,
        _ => Location::Elsewhere,
    })
}

/// Whether a unit is one of the precompiled standard library, or of what comes with it, by its name. What a crate makes of generic
/// functions of the library is in a unit of its own.
fn is_of_std(name: &str) -> bool {
    (name.starts_with("/rustc/") && name.contains("/library/")) || name.starts_with("/rust/deps/")
}

/// Returns the trait of a table of methods by the table's name: `<T as Trait>::{vtable}`.
fn trait_of_table(name: &str) -> Option<&str> {
    let inner = name.strip_prefix('<')?.strip_suffix(">::{vtable}")?;
    split_at_as(inner).map(|(_, of)| of)
}

/// Whether a kind of entry is a name or a mark for another type.
pub(super) fn is_another_name(tag: DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_typedef
            | gimli::DW_TAG_const_type
            | gimli::DW_TAG_volatile_type
            | gimli::DW_TAG_restrict_type
            | gimli::DW_TAG_atomic_type
    )
}

#[cfg(test)]
mod tests {
    use super::trait_of_table;

    #[test]
    fn the_trait_of_a_table_is_in_its_name() {
        let cases = [
            ("<a::B as c::D>::{vtable}", Some("c::D")),
            ("<a::B<<e::F as g::H>::I> as c::D<f32>>::{vtable}", Some("c::D<f32>")),
            ("<a::{closure_env#0} as c::Fn<(f32, u16)>>::{vtable}", Some("c::Fn<(f32, u16)>")),
            ("<fn() -> u32 as c::D>::{vtable}", Some("c::D")),
            ("<a::B as c::D>::{vtable_type}", None),
            ("a::B", None),
        ];
        for (name, of) in cases {
            assert_eq!(trait_of_table(name), of, "{name}");
        }
    }
}
