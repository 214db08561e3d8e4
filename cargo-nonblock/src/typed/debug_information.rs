//! The debugging information, looked through once: where functions and variables are described, and which tables of methods have a name.

use std::ops::Range;
use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use gimli::{AttributeValue, DwAt, DwTag, Dwarf, Operation, Unit, UnitOffset};

use super::word::TypeId;
use crate::demangle::split_at_as;
use crate::dwarf::{self, Header, Value};
use crate::elf::Program;
use crate::formatting;
use crate::machine::Machine;
use crate::parallel;

pub(super) use crate::dwarf::Reader;
pub(super) type Entry<'data> = gimli::DebuggingInformationEntry<Reader<'data>>;

/// The debugging information of a program.
#[derive(Debug)]
pub(crate) struct DebugInformation<'data> {
    pub(super) dwarf: Dwarf<Reader<'data>>,
    machine: Machine,
    units: Vec<UnitInformation<'data>>,
    /// Where functions are described, by their addresses. There may be several at one.
    functions: Vec<(u64, TypeId)>,
    tables: Vec<NamedTable>,
    /// The types of variables that are not on the stack, by their addresses.
    globals: Vec<(u64, TypeId)>,
    code: UnitCode,
    /// Whether the precompiled standard library is one of which it is known how it formats.
    is_library_known: bool,
}

/// Where the code of each unit lies, by address, and whether it is that of the precompiled standard library.
#[derive(Debug, Default)]
pub(super) struct UnitCode(Vec<(Range<u64>, bool)>);

impl UnitCode {
    /// Whether code at an address is that of the precompiled standard library. `None` if it is in no unit.
    pub(super) fn is_of_std(&self, address: u64) -> Option<bool> {
        let after = self.0.partition_point(|(range, _)| range.start <= address);
        let (range, of_std) = self.0.get(after.checked_sub(1)?)?;
        range.contains(&address).then_some(*of_std)
    }
}

#[derive(Debug)]
struct UnitInformation<'data> {
    entries: Range<usize>,
    /// Whether the functions of the crate are given something, and most of it lies in their frames.
    is_plain: bool,
    header: Header<'data>,
    /// It is read when somebody asks for something in it. `None` if it cannot be.
    unit: OnceLock<Option<Box<Unit<Reader<'data>>>>>,
    optimization: Optimization,
    has_types: bool,
    is_rust: bool,
}

/// Whether a unit was optimized, as far as its variables tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Optimization {
    None,
    Some,
    /// It has no variables.
    Unknown,
}

impl Optimization {
    const fn of(found: &Found) -> Self {
        if found.in_frames < found.elsewhere.saturating_mul(MOSTLY) {
            Self::Some
        } else if found.in_frames > 0 {
            Self::None
        } else {
            Self::Unknown
        }
    }
}

/// Returns the names of the crates whose functions are given most in their frames.
fn plain_crates(all: &[Found]) -> FxHashSet<String> {
    let mut given: FxHashMap<&str, [usize; 2]> = FxHashMap::default();
    for found in all {
        let [in_frames, elsewhere] = given.entry(&found.of_crate).or_default();
        *in_frames += found.given_in_frames;
        *elsewhere += found.given_elsewhere;
    }
    let plain = given.into_iter().filter(|(_, [in_frames, elsewhere])| {
        *in_frames > 0 && *in_frames >= elsewhere.saturating_mul(2)
    });
    plain.map(|(name, _)| name.to_owned()).collect()
}

/// What follows the path of a crate's first file in the names of the units in which it was compiled.
const PART: &str = "/@/";

