//! The ELF file that object files make together, as a linker would write it with `--emit-relocs`.

use std::collections::HashMap;

use object::elf;

use super::kind::{Kind, LOADED};
use super::layout::Layout;

/// A symbol of the file.
pub(super) struct OutSymbol {
    pub(super) name: Vec<u8>,
    pub(super) info: elf::SymbolInfo,
    /// The section that it lies in. `None` if it is an absolute one.
    pub(super) output: Option<Kind>,
    pub(super) value: u64,
    pub(super) size: u64,
}

impl OutSymbol {
    /// A symbol that the file does not define.
    pub(super) fn import(name: &[u8]) -> Self {
        let info = elf::SymbolInfo::new(elf::STB_GLOBAL, elf::STT_NOTYPE);
        Self { name: name.to_vec(), info, output: None, value: UNDEFINED, size: 0 }
    }
}

/// The value of symbols that are not defined.
const UNDEFINED: u64 = u64::MAX;

/// A relocation that is kept.
#[derive(Clone, Copy)]
pub(super) struct Relocation {
    pub(super) at: u64,
    pub(super) ty: u32,
    pub(super) symbol: u32,
    pub(super) addend: i64,
}

/// What the file has beside the sections of its members: symbols, relocations, stubs and slots.
pub(super) struct Tables<'data> {
    symbols: Vec<OutSymbol>,
    first_global: usize,
    relocations: HashMap<Kind, Vec<Relocation>>,
    plt_address: u64,
    got_address: u64,
    plt: Vec<u8>,
    got: Vec<u8>,
    /// What the loader fills in. The symbols are those of `imports`.
    dynamic: Vec<Relocation>,
    imports: Vec<&'data [u8]>,
}

/// The size of a stub.
const STUB: u64 = 16;

impl<'data> Tables<'data> {
    /// Makes empty ones. The stubs lie at an address, and the slots behind them.
    pub(super) fn new(address: u64, most_stubs: u64) -> Self {
        Self {
            symbols: Vec::new(),
            first_global: 0,
            relocations: HashMap::new(),
            plt_address: address,
            got_address: address + (most_stubs * STUB).next_multiple_of(0x1000),
            plt: Vec::new(),
            got: Vec::new(),
            dynamic: Vec::new(),
            imports: Vec::new(),
        }
    }

    /// Adds a symbol, and returns its number.
    pub(super) fn symbol(&mut self, symbol: OutSymbol) -> u32 {
        self.symbols.push(symbol);
        u32::try_from(self.symbols.len()).unwrap_or(0)
    }

    pub(super) fn locals_end_here(&mut self) {
        self.first_global = self.symbols.len() + 1;
    }

    pub(super) fn relocation(&mut self, kind: Kind, relocation: Relocation) {
        self.relocations.entry(kind).or_default().push(relocation);
    }

    pub(super) fn got_address(&self) -> u64 {
        self.got_address
    }

    /// Adds a stub that jumps to what a slot holds, and returns its address.
    pub(super) fn stub(&mut self, slot: u64) -> u64 {
        let stub = self.plt_address + self.plt.len() as u64;
        // `jmp [rip + …]`
        self.plt.extend_from_slice(&[0xff, 0x25]);
        self.plt.extend_from_slice(&slot.wrapping_sub(stub + 6).to_le_bytes()[..4]);
        self.plt.extend_from_slice(&[0x90; 10]);
        stub
    }

    /// Adds a slot that holds an address.
    pub(super) fn slot(&mut self, address: u64) -> u64 {
        let slot = self.got_address + self.got.len() as u64;
        self.got.extend_from_slice(&address.to_le_bytes());
        slot
    }

    /// Adds a slot that the loader fills in.
    pub(super) fn dynamic_slot(
        &mut self,
        ty: u32,
        import: Option<&'data [u8]>,
        addend: u64,
    ) -> u64 {
        let at = self.slot(0);
        let symbol = import.map_or(0, |name| {
            self.imports.push(name);
            u32::try_from(self.imports.len()).unwrap_or(0)
        });
        self.dynamic.push(Relocation { at, ty, symbol, addend: addend.cast_signed() });
        at
    }
}

/// A section of the file.
struct Section<'a> {
    name: &'static str,
    ty: elf::SectionType,
    flags: elf::SectionFlags,
    address: u64,
    bytes: std::borrow::Cow<'a, [u8]>,
    size: u64,
    link: u32,
    info: u32,
    entry_size: u64,
}

