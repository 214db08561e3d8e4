//! The tables of methods in a program, and which of them an object of a trait may have.
//!
//! The compiler names a table in the debugging information, with its trait, where the crate that makes it has all of that. Those of the
//! precompiled standard library, of constants, and of supertraits within others have no name: they are found by their shape. What they
//! are tables of is told by the names of their methods.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::constants_of_std::ConstantsOfStd;
use super::debug_information::DebugInformation;
use super::language::Language;
use super::method_names::{
    Arguments, Is, Text, Texts, comparable, is_in_std, may_be_the_same, parts,
};
use super::method_results::{Results, Returned};
use super::object_names::split_bindings;
use crate::elf::{Program, Reference};
use crate::functions::Functions;
use crate::method_tables::{FIRST_METHOD, function_at, slots, starts_by_shape};
use crate::parallel;

/// The traits of closures. Each has one of the others for its supertrait, with the same arguments.
const CLOSURES: [&str; 3] =
    ["core::ops::function::Fn", "core::ops::function::FnMut", "core::ops::function::FnOnce"];

/// Traits of the standard library that have no supertrait with methods: an object of another trait never has their tables.
const WITHOUT_SUPERTRAITS: [&str; 9] = [
    "core::any::Any",
    "core::fmt::Debug",
    "core::fmt::Display",
    "core::fmt::Write",
    "core::future::future::Future",
    "core::iter::traits::iterator::Iterator",
    "std::io::Read",
    "std::io::Seek",
    "std::io::Write",
];

/// The tables of methods of a program.
#[derive(Debug)]
pub(crate) struct Tables {
    list: Vec<Table>,
    /// The tables of each trait that have a name, by the trait with its arguments.
    named: FxHashMap<Box<str>, Vec<usize>>,
    texts: Texts,
    /// Which tables the objects of a trait may have, for each that was asked for. `None` if nobody knows.
    fitting: RefCell<FxHashMap<Box<str>, Option<Rc<Fitting>>>>,
}

#[derive(Debug)]
struct Table {
    start: u64,
    /// Whether all of its functions are those of the standard library, and it has methods of traits.
    is_of_std: bool,
    /// Whether it has no name, and only the precompiled library's code has its address: then no object of another crate's trait has it.
    is_made_by_std: bool,
    /// The trait, if the table has a name.
    of: Option<Trait>,
    destructor: Option<usize>,
    /// From the first method on.
    slots: Vec<Option<Slot>>,
}

/// A trait with its generic arguments. All texts are numbers, so that they are compared quickly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Trait {
    /// The whole of it.
    text: Text,
    path: Text,
    arguments: Arguments,
    is_closure: bool,
    is_in_std: bool,
    has_no_supertrait: bool,
}

/// A function in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    function: usize,
    is: Is,
}

/// The tables that the objects of a trait may have.
#[derive(Debug)]
struct Fitting {
    tables: Vec<usize>,
    layout: Layout,
}