/// What is found in a unit.
#[derive(Default)]
struct Found {
    entries: Range<usize>,
    functions: Vec<(u64, TypeId)>,
    tables: Vec<NamedTable>,
    globals: Vec<(u64, TypeId)>,
    code: Vec<(Range<u64>, bool)>,
    has_types: bool,
    is_rust: bool,
    /// Whether it is a unit of the precompiled standard library, of a compiler that is not known.
    is_of_unknown_library: bool,
    /// How many variables lie in frames of the stack, and how many elsewhere.
    in_frames: usize,
    elsewhere: usize,
    /// How many parameters of its functions themselves lie in frames, and how many elsewhere.
    given_in_frames: usize,
    given_elsewhere: usize,
    /// The first file of the crate of which it is a part, or its own, and the folder in which it was compiled.
    of_crate: String,
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
        Self::look_through(dwarf::load(program).ok()?, program.machine()).ok()
    }

    /// Looks through all units, each on its own.
    fn look_through(dwarf: Dwarf<Reader<'data>>, machine: Machine) -> Result<Self, gimli::Error> {
        let headers = dwarf::headers(&dwarf)?.into_iter();
        let headers = headers.filter_map(|header| Some((header.debug_info_offset()?.0, header)));
        let headers: Vec<_> = headers.collect();
        let all =
            parallel::map(&headers, |(start, header)| Found::of(&dwarf, machine, *start, *header));
        let mut this = Self {
            dwarf,
            machine,
            units: Vec::new(),
            functions: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
            code: UnitCode::default(),
            is_library_known: true,
        };
        let all = all.into_iter().collect::<Result<Vec<_>, _>>()?;
        let plain = plain_crates(&all);
        for ((_, header), found) in headers.into_iter().zip(all) {
            this.is_library_known &= !found.is_of_unknown_library;
            let optimization = Optimization::of(&found);
            this.units.push(UnitInformation {
                is_plain: plain.contains(&found.of_crate),
                entries: found.entries,
                header,
                unit: OnceLock::new(),
                optimization,
                has_types: found.has_types,
                is_rust: found.is_rust,
            });
            this.functions.extend(found.functions);
            this.tables.extend(found.tables);
            this.globals.extend(found.globals);
            this.code.0.extend(found.code);
        }
        this.functions.sort_by_key(|(address, _)| *address);
        this.globals.sort_by_key(|(address, _)| *address);
        this.code.0.sort_by_key(|(range, _)| range.start);
        Ok(this)
    }

    /// Returns the processor that the program is for.
    pub(super) fn machine(&self) -> Machine {
        self.machine
    }

    /// Returns the tables of methods that have names.
    pub(crate) fn tables(&self) -> &[NamedTable] {
        &self.tables
    }

    /// Returns where the function at an address is described.
    pub(super) fn function(&self, address: u64) -> Option<TypeId> {
        let first = self.functions.partition_point(|(other, _)| *other < address);
        let mut here = self.functions.get(first..)?.iter().take_while(|(at, _)| *at == address);
        let (_, described) = here.next()?;
        // Where the linker has put equal functions together, nobody knows which of them it is.
        here.next().is_none().then_some(*described)
    }

    /// Whether a function at an address is described, or several.
    pub(super) fn describes(&self, address: u64) -> bool {
        self.functions.binary_search_by_key(&address, |(other, _)| *other).is_ok()
    }

    /// Returns where the code of each unit lies.
    pub(super) fn code(&self) -> &UnitCode {
        &self.code
    }

    /// Whether an address is in a function of the precompiled standard library of which it is known how it formats.
    pub(super) fn formats_as_known(&self, address: u64) -> bool {
        self.is_library_known && self.code.is_of_std(address) == Some(true)
    }

    /// Returns the variable at an address, or around it: where it begins, and its type.
    pub(super) fn global(&self, address: u64) -> Option<(u64, TypeId)> {
        let after = self.globals.partition_point(|(start, _)| *start <= address);
        // Of several at one address it is the last that is described.
        self.globals.get(after.checked_sub(1)?).copied()
    }

    /// Whether what a place describes was optimized, as far as its unit tells.
    pub(super) fn is_optimized(&self, at: TypeId) -> bool {
        let unit = self.information_around(at);
        unit.is_none_or(|unit| unit.optimization == Optimization::Some)
    }

    /// Whether what a place describes was surely not optimized. A unit without variables does not tell.
    pub(super) fn is_not_optimized(&self, at: TypeId) -> bool {
        let unit = self.information_around(at);
        unit.is_some_and(|unit| unit.optimization == Optimization::None)
    }

    /// Whether the crate of a place was not optimized: most of what its functions are given lies in their frames, and not in registers.
    pub(super) fn is_plain(&self, at: TypeId) -> bool {
        self.information_around(at).is_some_and(|unit| unit.is_plain)
    }

    /// Whether types are described in the unit of a place. Where none are, parameters are not either.
    pub(super) fn has_types(&self, at: TypeId) -> bool {
        self.information_around(at).is_some_and(|unit| unit.has_types)
    }

    /// Whether what a place describes was written in Rust.
    pub(super) fn is_rust(&self, at: TypeId) -> bool {
        self.information_around(at).is_some_and(|unit| unit.is_rust)
    }

    fn information_around(&self, at: TypeId) -> Option<&UnitInformation<'data>> {
        let after = self.units.partition_point(|unit| unit.entries.start <= at);
        let unit = self.units.get(after.checked_sub(1)?)?;
        unit.entries.contains(&at).then_some(unit)
    }

    /// Returns the unit of a place, and where the place is in it.
    fn unit(&self, at: TypeId) -> Option<(&Unit<Reader<'data>>, UnitOffset)> {
        let around = self.information_around(at)?;
        let unit = around.unit.get_or_init(|| self.dwarf.unit(around.header).ok().map(Box::new));
        Some((unit.as_deref()?, UnitOffset(at - around.entries.start)))
    }

    /// Returns an entry.
    pub(super) fn entry_alone(&self, at: TypeId) -> Option<Entry<'data>> {
        let (unit, offset) = self.unit(at)?;
        unit.entry(offset).ok()
    }

    /// Returns an entry, and calls `child` with those directly below it.
    pub(super) fn entry(
        &self,
        at: TypeId,
        mut child: impl FnMut(&Self, &Entry<'data>),
    ) -> Option<Entry<'data>> {
        let (unit, offset) = self.unit(at)?;
        let mut entries = unit.entries_raw(Some(offset)).ok()?;
        let mut first = Entry::null();
        if !entries.read_entry(&mut first).ok()? {
            return None;
        }
        let mut below = Entry::null();
        while entries.next_depth() > 0 && !entries.is_empty() {
            if entries.next_depth() == 1 {
                if entries.read_entry(&mut below).ok()? {
                    child(self, &below);
                }
            } else if let Some(entry) = entries.read_abbreviation().ok()? {
                entries.skip_attributes(entry.attributes()).ok()?;
            }
        }
        Some(first)
    }

    /// Goes through an entry and all below it, each with its depth, as long as `f` wants to go below.
    pub(super) fn walk(
        &self,
        at: TypeId,
        mut f: impl FnMut(&Entry<'data>, isize) -> bool,
    ) -> Option<()> {
        let (unit, offset) = self.unit(at)?;
        let mut entries = unit.entries_at_offset(offset).ok()?;
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
        Some(self.information_around(beside)?.entries.start + entry.offset().0)
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
                Some(self.information_around(beside)?.entries.start + offset.0)
            }
            AttributeValue::DebugInfoRef(offset) => Some(offset.0),
            _ => None,
        }
    }

    /// Returns the modules in which an entry lies, as a path. They are looked for from the beginning of its unit on.
    pub(super) fn namespace(&self, at: TypeId) -> Option<String> {
        let (unit, offset) = self.unit(at)?;
        let mut entries = unit.entries();
        let mut around: Vec<(isize, String)> = Vec::new();
        while let Some(entry) = entries.next_dfs().ok()? {
            let depth = entry.depth();
            while around.last().is_some_and(|(of, _)| *of >= depth) {
                around.pop();
            }
            if entry.offset() == offset {
                let path: Vec<_> = around.into_iter().map(|(_, name)| name).collect();
                return Some(path.join("::"));
            }
            if entry.tag() == gimli::DW_TAG_namespace {
                around.push((depth, self.name(at, entry)?));
            } else if depth > 0 && entry.has_children() {
                // A type within another, or within a function, is none of a module.
                around.push((depth, "{}".to_owned()));
            }
        }
        None
    }

    /// Returns an entry's name.
    pub(super) fn name(&self, beside: TypeId, entry: &Entry<'data>) -> Option<String> {
        let (unit, _) = self.unit(beside)?;
        let name = entry.attr_value(gimli::DW_AT_name)?;
        let name = self.dwarf.attr_string(unit, name).ok()?;
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
        let mut operations = expression.operations(unit.encoding());
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

impl Found {
    /// Looks through a unit. Of most entries no more is read than how long they are.
    fn of<'data>(
        dwarf: &Dwarf<Reader<'data>>,
        machine: Machine,
        start: usize,
        header: Header<'data>,
    ) -> Result<Self, gimli::Error> {
        let unit = dwarf.unit(header)?;
        let end = start.saturating_add(header.length_including_self());
        let mut found = Self { entries: start..end, ..Self::default() };
        let name = unit.name.map(|name| name.to_string_lossy()).unwrap_or_default();
        let of_std = is_of_std(&name);
        let folder = unit.comp_dir.map(|folder| folder.to_string_lossy()).unwrap_or_default();
        found.of_crate = format!("{folder}/{}", name.split(PART).next().unwrap_or(&name));
        let mut ranges = dwarf.unit_ranges(&unit)?;
        while let Some(range) = ranges.next()? {
            found.code.push((range.begin..range.end, of_std));
        }
        let root = unit.entry(unit.header.root_offset()).ok();
        let attribute = |of| root.as_ref().and_then(|root| root.attr_value(of));
        found.is_rust =
            attribute(gimli::DW_AT_language) == Some(AttributeValue::Language(gimli::DW_LANG_Rust));
        if of_std && found.is_rust {
            let producer = attribute(gimli::DW_AT_producer);
            let producer = producer.and_then(|text| dwarf.attr_string(&unit, text).ok());
            found.is_of_unknown_library =
                !producer.is_some_and(|text| formatting::is_known(&text.to_string_lossy()));
        }
        let mut entries = unit.entries_raw(None)?;
        // How deep the parameters lie of the function that was begun last.
        let mut depth_of_given = None;
        while !entries.is_empty() {
            let own = start + entries.next_offset().0;
            let depth = entries.next_depth();
            let Some(entry) = entries.read_abbreviation()? else { continue };
            let attributes = entry.attributes();
            found.has_types |=
                attributes.iter().any(|attribute| attribute.name() == gimli::DW_AT_type);
            match entry.tag() {
                gimli::DW_TAG_subprogram => {
                    let [address] = dwarf::values(&mut entries, attributes, [gimli::DW_AT_low_pc])?;
                    depth_of_given = address.is_some().then_some(depth + 1);
                    if let Some(AttributeValue::Addr(address)) = address
                        && address != 0
                    {
                        found.functions.push((address, own));
                    }
                }
                gimli::DW_TAG_variable | gimli::DW_TAG_formal_parameter => {
                    let wanted = [gimli::DW_AT_location, gimli::DW_AT_type, gimli::DW_AT_name];
                    let [place, ty, name] = dwarf::values(&mut entries, attributes, wanted)?;
                    let place = place.and_then(|place| Location::of(&unit, machine, place));
                    if entry.tag() == gimli::DW_TAG_formal_parameter
                        && depth_of_given == Some(depth)
                    {
                        found.given_in_frames += usize::from(place == Some(Location::Frame));
                        found.given_elsewhere += usize::from(place == Some(Location::Elsewhere));
                    }
                    match place {
                        Some(Location::Address(address)) => {
                            found.note_global(dwarf, &unit, address, ty, name);
                        }
                        Some(Location::Frame) => found.in_frames += 1,
                        Some(Location::Elsewhere) => found.elsewhere += 1,
                        None => {}
                    }
                }
                _ => entries.skip_attributes(attributes)?,
            }
        }
        Ok(found)
    }

    fn note_global<'data>(
        &mut self,
        dwarf: &Dwarf<Reader<'data>>,
        unit: &Unit<Reader<'data>>,
        address: u64,
        ty: Option<Value<'data>>,
        name: Option<Value<'data>>,
    ) {
        let Some(AttributeValue::UnitRef(ty)) = ty else { return };
        let name = name.and_then(|name| dwarf.attr_string(unit, name).ok());
        let name = name.map(|name| name.to_string_lossy());
        if let Some(of) = name.as_deref().and_then(trait_of_table) {
            let size = unit.entry(ty).ok().and_then(|ty| {
                ty.attr_value(gimli::DW_AT_byte_size).and_then(|size| size.udata_value())
            });
            // One whose size is not known has at least the methods of each table that it is compared with.
            let size = size.unwrap_or(u64::MAX);
            self.tables.push(NamedTable { address, size, of: of.into() });
        }
        self.globals.push((address, self.entries.start + ty.0));
    }
}