/// Writes the file.
pub(super) fn write(layout: &Layout, tables: Tables<'_>) -> Vec<u8> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    let section = |name, ty, flags, bytes: std::borrow::Cow<'static, [u8]>| {
        let size = bytes.len() as u64;
        Section { name, ty, flags, address: 0, bytes, size, link: 0, info: 0, entry_size: 0 }
    };
    sections.push(section("", elf::SHT_NULL, elf::SectionFlags(0), Vec::new().into()));
    let mut numbers: HashMap<Kind, u16> = HashMap::new();
    for output in &layout.outputs {
        let kind = output.kind;
        numbers.insert(kind, u16::try_from(sections.len()).unwrap_or(0));
        let (ty, flags) = type_and_flags(kind);
        sections.push(Section {
            name: kind.name(),
            ty,
            flags,
            address: output.address,
            bytes: (&output.bytes[..]).into(),
            size: if ty == elf::SHT_NOBITS { output.size } else { output.bytes.len() as u64 },
            link: 0,
            info: 0,
            entry_size: 0,
        });
    }
    let (text, data) = (elf::SHF_ALLOC | elf::SHF_EXECINSTR, elf::SHF_ALLOC | elf::SHF_WRITE);
    for (name, flags, address, bytes) in [
        (".plt", text, tables.plt_address, tables.plt),
        (".got", data, tables.got_address, tables.got),
    ] {
        sections.push(Section { address, ..section(name, elf::SHT_PROGBITS, flags, bytes.into()) });
    }
    let none = elf::SectionFlags(0);
    let mut strings = Strings::default();
    let entries = tables.symbols.iter().map(|symbol| {
        let name = strings.add(&symbol.name);
        let (section, value) = match symbol.output {
            Some(kind) => (numbers[&kind], symbol.value),
            None if symbol.value == UNDEFINED => (0, 0),
            None => (ABSOLUTE, symbol.value),
        };
        symbol_entry(name, symbol.info, section, value, symbol.size)
    });
    let symbols: Vec<u8> = std::iter::once([0; 24]).chain(entries).flatten().collect();
    let symtab = u32::try_from(sections.len()).unwrap_or(0);
    sections.push(Section {
        link: symtab + 1,
        info: u32::try_from(tables.first_global).unwrap_or(0),
        entry_size: 24,
        ..section(".symtab", elf::SHT_SYMTAB, none, symbols.into())
    });
    sections.push(section(".strtab", elf::SHT_STRTAB, none, strings.bytes.into()));
    for kind in LOADED {
        let Some(relocations) = tables.relocations.get(&kind) else { continue };
        sections.push(Section {
            link: symtab,
            info: u32::from(numbers[&kind]),
            entry_size: 24,
            ..section(relocations_of(kind), elf::SHT_RELA, none, entries_of(relocations).into())
        });
    }
    let mut strings = Strings::default();
    let imports = tables.imports.iter().map(|name| {
        let info = elf::SymbolInfo::new(elf::STB_GLOBAL, elf::STT_NOTYPE);
        symbol_entry(strings.add(name), info, 0, 0, 0)
    });
    let imports: Vec<u8> = std::iter::once([0; 24]).chain(imports).flatten().collect();
    let dynsym = u32::try_from(sections.len()).unwrap_or(0);
    sections.push(Section {
        link: dynsym + 1,
        info: 1,
        entry_size: 24,
        ..section(".dynsym", elf::SHT_DYNSYM, elf::SHF_ALLOC, imports.into())
    });
    sections.push(section(".dynstr", elf::SHT_STRTAB, elf::SHF_ALLOC, strings.bytes.into()));
    sections.push(Section {
        link: dynsym,
        entry_size: 24,
        ..section(".rela.dyn", elf::SHT_RELA, elf::SHF_ALLOC, entries_of(&tables.dynamic).into())
    });
    // These lie at no address of the program's.
    let mut address = tables.got_address + (1 << 30);
    for section in sections.iter_mut().filter(|section| section.address == 0) {
        if section.flags.contains(elf::SHF_ALLOC) {
            section.address = address;
            address += section.size;
        }
    }
    finished(sections)
}

const ABSOLUTE: u16 = 0xfff1;