impl Tables {
    /// Finds the tables of a program.
    pub(crate) fn find<'data>(
        program: &Program<'data>,
        information: &DebugInformation<'data>,
        functions: &Functions<'_, '_>,
    ) -> Self {
        let name = |function| functions.name(function);
        let mut starts: BTreeMap<u64, (Option<Box<str>>, u64)> = BTreeMap::new();
        for start in starts_by_shape(program) {
            starts.insert(start, (None, u64::MAX));
        }
        for table in information.tables() {
            starts.insert(table.address, (Some(table.of.clone()), table.size));
        }
        let mut this = Self {
            list: Vec::new(),
            named: FxHashMap::default(),
            texts: Texts::default(),
            fitting: RefCell::default(),
        };
        // Names are made readable on all processors. Many tables have the same functions.
        let found = starts.iter().flat_map(|(start, (_, size))| {
            slots(program, *start, *size).flatten().chain(function_at(program, *start))
        });
        let mut found: Vec<_> = found.collect();
        found.sort_unstable();
        found.dedup();
        let chunks: Vec<_> = found.chunks(64).collect();
        parallel::map(&chunks, |functions| {
            for function in *functions {
                name(*function);
            }
        });
        let language = Language::new(program, information);
        let constants = ConstantsOfStd::new(program, information.code());
        let mut known: FxHashMap<usize, Is> = FxHashMap::default();
        for (start, (of, size)) in starts {
            let destructor = function_at(program, start);
            // The last method of a table looks like the destructor of one, where a table without a destructor follows.
            let is_method = destructor.is_some_and(|function| {
                let symbol = program.functions()[function].symbol;
                symbol.starts_with("_R") && !name(function).is_drop_glue()
            });
            if of.is_none() && is_method {
                continue;
            }
            if let Some(of) = &of {
                this.named.entry(of.clone()).or_default().push(this.list.len());
            }
            let texts = &mut this.texts;
            // What looks like a table, and has functions of another language, is none, or ends there.
            let may_be_slot = |function: &Option<usize>| {
                function.is_none_or(|function| language.may_be_rust(&program.functions()[function]))
            };
            let slots = slots(program, start, size).take_while(may_be_slot).map(|function| {
                function.map(|function| {
                    let is = *known.entry(function).or_insert_with(|| {
                        let mut kinds = program.functions()[function]
                            .symbols()
                            .zip(functions.all_names(function))
                            .map(|(symbol, name)| Is::of(symbol, name, texts));
                        // Linkers put functions with equal code together: then it may be either.
                        let first = kinds.next().unwrap_or(Is::Unknown);
                        if kinds.all(|is| is == first) { first } else { Is::Unknown }
                    });
                    Slot { function, is }
                })
            });
            let slots: Vec<_> = slots.collect();
            let is_of_std = destructor.iter().all(|function| name(*function).is_in_std())
                && slots.iter().flatten().all(|slot| {
                    let name = name(slot.function);
                    let is_method = matches!(slot.is, Is::Method { .. } | Is::Closure);
                    // The next table begins with one.
                    name.is_in_std() && (is_method || name.is_drop_glue())
                });
            let is_made_by_std = of.is_none() && constants.has(start);
            let of = of.map(|of| Trait::of(&of, |text| this.texts.add(text)));
            this.list.push(Table { start, is_of_std, is_made_by_std, of, destructor, slots });
        }
        this
    }

    /// Returns the functions that a call of what lies at an offset of the table of an object of a trait may reach. `None` if nobody
    /// knows.
    ///
    /// # Arguments
    ///
    /// * `of`: the trait, with the types that go with it.
    pub(super) fn methods(
        &self,
        of: &str,
        offset: u64,
        results: &Results<'_, '_>,
    ) -> Option<Vec<usize>> {
        if !offset.is_multiple_of(8) || (8..FIRST_METHOD).contains(&offset) {
            return None;
        }
        let fitting = self.fitting(of, results)?;
        let slot = offset.checked_sub(FIRST_METHOD).and_then(|at| usize::try_from(at / 8).ok());
        let mut functions = BTreeSet::new();
        for table in fitting.tables.iter().map(|table| &self.list[*table]) {
            match slot {
                // Something else lies there that cannot be called, or it is no method of this type.
                Some(slot) => {
                    let found = table.slots.get(slot).and_then(Option::as_ref);
                    let found = found.filter(|slot| fitting.layout.may_have(table, slot.is));
                    functions.extend(found.map(|slot| slot.function));
                }
                None => functions.extend(table.destructor),
            }
        }
        // A type may need no destructor, but no object has a table without the method.
        (slot.is_none() || !functions.is_empty()).then(|| functions.into_iter().collect())
    }

    /// Returns the places in tables from where nothing but the call of a method takes an address: those in tables with a name, and in
    /// those of the standard library that it uses itself. Another structure may look like a table.
    ///
    /// # Arguments
    ///
    /// * `is_of_std`: whether the code at an address is that of the precompiled library.
    /// * `is_described`: whether a variable of the program's lies at an address.
    pub(crate) fn places(
        &self,
        program: &Program<'_>,
        is_of_std: impl Fn(u64) -> bool,
        is_described: impl Fn(u64) -> bool,
    ) -> impl Iterator<Item = u64> {
        let function = |slot: &Slot| program.functions()[slot.function].address;
        let of_std = self.list.iter().filter(|table| {
            let mut slots = table.slots.iter().flatten();
            table.of.is_none()
                && table.is_of_std
                && !is_described(table.start)
                && slots.all(|slot| is_of_std(function(slot)))
        });
        let of_std: FxHashSet<u64> = of_std.map(|table| table.start).collect();
        let in_code = program.code_relocations().addresses.iter();
        let in_code = in_code.filter(|(place, table)| of_std.contains(table) && is_of_std(*place));
        let in_data = program.data_relocations().iter().filter_map(|relocation| {
            let Reference::Address(table) = relocation.target else { return None };
            (of_std.contains(&table) && !is_described(relocation.place)).then_some(table)
        });
        let used: FxHashSet<u64> = in_code.map(|(_, table)| *table).chain(in_data).collect();
        let own =
            self.list.iter().filter(move |table| table.of.is_some() || used.contains(&table.start));
        own.flat_map(Table::places)
    }

    /// Returns the places of all functions in all that has the shape of a table.
    pub(crate) fn places_by_shape(&self) -> impl Iterator<Item = u64> {
        self.list.iter().flat_map(Table::places)
    }

    /// Returns where each table begins, and the methods in it.
    pub(crate) fn each(&self) -> impl Iterator<Item = (u64, Vec<usize>)> {
        self.list.iter().map(|table| {
            (table.start, table.slots.iter().flatten().map(|slot| slot.function).collect())
        })
    }

    /// Returns which traits have objects that may be used as those of another: the paths of those that have, and of all whose tables have
    /// names.
    pub(super) fn used_as(
        &self,
        of: &str,
        results: &Results<'_, '_>,
    ) -> (FxHashSet<&str>, FxHashSet<&str>) {
        let path = |text: &'_ str| text.split('<').next().unwrap_or(text).len();
        let all: FxHashSet<&str> = self.named.keys().map(|name| &name[..path(name)]).collect();
        let Some(fitting) = self.fitting(of, results) else { return (all.clone(), all) };
        let fitting: FxHashSet<usize> = fitting.tables.iter().copied().collect();
        let used = self
            .named
            .iter()
            .filter(|(_, tables)| tables.iter().any(|table| fitting.contains(table)));
        (used.map(|(name, _)| &name[..path(name)]).collect(), all)
    }

    /// Finds the tables that the objects of a trait may have.
    fn fitting(&self, of: &str, results: &Results<'_, '_>) -> Option<Rc<Fitting>> {
        if let Some(known) = self.fitting.borrow().get(of) {
            return known.clone();
        }
        let (own, bindings) = split_bindings(of);
        let fitting = self.layout(&own).map(|layout| {
            let returned = Returned::of(&parts(&own).0, &bindings);
            let tables = self.list.iter().enumerate().filter(|(_, table)| {
                layout.fits(table)
                    && returned.as_ref().is_none_or(|returned| table.may_return(returned, results))
            });
            let tables = tables.map(|(number, _)| number).collect();
            Rc::new(Fitting { tables, layout })
        });
        self.fitting.borrow_mut().insert(of.into(), fitting.clone());
        fitting
    }

    /// Finds out what the tables of a trait have in common.
    fn layout(&self, of: &str) -> Option<Layout> {
        let named = self.named.get(of);
        let mut layout = Layout::new(Trait::of(of, |text| self.texts.known(text)));
        if let Some(named) = named {
            for table in named {
                layout.add(&self.list[*table]);
            }
            return Some(layout);
        }
        // No table has this trait's name. Those that have a method of it tell which other traits go with it.
        let own = layout.of;
        let mut traits = BTreeSet::new();
        for table in &self.list {
            if table.traits().any(|(path, arguments)| {
                path == own.path && may_be_the_same(arguments, own.arguments)
            }) {
                traits.extend(table.traits().map(|(path, _)| path));
            }
        }
        (!traits.is_empty()).then_some(Layout { traits: Some(traits), ..layout })
    }
}

