//! The debugging information as it lies in the file: its units, and the attributes of an entry that somebody wants.

use gimli::{
    AttributeSpecification, AttributeValue, DwAt, Dwarf, EndianSlice, EntriesRaw, LittleEndian,
    UnitHeader,
};

use crate::elf::Program;

pub(crate) type Reader<'data> = EndianSlice<'data, LittleEndian>;
pub(crate) type Header<'data> = UnitHeader<Reader<'data>>;
pub(crate) type Value<'data> = AttributeValue<Reader<'data>>;

/// Finds the sections of a program's debugging information.
pub(crate) fn load<'data>(program: &Program<'data>) -> Result<Dwarf<Reader<'data>>, gimli::Error> {
    Dwarf::load(|id| Ok(EndianSlice::new(program.debug_section(id.name()), LittleEndian)))
}

/// Returns the headers of all units.
pub(crate) fn headers<'data>(
    dwarf: &Dwarf<Reader<'data>>,
) -> Result<Vec<Header<'data>>, gimli::Error> {
    let mut headers = Vec::new();
    let mut units = dwarf.units();
    while let Some(header) = units.next()? {
        headers.push(header);
    }
    Ok(headers)
}

/// Reads the attributes of an entry of which the abbreviation was read, and returns the values of some.
pub(crate) fn values<'data, const N: usize>(
    entries: &mut EntriesRaw<'_, Reader<'data>>,
    attributes: &[AttributeSpecification],
    names: [DwAt; N],
) -> Result<[Option<Value<'data>>; N], gimli::Error> {
    let mut values = [const { None }; N];
    for attribute in attributes {
        let wanted = names.iter().position(|name| *name == attribute.name());
        match wanted.filter(|at| values[*at].is_none()) {
            Some(at) => values[at] = Some(entries.read_attribute(*attribute)?.value()),
            None => entries.skip_attributes(std::slice::from_ref(attribute))?,
        }
    }
    Ok(values)
}
