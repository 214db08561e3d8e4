//! The tables of methods in a program, and which of them an object of a trait may have.
//!
//! The compiler names a table in the debugging information, with its trait, where the crate that makes it has all of that. Those of the
//! precompiled standard library, of constants, and of supertraits within others have no name: they are found by their shape. What they
//! are tables of is told by the names of their methods.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::debug_information::DebugInformation;
use crate::demangle::{Name, end_of_generics, split_at_as, without_generics};
use crate::elf::{Program, Reference};

/// A table of methods begins with the destructor, the size and the alignment. The methods follow.
const FIRST_METHOD: u64 = 24;

/// No type is aligned to more.
const MOST_ALIGNED: u64 = 1 << 29;

/// How many methods a table has at most.
const MOST_METHODS: u64 = 4096;

/// The traits of closures. Each has one of the others for its supertrait, with the same arguments.
const CLOSURES: [&str; 3] =
    ["core::ops::function::Fn", "core::ops::function::FnMut", "core::ops::function::FnOnce"];

/// The tables of methods of a program.
#[derive(Debug)]
pub(crate) struct Tables {
    list: Vec<Table>,
    /// The tables of each trait that have a name, by the trait with its arguments.
    named: HashMap<Box<str>, Vec<usize>>,
}

#[derive(Debug)]
struct Table {
    start: u64,
    /// Whether all of its functions are those of the standard library, and it has methods of traits.
    is_of_std: bool,
    /// The trait, if the table has a name.
    of: Option<Box<str>>,
    destructor: Option<usize>,
    /// From the first method on.
    slots: Vec<Option<Slot>>,
}

/// A function in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Slot {
    function: usize,
    is: Is,
}

/// What a function is, by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Is {
    /// A method of this trait.
    Method { of: String, arguments: String, name: String },
    /// The body of a closure, or of something else that the compiler makes and that has a trait of the standard library.
    Closure,
    /// No method of a trait.
    Other,
    /// Its name does not tell.
    Unknown,
}

