//! Puts everything together: fills in what relocations ask for, and keeps them.

use std::collections::{BTreeSet, HashMap};

use object::LittleEndian;
use object::elf;

use super::ends_of_code::{EndsOfCode, ends_of_code};
use super::image::{self, OutSymbol, Relocation, Tables};
use super::kind::Kind;
use super::layout::{Layout, Place, index};
use super::member::{Member, SymbolPlace};
use super::named::some_of;
use super::relocation_types::{Formula, fits_in_32_bits, formula, types};
use super::resolve::{
    At, CONDITIONAL_JUMP, Global, Globals, Meaning, NO_GLOBAL, discard_copies, is_defined,
};
use crate::error::Error;

type Rela = elf::Rela64<LittleEndian>;
const ENDIAN: LittleEndian = LittleEndian;

/// What code calls that was left out: a local function of a group of which another member's copy is taken.
const LEFT_OUT: &[u8] = b"a function that was left out";

/// What object files make together.
pub(super) struct Linked {
    pub(super) bytes: Vec<u8>,
    pub(super) doubts: Vec<String>,
}

/// Lays out members in one address space.
pub(super) fn link(members: &mut [Member<'_>], file_size: usize) -> Result<Linked, Error> {
    discard_copies(members);
    let members = &*members;
    let relocations: usize = members
        .iter()
        .flat_map(|member| &member.sections)
        .flat_map(|section| &section.relocations)
        .map(|list| list.len())
        .sum();
    if relocations.saturating_mul(size_of::<Rela>()) > file_size {
        return Err(Error::Malformed("its relocations lie over each other".to_owned()));
    }
    let globals = Globals::of(members);
    let layout = Layout::new(members, file_size, globals.text_size, globals.bss_size)?;
    let mut linker = Linker::new(members, &globals, layout);
    for (number, member) in members.iter().enumerate() {
        for section in 0..member.sections.len() {
            linker.section(number, section)?;
        }
    }
    linker.jumps_to_several();
    Ok(linker.finish())
}

/// What a relocation refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Target {
    Local(At),
    Global(u32),
    LeftOut,
}

struct Linker<'a, 'data> {
    members: &'a [Member<'data>],
    globals: &'a Globals<'data>,
    layout: Layout,
    tables: Tables<'data>,
    /// The stubs, and the slots, by what they lead to.
    stubs: HashMap<Target, u64>,
    slots: HashMap<Target, u64>,
    /// The slot that stands for all of thread-local variables.
    thread_local_slot: Option<u64>,
    /// The number of each local symbol of each member in the table of symbols. 0 if it has none.
    locals: Vec<Vec<u32>>,
    /// The number of each name in the table of symbols.
    numbers: Vec<u32>,
    left_out: u32,
    unknown_types: BTreeSet<(u32, usize)>,
}

