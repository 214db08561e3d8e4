//! The functions whose addresses the program takes, and which of them a pointer of some type may point to.

use std::cell::{LazyCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::addresses::{computed, is_call};
use super::constants_of_std::ConstantsOfStd;
use super::debug_information::DebugInformation;
use super::language::Language;
use super::signature::{CLOSURE, Signature};
use super::standard_library::{is_of_std, is_symbol_of_std};
use super::types::Types;
use super::word::TypeId;
use crate::demangle::Name;
use crate::elf::{Function, Program, Reference};
use crate::machine::Machine;
use crate::parallel;

/// Something whose address the program takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Taken<'data> {
    /// A function of the program, by its number.
    Function(usize),
    /// A function of another shared object.
    Import(&'data str),
}

/// The functions whose addresses are taken.
#[derive(Debug)]
pub(crate) struct Pointers<'data> {
    list: BTreeMap<Taken<'data>, Known>,
    /// Those that pointers of a type may point to, once somebody asked.
    fitting: RefCell<Fitting<'data>>,
}

/// What pointers of each type may point to, by the type and whether Rust calls them in its own way.
type Fitting<'data> = FxHashMap<(Signature, bool), Rc<[Taken<'data>]>>;

/// What is known of a function.
#[derive(Debug)]
struct Known {
    signature: Option<Signature>,
    /// Whether it is described as written in Rust.
    is_rust: bool,
    /// Whether it may be called as Rust calls.
    may_be_rust: bool,
}

/// The sections that have the functions which the program's beginning and end call, and what only the unwinder reads. A variable that
/// the program has put there may be read as any other.
const NOT_READ: [&str; 6] = [
    ".preinit_array",
    ".init_array",
    ".fini_array",
    ".eh_frame",
    ".eh_frame_hdr",
    ".gcc_except_table",
];

/// How the names of variables begin that only the unwinder reads.
const FOR_UNWINDER: &str = "DW.ref.";

/// The functions of every program that call those.
pub(super) const BEGIN: [&str; 7] = [
    "_init",
    "_fini",
    "_start",
    "__do_global_dtors_aux",
    "register_tm_clones",
    "deregister_tm_clones",
    "frame_dummy",
];

/// Another one, of 64-bit Arm.
const BEGIN_ON_AARCH64: &str = "call_weak_fn";

impl<'data> Pointers<'data> {
    /// Finds them.
    ///
    /// # Arguments
    ///
    /// * `is_in_table`: whether a place in the program's data is within a table of methods, from where nothing takes an address.
    pub(super) fn find(
        program: &Program<'data>,
        information: &DebugInformation<'data>,
        types: &Types<'data>,
        is_in_table: impl Fn(u64) -> bool,
    ) -> Self {
        let mut taken = taken_by_code(program, information);
        let is_not_read = not_read(program);
        // A variable there is read if anything else has its address.
        let named = LazyCell::new(|| addresses_of_data(program, &is_not_read));
        let is_named = |range: &Range<u64>| named.range(range.clone()).next().is_some();
        let variables = LazyCell::new(|| program.variables());
        let constants = LazyCell::new(|| ConstantsOfStd::new(program, information.code()));
        for relocation in program.data_relocations() {
            let place = relocation.place;
            let (target, is_own) = match relocation.target {
                Reference::Address(address) => match program.function_at(address) {
                    Some(function) => {
                        let is_own = move || is_of_std(program, information.code(), address);
                        (Taken::Function(function), Some(is_own))
                    }
                    None => continue,
                },
                Reference::Import(name) => (Taken::Import(name), None),
            };
            // What the library's own variables and constants hold.
            let is_of_std = || {
                let variable = variables.range(..=place).next_back();
                let variable = variable.filter(|(_, (end, _))| place < *end);
                let is_variable_of_std = || {
                    variable.is_some_and(|(_, (_, symbol))| {
                        is_symbol_of_std(symbol) || symbol.starts_with(FOR_UNWINDER)
                    })
                };
                let is_constant = program.constant_number(place).is_some();
                if is_constant {
                    is_own.is_some_and(|is_own| is_own()) && constants.has(place)
                } else {
                    is_own.is_none_or(|is_own| is_own()) && is_variable_of_std()
                }
            };
            let is_left_out = relocation.is_distance
                || is_in_table(place)
                || (is_not_read(place)
                    && !types.range_at(place).is_some_and(|range| is_named(&range)))
                || is_of_std();
            if !is_left_out {
                taken.insert(target);
            }
        }
        let language = Language::new(program, information);
        let list = taken.into_iter().map(|taken| {
            let known = match taken {
                Taken::Function(function) => {
                    let function = &program.functions()[function];
                    // What a unit without types says of a function is nothing.
                    let described = information
                        .function(function.address)
                        .filter(|described| information.has_types(*described));
                    let is_rust = described.is_some_and(|at| information.is_rust(at));
                    // Where a linker has put functions of equal code together, what is described may be any of them.
                    let described = described.filter(|_| !is_rust || function.aliases.is_empty());
                    let described = described.and_then(|at| {
                        Signature::of_function(information, types, at, function.symbol)
                    });
                    Known {
                        is_rust: is_rust || described.is_none(),
                        signature: described.or_else(|| of_formatter(function)),
                        may_be_rust: language.may_be_rust(function),
                    }
                }
                Taken::Import(_) => Known { signature: None, is_rust: false, may_be_rust: false },
            };
            (taken, known)
        });
        Self { list: list.collect(), fitting: RefCell::default() }
    }

