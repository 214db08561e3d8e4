//! What values are when the program runs, as far as the debugging information and the instructions tell: that finds out where calls
//! through tables of methods and through pointers lead.
//!
//! 1. [`debug_information`] reads which types, variables, functions and named tables of methods there are.
//! 2. [`types`] tells of a type what lies at an offset of it: a [`word`].
//! 3. [`variables`] tells which of them a function keeps in its frame, and where.
//! 4. [`values`] goes through a function's [`instructions`], and follows what registers and the frame hold.
//! 5. [`tables`] and [`pointers`] tell which functions a call may then reach.

mod aarch64;
mod addresses;
mod constant_tables;
mod constants_of_std;
mod debug_information;
mod instructions;
mod language;
mod makers;
mod method_names;
mod method_results;
mod object_names;
mod parameters;
mod pointers;
mod signature;
mod standard_library;
mod tables;
mod type_names;
mod types;
mod value_type;
mod values;
mod variables;
mod word;
mod x86_64;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::demangle::Name;
use crate::elf::Program;
use crate::formatting::{DEBUG, Formatted};
use crate::function_code::FunctionCode;
use crate::functions::Functions;
use crate::landing_pads::LandingPads;
use crate::method_tables::FIRST_METHOD;
use crate::parallel;
use constant_tables::ConstantTables;
use debug_information::DebugInformation;
use language::Language;
pub(crate) use makers::Makers;
use method_results::Results;
pub(crate) use object_names::{dropped_object, formatted_object, principal_trait};
pub(crate) use parameters::Part;
use pointers::Pointers;
pub(crate) use pointers::Taken;
pub(crate) use standard_library::has_path_of_std;
use standard_library::is_symbol_of_std;
use tables::Tables;
use types::Types;
pub(crate) use values::Callee;
use values::{Context, Values};
use variables::Variables;
pub(crate) use word::{TypeId, Word};

/// What is known of the values of a program. It is found out when somebody asks first.
#[derive(Debug)]
pub(crate) struct Typed<'a, 'data> {
    program: &'a Program<'data>,
    known: OnceLock<Option<Known<'data>>>,
}

/// What the debugging information tells.
#[derive(Debug)]
struct Known<'data> {
    information: Arc<DebugInformation<'data>>,
    /// One for each processor: what was read of types is remembered.
    types: Vec<Mutex<Types<'data>>>,
}

impl<'data> Known<'data> {
    fn read(program: &Program<'data>) -> Option<Self> {
        let information = Arc::new(DebugInformation::read(program)?);
        let types =
            (0..parallel::threads()).map(|_| Mutex::new(Types::new(Arc::clone(&information))));
        Some(Self { types: types.collect(), information })
    }

