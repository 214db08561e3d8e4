//! Where functions go on when something that they called unwinds: their landing pads, by the tables that the unwinder reads.

use gimli::{
    BaseAddresses, CieOrFde, EhFrame, EndianSlice, LittleEndian, Pointer, Reader as _,
    UnwindSection as _, constants,
};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::dwarf::Reader;
use crate::elf::Program;

/// The landing pads of a program.
#[derive(Debug, Default)]
pub(crate) struct LandingPads<'data> {
    /// The table of each function that has one, by the address of the function. `None` if it is not found.
    tables: FxHashMap<u64, Option<&'data [u8]>>,
    /// The functions that have a frame which is described.
    with_frame: FxHashSet<u64>,
    /// Whether the list of functions could be read to its end.
    is_whole: bool,
}

impl<'data> LandingPads<'data> {
    /// Finds the tables of all functions.
    pub(crate) fn read(program: &Program<'data>) -> Self {
        let mut this = Self::default();
        let Some((address, bytes)) = program.section(".eh_frame") else {
            // Nothing unwinds.
            this.is_whole = true;
            return this;
        };
        let frames = EhFrame::new(bytes, LittleEndian);
        let bases = BaseAddresses::default().set_eh_frame(address);
        let tables = program.section(".gcc_except_table");
        this.is_whole = this.read_frames(&frames, &bases, tables).is_ok();
        this
    }

    /// Returns the landing pads of the function that begins at an address, in order. `None` if nobody knows.
    pub(crate) fn of(&self, function: u64) -> Option<Vec<u64>> {
        match self.tables.get(&function) {
            Some(table) => pads((*table)?, function).ok(),
            None => self.is_whole.then(Vec::new),
        }
    }

    /// Whether the frame of the function that begins at an address is described, as compilers do it.
    pub(crate) fn have_frame(&self, function: u64) -> bool {
        self.with_frame.contains(&function)
    }

    fn read_frames(
        &mut self,
        frames: &EhFrame<Reader<'data>>,
        bases: &BaseAddresses,
        tables: Option<(u64, &'data [u8])>,
    ) -> Result<(), gimli::Error> {
        let mut entries = frames.entries(bases);
        while let Some(entry) = entries.next()? {
            let CieOrFde::Fde(partial) = entry else { continue };
            let frame = partial.parse(EhFrame::cie_from_offset)?;
            self.with_frame.insert(frame.initial_address());
            let table = match frame.lsda() {
                None | Some(Pointer::Direct(0)) => continue,
                Some(Pointer::Direct(at)) => tables.and_then(|(start, bytes)| {
                    let offset = usize::try_from(at.checked_sub(start)?).ok()?;
                    bytes.get(offset..)
                }),
                Some(Pointer::Indirect(_)) => None,
            };
            self.tables.insert(frame.initial_address(), table);
        }
        Ok(())
    }
}

/// Reads a function's table, as LLVM and gcc write it.
fn pads(table: &[u8], function: u64) -> Result<Vec<u64>, gimli::Error> {
    let mut reader = EndianSlice::new(table, LittleEndian);
    let unknown = || gimli::Error::UnsupportedPointerEncoding(constants::DwEhPe(0));
    // From where the pads are counted. It is the function, unless said otherwise.
    if constants::DwEhPe(reader.read_u8()?) != constants::DW_EH_PE_omit {
        return Err(unknown());
    }
    if constants::DwEhPe(reader.read_u8()?) != constants::DW_EH_PE_omit {
        reader.read_uleb128()?;
    }
    let encoding = constants::DwEhPe(reader.read_u8()?);
    let length = usize::try_from(reader.read_uleb128()?).map_err(|_| unknown())?;
    let mut calls = reader.split(length)?;
    let mut pads = Vec::new();
    while !calls.is_empty() {
        let mut number = || match encoding {
            constants::DW_EH_PE_uleb128 => calls.read_uleb128(),
            constants::DW_EH_PE_udata4 => calls.read_u32().map(u64::from),
            constants::DW_EH_PE_udata2 => calls.read_u16().map(u64::from),
            constants::DW_EH_PE_udata8 => calls.read_u64(),
            _ => Err(unknown()),
        };
        let (_start, _length, pad) = (number()?, number()?, number()?);
        calls.read_uleb128()?;
        if pad != 0 {
            pads.push(function.wrapping_add(pad));
        }
    }
    pads.sort_unstable();
    pads.dedup();
    Ok(pads)
}

#[cfg(test)]
mod tests {
    use super::pads;

    #[test]
    fn the_landing_pads_are_in_the_table() {
        // From the function on; with types; in bytes. Two calls, the second of which has no pad, and a third with the first's.
        let table = [0xff, 0x9b, 20, 1, 12, 0, 5, 0x30, 1, 5, 3, 0, 0, 9, 2, 0x30, 0];
        assert_eq!(pads(&table, 0x1000), Ok(vec![0x1030]));
        // Cut off.
        assert!(pads(&table[..8], 0x1000).is_err());
        // Counted from elsewhere.
        assert!(pads(&[0x1b, 0, 0, 0, 0], 0x1000).is_err());
    }
}