    /// Returns what a pointer of a type may point to. `None` if its type is not understood.
    pub(super) fn fitting(
        &self,
        information: &DebugInformation<'data>,
        types: &Types<'data>,
        pointer: TypeId,
        is_rust: bool,
    ) -> Option<Rc<[Taken<'data>]>> {
        let key = (Signature::of_pointer(information, types, pointer)?, is_rust);
        let mut known = self.fitting.borrow_mut();
        if let Some(known) = known.get(&key) {
            return Some(Rc::clone(known));
        }
        let pointer = &key.0;
        let fitting = self.list.iter().filter(|(_, taken)| match &taken.signature {
            // What was not written in Rust is called in another way.
            _ if is_rust && !taken.may_be_rust => false,
            // C programs call functions by pointers of other types, as long as they take no more parameters.
            Some(signature) if !taken.is_rust => signature.takes_no_more_than(pointer),
            Some(signature) => signature.may_be_called_as(pointer),
            None => true,
        });
        let fitting: Rc<[_]> = fitting.map(|(taken, _)| *taken).collect();
        known.insert(key, Rc::clone(&fitting));
        Some(fitting)
    }
}

/// Returns the type of a function that writes a value as text, if all its names are those of one.
fn of_formatter(function: &Function<'_>) -> Option<Signature> {
    let is_formatter = |symbol: &&str| Signature::of_formatter(symbol).is_some();
    let of = Signature::of_formatter(function.symbol)?;
    function.aliases.iter().all(is_formatter).then_some(of)
}

/// Whether a function may be one that an argument of `format_args!` has: mostly by its name, which is that of a trait's method. Where code
/// was optimized, functions with the same instructions may have been put together under another name. Then its type tells; but not in the
/// precompiled library, of which no types are described. In the releases that `formatting` knows, all that it has itself have such names.
pub(super) fn may_format<'data>(
    program: &Program<'data>,
    information: &DebugInformation<'data>,
    types: &Types<'data>,
    language: &Language<'_, 'data>,
    function: &Function<'data>,
) -> bool {
    let mut symbols = function.symbols();
    if symbols.any(|symbol| Signature::of_formatter(symbol).is_some()) {
        return true;
    }
    if !language.may_be_rust(function) || is_of_std(program, information.code(), function.address) {
        return false;
    }
    let described = information.function(function.address).filter(|at| information.has_types(*at));
    let Some(described) = described else {
        // The compiler has made it of a closure, and its name has what it is given.
        let name = Name::of_symbol(function.symbol).full;
        return !name.contains(CLOSURE) || name.contains("Formatter");
    };
    if !information.is_optimized(described) && function.symbol.starts_with("_R") {
        return false;
    }
    let signature = Signature::of_function(information, types, described, function.symbol);
    signature.is_none_or(|signature| signature.may_be_called_as(&Signature::of_argument()))
}

/// How many functions, or places, are looked through in one go.
const CHUNK: usize = 4096;