/// Where a variable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Location {
    Address(u64),
    Frame,
    Elsewhere,
}

impl Location {
    fn of<'data>(
        unit: &Unit<Reader<'data>>,
        machine: Machine,
        value: Value<'data>,
    ) -> Option<Self> {
        let Some(expression) = value.exprloc_value() else { return Some(Self::Elsewhere) };
        let mut operations = expression.operations(unit.encoding());
        let first = operations.next().ok().flatten()?;
        Some(match first {
            Operation::Address { address } => match operations.next() {
                Ok(None) => Self::Address(address),
                _ => return None,
            },
            _ if lies_in_frame(machine, &first) => Self::Frame,
            // That of a thread.
            Operation::UnsignedConstant { .. } | Operation::TLS => return None,
            _ => Self::Elsewhere,
        })
    }
}

/// Whether what begins with an operation lies in the frame of the stack. Where a frame is aligned further than the stack is, variables are
/// counted from the stack pointer, and on 64-bit Arm mostly so.
pub(super) fn lies_in_frame(machine: Machine, first: &Operation<Reader<'_>>) -> bool {
    let Operation::RegisterOffset { register, .. } = *first else {
        return matches!(first, Operation::FrameOffset { .. });
    };
    match machine {
        Machine::X86_64 => register == gimli::X86_64::RSP,
        Machine::AArch64 => [gimli::AArch64::SP, gimli::AArch64::X29].contains(&register),
    }
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