impl Tables {
    /// Finds the tables of a program.
    pub(crate) fn find<'a>(
        program: &Program<'_>,
        information: Option<&DebugInformation<'_>>,
        name: impl Fn(usize) -> &'a Name,
    ) -> Self {
        let mut starts: BTreeMap<u64, (Option<Box<str>>, u64)> = BTreeMap::new();
        for start in starts_by_shape(program) {
            starts.insert(start, (None, u64::MAX));
        }
        for table in information.map_or(&[][..], DebugInformation::tables) {
            starts.insert(table.address, (Some(table.of.clone()), table.size));
        }
        let mut this = Self { list: Vec::new(), named: HashMap::new() };
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
            let slots = slots(program, start, size).map(|function| {
                function.map(|function| {
                    let symbol = program.functions()[function].symbol;
                    Slot { function, is: Is::of(symbol, name(function)) }
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
            this.list.push(Table { start, is_of_std, of, destructor, slots });
        }
        this
    }

    /// Returns the functions that a call of what lies at an offset of the table of an object of a trait may reach. `None` if nobody
    /// knows.
    pub(crate) fn methods(&self, of: &str, offset: u64) -> Option<Vec<usize>> {
        if !offset.is_multiple_of(8) || (8..FIRST_METHOD).contains(&offset) {
            return None;
        }
        let layout = self.layout(of)?;
        let slot = offset.checked_sub(FIRST_METHOD).and_then(|at| usize::try_from(at / 8).ok());
        let mut functions = BTreeSet::new();
        for table in self.list.iter().filter(|table| layout.fits(table)) {
            match slot {
                // Something else lies there that cannot be called, or it is no method of this type.
                Some(slot) => {
                    let found = table.slots.get(slot).and_then(Option::as_ref);
                    let found = found.filter(|slot| layout.may_have(table, &slot.is));
                    functions.extend(found.map(|slot| slot.function));
                }
                None => functions.extend(table.destructor),
            }
        }
        // A type may need no destructor, but no object has a table without the method.
        (slot.is_none() || !functions.is_empty()).then(|| functions.into_iter().collect())
    }

    /// Returns the places in tables from where nothing but the call of a method takes an address: those in tables with a name, and in
    /// those of the standard library's own types. Another structure may look like a table.
    pub(crate) fn places(&self) -> impl Iterator<Item = u64> {
        let own = self.list.iter().filter(|table| table.of.is_some() || table.is_of_std);
        own.flat_map(|table| {
            let methods = (0..table.slots.len() as u64).map(|at| FIRST_METHOD + 8 * at);
            std::iter::once(0).chain(methods).map(|offset| table.start.saturating_add(offset))
        })
    }

    /// Returns where each table begins, and the methods in it.
    pub(crate) fn each(&self) -> impl Iterator<Item = (u64, Vec<usize>)> {
        self.list.iter().map(|table| {
            (table.start, table.slots.iter().flatten().map(|slot| slot.function).collect())
        })
    }

    /// Finds out what the tables of a trait have in common.
    fn layout(&self, of: &str) -> Option<Layout<'_>> {
        let (path, arguments) = parts(of);
        let mut layout = Layout {
            of: of.into(),
            is_closure: CLOSURES.contains(&path.as_str()),
            is_in_std: is_in_std(&path),
            path,
            arguments,
            slots: Vec::new(),
            traits: None,
        };
        if let Some(named) = self.named.get(of) {
            for table in named {
                layout.add(&self.list[*table]);
            }
            return Some(layout);
        }
        // No table has this trait's name. Those that have a method of it tell which other traits go with it.
        let mut traits = BTreeSet::new();
        for table in &self.list {
            let of: Vec<_> = table.traits().collect();
            if of.iter().any(|(path, arguments)| {
                *path == layout.path && may_be_the_same(arguments, &layout.arguments)
            }) {
                traits.extend(of.into_iter().map(|(path, _)| path));
            }
        }
        layout.traits = Some(traits);
        layout.traits.as_ref().is_some_and(|traits| !traits.is_empty()).then_some(layout)
    }
}

impl Table {
    /// The traits whose methods the table has.
    fn traits(&self) -> impl Iterator<Item = (&str, &str)> {
        self.slots.iter().flatten().filter_map(|slot| match &slot.is {
            Is::Method { of, arguments, .. } => Some((of.as_str(), arguments.as_str())),
            _ => None,
        })
    }
}

/// What the tables of a trait have in common.
struct Layout<'a> {
    of: Box<str>,
    path: String,
    arguments: String,
    is_closure: bool,
    is_in_std: bool,
    /// What tables with the trait's name have in each slot.
    slots: Vec<BTreeSet<&'a Is>>,
    /// The traits that go with it, if no table has its name.
    traits: Option<BTreeSet<&'a str>>,
}

impl<'a> Layout<'a> {
    fn add(&mut self, table: &'a Table) {
        if self.slots.len() < table.slots.len() {
            self.slots.resize_with(table.slots.len(), BTreeSet::new);
        }
        for (seen, slot) in self.slots.iter_mut().zip(&table.slots) {
            seen.extend(slot.as_ref().map(|slot| &slot.is));
        }
    }

    /// Whether an object of the trait may have a table.
    fn fits(&self, table: &Table) -> bool {
        if table.of.as_deref() == Some(&*self.of) {
            return true;
        }
        if let Some(of) = &table.of {
            let (path, arguments) = parts(of);
            // A trait has no supertrait in a crate that needs its own.
            if is_in_std(&path) && !self.is_in_std {
                return false;
            }
            let is_closure = CLOSURES.contains(&path.as_str());
            if is_closure != self.is_closure && is_in_std(&path) {
                return false;
            }
            let is_other = !may_be_the_same(&arguments, &self.arguments);
            if is_other && (path == self.path || (is_closure && self.is_closure)) {
                return false;
            }
        }
        if let Some(traits) = &self.traits {
            let mut of = table.traits().peekable();
            return of.peek().is_none() || of.any(|(path, _)| traits.contains(path));
        }
        // It has each method in the same place.
        self.slots.len() <= table.slots.len()
            && self.slots.iter().zip(&table.slots).all(|(seen, slot)| {
                slot.as_ref().is_none_or(|slot| {
                    self.may_be(&slot.is)
                        && (slot.is.tells_no_method()
                            || seen.iter().all(|seen| seen.tells_no_method())
                            || seen.iter().any(|seen| slot.is.may_be(seen)))
                })
            })
    }