/// Finds the functions whose addresses instructions take.
fn taken_by_code<'data>(
    program: &Program<'data>,
    information: &DebugInformation<'data>,
) -> BTreeSet<Taken<'data>> {
    let code = information.code();
    let relocations = program.code_relocations();
    // What has an address only to call it takes none. It calls by the distance.
    let is_left_out = |place: u64, is_own: &dyn Fn() -> bool| {
        (relocations.whole_addresses.binary_search(&place).is_err() && is_call(program, place))
            || (is_own() && is_of_std(program, code, place))
            || begins_program(program, place)
    };
    let takes = |place: u64, function: usize| {
        let address = program.functions()[function].address;
        !is_left_out(place, &|| is_of_std(program, code, address))
            && !is_given_away(program, information, place, function)
    };
    // An assembler fills in itself what lies in the same section.
    let functions: Vec<_> = program.functions().chunks(CHUNK).collect();
    let computed = parallel::map(&functions, |functions| {
        let computed = functions.iter().flat_map(|function| computed(program, function));
        computed.filter(|(place, function)| takes(*place, *function)).map(|(_, of)| of).collect()
    });
    let addresses: Vec<_> = relocations.addresses.chunks(CHUNK).collect();
    let filled_in = parallel::map(&addresses, |addresses| {
        let functions = addresses.iter().filter_map(|(place, address)| {
            program.function_at(*address).filter(|function| takes(*place, *function))
        });
        functions.collect::<Vec<_>>()
    });
    let imports = relocations.imports.iter().filter(|(place, _)| !is_left_out(*place, &|| true));
    let functions = computed.into_iter().chain(filled_in).flatten().map(Taken::Function);
    functions.chain(imports.map(|(_, name)| Taken::Import(name))).collect()
}

/// Returns whether places are in a section of which nothing but the program's beginning and end, and the unwinder, reads what lies there.
pub(super) fn not_read(program: &Program<'_>) -> impl Fn(u64) -> bool + use<> {
    let ranges = NOT_READ.map(|name| {
        let (start, bytes) = program.section(name)?;
        Some(start..start.saturating_add(bytes.len() as u64))
    });
    move |place| ranges.iter().flatten().any(|range| range.contains(&place))
}

/// Returns the addresses of data that code or other data has, as far as they are wanted.
fn addresses_of_data(program: &Program<'_>, is_wanted: impl Fn(u64) -> bool) -> BTreeSet<u64> {
    let in_code = program.code_relocations().addresses.iter().map(|(_, target)| *target);
    let in_data =
        program.data_relocations().iter().filter_map(|relocation| match relocation.target {
            Reference::Address(target) => Some(target),
            Reference::Import(_) => None,
        });
    in_code.chain(in_data).filter(|target| is_wanted(*target)).collect()
}

/// Whether a place is in the code that begins and ends each program.
pub(super) fn begins_program(program: &Program<'_>, place: u64) -> bool {
    let function = program.function_around(place);
    function.is_some_and(|function| {
        let symbol = program.functions()[function].symbol;
        BEGIN.contains(&symbol)
            || (program.machine() == Machine::AArch64 && symbol == BEGIN_ON_AARCH64)
    })
}

/// Whether the address of a function is taken only to be given to one that is known to call it, for which its caller has the edge.
fn is_given_away(
    program: &Program<'_>,
    information: &DebugInformation<'_>,
    place: u64,
    function: usize,
) -> bool {
    let symbol = program.functions()[function].symbol;
    if CAUGHT.iter().any(|name| symbol.contains(name)) {
        // They are private, and `catch_unwind` gives them to the compiler's `__rust_try`.
        let plain = Name::of_symbol(symbol).plain;
        return plain
            .strip_prefix("std::panicking::catch_unwind::")
            .is_some_and(|name| CAUGHT.contains(&name));
    }
    // What the compiler begins a program with gives its `main` to `std::rt::lang_start`. That of C has a description.
    let around = program.function_around(place).map(|around| &program.functions()[around]);
    around.is_some_and(|around| {
        around.symbol == "main" && information.function(around.address).is_none()
    }) && Name::of_symbol(symbol).plain.ends_with("::main")
}

/// The functions by which the standard library runs what may panic.
const CAUGHT: [&str; 2] = ["do_call", "do_catch"];