fn finished(mut sections: Vec<Section<'_>>) -> Vec<u8> {
    let mut names = Strings::default();
    let mut name_offsets: Vec<u32> =
        sections.iter().map(|section| names.add(section.name.as_bytes())).collect();
    name_offsets.push(names.add(b".shstrtab"));
    let size = names.bytes.len() as u64;
    sections.push(Section {
        name: ".shstrtab",
        ty: elf::SHT_STRTAB,
        flags: elf::SectionFlags(0),
        address: 0,
        bytes: names.bytes.into(),
        size,
        link: 0,
        info: 0,
        entry_size: 0,
    });
    let total: usize = sections.iter().map(|section| section.bytes.len() + 8 + 64).sum();
    let mut file = Vec::with_capacity(total + 64);
    file.resize(64, 0);
    let mut headers = Vec::with_capacity(sections.len() * 64);
    for (section, name) in sections.iter().zip(name_offsets) {
        file.resize(file.len().next_multiple_of(8), 0);
        let offset = if section.ty == elf::SHT_NULL { 0 } else { file.len() as u64 };
        file.extend_from_slice(&section.bytes);
        headers.extend_from_slice(&name.to_le_bytes());
        headers.extend_from_slice(&section.ty.0.to_le_bytes());
        for word in [section.flags.0, section.address, offset, section.size] {
            headers.extend_from_slice(&word.to_le_bytes());
        }
        headers.extend_from_slice(&section.link.to_le_bytes());
        headers.extend_from_slice(&section.info.to_le_bytes());
        headers.extend_from_slice(&1_u64.to_le_bytes());
        headers.extend_from_slice(&section.entry_size.to_le_bytes());
    }
    file.resize(file.len().next_multiple_of(8), 0);
    let headers_at = file.len() as u64;
    file.extend_from_slice(&headers);
    let count = u16::try_from(sections.len()).unwrap_or(0);
    file[..16].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    file[16..18].copy_from_slice(&elf::ET_EXEC.0.to_le_bytes());
    file[18..20].copy_from_slice(&elf::EM_X86_64.0.to_le_bytes());
    file[20..24].copy_from_slice(&1_u32.to_le_bytes());
    file[40..48].copy_from_slice(&headers_at.to_le_bytes());
    file[52..54].copy_from_slice(&64_u16.to_le_bytes());
    file[58..60].copy_from_slice(&64_u16.to_le_bytes());
    file[60..62].copy_from_slice(&count.to_le_bytes());
    file[62..64].copy_from_slice(&(count - 1).to_le_bytes());
    file
}

fn type_and_flags(kind: Kind) -> (elf::SectionType, elf::SectionFlags) {
    let alloc = elf::SHF_ALLOC;
    match kind {
        Kind::Text => (elf::SHT_PROGBITS, alloc | elf::SHF_EXECINSTR),
        Kind::Rodata | Kind::ExceptTable | Kind::EhFrame => (elf::SHT_PROGBITS, alloc),
        Kind::Tdata => (elf::SHT_PROGBITS, alloc | elf::SHF_WRITE | elf::SHF_TLS),
        Kind::DataRelRo | Kind::Data => (elf::SHT_PROGBITS, alloc | elf::SHF_WRITE),
        Kind::Bss => (elf::SHT_NOBITS, alloc | elf::SHF_WRITE),
        Kind::Comment | Kind::Debug(_) => (elf::SHT_PROGBITS, elf::SectionFlags(0)),
    }
}

fn relocations_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => ".rela.text",
        Kind::EhFrame => ".rela.eh_frame",
        Kind::DataRelRo => ".rela.data.rel.ro",
        Kind::Rodata => ".rela.rodata",
        _ => ".rela.data",
    }
}

fn entries_of(relocations: &[Relocation]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(relocations.len() * 24);
    for relocation in relocations {
        bytes.extend_from_slice(&relocation.at.to_le_bytes());
        let info = u64::from(relocation.symbol) << 32 | u64::from(relocation.ty);
        bytes.extend_from_slice(&info.to_le_bytes());
        bytes.extend_from_slice(&relocation.addend.to_le_bytes());
    }
    bytes
}

fn symbol_entry(name: u32, info: elf::SymbolInfo, section: u16, value: u64, size: u64) -> [u8; 24] {
    let mut entry = [0; 24];
    entry[..4].copy_from_slice(&name.to_le_bytes());
    entry[4] = info.0;
    entry[6..8].copy_from_slice(&section.to_le_bytes());
    entry[8..16].copy_from_slice(&value.to_le_bytes());
    entry[16..].copy_from_slice(&size.to_le_bytes());
    entry
}

/// A table of names.
struct Strings {
    bytes: Vec<u8>,
}

impl Default for Strings {
    fn default() -> Self {
        Self { bytes: vec![0] }
    }
}

impl Strings {
    fn add(&mut self, name: &[u8]) -> u32 {
        if name.is_empty() {
            return 0;
        }
        let at = u32::try_from(self.bytes.len()).unwrap_or(0);
        self.bytes.extend_from_slice(name);
        self.bytes.push(0);
        at
    }
}