    /// Whether what a table that fits has in some slot may be a method of the trait or of those that go with it.
    fn may_have(&self, table: &Table, is: &Is) -> bool {
        if table.of.as_deref() == Some(&*self.of) {
            return true;
        }
        self.may_be(is)
            && match (is, &self.traits) {
                (Is::Method { of, .. }, Some(traits)) => traits.contains(of.as_str()),
                _ => true,
            }
    }

    /// Whether a table of the trait may have a function, by what it is.
    fn may_be(&self, is: &Is) -> bool {
        match is {
            Is::Method { .. } | Is::Unknown => true,
            Is::Closure => {
                self.is_in_std || self.slots.iter().flatten().any(|seen| **seen == Is::Closure)
            }
            Is::Other => self.slots.iter().flatten().any(|seen| **seen == Is::Other),
        }
    }
}

impl Is {
    fn of(symbol: &str, name: &Name) -> Self {
        let full = name.full.as_str();
        if !symbol.starts_with("_R") {
            return Self::Unknown;
        }
        if full.rsplit("::").any(|part| part.starts_with("{closure")) && ends_in_closure(full) {
            return Self::Closure;
        }
        if full.starts_with('<') && end_of_generics(full, 0).is_none() {
            return Self::Unknown;
        }
        let Some((of, method)) = trait_and_method(full) else { return Self::Other };
        let (of, arguments) = parts(of);
        Self::Method { of, arguments, name: method.to_owned() }
    }

    fn tells_no_method(&self) -> bool {
        matches!(self, Self::Closure | Self::Unknown)
    }

    /// Whether two may be the same method for two types.
    fn may_be(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Method { of, arguments, name },
                Self::Method { of: other, arguments: others, name: theirs },
            ) => of == other && name == theirs && may_be_the_same(arguments, others),
            (Self::Other, Self::Other) => true,
            (Self::Other, _) | (_, Self::Other) => false,
            _ => true,
        }
    }
}

/// Whether a name is that of a closure's own body: nothing but what the compiler makes of it follows.
fn ends_in_closure(full: &str) -> bool {
    let at = full.rfind("::{closure").map(|at| &full[at + 2..]);
    at.is_some_and(|rest| {
        let rest = &rest[rest.find('}').map_or(rest.len(), |end| end + 1)..];
        rest.is_empty() || rest.starts_with("::<") || rest.starts_with("::{")
    })
}

/// Splits the name of a method of a trait: `<T as Trait>::method`.
fn trait_and_method(full: &str) -> Option<(&str, &str)> {
    let end = end_of_generics(full, 0).filter(|_| full.starts_with('<'))?;
    let (_, of) = split_at_as(&full[1..end - 1])?;
    let method = full[end..].strip_prefix("::")?;
    let length = method.find([':', '<']).unwrap_or(method.len());
    Some((of, &method[..length]))
}

/// Splits a trait into its path and its generic arguments.
fn parts(of: &str) -> (String, String) {
    let arguments = of.find('<').map_or("", |at| &of[at..]);
    (without_generics(of).into_owned(), arguments.to_owned())
}

fn is_in_std(path: &str) -> bool {
    ["core::", "alloc::", "std::"].iter().any(|name| path.starts_with(name))
}

/// Whether generic arguments may be the same, as two tools write them. In doubt they are.
fn may_be_the_same(one: &str, other: &str) -> bool {
    let words = |text: &str| {
        let mut words: Vec<_> = text
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter(|word| !["", "dyn", "mut", "const", "for", "_"].contains(word))
            .map(str::to_owned)
            .collect();
        words.sort();
        words
    };
    // Closures, constants and lifetimes are written in several ways.
    let is_plain = |text: &str| !text.contains(['{', '\'', '"', '=']);
    !(is_plain(one) && is_plain(other)) || words(one) == words(other)
}