impl<'a, 'data> Linker<'a, 'data> {
    fn new(members: &'a [Member<'data>], globals: &'a Globals<'data>, layout: Layout) -> Self {
        // Each name has at most one stub, and so have the functions of which one is chosen when the program is loaded.
        let most_stubs =
            members.iter().map(|member| member.symbols.len() as u64 + 1).sum::<u64>() + 1;
        let tables = Tables::new(layout.end, most_stubs);
        let mut linker = Self {
            members,
            globals,
            layout,
            tables,
            stubs: HashMap::new(),
            slots: HashMap::new(),
            thread_local_slot: None,
            locals: Vec::new(),
            numbers: Vec::new(),
            left_out: 0,
            unknown_types: BTreeSet::new(),
        };
        linker.add_symbols();
        linker
    }

    fn add_symbols(&mut self) {
        for (number, member) in self.members.iter().enumerate() {
            let ends = ends_of_code(member);
            let mut numbers = vec![0; member.symbols.len()];
            for (index, symbol) in member.symbols.iter().enumerate().skip(1) {
                let is_ours = symbol.is_local || self.is_one_of_several(number, index);
                if !is_ours || !is_defined(member, symbol) {
                    continue;
                }
                numbers[index] = self.tables.symbol(self.out_symbol((number, index), &ends));
            }
            self.locals.push(numbers);
        }
        self.tables.locals_end_here();
        let ends: Vec<_> = self.members.iter().map(ends_of_code).collect();
        let globals = self.globals;
        for Global { name, meaning } in &globals.list {
            let symbol = match meaning {
                Meaning::Own(at) => self.out_symbol(*at, &ends[at.0]),
                Meaning::Common(offset) => OutSymbol {
                    name: name.to_vec(),
                    info: OBJECT,
                    output: Some(Kind::Bss),
                    value: self.common(*offset),
                    size: 0,
                },
                Meaning::Several { offset, functions, or_import } => {
                    let note: &[u8] = if *or_import { b" (weak)" } else { b" (one of several)" };
                    let jumps = functions.len() as u64 - u64::from(!or_import);
                    OutSymbol {
                        name: [name, note].concat(),
                        info: FUNCTION,
                        output: Some(Kind::Text),
                        value: self.several(*offset),
                        size: jumps * CONDITIONAL_JUMP + if *or_import { 6 } else { 5 },
                    }
                }
                Meaning::Import => OutSymbol::import(name),
            };
            let number = self.tables.symbol(symbol);
            self.numbers.push(number);
        }
        self.left_out = self.tables.symbol(OutSymbol::import(LEFT_OUT));
    }

    /// Whether a symbol is one of several that define a name, which then has a symbol of its own.
    fn is_one_of_several(&self, member: usize, symbol: usize) -> bool {
        let global = self.globals.of_symbols[member][symbol];
        let global = self.globals.list.get(global as usize);
        global.is_some_and(|global| match &global.meaning {
            Meaning::Several { functions, .. } => functions.contains(&(member, symbol)),
            _ => false,
        })
    }

    fn out_symbol(&self, at: At, ends: &EndsOfCode) -> OutSymbol {
        let symbol = &self.members[at.0].symbols[at.1];
        let output = match symbol.place {
            SymbolPlace::Section(section) => {
                self.members[at.0].sections.get(section).and_then(|section| section.kind)
            }
            _ => None,
        };
        let size = match symbol.place {
            SymbolPlace::Section(section) if symbol.size == 0 && output == Some(Kind::Text) => {
                ends.after(section, symbol.value).saturating_sub(symbol.value)
            }
            _ => symbol.size,
        };
        OutSymbol {
            name: symbol.name.to_vec(),
            info: symbol.info,
            output,
            value: self.own_address(at).unwrap_or(0),
            size,
        }
    }

    fn common(&self, offset: u64) -> u64 {
        let output = self.layout.get(Kind::Bss);
        output.address + output.size + offset
    }

    fn several(&self, offset: u64) -> u64 {
        let output = self.layout.get(Kind::Text);
        output.address + output.size + offset
    }

    /// Returns the address of what a member's symbol itself is, or its offset if it is not loaded.
    fn own_address(&self, (member, symbol): At) -> Option<u64> {
        let of = &self.members[member].symbols[symbol];
        match of.place {
            SymbolPlace::Absolute => Some(of.value),
            SymbolPlace::Section(section) => {
                Some(self.layout.address(member, section)?.wrapping_add(of.value))
            }
            _ => None,
        }
    }

    /// Returns what a member's symbol refers to.
    fn target(&self, member: usize, symbol: usize) -> Target {
        let global = self.globals.of_symbols[member][symbol];
        if global != NO_GLOBAL {
            return Target::Global(global);
        }
        let at = (member, symbol);
        if self.own_address(at).is_some() { Target::Local(at) } else { Target::LeftOut }
    }

    /// Returns the symbol that a target is, unless it is something of ours or imported.
    fn definition(&self, target: Target) -> Option<At> {
        match target {
            Target::Local(at) => Some(at),
            Target::Global(global) => match self.globals.list[global as usize].meaning {
                Meaning::Own(at) => Some(at),
                _ => None,
            },
            Target::LeftOut => None,
        }
    }

    fn is_chosen_at_load_time(&self, target: Target) -> bool {
        self.definition(target).is_some_and(|(member, symbol)| {
            self.members[member].symbols[symbol].kind() == elf::STT_GNU_IFUNC
        })
    }

    /// Returns the address that a reference leads to: that of a stub, for what is imported.
    fn address(&mut self, target: Target) -> u64 {
        if let Some(at) = self.definition(target)
            && !self.is_chosen_at_load_time(target)
        {
            return self.own_address(at).unwrap_or(0);
        }
        if let Target::Global(global) = target {
            match self.globals.list[global as usize].meaning {
                Meaning::Common(offset) => return self.common(offset),
                Meaning::Several { offset, .. } => return self.several(offset),
                _ => {}
            }
        }
        if let Some(&stub) = self.stubs.get(&target) {
            return stub;
        }
        let slot = self.slot(target);
        let stub = self.tables.stub(slot);
        self.stubs.insert(target, stub);
        stub
    }

    /// Returns the slot that holds an address.
    fn slot(&mut self, target: Target) -> u64 {
        if let Some(&slot) = self.slots.get(&target) {
            return slot;
        }
        let slot = if self.is_chosen_at_load_time(target) {
            let resolver = self.definition(target).and_then(|at| self.own_address(at));
            self.tables.dynamic_slot(types::IRELATIVE, None, resolver.unwrap_or(0))
        } else if let Some(name) = self.imported(target) {
            self.tables.dynamic_slot(types::GLOB_DAT, Some(name), 0)
        } else {
            let address = self.address(target);
            self.tables.slot(address)
        };
        self.slots.insert(target, slot);
        slot
    }

    fn imported(&self, target: Target) -> Option<&'data [u8]> {
        match target {
            Target::LeftOut => Some(LEFT_OUT),
            Target::Local(_) => None,
            Target::Global(global) => {
                let Global { name, meaning } = &self.globals.list[global as usize];
                (*meaning == Meaning::Import).then_some(*name)
            }
        }
    }

    /// Returns the number of a target in the table of symbols.
    fn number(&self, target: Target) -> u32 {
        match target {
            Target::Local((member, symbol)) => self.locals[member][symbol],
            Target::Global(global) => self.numbers[global as usize],
            Target::LeftOut => self.left_out,
        }
    }

    fn section(&mut self, member: usize, section: usize) -> Result<(), Error> {
        let Some(place) = self.layout.places[member][section] else { return Ok(()) };
        let members = self.members;
        let Some(kind) = members[member].sections[section].kind else { return Ok(()) };
        for list in &members[member].sections[section].relocations {
            for relocation in *list {
                match kind {
                    Kind::Bss | Kind::Comment => {}
                    Kind::Debug(_) => self.debug(member, kind, place, relocation),
                    Kind::EhFrame => self.frame(member, place, relocation),
                    _ => self.relocation(member, kind, place, relocation)?,
                }
            }
        }
        Ok(())
    }

    /// Fills in a relocation of code or data, and keeps it.
    fn relocation(
        &mut self,
        member: usize,
        kind: Kind,
        place: Place,
        relocation: &Rela,
    ) -> Result<(), Error> {
        let ty = relocation.r_type(ENDIAN, false).0;
        let addend = relocation.r_addend.get(ENDIAN);
        if ty == types::NONE {
            return Ok(());
        }
        let Some((formula, width)) = formula(ty) else {
            self.unknown_types.insert((ty, member));
            return Ok(());
        };
        let offset = relocation.r_offset.get(ENDIAN);
        let fits = offset.checked_add(width as u64).is_some_and(|end| end <= place.size);
        if !fits {
            return Err(wrong(
                &self.members[member].name,
                "a relocation lies outside of its section",
            ));
        }
        let symbol = relocation.r_sym(ENDIAN, false) as usize;
        let target = self.target_or_absolute(member, symbol);
        let output_address = self.layout.get(kind).address;
        let at = output_address + place.offset + offset;
        let got = self.tables.got_address();
        let number = target.map_or(0, |target| self.number(target));
        let value = match formula {
            Formula::ThreadLocal => {
                // A displacement to a slot that holds nothing.
                let slot = match self.thread_local_slot {
                    Some(slot) => slot,
                    None => *self.thread_local_slot.insert(self.tables.slot(0)),
                };
                let is_slot = [19, 20, 22, 34, 44, 45].contains(&ty);
                if is_slot { slot.wrapping_sub(at).wrapping_add_signed(addend) } else { 0 }
            }
            Formula::Size => {
                let of = target.and_then(|target| self.definition(target));
                let size =
                    of.map_or(0, |(member, symbol)| self.members[member].symbols[symbol].size);
                size.wrapping_add_signed(addend)
            }
            // What another part of the program is to fill in is empty, as linkers leave it.
            Formula::Absolute
                if width == 8 && target.is_some_and(|target| self.imported(target).is_some()) =>
            {
                0
            }
            Formula::Absolute => self.value(target).wrapping_add_signed(addend),
            Formula::Relative => self.value(target).wrapping_add_signed(addend).wrapping_sub(at),
            Formula::FromGot => self.value(target).wrapping_add_signed(addend).wrapping_sub(got),
            Formula::GotItself => got.wrapping_add_signed(addend).wrapping_sub(at),
            Formula::RelativeSlot | Formula::SlotFromGot => {
                let slot = match target {
                    Some(target) => self.slot(target),
                    None => self.tables.slot(0),
                };
                let from = if formula == Formula::RelativeSlot { at } else { got };
                slot.wrapping_add_signed(addend).wrapping_sub(from)
            }
        };
        if width == 4 && !fits_in_32_bits(value, formula) {
            return Err(wrong(&self.members[member].name, "a relocation does not fit its place"));
        }
        let from = index(place.offset + offset);
        write(&mut self.layout.output(kind).bytes, from, width, value);
        self.tables.relocation(kind, Relocation { at, ty, symbol: number, addend });
        Ok(())
    }

    /// The symbol with number 0 is none: then the addend is all.
    fn target_or_absolute(&self, member: usize, symbol: usize) -> Option<Target> {
        (symbol != 0).then(|| self.target(member, symbol))
    }

    fn value(&mut self, target: Option<Target>) -> u64 {
        target.map_or(0, |target| self.address(target))
    }

    /// Returns the address of what a member itself has under a symbol: debugging information and frames are about that. `None` if it
    /// was left out.
    fn own_value(&mut self, member: usize, symbol: usize) -> Option<u64> {
        if symbol == 0 {
            return Some(0);
        }
        let of = &self.members[member].symbols[symbol];
        match of.place {
            SymbolPlace::Undefined | SymbolPlace::Common => {
                let target = self.target(member, symbol);
                Some(self.address(target))
            }
            _ => self.own_address((member, symbol)),
        }
    }

    fn debug(&mut self, member: usize, kind: Kind, place: Place, relocation: &Rela) {
        let Some((Formula::Absolute, width @ (4 | 8))) =
            formula(relocation.r_type(ENDIAN, false).0)
        else {
            return;
        };
        let offset = relocation.r_offset.get(ENDIAN);
        if offset.checked_add(width as u64).is_none_or(|end| end > place.size) {
            return;
        }
        let symbol = relocation.r_sym(ENDIAN, false) as usize;
        let value = match self.own_value(member, symbol) {
            Some(value) => value.wrapping_add_signed(relocation.r_addend.get(ENDIAN)),
            // The marks that other linkers write for what was left out.
            None if [".debug_ranges", ".debug_loc"].contains(&kind.name()) => u64::MAX - 1,
            None => u64::MAX,
        };
        let from = index(place.offset + offset);
        write(&mut self.layout.output(kind).bytes, from, width, value);
    }

    fn frame(&mut self, member: usize, place: Place, relocation: &Rela) {
        let ty = relocation.r_type(ENDIAN, false).0;
        let Some((formula @ (Formula::Absolute | Formula::Relative), width)) = formula(ty) else {
            return;
        };
        let offset = relocation.r_offset.get(ENDIAN);
        if offset.checked_add(width as u64).is_none_or(|end| end > place.size) {
            return;
        }
        let at = self.layout.get(Kind::EhFrame).address + place.offset + offset;
        let symbol = relocation.r_sym(ENDIAN, false) as usize;
        let addend = relocation.r_addend.get(ENDIAN);
        let own = self.own_value(member, symbol);
        // The frame of what was left out is that of no code.
        let value = own.map_or(0, |value| value.wrapping_add_signed(addend));
        let value = if formula == Formula::Relative { value.wrapping_sub(at) } else { value };
        let from = index(place.offset + offset);
        write(&mut self.layout.output(Kind::EhFrame).bytes, from, width, value);
        if own.is_some()
            && let Some(target) = self.target_or_absolute(member, symbol)
        {
            let symbol = self.number(target);
            self.tables.relocation(Kind::EhFrame, Relocation { at, ty, symbol, addend });
        }
    }

    /// Writes the code that leads to each of several functions.
    fn jumps_to_several(&mut self) {
        let globals = self.globals;
        for Global { name, meaning } in &globals.list {
            let Meaning::Several { offset, functions, or_import } = meaning else { continue };
            let mut at = self.several(*offset);
            let mut code = Vec::new();
            for (number, function) in functions.iter().enumerate() {
                let is_last = number + 1 == functions.len() && !or_import;
                // `jmp`, or `jo`.
                let opcode: &[u8] = if is_last { &[0xe9] } else { &[0x0f, 0x80] };
                code.extend_from_slice(opcode);
                at += opcode.len() as u64;
                let to = self.own_address(*function).unwrap_or(0);
                let distance = to.wrapping_sub(at + 4).to_le_bytes();
                code.extend_from_slice(&distance[..4]);
                let symbol = self.locals[function.0][function.1];
                let relocation = Relocation { at, ty: types::PC_32, symbol, addend: -4 };
                self.tables.relocation(Kind::Text, relocation);
                at += 4;
            }
            if *or_import {
                let slot = self.tables.dynamic_slot(types::GLOB_DAT, Some(name), 0);
                // `jmp [rip + …]`
                code.extend_from_slice(&[0xff, 0x25]);
                code.extend_from_slice(&slot.wrapping_sub(at + 6).to_le_bytes()[..4]);
            }
            code.push(0x90);
            self.layout.output(Kind::Text).bytes.extend_from_slice(&code);
        }
    }

    fn finish(self) -> Linked {
        let mut doubts = Vec::new();
        let mut types: Vec<u32> = self.unknown_types.iter().map(|(ty, _)| *ty).collect();
        types.dedup();
        for ty in types {
            let members = self.unknown_types.iter().filter(|(of, _)| *of == ty);
            let names: Vec<_> =
                members.map(|(_, member)| self.members[*member].name.as_str()).collect();
            doubts.push(format!(
                "An object file has relocations of a type that is not known ({ty}): {}.",
                some_of(&names)
            ));
        }
        Linked { bytes: image::write(&self.layout, self.tables), doubts }
    }
}

const FUNCTION: elf::SymbolInfo = elf::SymbolInfo(1 << 4 | 2);
const OBJECT: elf::SymbolInfo = elf::SymbolInfo(1 << 4 | 1);

fn write(bytes: &mut [u8], from: usize, width: usize, value: u64) {
    if let Some(place) = bytes.get_mut(from..from.saturating_add(width)) {
        place.copy_from_slice(&value.to_le_bytes()[..width]);
    }
}

fn wrong(member: &str, what: &str) -> Error {
    Error::Malformed(if member.is_empty() {
        what.to_owned()
    } else {
        format!("{what}, in {member}")
    })
}
