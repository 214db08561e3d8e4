//! What values are when the program runs, as far as the debugging information and the instructions tell: that finds out where calls
//! through tables of methods and through pointers lead.
//!
//! 1. [`debug_information`] reads which types, variables, functions and named tables of methods there are.
//! 2. [`types`] tells of a type what lies at an offset of it: a [`word`].
//! 3. [`variables`] tells which of them a function keeps in its frame, and where.
//! 4. [`values`] goes through a function's [`instructions`], and follows what registers and the frame hold.
//! 5. [`tables`] and [`pointers`] tell which functions a call may then reach.

mod constant_tables;
mod constants_of_std;
mod debug_information;
mod instructions;
mod language;
mod parameters;
mod pointers;
mod standard_library;
mod tables;
mod types;
mod values;
mod variables;
mod word;

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rustc_hash::FxHashSet;

use crate::elf::Program;
use crate::function_code::FunctionCode;
use crate::functions::Functions;
use crate::landing_pads::LandingPads;
use crate::parallel;
use constant_tables::ConstantTables;
use debug_information::DebugInformation;
use pointers::Pointers;
pub(crate) use pointers::Taken;
pub(crate) use standard_library::has_path_of_std;
use tables::Tables;
use types::Types;
pub(crate) use types::dropped_object;
pub(crate) use values::Callee;
use values::{Context, Values};
use variables::Variables;
pub(crate) use word::Word;

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

    /// Whether a function is given something of a type with such a name. In doubt it is.
    pub(crate) fn is_given(&self, address: u64, fits: impl Fn(&str) -> bool) -> bool {
        self.known().and_then(|Known { information, .. }| {
            Some(parameters::lead_to(information, information.function(address)?, fits))
        }) != Some(false)
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

/// The functions that calls by computed addresses may reach. They are found when somebody asks first.
#[derive(Debug, Default)]
pub(crate) struct Candidates<'data> {
    tables: OnceCell<Tables>,
    pointers: OnceCell<Pointers<'data>>,
    constant_tables: ConstantTables,
}

impl<'data> Candidates<'data> {
    /// Returns where each table of methods begins, and the methods in it.
    pub(crate) fn each_table(
        &self,
        values: &Typed<'_, 'data>,
        functions: &Functions<'_, '_>,
    ) -> impl Iterator<Item = (u64, Vec<usize>)> {
        let tables = values.known().map(|known| self.tables(values.program, known, functions));
        tables.into_iter().flat_map(Tables::each)
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
                let methods = tables().methods(of, *offset)?;
                Some(methods.into_iter().map(Taken::Function).collect())
            }
            Word::Function { of, is_rust } => {
                let types = known.types();
                let pointers = self.pointers.get_or_init(|| {
                    let places = tables().places(
                        program,
                        |address| standard_library::is_of_std(program, information.code(), address),
                        |address| types.are_at(address),
                    );
                    let in_tables: FxHashSet<u64> = places.collect();
                    Pointers::find(program, information, &types, |place| in_tables.contains(&place))
                });
                let fitting = pointers.fitting(information, &types, *of, *is_rust)?;
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
            Word::Pointer { .. } | Word::Table(_) => None,
        }
    }
}

/// Whether a program has a function of this name without generic arguments.
fn has_function(program: &Program<'_>, plain: &str, functions: &Functions<'_, '_>) -> bool {
    let last = plain.rsplit("::").next().unwrap_or(plain);
    let mut all = program.functions().iter().enumerate();
    all.any(|(number, function)| {
        function.symbol.contains(last) && functions.name(number).plain == plain
    })
}