/// Finds where tables may begin, by their shape.
fn starts_by_shape(program: &Program<'_>) -> BTreeSet<u64> {
    let mut starts = BTreeSet::new();
    for relocation in program.relocations().iter().filter(|relocation| !relocation.in_code) {
        let place = relocation.place;
        if begins_table(program, place) {
            starts.insert(place);
        }
        // Where a type needs no destructor, a method is the first that points anywhere. Methods that its type has not come before it.
        for before in 0..64_u64 {
            let Some(first) = place.checked_sub(before * 8) else { break };
            if before > 0
                && !(is_number(program, first) && program.constant_number(first) == Some(0))
            {
                break;
            }
            if let Some(start) = first.checked_sub(FIRST_METHOD)
                && begins_table(program, start)
            {
                starts.insert(start);
                break;
            }
        }
    }
    starts
}

/// Returns what lies in a table, from the first method on. Where it ends, nobody says: it goes on until there is something that no table
/// has, at the latest the alignment in the next table.
fn slots<'a>(
    program: &'a Program<'_>,
    start: u64,
    size: u64,
) -> impl Iterator<Item = Option<usize>> + 'a {
    let end = start.saturating_add(size.min(FIRST_METHOD + 8 * MOST_METHODS));
    (0..MOST_METHODS).map_while(move |number| {
        let at = start.checked_add(FIRST_METHOD)?.checked_add(number * 8)?;
        if at >= end {
            return None;
        }
        let is_zero = || program.constant_number(at) == Some(0);
        if is_number(program, at) && !is_zero() {
            return None;
        }
        Some(function_at(program, at))
    })
}

/// Whether a destructor, a size and an alignment lie at an address.
fn begins_table(program: &Program<'_>, table: u64) -> bool {
    let (Some(size_at), Some(align_at)) = (table.checked_add(8), table.checked_add(16)) else {
        return false;
    };
    let aligned = program.constant_number(align_at);
    is_number(program, size_at)
        && is_number(program, align_at)
        && program.constant_number(size_at).is_some()
        && aligned.is_some_and(|align| align.is_power_of_two() && align <= MOST_ALIGNED)
        && (function_at(program, table).is_some()
            || (is_number(program, table) && program.constant_number(table) == Some(0)))
}

fn is_number(program: &Program<'_>, at: u64) -> bool {
    program.constant_pointer(at).is_none()
}

fn function_at(program: &Program<'_>, at: u64) -> Option<usize> {
    match program.constant_pointer(at) {
        Some(Reference::Address(address)) => program.function_at(address),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(symbol: &str, full: &str) -> Is {
        let plain = without_generics(full).into_owned();
        Is::of(symbol, &Name { full: full.to_owned(), plain })
    }

    #[test]
    fn the_name_of_a_method_tells_its_trait() {
        let method = |of: &str, arguments: &str, name: &str| Is::Method {
            of: of.to_owned(),
            arguments: arguments.to_owned(),
            name: name.to_owned(),
        };
        assert_eq!(is("_R", "<a::B as c::D>::e"), method("c::D", "", "e"));
        assert_eq!(is("_R", "<a::B<f32> as c::D<f64>>::e"), method("c::D", "<f64>", "e"));
        assert_eq!(
            is("_R", "<a::b::{closure#0} as c::FnOnce<()>>::call_once::{shim:vtable#0}"),
            method("c::FnOnce", "<()>", "call_once")
        );
        assert_eq!(is("_R", "a::b::{closure#0}"), Is::Closure);
        assert_eq!(is("_R", "<a::B as c::D>::e::{closure#0}"), Is::Closure);
        assert_eq!(is("_R", "a::b::{closure#0}::<u8>"), Is::Closure);
        assert_eq!(is("_R", "<a::B>::c"), Is::Other);
        assert_eq!(is("_R", "core::ptr::drop_in_place::<a::b::{closure#0}>"), Is::Other);
        assert_eq!(is("exported", "exported"), Is::Unknown);
    }

    #[test]
    fn arguments_differ_only_where_that_is_certain() {
        assert!(may_be_the_same("<f32>", "<f32>"));
        assert!(may_be_the_same("<(&mut [f32])>", "<(&mut [f32],)>"));
        assert!(!may_be_the_same("<f32>", "<f64>"));
        assert!(!may_be_the_same("<()>", "<(f32, u16)>"));
        assert!(may_be_the_same("<a::{closure_env#0}>", "<a::{closure#0}>"));
    }
}