impl Trait {
    /// Reads a trait as the debugging information writes it. `number` is that of each text.
    fn of(of: &str, mut number: impl FnMut(&str) -> Text) -> Self {
        let (path, arguments) = parts(of);
        Self {
            text: number(of),
            path: number(&path),
            arguments: comparable(arguments).map(|arguments| number(&arguments)),
            is_closure: CLOSURES.contains(&path.as_str()),
            is_in_std: is_in_std(&path),
            has_no_supertrait: WITHOUT_SUPERTRAITS.contains(&path.as_str()),
        }
    }
}

impl Table {
    /// Returns the places of its functions.
    fn places(&self) -> impl Iterator<Item = u64> + use<> {
        let (start, count) = (self.start, self.slots.len() as u64);
        let methods = (0..count).map(|at| FIRST_METHOD + 8 * at);
        std::iter::once(0).chain(methods).map(move |offset| start.saturating_add(offset))
    }

    /// The traits whose methods the table has.
    fn traits(&self) -> impl Iterator<Item = (Text, Arguments)> {
        self.slots.iter().flatten().filter_map(|slot| match slot.is {
            Is::Method { of, arguments, .. } => Some((of, arguments)),
            _ => None,
        })
    }

    /// Whether what its first methods return may be this.
    fn may_return(&self, returned: &Returned, results: &Results<'_, '_>) -> bool {
        let methods = self.slots.iter().take(returned.methods).flatten();
        methods.into_iter().all(|slot| results.may_be(slot.function, returned))
    }

