//! Programs for 64-bit Arm that are made here, an instruction at a time: what they reach is found, and what cannot be followed is not
//! proved. This needs no compiler for that processor.

use cargo_nonblock::Error;
use cargo_nonblock::check::{self, Options, Verdict};
use cargo_nonblock::demangle::Pattern;
use cargo_nonblock::machine::Machine;

const TEXT: u64 = 0x1_0000;
const CONSTANTS: u64 = 0x2_0000;
const STUBS: u64 = 0x3_0000;
const SLOTS: u64 = 0x4_0000;

/// A program: functions one after the other, and the names of what it imports. Each of these has a slot and a stub.
#[derive(Default)]
struct Made {
    functions: Vec<(&'static str, Vec<u32>)>,
    constants: Vec<u8>,
    imports: Vec<&'static str>,
    /// Relocations of code: where, and of which type. All are of the first function.
    relocations: Vec<(u64, u32)>,
    /// The type of the relocations of slots.
    slot: Option<u32>,
    /// Where a function is that chooses what the first import is.
    chooser: Option<u64>,
}

/// A section of a file, before it is written.
struct Section {
    name: &'static str,
    ty: u32,
    flags: u64,
    address: u64,
    bytes: Vec<u8>,
    link: u32,
    info: u32,
    entry: u64,
}

fn section(name: &'static str, ty: u32, flags: u64, address: u64, bytes: Vec<u8>) -> Section {
    Section { name, ty, flags, address, bytes, link: 0, info: 0, entry: 0 }
}

fn symbol(name: usize, info: u8, index: u16, value: u64, size: u64) -> Vec<u8> {
    let mut bytes = u32::try_from(name).expect("it is short").to_le_bytes().to_vec();
    bytes.extend([info, 0]);
    bytes.extend(index.to_le_bytes());
    bytes.extend(value.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes
}

fn relocation(place: u64, symbol: usize, ty: u32) -> Vec<u8> {
    let info = (symbol as u64) << 32 | u64::from(ty);
    [place, info, 0].into_iter().flat_map(u64::to_le_bytes).collect()
}

/// Adds a name to a list of them, and returns where it is.
fn name(names: &mut Vec<u8>, name: &str) -> usize {
    let at = names.len();
    names.extend(name.bytes().chain([0]));
    at
}

impl Made {
    fn with(functions: &[(&'static str, &[u32])]) -> Self {
        let functions = functions.iter().map(|(name, words)| (*name, words.to_vec())).collect();
        Self { functions, ..Self::default() }
    }

    fn importing(self, imports: &[&'static str]) -> Self {
        Self { imports: imports.to_vec(), ..self }
    }

    /// Writes it as a linker does.
    fn write(&self) -> Vec<u8> {
        let (mut text, mut symbols, mut names) = (Vec::new(), vec![0; 24], vec![0]);
        for (function, words) in &self.functions {
            let start = TEXT + text.len() as u64;
            text.extend(words.iter().flat_map(|word| word.to_le_bytes()));
            let size = 4 * words.len() as u64;
            // A function that others may know.
            symbols.extend(symbol(name(&mut names, function), 0x12, 1, start, size));
        }
        let (mut dynamic, mut dynamic_names) = (vec![0; 24], vec![0]);
        let (mut stubs, mut written) = (Vec::new(), Vec::new());
        for (number, import) in self.imports.iter().enumerate() {
            let at = name(&mut dynamic_names, import);
            dynamic.extend(match self.chooser.filter(|_| number == 0) {
                Some(chooser) => symbol(at, 0x1a, 1, chooser, 4),
                None => symbol(at, 0x12, 0, 0, 0),
            });
            let slot = SLOTS + 8 * number as u64;
            written.extend(relocation(slot, number + 1, self.slot.unwrap_or(1026)));
            let here = STUBS + stubs.len() as u64;
            let stub = [adrp(16, here, slot), load(17, 16, slot & 0xfff), 0x9100_0210, br(17)];
            stubs.extend(stub.into_iter().flat_map(u32::to_le_bytes));
        }
        let mut relocations = relocation(TEXT, 1, 283);
        for (place, ty) in &self.relocations {
            relocations.extend(relocation(*place, 1, *ty));
        }
        let slots = vec![0; 8 * self.imports.len()];
        // A padding keeps the sections from being empty.
        let (code, data) = (2 | 4, 2 | 1);
        let sections = [
            section(".text", 1, code, TEXT, text),
            section(".rodata", 1, 2, CONSTANTS, [&self.constants[..], &[0xff; 16]].concat()),
            section(".plt", 1, code, STUBS, [stubs, vec![0; 16]].concat()),
            section(".got", 1, data, SLOTS, [slots, vec![0; 16]].concat()),
            Section { link: 6, info: 1, entry: 24, ..section(".rela.text", 4, 0, 0, relocations) },
            Section { link: 7, info: 1, entry: 24, ..section(".symtab", 2, 0, 0, symbols) },
            section(".strtab", 3, 0, 0, names),
            Section { link: 9, info: 1, entry: 24, ..section(".dynsym", 11, 2, 0x5_0000, dynamic) },
            section(".dynstr", 3, 2, 0x6_0000, dynamic_names),
            Section { link: 8, entry: 24, ..section(".rela.dyn", 4, 2, 0x7_0000, written) },
        ];
        file(&sections)
    }

    #[track_caller]
    fn verdict(&self, entry: &str) -> Verdict {
        let options = Options { entries: vec![Pattern::new(entry)], ..Options::default() };
        let outcome = check::check(&self.write(), &options).expect("it can be read");
        let [entry] = &outcome.entries[..] else { panic!("{outcome:#?}") };
        entry.verdict()
    }
}

/// Writes a shared object.
fn file(sections: &[Section]) -> Vec<u8> {
    let (mut names, mut bytes, mut headers) = (vec![0], vec![0; 64], vec![0; 64]);
    let add = |headers: &mut Vec<u8>, bytes: &mut Vec<u8>, of: &Section, name_at: usize| {
        headers.extend(u32::try_from(name_at).expect("it is short").to_le_bytes());
        headers.extend(of.ty.to_le_bytes());
        let size = of.bytes.len() as u64;
        for word in [of.flags, of.address, bytes.len() as u64, size] {
            headers.extend(word.to_le_bytes());
        }
        headers.extend(of.link.to_le_bytes());
        headers.extend(of.info.to_le_bytes());
        headers.extend(8_u64.to_le_bytes());
        headers.extend(of.entry.to_le_bytes());
        bytes.extend(&of.bytes);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    };
    for of in sections {
        let at = name(&mut names, of.name);
        add(&mut headers, &mut bytes, of, at);
    }
    let at = name(&mut names, ".shstrtab");
    add(&mut headers, &mut bytes, &section(".shstrtab", 3, 0, 0, names.clone()), at);
    let count = u16::try_from(sections.len() + 2).expect("there are few");
    let start = bytes.len() as u64;
    bytes.extend(headers);
    let header = [0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 183, 0, 1];
    bytes[..header.len()].copy_from_slice(&header);
    bytes[40..48].copy_from_slice(&start.to_le_bytes());
    for (at, value) in [(52, 64), (54, 56), (58, 64), (60, count), (62, count - 1)] {
        bytes[at..at + 2].copy_from_slice(&u16::to_le_bytes(value));
    }
    bytes
}

fn adrp(to: u32, here: u64, target: u64) -> u32 {
    let pages = u32::try_from(((target & !0xfff).wrapping_sub(here & !0xfff)) >> 12 & 0x1f_ffff);
    let pages = pages.expect("it has 21 bits");
    0x9000_0000 | (pages & 3) << 29 | (pages >> 2) << 5 | to
}

fn add(to: u32, from: u32, number: u64) -> u32 {
    0x9100_0000 | u32::try_from(number).expect("it is small") << 10 | from << 5 | to
}

fn load(to: u32, from: u32, offset: u64) -> u32 {
    0xf940_0000 | u32::try_from(offset / 8).expect("it is small") << 10 | from << 5 | to
}

/// Puts a number into a register.
fn put(to: u32, number: u32) -> u32 {
    0xd280_0000 | number << 5 | to
}

fn br(by: u32) -> u32 {
    0xd61f_0000 | by << 5
}

fn blr(by: u32) -> u32 {
    0xd63f_0000 | by << 5
}

fn distance(here: u64, target: u64) -> u32 {
    u32::try_from((target.wrapping_sub(here) >> 2) & 0x3ff_ffff).expect("it has 26 bits")
}

fn bl(here: u64, target: u64) -> u32 {
    0x9400_0000 | distance(here, target)
}

fn b(here: u64, target: u64) -> u32 {
    0x1400_0000 | distance(here, target)
}

/// Jumps if X0 is zero.
fn cbz(here: u64, target: u64) -> u32 {
    0xb400_0000 | (distance(here, target) & 0x7_ffff) << 5
}

const RET: u32 = 0xd65f_03c0;
const SVC: u32 = 0xd400_0001;
const NOP: u32 = 0xd503_201f;
/// `stp x29, x30, [sp, #-16]!` and `ldp x29, x30, [sp], #16`
const ENTER: u32 = 0xa9bf_7bfd;
const LEAVE: u32 = 0xa8c1_7bfd;

/// `nanosleep` and `getpid`, by their numbers there.
const SLEEPS: [u32; 3] = [put_number(101), SVC, RET];
const ASKS: [u32; 3] = [put_number(172), SVC, RET];

const fn put_number(number: u32) -> u32 {
    0xd280_0008 | number << 5
}

#[track_caller]
fn of_one(words: &[u32], expected: Verdict) {
    assert_eq!(Made::with(&[("f", words)]).verdict("f"), expected);
}

#[test]
fn system_calls_have_the_numbers_of_the_processor() {
    of_one(&SLEEPS, Verdict::Reaches);
    of_one(&ASKS, Verdict::Proved);
    // `getpid` of x86-64 is `umount2` here, and one that nobody knows may do anything.
    of_one(&[put(8, 39), SVC, RET], Verdict::Reaches);
    of_one(&[put(8, 5000), SVC, RET], Verdict::Reaches);
    // `futex` that wakes, and that waits.
    of_one(&[put(1, 0x81), put(8, 98), SVC, RET], Verdict::Proved);
    of_one(&[put(1, 0x80), put(8, 98), SVC, RET], Verdict::Reaches);
}

#[test]
fn the_number_of_a_system_call_is_not_guessed() {
    // What the caller has; what is loaded; what one of two ways has.
    of_one(&[SVC, RET], Verdict::NotProved);
    of_one(&[put(8, 172), load(8, 0, 0), SVC, RET], Verdict::NotProved);
    of_one(&[put(8, 172), cbz(4, 12), put(8, 101), SVC, RET], Verdict::NotProved);
    // swp x1, x8, [x0]; casp x8, x9, x2, x3, [x0]; ldr x1, [x8], #-71; umov x8, v0.d[0]
    for word in [0xf821_8008, 0x4828_7c02, 0xf85b_9501, 0x4e08_3c08] {
        of_one(&[put(8, 172), word, SVC, RET], Verdict::NotProved);
    }
}

#[test]
fn calls_and_jumps_are_followed() {
    let after = |count: u64| TEXT + 4 * count;
    let calls = [ENTER, bl(after(1), after(4)), LEAVE, RET];
    let made = |words: &[u32]| Made::with(&[("f", words), ("sleeps", &SLEEPS)]).verdict("f");
    assert_eq!(made(&calls), Verdict::Reaches);
    assert_eq!(made(&[NOP, NOP, NOP, b(after(3), after(4))]), Verdict::Reaches);
    assert_eq!(made(&[NOP, NOP, cbz(after(2), after(4)), RET]), Verdict::Reaches);
    // The function goes on in the next.
    assert_eq!(made(&[NOP, NOP, put(0, 1), put(1, 1)]), Verdict::Reaches);
    // Computed here: adrp, add, br. And by ret, of another register and of its own.
    let address = [adrp(9, TEXT, after(4)), add(9, 9, after(4) & 0xfff)];
    assert_eq!(made(&[address[0], address[1], br(9), RET]), Verdict::Reaches);
    assert_eq!(made(&[address[0], address[1], 0xd65f_0120, RET]), Verdict::Reaches);
    let address = [adrp(30, TEXT, after(4)), add(30, 30, after(4) & 0xfff)];
    assert_eq!(made(&[address[0], address[1], RET, NOP]), Verdict::NotProved);
}

#[test]
fn what_cannot_be_followed_is_not_proved() {
    // A pointer, by a call and by a jump, and with its signature checked.
    for word in [blr(0), br(0), 0xd63f_081f, 0xd61f_081f, 0xd73f_0801] {
        of_one(&[ENTER, word, LEAVE, RET], Verdict::NotProved);
    }
    // No instruction; into the midst of one; where no symbol is.
    of_one(&[NOP, 0xffff_ffff, RET], Verdict::NotProved);
    of_one(&[b(TEXT, TEXT + 0x100), RET], Verdict::NotProved);
    of_one(&[NOP, RET], Verdict::Proved);
}

#[test]
fn imports_are_found_by_stubs_and_by_slots() {
    let verdict = |import, words: &[u32]| {
        Made::with(&[("f", words)]).importing(&["getpid", import]).verdict("f")
    };
    let by_stub = [ENTER, bl(TEXT + 4, STUBS + 16), LEAVE, RET];
    let by_slot = [ENTER, adrp(8, TEXT, SLOTS), load(8, 8, 8), blr(8), LEAVE, RET];
    for words in [&by_stub[..], &by_slot] {
        assert_eq!(verdict("read", words), Verdict::Reaches);
        assert_eq!(verdict("getppid", words), Verdict::Proved);
        assert_eq!(verdict("nobody_knows_this", words), Verdict::NotProved);
    }
    // What the loader writes there is no address: where a thread's variable is.
    let words = by_slot;
    let made =
        Made { slot: Some(1030), ..Made::with(&[("f", &words)]).importing(&["a", "getpid"]) };
    assert_eq!(made.verdict("f"), Verdict::NotProved);
}

/// What a chooser does is not what it chooses does.
#[test]
fn a_function_that_is_chosen_when_the_program_is_loaded_is_not_known() {
    let words = [ENTER, bl(TEXT + 4, STUBS), LEAVE, RET];
    let made = Made::with(&[("f", &words), ("chooser", &[RET])]).importing(&["chosen"]);
    let made = Made { chooser: Some(TEXT + 16), ..made };
    assert_eq!(made.verdict("f"), Verdict::NotProved);
}

#[test]
fn a_call_that_asks_for_a_variable_of_a_thread_is_known() {
    let words = [ENTER, adrp(0, TEXT, SLOTS), load(1, 0, 0), blr(1), LEAVE, RET];
    let made = Made { slot: Some(1031), ..Made::with(&[("f", &words)]).importing(&["variable"]) };
    assert_eq!(made.verdict("f"), Verdict::NotProved);
    let made = Made { relocations: vec![(TEXT + 12, 569)], ..made };
    assert_eq!(made.verdict("f"), Verdict::Proved);
}

#[test]
fn jumps_by_tables_stay_in_the_function() {
    // adrp x9, table; adr x10, +12; ldrb w11, [x9, x0]; add x10, x10, x11, lsl #2; br x10; ret; ret; b sleeps
    let words = |load: u32, add: u32| {
        [
            adrp(9, TEXT, CONSTANTS),
            0x1000_008a,
            load,
            add,
            br(10),
            RET,
            RET,
            b(TEXT + 28, TEXT + 32),
        ]
    };
    let verdict = |table: &[u8], load, add| {
        let made = Made::with(&[("f", &words(load, add)), ("sleeps", &ASKS)]);
        Made { constants: table.to_vec(), ..made }.verdict("f")
    };
    let (load, add) = (0x386b_692b, 0x8b0b_094a);
    let load = load & !(0b1_1111 << 16);
    assert_eq!(verdict(&[0, 1, 2], load, add), Verdict::Proved);
    // From the table's first entry on it leads out of the function.
    assert_eq!(verdict(&[0x80, 1, 2], load, add), Verdict::NotProved);
    // ldr x11, [x9, x0, lsl #3]: such numbers are pointers.
    assert_eq!(verdict(&[0, 1, 2], 0xf860_792b, add), Verdict::NotProved);
}

/// A register is known only if nothing else leads into the midst of the function, and changes it.
#[test]
fn code_elsewhere_may_lead_into_the_midst_of_a_function() {
    let back = TEXT + 8;
    let function = [put(8, 172), cbz(TEXT + 4, TEXT + 16), SVC, RET];
    for part in ["f.cold", "part_without_a_name"] {
        let made = Made::with(&[("f", &function), (part, &[put(8, 101), b(TEXT + 20, back)])]);
        assert_eq!(made.verdict("f"), Verdict::NotProved, "{part}");
        let made = Made::with(&[("f", &function), (part, &[put(8, 172), RET])]);
        assert_eq!(made.verdict("f"), Verdict::Proved, "{part}");
    }
}

/// Of what another function's registers hold, its own code tells only if it is entered at its beginning.
#[test]
fn a_computed_jump_into_the_midst_of_another_function_is_not_followed() {
    // mov x8, #101; adr x16, other + 4; br x16. And the same by a call.
    let other = [put(8, 172), SVC, RET];
    let adr = |from: u64, to: u64| 0x1000_0010 | (distance(from, to) & 0x7_ffff) << 5;
    let words = [put(8, 101), adr(TEXT + 4, TEXT + 16), br(16)];
    let made = Made::with(&[("f", &words), ("other", &other)]);
    assert_eq!(made.verdict("f"), Verdict::NotProved);
    let words = [ENTER, put(8, 101), adr(TEXT + 8, TEXT + 28), blr(16), LEAVE, RET];
    let made = Made::with(&[("f", &words), ("other", &other)]);
    assert_eq!(made.verdict("f"), Verdict::NotProved);
    // At its beginning it is a call like others.
    let words = [ENTER, put(8, 101), adr(TEXT + 8, TEXT + 24), blr(16), LEAVE, RET];
    let made = Made::with(&[("f", &words), ("other", &other)]);
    assert_eq!(made.verdict("f"), Verdict::Proved);
}

/// Where jumps come in between the table's address and the jump by it, another table may be meant.
#[test]
fn a_jump_by_a_table_is_followed_only_if_all_ways_lead_to_that_table() {
    // adrp x9, table; [cbz x0, load]; add x9, x9, #2; load: ldrb w11, [x9, x0]; adr x10, +12; add x10, x10, x11, lsl #2; br x10; ..
    let words = |between: u32| {
        [
            adrp(9, TEXT, CONSTANTS),
            between,
            add(9, 9, 2),
            0x3860_692b,
            0x1000_006a,
            0x8b0b_094a,
            br(10),
            put(8, 172),
            SVC,
            RET,
        ]
    };
    let verdict = |between: u32| {
        // The first way may come to the system call without its number.
        let made =
            Made { constants: vec![1, 0x80, 0, 0x80], ..Made::with(&[("f", &words(between))]) };
        made.verdict("f")
    };
    assert_eq!(verdict(NOP), Verdict::Proved);
    assert_eq!(verdict(cbz(TEXT + 4, TEXT + 12)), Verdict::NotProved);
}

/// A jump to an address in the function's own midst is one of the ways there.
#[test]
fn a_function_may_jump_into_its_own_midst_by_an_address() {
    // cbz x0, +16; mov x8, #101; adr x9, +12; br x9; mov x8, #172; svc #0; ret
    let words = [cbz(0, 16), put(8, 101), 0x1000_0069, br(9), put(8, 172), SVC, RET];
    of_one(&words, Verdict::NotProved);
    // Without the address it is a call of another function.
    let words = [cbz(0, 16), put(8, 101), put(9, 1), br(9), put(8, 172), SVC, RET];
    of_one(&words, Verdict::NotProved);
}

/// What compilers take out of several functions may change the registers that functions give back.
#[test]
fn pieces_of_functions_may_change_all_registers() {
    // adrp x19, asks; add x19, ..; bl piece; blr x19
    let (piece, asks) = (TEXT + 28, TEXT + 32);
    let [first, second] = [adrp(19, TEXT, asks), add(19, 19, asks & 0xfff)];
    let words = [ENTER, first, second, bl(TEXT + 12, piece), blr(19), LEAVE, RET];
    let made = |name| Made::with(&[("f", &words), (name, &[RET]), ("asks", &ASKS)]).verdict("f");
    assert_eq!(made("OUTLINED_FUNCTION_0"), Verdict::NotProved);
    assert_eq!(made("function"), Verdict::Proved);
}

#[test]
fn object_files_have_to_be_linked() {
    let mut bytes = Made::with(&[("f", &[RET])]).write();
    bytes[16] = 1;
    let error = check::check(&bytes, &Options::default()).expect_err("it is no program");
    assert_eq!(error, Error::ObjectsOf(Machine::AArch64));
    assert!(error.to_string().contains("linked"), "{error}");
}

/// A file that is damaged may be refused, or come out otherwise, but nothing panics.
#[test]
fn a_damaged_program_is_no_reason_to_panic() {
    let words =
        [ENTER, bl(TEXT + 4, STUBS), adrp(8, TEXT, SLOTS), load(8, 8, 0), blr(8), LEAVE, RET];
    let bytes = Made::with(&[("f", &words), ("g", &SLEEPS)]).importing(&["read"]).write();
    let options = Options { entries: vec![Pattern::new("*")], ..Options::default() };
    for at in (0..bytes.len()).step_by(5) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xff;
        // Whatever it says.
        let _ = check::check(&damaged, &options);
    }
}
