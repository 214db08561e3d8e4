//! What values are when the program runs, as far as the debugging information and the instructions tell: that finds out where calls
//! through tables of methods and through pointers lead.
//!
//! 1. [`debug_information`] reads which types, variables, functions and named tables of methods there are.
//! 2. [`types`] tells of a type what lies at an offset of it: a [`word`].
//! 3. [`variables`] tells which of them a function keeps in its frame, and where.
//! 4. [`values`] goes through a function's [`instructions`], and follows what registers and the frame hold.
//! 5. [`tables`] and [`pointers`] tell which functions a call may then reach.

mod debug_information;
mod instructions;
mod parameters;
mod pointers;
mod tables;
mod types;
mod values;
mod variables;
mod word;

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use crate::demangle::Name;
use crate::elf::Program;
use crate::function_code::FunctionCode;
use crate::landing_pads::LandingPads;
use debug_information::DebugInformation;
use pointers::Pointers;
pub(crate) use pointers::Taken;
use tables::Tables;
use types::Types;
pub(crate) use values::Callee;
use values::{Context, Values};
use variables::Variables;
pub(crate) use word::Word;

/// What is known of the values of a program. It is found out when somebody asks first.
#[derive(Debug)]
pub(crate) struct Typed<'a, 'data> {
    program: &'a Program<'data>,
    known: OnceCell<Option<Known<'data>>>,
    tables: OnceCell<Tables>,
    pointers: OnceCell<Pointers<'data>>,
}

/// What the debugging information tells.
#[derive(Debug)]
struct Known<'data> {
    information: Rc<DebugInformation<'data>>,
    types: Types<'data>,
}

impl<'a, 'data> Typed<'a, 'data> {
    pub(crate) fn new(program: &'a Program<'data>) -> Self {
        Self { program, known: OnceCell::new(), tables: OnceCell::new(), pointers: OnceCell::new() }
    }

    fn known(&self) -> Option<&Known<'data>> {
        let known = self.known.get_or_init(|| {
            let information = Rc::new(DebugInformation::read(self.program)?);
            let types = Types::new(Rc::clone(&information));
            Some(Known { information, types })
        });
        known.as_ref()
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
        landing_pads: &LandingPads,
        never_returns: &dyn Fn(u64) -> bool,
    ) -> HashMap<u64, Callee> {
        let callees = || {
            let Known { information, types } = self.known()?;
            let function = information.function(address)?;
            if information.is_optimized(function) {
                return None;
            }
            let variables = Variables::read(information, types, function)?;
            let context = Context {
                program: self.program,
                types,
                globals: &|address| information.global(address),
                result: &|address| types.type_of(information.function(address)?),
                variables: &variables,
                never_returns,
            };
            Values::new(context, code, landing_pads.of(address)?).callees()
        };
        callees().unwrap_or_default()
    }

    /// Returns the functions that a call of a method, or by a pointer, may reach. `None` if nobody knows.
    pub(crate) fn candidates<'n>(
        &self,
        word: &Word,
        name: impl Fn(usize) -> &'n Name,
    ) -> Option<Vec<Taken<'data>>> {
        let Known { information, types } = self.known()?;
        match word {
            Word::Method { of, offset } => {
                let methods = self.tables(information, name).methods(of, *offset)?;
                Some(methods.into_iter().map(Taken::Function).collect())
            }
            Word::Function { of, is_rust } => {
                let tables = self.tables(information, name);
                let pointers = self.pointers.get_or_init(|| {
                    let in_tables: BTreeSet<u64> = tables.places().collect();
                    Pointers::find(self.program, information, types, |place| {
                        in_tables.contains(&place)
                    })
                });
                let fitting = pointers.fitting(information, types, *of, *is_rust)?;
                (!fitting.is_empty()).then_some(fitting)
            }
            Word::Pointer { .. } | Word::Table(_) => None,
        }
    }

    /// Whether a function is given something of a type with such a name. In doubt it is.
    pub(crate) fn is_given(&self, address: u64, fits: impl Fn(&str) -> bool) -> bool {
        self.known().and_then(|Known { information, .. }| {
            Some(parameters::lead_to(information, information.function(address)?, fits))
        }) != Some(false)
    }

    /// Returns where each table of methods begins, and the methods in it.
    pub(crate) fn each_table<'n>(
        &self,
        name: impl Fn(usize) -> &'n Name,
    ) -> impl Iterator<Item = (u64, Vec<usize>)> {
        let known = self.known().into_iter();
        known.flat_map(move |Known { information, .. }| self.tables(information, &name).each())
    }

    fn tables<'n>(
        &self,
        information: &DebugInformation<'data>,
        name: impl Fn(usize) -> &'n Name,
    ) -> &Tables {
        self.tables.get_or_init(|| Tables::find(self.program, Some(information), name))
    }
}
