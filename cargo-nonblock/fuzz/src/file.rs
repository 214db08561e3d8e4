//! Small ELF files and archives: with functions, calls, relocations, frames, tables of methods and debugging information, of which a
//! few things are wrong.

use arbitrary::Arbitrary;

/// A file.
#[derive(Arbitrary, Debug)]
pub struct File {
    first: Elf,
    /// The other members, if it is an archive.
    others: Vec<Elf>,
    is_archive: bool,
    /// Bytes that are other than they should be.
    wrong: Vec<(u16, u8)>,
    /// Where it ends too early.
    end: Option<u16>,
}

/// An ELF file.
#[derive(Arbitrary, Debug)]
struct Elf {
    kind: Kind,
    functions: Vec<Function>,
    /// Pointers among the constants: tables of methods.
    pointers: Vec<Reference>,
    /// What the loader fills in.
    slots: Vec<Reference>,
    frames: Vec<Vec<u8>>,
    debug: Option<Debug>,
    groups: Vec<u8>,
    /// Fields of a section's header that are other than they should be.
    wrong: Vec<(u8, Field, Number)>,
}

#[derive(Arbitrary, Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Program,
    Shared,
    Object,
}

#[derive(Arbitrary, Debug)]
struct Function {
    name: Name,
    code: Vec<Instruction>,
    binding: Binding,
    ty: u8,
    size: Option<Number>,
    visibility: u8,
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Name {
    Plain(u8),
    /// One of those that mean something.
    Known(u8),
    None,
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Binding {
    Local,
    Global,
    Weak,
    Unique,
}

#[derive(Arbitrary, Debug)]
enum Instruction {
    Call(Reference),
    CallSlot(Reference),
    Load(Reference),
    CallRegister,
    JumpByTable(Reference),
    SystemCall(u8),
    Jump(i8),
    Branch(i8),
    Return,
    Bytes([u8; 3]),
}

#[derive(Arbitrary, Debug, Clone, Copy)]
struct Reference {
    symbol: u8,
    addend: i8,
    ty: Type,
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Type {
    Usual,
    Known(u8),
    Any(u8),
}

#[derive(Arbitrary, Debug)]
struct Debug {
    abbreviations: Vec<u8>,
    entries: Vec<u8>,
    lines: Vec<u8>,
    ranges: Vec<u8>,
    is_right: bool,
    is_compressed: bool,
    relocations: Vec<(u8, Reference)>,
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Field {
    Type,
    Flags,
    Address,
    Offset,
    Size,
    Link,
    Info,
    Align,
    EntrySize,
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Number {
    Small(u8),
    Medium(u32),
    Large(u64),
    Last,
}

impl Number {
    fn value(self) -> u64 {
        match self {
            Self::Small(value) => value.into(),
            Self::Medium(value) => value.into(),
            Self::Large(value) => value,
            Self::Last => u64::MAX,
        }
    }
}

const KNOWN: [&str; 12] = [
    "read",
    "memcpy",
    "malloc",
    "syscall",
    "nonblock_start",
    "might_sleep",
    "__rust_try",
    "_ZN8nonblock7section7Section5enter17h0123456789abcdefE",
    "_ZN8nonblock7section7Section6run_at17h0123456789abcdefE",
    "_ZN3std6thread5local17LocalKey$LT$T$GT$4with17h0123456789abcdefE",
    "_ZN4core3ptr13drop_in_place17h0123456789abcdefE",
    "__tls_get_addr",
];
const TYPES: [u8; 16] = [1, 2, 4, 9, 10, 11, 16, 19, 22, 24, 25, 26, 37, 41, 42, 6];
const MOST: usize = 12;
const BASE: u64 = 0x1000;

impl File {
    /// Returns the file's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = if self.is_archive { self.archive() } else { self.first.bytes() };
        for &(at, byte) in self.wrong.iter().take(8) {
            if !bytes.is_empty() {
                let at = usize::from(at) % bytes.len();
                bytes[at] = byte;
            }
        }
        if let Some(end) = self.end {
            bytes.truncate(usize::from(end));
        }
        bytes
    }

    fn archive(&self) -> Vec<u8> {
        let mut bytes = b"!<arch>\n".to_vec();
        for (number, member) in
            std::iter::once(&self.first).chain(self.others.iter().take(3)).enumerate()
        {
            let data = member.bytes();
            let header = format!(
                "{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
                format!("{number}.o/"),
                0,
                0,
                0,
                644,
                data.len()
            );
            bytes.extend_from_slice(header.as_bytes());
            bytes.extend_from_slice(&data);
            if data.len() % 2 == 1 {
                bytes.push(b'\n');
            }
        }
        bytes
    }
}

struct Section {
    name: &'static str,
    ty: u32,
    flags: u64,
    address: u64,
    bytes: Vec<u8>,
    link: u32,
    info: u32,
    entry_size: u64,
}

fn section(name: &'static str, ty: u32, flags: u64, bytes: Vec<u8>) -> Section {
    Section { name, ty, flags, address: 0, bytes, link: 0, info: 0, entry_size: 0 }
}

fn relocation(list: &mut Vec<u8>, at: u64, reference: Reference, usual: u8, symbols: usize) {
    let ty = match reference.ty {
        Type::Usual => usual,
        Type::Known(ty) => TYPES[usize::from(ty) % TYPES.len()],
        Type::Any(ty) => ty,
    };
    let symbol = u64::from(reference.symbol) % (symbols as u64 + 1);
    list.extend_from_slice(&at.to_le_bytes());
    list.extend_from_slice(&(symbol << 32 | u64::from(ty)).to_le_bytes());
    list.extend_from_slice(&i64::from(reference.addend).to_le_bytes());
}

impl Elf {
    fn functions(&self) -> impl Iterator<Item = &Function> {
        self.functions.iter().take(MOST)
    }

    fn bytes(&self) -> Vec<u8> {
        let is_object = self.kind == Kind::Object;
        let count = self.functions().count();
        // Behind the functions' symbols are those of what is imported.
        let symbols = count + KNOWN.len();
        let base = if is_object { 0 } else { BASE };
        let (mut text, mut relocations, mut starts) = (Vec::new(), Vec::new(), Vec::new());
        for function in self.functions() {
            let start = text.len() as u64;
            for instruction in function.code.iter().take(MOST) {
                instruction.write(&mut text, &mut relocations, base, symbols);
            }
            starts.push((start, text.len() as u64 - start));
        }
        let data_at = base + 0x10_000;
        let (mut data, mut data_relocations) = (Vec::new(), Vec::new());
        for pointer in self.pointers.iter().take(MOST) {
            let at = if is_object { 0 } else { data_at } + data.len() as u64;
            relocation(&mut data_relocations, at, *pointer, 1, symbols);
            data.extend_from_slice(&(base + u64::from(pointer.symbol)).to_le_bytes());
        }
        let got_at = base + 0x20_000;
        let (mut got, mut dynamic) = (Vec::new(), Vec::new());
        for slot in self.slots.iter().take(MOST) {
            relocation(&mut dynamic, got_at + got.len() as u64, *slot, 6, symbols);
            got.extend_from_slice(&[0; 8]);
        }
        let (mut names, mut table) = (vec![0], vec![0; 24]);
        for (function, (start, size)) in self.functions().zip(starts) {
            let name = function.name.offset(&mut names);
            let binding = match function.binding {
                Binding::Local => 0,
                Binding::Global => 1,
                Binding::Weak => 2,
                Binding::Unique => 10,
            };
            let ty = if function.ty & 0x80 == 0 { 2 } else { function.ty & 0xf };
            table.extend_from_slice(&name.to_le_bytes());
            table.extend_from_slice(&[binding << 4 | ty, function.visibility & 3]);
            table.extend_from_slice(&1_u16.to_le_bytes());
            table.extend_from_slice(&(base + start).to_le_bytes());
            let size = function.size.map_or(size, Number::value);
            table.extend_from_slice(&size.to_le_bytes());
        }
        for known in KNOWN {
            let name = names.len() as u32;
            names.extend_from_slice(known.as_bytes());
            names.push(0);
            table.extend_from_slice(&name.to_le_bytes());
            table.extend_from_slice(&[1 << 4, 0, 0, 0]);
            table.extend_from_slice(&[0; 16]);
        }
        let mut frames = Vec::new();
        for frame in self.frames.iter().take(MOST) {
            let frame = &frame[..frame.len().min(64)];
            frames.extend_from_slice(&(frame.len() as u32).to_le_bytes());
            frames.extend_from_slice(frame);
        }
        let at = |address: u64, section: Section| Section {
            address: if is_object { 0 } else { address },
            ..section
        };
        let linked = |link: u32, info: u32, section: Section| Section {
            link,
            info,
            entry_size: 24,
            ..section
        };
        let mut sections = vec![
            section("", 0, 0, Vec::new()),
            at(base, section(".text", 1, 6, text)),
            at(data_at, section(".data.rel.ro", 1, 3, data)),
            at(got_at, section(".got", 1, 3, got)),
            at(base + 0x30_000, section(".eh_frame", 1, 2, frames)),
            linked(6, 1, section(".symtab", 2, 0, table.clone())),
            section(".strtab", 3, 0, names.clone()),
            linked(5, 1, section(".rela.text", 4, 0, relocations)),
            linked(5, 2, section(".rela.data.rel.ro", 4, 0, data_relocations)),
        ];
        if !is_object {
            let dynamic_symbols = sections.len() as u32;
            sections.push(linked(6, 1, at(base + 0x40_000, section(".dynsym", 11, 2, table))));
            sections.push(linked(
                dynamic_symbols,
                0,
                at(base + 0x50_000, section(".rela.dyn", 4, 2, dynamic)),
            ));
        } else if !self.groups.is_empty() {
            let mut group = 1_u32.to_le_bytes().to_vec();
            for &number in self.groups.iter().take(4) {
                group.extend_from_slice(&u32::from(number).to_le_bytes());
            }
            let signature = u32::from(self.groups[0]) % (symbols as u32 + 1);
            sections.push(Section {
                entry_size: 4,
                ..linked(5, signature, section(".group", 17, 0, group))
            });
        }
        if let Some(debug) = &self.debug {
            debug.add(&mut sections, symbols);
        }
        self.finished(sections)
    }

    fn finished(&self, mut sections: Vec<Section>) -> Vec<u8> {
        let mut names = Vec::new();
        let mut offsets = Vec::new();
        sections.push(section(".shstrtab", 3, 0, Vec::new()));
        for section in &sections {
            offsets.push(names.len() as u32);
            names.extend_from_slice(section.name.as_bytes());
            names.push(0);
        }
        if let Some(last) = sections.last_mut() {
            last.bytes = names;
        }
        let (mut file, mut headers) = (vec![0; 64], Vec::new());
        for (section, name) in sections.iter().zip(offsets) {
            let offset = file.len() as u64;
            file.extend_from_slice(&section.bytes);
            file.resize(file.len().next_multiple_of(8), 0);
            headers.extend_from_slice(&name.to_le_bytes());
            headers.extend_from_slice(&section.ty.to_le_bytes());
            for word in [section.flags, section.address, offset, section.bytes.len() as u64] {
                headers.extend_from_slice(&word.to_le_bytes());
            }
            headers.extend_from_slice(&section.link.to_le_bytes());
            headers.extend_from_slice(&section.info.to_le_bytes());
            headers.extend_from_slice(&8_u64.to_le_bytes());
            headers.extend_from_slice(&section.entry_size.to_le_bytes());
        }
        for &(section, field, number) in self.wrong.iter().take(4) {
            let (at, size) = match field {
                Field::Type => (4, 4),
                Field::Flags => (8, 8),
                Field::Address => (16, 8),
                Field::Offset => (24, 8),
                Field::Size => (32, 8),
                Field::Link => (40, 4),
                Field::Info => (44, 4),
                Field::Align => (48, 8),
                Field::EntrySize => (56, 8),
            };
            let at = usize::from(section) % sections.len() * 64 + at;
            headers[at..at + size].copy_from_slice(&number.value().to_le_bytes()[..size]);
        }
        let headers_at = file.len() as u64;
        file.extend_from_slice(&headers);
        file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        file[16] = match self.kind {
            Kind::Object => 1,
            Kind::Program => 2,
            Kind::Shared => 3,
        };
        file[18] = 62;
        file[20] = 1;
        file[40..48].copy_from_slice(&headers_at.to_le_bytes());
        file[52] = 64;
        file[58] = 64;
        file[60] = sections.len() as u8;
        file[62] = sections.len() as u8 - 1;
        file
    }
}

impl Name {
    fn offset(self, names: &mut Vec<u8>) -> u32 {
        let text = match self {
            Self::Plain(number) => format!("f{number}"),
            Self::Known(number) => KNOWN[usize::from(number) % KNOWN.len()].to_owned(),
            Self::None => return 0,
        };
        let at = names.len() as u32;
        names.extend_from_slice(text.as_bytes());
        names.push(0);
        at
    }
}

impl Instruction {
    fn write(&self, text: &mut Vec<u8>, relocations: &mut Vec<u8>, base: u64, symbols: usize) {
        let mut by = |text: &mut Vec<u8>, opcode: &[u8], reference: &Reference, usual: u8| {
            text.extend_from_slice(opcode);
            relocation(relocations, base + text.len() as u64, *reference, usual, symbols);
            text.extend_from_slice(&i32::from(reference.addend).to_le_bytes());
        };
        match self {
            Self::Call(reference) => by(text, &[0xe8], reference, 4),
            Self::CallSlot(reference) => by(text, &[0xff, 0x15], reference, 41),
            Self::Load(reference) => by(text, &[0x48, 0x8d, 0x05], reference, 2),
            Self::CallRegister => text.extend_from_slice(&[0xff, 0xd0]),
            Self::JumpByTable(reference) => {
                by(text, &[0x48, 0x8d, 0x0d], reference, 2);
                text.extend_from_slice(&[0x48, 0x63, 0x04, 0x81, 0x48, 0x01, 0xc8, 0xff, 0xe0]);
            }
            Self::SystemCall(number) => {
                text.extend_from_slice(&[0xb8, *number, 0, 0, 0, 0x0f, 0x05])
            }
            Self::Jump(to) => text.extend_from_slice(&[0xeb, to.cast_unsigned()]),
            Self::Branch(to) => text.extend_from_slice(&[0x74, to.cast_unsigned()]),
            Self::Return => text.push(0xc3),
            Self::Bytes(bytes) => text.extend_from_slice(bytes),
        }
    }
}

/// Abbreviations of a unit with a function in which another was inlined.
const ABBREVIATIONS: [u8; 38] = [
    1, 0x11, 1, 0x11, 0x01, 0x12, 0x07, 0x10, 0x17, 0, 0, // unit: low, high, lines
    2, 0x2e, 1, 0x6e, 0x08, 0x11, 0x01, 0x12, 0x0b, 0, 0, // function: linkage name, low, high
    3, 0x1d, 0, 0x31, 0x13, 0x11, 0x01, 0x12, 0x0b, 0, 0, // inlined: origin, low, high
    0, 0, 0, 0, 0,
];

impl Debug {
    fn add(&self, sections: &mut Vec<Section>, symbols: usize) {
        let short = |bytes: &[u8]| bytes[..bytes.len().min(200)].to_vec();
        let with_length = |bytes: Vec<u8>| {
            let mut whole = (bytes.len() as u32).to_le_bytes().to_vec();
            whole.extend(bytes);
            whole
        };
        let (abbreviations, entries) = if self.is_right {
            // Version 4, no offset, addresses of 8 bytes.
            let mut unit = vec![4, 0, 0, 0, 0, 0, 8, 1];
            unit.extend_from_slice(&BASE.to_le_bytes());
            unit.extend_from_slice(&0x100_u64.to_le_bytes());
            unit.extend_from_slice(&[0, 0, 0, 0, 2]);
            unit.extend_from_slice(b"_ZN8nonblock7section7Section6run_at17h0123456789abcdefE\0");
            unit.extend_from_slice(&BASE.to_le_bytes());
            unit.extend_from_slice(&[0x20, 3, 32, 0, 0, 0]);
            unit.extend_from_slice(&BASE.to_le_bytes());
            unit.extend_from_slice(&[8]);
            unit.extend(short(&self.entries));
            (ABBREVIATIONS.to_vec(), with_length(unit))
        } else {
            (short(&self.abbreviations), with_length(short(&self.entries)))
        };
        let flags = if self.is_compressed { 0x800 } else { 0 };
        let info = sections.len() as u32 + 1;
        sections.push(section(".debug_abbrev", 1, flags, abbreviations));
        sections.push(section(".debug_info", 1, flags, entries));
        sections.push(section(".debug_line", 1, flags, with_length(short(&self.lines))));
        sections.push(section(".debug_ranges", 1, flags, short(&self.ranges)));
        let mut relocations = Vec::new();
        for (at, reference) in self.relocations.iter().take(MOST) {
            relocation(&mut relocations, u64::from(*at), *reference, 1, symbols);
        }
        sections.push(Section {
            link: 5,
            info,
            entry_size: 24,
            ..section(".rela.debug_info", 4, 0, relocations)
        });
    }
}