    /// Whether the table has the name of a trait.
    fn is_of(&self, of: Trait) -> bool {
        self.of.is_some_and(|own| own.text == of.text)
    }
}

/// What the tables of a trait have in common.
#[derive(Debug)]
struct Layout {
    of: Trait,
    /// What tables with the trait's name have in each slot.
    slots: Vec<BTreeSet<Is>>,
    /// The traits that go with it, if no table has its name.
    traits: Option<BTreeSet<Text>>,
    /// Whether tables with the trait's name have closures, and whether they have what is no method of a trait.
    has_closures: bool,
    has_others: bool,
}

impl Layout {
    fn new(of: Trait) -> Self {
        Self { of, slots: Vec::new(), traits: None, has_closures: false, has_others: false }
    }

    fn add(&mut self, table: &Table) {
        if self.slots.len() < table.slots.len() {
            self.slots.resize_with(table.slots.len(), BTreeSet::new);
        }
        for (seen, slot) in self.slots.iter_mut().zip(&table.slots) {
            let Some(Slot { is, .. }) = *slot else { continue };
            self.has_closures |= is == Is::Closure;
            self.has_others |= is == Is::Other;
            seen.insert(is);
        }
    }

    /// Whether an object of the trait may have a table.
    fn fits(&self, table: &Table) -> bool {
        if table.is_of(self.of) {
            return true;
        }
        if table.is_made_by_std && !self.of.is_in_std {
            return false;
        }
        if let Some(of) = table.of {
            // A trait has no supertrait in a crate that needs its own.
            if of.is_in_std && !self.of.is_in_std {
                return false;
            }
            if of.is_closure != self.of.is_closure && of.is_in_std {
                return false;
            }
            if of.has_no_supertrait && of.path != self.of.path {
                return false;
            }
            let is_other = !may_be_the_same(of.arguments, self.of.arguments);
            if is_other && (of.path == self.of.path || (of.is_closure && self.of.is_closure)) {
                return false;
            }
        }
        if let Some(traits) = &self.traits {
            let mut of = table.traits().peekable();
            return of.peek().is_none() || of.any(|(path, _)| traits.contains(&path));
        }
        // It has each method in the same place.
        self.slots.len() <= table.slots.len()
            && self.slots.iter().zip(&table.slots).all(|(seen, slot)| {
                slot.is_none_or(|Slot { is, .. }| {
                    self.may_be(is)
                        && (is.tells_no_method()
                            || seen.contains(&is)
                            || seen.iter().all(|seen| seen.tells_no_method())
                            || seen.iter().any(|seen| is.may_be(*seen)))
                })
            })
    }

    /// Whether what a table that fits has in some slot may be a method of the trait or of those that go with it.
    fn may_have(&self, table: &Table, is: Is) -> bool {
        if table.is_of(self.of) {
            return true;
        }
        self.may_be(is)
            && match (is, &self.traits) {
                (Is::Method { of, .. }, Some(traits)) => traits.contains(&of),
                _ => true,
            }
    }

    /// Whether a table of the trait may have a function, by what it is.
    fn may_be(&self, is: Is) -> bool {
        match is {
            Is::Method { of, .. } => of == self.of.path || !self.of.has_no_supertrait,
            Is::Unknown => true,
            Is::Closure => self.of.is_in_std || self.has_closures,
            Is::Other => self.has_others,
        }
    }
}