    /// Returns what nobody else uses now.
    fn types(&self) -> MutexGuard<'_, Types<'data>> {
        let free = self.types.iter().find_map(|types| types.try_lock().ok());
        free.unwrap_or_else(|| self.types[0].lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<'a, 'data> Typed<'a, 'data> {
    pub(crate) fn new(program: &'a Program<'data>) -> Self {
        Self { program, known: OnceLock::new() }
    }

    fn known(&self) -> Option<&Known<'data>> {
        self.known.get_or_init(|| Known::read(self.program)).as_ref()
    }

    /// Whether a function begins at an address that a compiler describes.
    pub(crate) fn describes(&self, address: u64) -> bool {
        self.known().is_some_and(|known| known.information.describes(address))
    }

    /// Whether the debugging information names all that was inlined into a function, if anything was. Where code was optimized it does not:
    /// of what leaves no instruction behind, no name is left.
    pub(crate) fn names_all_in(&self, address: u64, symbol: &str) -> bool {
        let Some(Known { information, .. }) = self.known() else { return false };
        match (information.code().is_of_std(address), information.function(address)) {
            (Some(true), _) => true,
            (_, Some(at)) if !information.is_rust(at) => true,
            (_, Some(at)) => information.has_types(at) && information.is_plain(at),
            (_, None) => {
                is_symbol_of_std(symbol)
                    || pointers::BEGIN.contains(&symbol)
                    || NOT_DESCRIBED.contains(&symbol)
                    || Name::of_symbol(symbol).plain.starts_with("__rustc::")
            }
        }
    }

    /// Whether a part of a function's values leads to something of a type with a fitting name. In doubt it does.
    ///
    /// # Arguments
    ///
    /// * `clean`: types that are known to lead to none. Those that are found are added.
    pub(crate) fn leads_to(
        &self,
        address: u64,
        part: Part,
        fits: impl Fn(&str) -> bool,
        clean: &mut FxHashSet<TypeId>,
    ) -> bool {
        let Some(Known { information, .. }) = self.known() else { return true };
        let Some(function) = information.function(address) else { return true };
        // What was inlined has its variables elsewhere.
        (part == Part::All && information.is_optimized(function))
            || parameters::lead_to(information, function, part, fits, clean)
    }

    /// Whether exactly one function is described at an address.
    pub(crate) fn describes_one(&self, address: u64) -> bool {
        self.known().is_some_and(|known| known.information.function(address).is_some())
    }

    /// Whether a function was optimized. In doubt it was.
    pub(crate) fn is_optimized(&self, address: u64) -> bool {
        let function = self.known().and_then(|known| {
            let information = &*known.information;
            Some(information.is_optimized(information.function(address)?))
        });
        function.unwrap_or(true)
    }

    /// Whether a variable of the program's at an address leads to something of a type with a fitting name. In doubt it does.
    pub(crate) fn variable_leads_to(
        &self,
        address: u64,
        fits: impl Fn(&str) -> bool,
        clean: &mut FxHashSet<TypeId>,
    ) -> bool {
        let Some(known) = self.known() else { return true };
        let information = &*known.information;
        let variable = information.global(address).filter(|_| known.types().are_at(address));
        variable.is_some_and(|(_, ty)| parameters::leads_to(information, Some(ty), fits, clean))
    }

    /// Whether code at an address is that of the precompiled standard library.
    pub(crate) fn is_of_std(&self, address: u64) -> bool {
        self.known().is_some_and(|Known { information, .. }| {
            standard_library::is_of_std(self.program, information.code(), address)
        })
    }

    /// Whether an address is in a function of the precompiled standard library of which it is known how it formats.
    pub(crate) fn formats_as_known(&self, address: u64) -> bool {
        self.known().is_some_and(|known| known.information.formats_as_known(address))
    }

    /// Returns what is known of the calls by computed addresses that a function makes, by the address of each. Nothing is known of those
    /// of a function that was optimized.
    ///
    /// # Arguments
    ///
    /// * `never_returns`: whether the function at an address never returns. In doubt it does.
    pub(crate) fn callees(
        &self,
        address: u64,
        code: &FunctionCode,
        landing_pads: &LandingPads<'_>,
        never_returns: &dyn Fn(u64) -> bool,
    ) -> HashMap<u64, Callee> {
        let callees = || {
            let known = self.known()?;
            let information = &*known.information;
            let function = information.function(address)?;
            if information.is_optimized(function) {
                return None;
            }
            let types = &*known.types();
            let variables = Variables::read(information, types, function)?;
            let context = Context {
                program: self.program,
                types,
                globals: &|address| information.global(address),
                result: &|address| types.type_of(information.function(address)?),
                variables: &variables,
                never_returns,
            };
            Values::new(context, code, &landing_pads.of(address)?).callees()
        };
        callees().unwrap_or_default()
    }
}

/// The paths of traits.
type Paths = FxHashSet<Box<str>>;

/// The functions that calls by computed addresses may reach. They are found when somebody asks first.
#[derive(Debug, Default)]
pub(crate) struct Candidates<'data> {
    tables: OnceCell<Tables>,
    pointers: OnceCell<Pointers<'data>>,
    constant_tables: ConstantTables,
    makers: OnceCell<Makers>,
    /// The functions that arguments of `format_args!` may have.
    formatters: OnceCell<Rc<[Taken<'data>]>>,
    /// By the path of a trait, those of the traits whose objects may be used as its own, and of all whose tables have names.
    used_as: RefCell<FxHashMap<&'static str, [Paths; 2]>>,
}

impl<'data> Candidates<'data> {
    /// Returns who takes the addresses of functions, and makes objects. `None` if nobody knows.
    pub(crate) fn makers(
        &self,
        values: &Typed<'_, 'data>,
        functions: &Functions<'_, '_>,
    ) -> Option<&Makers> {
        let known = values.known()?;
        Some(self.makers.get_or_init(|| {
            let tables = self.tables(values.program, known, functions);
            // An argument of a text has the pointer from code: a constant with one does not look like a table.
            let in_tables: FxHashSet<u64> = tables.places_by_shape().collect();
            Makers::find(values.program, tables.each(), |place| in_tables.contains(&place))
        }))
    }

    /// Whether objects of a trait may be used as those of another one, by their paths: since that is a supertrait of theirs, whose methods
    /// come first in their tables. Where another supertrait comes first, a pointer in the table leads to one of this.
    pub(crate) fn may_be_used_as(
        &self,
        values: &Typed<'_, 'data>,
        functions: &Functions<'_, '_>,
        of: &str,
        as_of: &'static str,
    ) -> bool {
        let Some(known) = values.known() else { return true };
        let mut all = self.used_as.borrow_mut();
        let [used, named] = all.entry(as_of).or_insert_with(|| {
            let owned = |paths: FxHashSet<&str>| paths.into_iter().map(Box::from).collect();
            let types = known.types();
            let results = Results::new(values.program, &known.information, &types);
            let tables = self.tables(values.program, known, functions);
            let (used, named) = tables.used_as(as_of, &results);
            [owned(used), owned(named)]
        });
        used.contains(of) || !named.contains(of)
    }

    /// Returns the places in tables of methods from where nothing but the call of a method takes an address.
    fn in_tables(
        &self,
        program: &Program<'data>,
        known: &Known<'data>,
        functions: &Functions<'_, '_>,
    ) -> FxHashSet<u64> {
        let types = known.types();
        let places = self.tables(program, known, functions).places(
            program,
            |address| standard_library::is_of_std(program, known.information.code(), address),
            |address| types.are_at(address),
        );
        places.collect()
    }

    /// Returns the functions that arguments of `format_args!` may have.
    fn formatters(
        &self,
        values: &Typed<'_, 'data>,
        known: &Known<'data>,
        functions: &Functions<'_, '_>,
    ) -> Option<Rc<[Taken<'data>]>> {
        let makers = self.makers(values, functions)?;
        let formatters = self.formatters.get_or_init(|| {
            let (program, information) = (values.program, &*known.information);
            let (types, language) = (known.types(), Language::new(program, information));
            let fitting = makers.functions().into_iter().filter(|number| {
                let function = &program.functions()[*number];
                pointers::may_format(program, information, &types, &language, function)
            });
            fitting.map(Taken::Function).collect()
        });
        Some(Rc::clone(formatters))
    }

    fn tables(
        &self,
        program: &Program<'data>,
        known: &Known<'data>,
        functions: &Functions<'_, '_>,
    ) -> &Tables {
        self.tables.get_or_init(|| Tables::find(program, &known.information, functions))
    }

    /// Returns the functions that a call of a method, or by a pointer, may reach. `None` if nobody knows.
    pub(crate) fn of(
        &self,
        values: &Typed<'_, 'data>,
        word: &Word,
        functions: &Functions<'_, '_>,
    ) -> Option<Rc<[Taken<'data>]>> {
        let known = values.known()?;
        let (program, information) = (values.program, &*known.information);
        let tables = || self.tables(program, known, functions);
        match word {
            Word::Method { of, offset } => {
                let types = known.types();
                let results = Results::new(program, information, &types);
                let methods = tables().methods(of, *offset, &results)?;
                Some(methods.into_iter().map(Taken::Function).collect())
            }
            Word::Function { of, is_rust } => {
                let pointers = self.pointers.get_or_init(|| {
                    let in_tables = self.in_tables(program, known, functions);
                    let types = known.types();
                    Pointers::find(program, information, &types, |place| in_tables.contains(&place))
                });
                let fitting = pointers.fitting(information, &known.types(), *of, *is_rust)?;
                (!fitting.is_empty()).then_some(fitting)
            }
            Word::InTable { path, layout, offset, of } => {
                let fitting =
                    |of| self.of(values, &Word::Function { of, is_rust: true }, functions);
                if constant_tables::made_by(path)
                    .is_some_and(|by| has_function(program, by, functions))
                {
                    return fitting(*of);
                }
                let numbers = |of| {
                    let fitting = fitting(of)?;
                    let numbers = fitting.iter().filter_map(|taken| match taken {
                        Taken::Function(number) => Some(*number),
                        Taken::Import(_) => None,
                    });
                    Some(numbers.collect())
                };
                let functions = self.constant_tables.functions(program, path, *offset, || {
                    let pointers = known.types().function_pointers(*layout)?.into_iter();
                    pointers.map(|(at, of)| Some((at, numbers(of)?))).collect()
                })?;
                let functions: Rc<[_]> = functions.into_iter().map(Taken::Function).collect();
                (!functions.is_empty()).then_some(functions)
            }
            Word::Formatted(Formatted::Argument) => self.formatters(values, known, functions),
            Word::Formatted(Formatted::Field) => {
                let types = known.types();
                let results = Results::new(program, information, &types);
                let methods = tables().methods(DEBUG, FIRST_METHOD, &results)?;
                Some(methods.into_iter().map(Taken::Function).collect())
            }
            // Which of them is called, the place of the call does not tell.
            Word::Formatted(Formatted::Writer) => {
                let types = known.types();
                let results = Results::new(program, information, &types);
                let mut methods = BTreeSet::new();
                for number in 0..WRITER_METHODS {
                    let offset = FIRST_METHOD + 8 * number;
                    methods.extend(tables().methods("core::fmt::Write", offset, &results)?);
                }
                Some(methods.into_iter().map(Taken::Function).collect())
            }
            Word::Pointer { .. } | Word::Table(_) => None,
        }
    }
}

/// Functions that compilers and linkers add, and do not describe.
const NOT_DESCRIBED: [&str; 6] = [
    "main",
    "__rust_try",
    "_dl_relocate_static_pie",
    "atexit",
    "at_quick_exit",
    "__stack_chk_fail_local",
];

/// How many methods `fmt::Write` has.
const WRITER_METHODS: u64 = 3;

/// Whether a program has a function of this name without generic arguments.
fn has_function(program: &Program<'_>, plain: &str, functions: &Functions<'_, '_>) -> bool {
    let last = plain.rsplit("::").next().unwrap_or(plain);
    let mut all = program.functions().iter().enumerate();
    all.any(|(number, function)| {
        function.symbol.contains(last) && functions.name(number).plain == plain
    })
}
