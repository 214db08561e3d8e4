//! What is made for the time of a call only, and handed on from function to function: the writers of text that the standard library makes
//! itself, the arguments of `format_args!`, and the fields of what `derive(Debug)` writes.
//!
//! A formatter holds a `&mut dyn fmt::Write`, and by its type that may be any writer of the program: what formats into a `String` would
//! reach what writes to standard error. An argument of `format_args!` holds a pointer to a function, and by its type that may be each
//! function by which any value of the program is written. But a formatter and the arguments of a text cannot be kept, since they borrow
//! what is on the stack. So nobody has one before the code runs that makes it, but who is called by that code and given one: as a
//! parameter, or within an object of which a method is called.
//!
//! A field is written as a `&dyn Debug`, and such objects can be kept. Who hands one on that was made elsewhere has got it from
//! somewhere: as a parameter, from a variable, or from a function that returns it. Each of these has a type.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use crate::formatting::{DEBUG, GivenFields, given_fields};
use crate::graph::{Callees, Graph, Made, Node, NodeId};
use crate::typed::{Part, principal_trait};

/// The writers that the library makes for the time of a call.
const WRITERS: [&str; 3] = [
    "<std::io::default_write_fmt::Adapter as core::fmt::Write>::",
    "<core::fmt::builders::PadAdapter as core::fmt::Write>::",
    "<rustc_demangle::SizeLimitedFmtAdapter as core::fmt::Write>::",
];

/// The types through which such a writer may be handed on. The first one is followed by more.
const WITH_WRITER: [&str; 2] = ["fmt::Write", "Formatter"];

/// The types that hold arguments of a text.
const WITH_ARGUMENTS: [&str; 2] = ["Arguments", "Argument"];

/// The functions by which the library writes values that it makes itself, each at a single place and for a text that it writes there: what a
/// panic prints.
const PRIVATE_ARGUMENTS: [&str; 1] =
    ["<<std::sys::backtrace::BacktraceLock>::print::DisplayBacktrace as core::fmt::Display>::fmt"];

/// How the arguments of a text are called in the names of functions that have no types.
const ARGUMENTS_IN_NAMES: &str = "core::fmt::Arguments";

/// The traits whose objects are none of `Debug`, and cannot be made such: they have no supertrait but each other.
const NOT_DEBUG: [&str; 12] = [
    "core::any::Any",
    "core::fmt::Display",
    "core::fmt::Write",
    "core::future::future::Future",
    "core::iter::traits::iterator::Iterator",
    "core::ops::function::Fn",
    "core::ops::function::FnMut",
    "core::ops::function::FnOnce",
    "std::io::BufRead",
    "std::io::Read",
    "std::io::Seek",
    "std::io::Write",
];

/// Something that the code before a search may have made, and handed to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) writers: bool,
    pub(crate) arguments: bool,
    pub(crate) fields: bool,
}

impl Given {
    /// Whether what is made in some way may have been made before.
    pub(crate) fn has(self, made: Made) -> bool {
        match made {
            Made::Before => true,
            Made::AsWriter => self.writers,
            Made::AsField => self.fields,
            Made::AsArgument => self.arguments,
            Made::AsPrivateArgument => false,
        }
    }
}

impl Graph<'_, '_> {
    /// Returns in which way a node is made, which is one of several that are made in some way.
    pub(crate) fn made_as(&self, node: NodeId, made: Made) -> Made {
        let Node::Function(function) = *self.node(node) else { return made };
        let is_private = || PRIVATE_ARGUMENTS.contains(&self.name(function).full.as_str());
        if made == Made::AsArgument && is_private() { Made::AsPrivateArgument } else { made }
    }

    /// Returns the functions that make that a call may lead to a node. `None` if nothing has to, or nobody knows what.
    pub(crate) fn makers_of(&self, node: NodeId, made: Made) -> Option<&BTreeSet<usize>> {
        let Node::Function(function) = *self.node(node) else { return None };
        match made {
            Made::Before => None,
            Made::AsWriter => {
                let method = &self.name(function).plain;
                let is_private = WRITERS.iter().any(|start| method.starts_with(start));
                if is_private { self.makers()?.of_method(function) } else { None }
            }
            Made::AsField => self.makers()?.of_method(function),
            Made::AsArgument | Made::AsPrivateArgument => self.makers()?.of_function(function),
        }
    }

    /// Returns what the caller of an entry may have given to it.
    pub(crate) fn given_to(&mut self, entry: NodeId) -> Given {
        let Some(address) = self.address(entry) else { return Given::default() };
        let writers = &mut self.handed_on.without[0];
        Given {
            writers: self.reader.typed.leads_to(address, Part::Given, holds_writer, writers),
            arguments: self.has_arguments(address, Part::Given, &mut FxHashSet::default()),
            // Who hands one on is looked at when it does.
            fields: false,
        }
    }

    /// Whether the object of a method may hold arguments of a text that was made elsewhere. The caller does not know its type.
    pub(crate) fn holds_arguments(&mut self, method: NodeId) -> bool {
        if let Some(&known) = self.handed_on.with_arguments.get(&method) {
            return known;
        }
        let holds = self.object_holds_arguments(method, &mut FxHashSet::default());
        self.handed_on.with_arguments.insert(method, holds);
        holds
    }

    /// Whether a part of a function's values holds arguments of a text.
    ///
    /// # Arguments
    ///
    /// * `seen`: methods of which somebody has asked already.
    fn has_arguments(&mut self, address: u64, part: Part, seen: &mut FxHashSet<NodeId>) -> bool {
        let typed = &self.reader.typed;
        let [_, without_arguments, _, without_both] = &mut self.handed_on.without;
        if !typed.is_optimized(address) {
            return typed.leads_to(address, part, holds_arguments, without_arguments);
        }
        // The method of an object may have been inlined. Then no call shows that there is one, and what it has.
        let holds_any = |name: &str| holds_arguments(name) || name.contains("dyn ");
        if !typed.leads_to(address, part, holds_any, without_both) {
            return false;
        }
        let objects = RefCell::new(BTreeSet::new());
        let holds = |name: &str| {
            if let Some(of) = principal_trait(name) {
                objects.borrow_mut().insert(of);
            }
            holds_arguments(name)
        };
        typed.leads_to(address, part, holds, &mut FxHashSet::default())
            || objects.into_inner().into_iter().any(|of| match self.first_methods(&of) {
                Some(methods) => {
                    methods.iter().any(|method| self.object_holds_arguments(*method, seen))
                }
                None => true,
            })
    }

    fn object_holds_arguments(&mut self, method: NodeId, seen: &mut FxHashSet<NodeId>) -> bool {
        let &Node::Function(function) = self.node(method) else { return false };
        if !seen.insert(method) {
            return false;
        }
        let address = self.program.functions()[function].address;
        // What `dealloc` calls is in no unit.
        if self.reader.typed.is_of_std(address) || self.name(function).crate_name() == "__rustc" {
            return self.all_names(function).any(|name| name.full.contains(ARGUMENTS_IN_NAMES));
        }
        if self.name(function).is_drop_glue() {
            let without = &mut self.handed_on.without[1];
            // Its type is what it drops. Of several with the same instructions, what is called has one of them, or a part of it.
            return if self.reader.typed.describes_one(address) {
                self.reader.typed.leads_to(address, Part::Object, holds_arguments, without)
            } else {
                self.edges(method).iter().any(|edge| match edge.to {
                    Callees::One(to) => self.object_holds_arguments(to, seen),
                    Callees::OneOf(_) => false,
                })
            };
        }
        if !self.name(function).full.contains("shim") {
            return self.has_arguments(address, Part::Object, seen);
        }
        // The compiler has made it, and describes nothing. The body of the closure that it calls has the same object.
        let shim = self.name(function).full.clone();
        let bodies = self.edges(method);
        let mut bodies = bodies.iter().filter_map(|edge| match edge.to {
            Callees::One(to) => Some(to),
            Callees::OneOf(_) => None,
        });
        let body = bodies.find(|body| match *self.node(*body) {
            Node::Function(body) => {
                let body = &self.name(body).full;
                shim.strip_prefix(body.as_str()).is_some_and(|rest| rest.starts_with("::{shim"))
                    || (shim.strip_prefix('<').and_then(|shim| shim.strip_prefix(body.as_str())))
                        .is_some_and(|rest| rest.starts_with(" as "))
            }
            _ => false,
        });
        body.is_none_or(|body| self.object_holds_arguments(body, seen))
    }

    /// Whether a function may have objects of `Debug` written as fields that it has not made itself.
    pub(crate) fn hands_on_fields(&mut self, node: NodeId) -> bool {
        if let Some(&known) = self.handed_on.with_fields.get(&node) {
            return known;
        }
        let hands_on = self.gives_field(node) && self.gets_fields(node);
        self.handed_on.with_fields.insert(node, hands_on);
        hands_on
    }

    /// Whether a function of the program's own gives an object to one that writes fields, and does not make it right there.
    fn gives_field(&mut self, node: NodeId) -> bool {
        let Node::Function(function) = *self.node(node) else { return false };
        if self.reader.typed.is_of_std(self.program.functions()[function].address) {
            return false;
        }
        let edges = self.edges(node);
        edges.iter().any(|edge| {
            let Callees::One(to) = edge.to else { return false };
            let Node::Function(to) = *self.node(to) else { return false };
            // What the program's own code makes of a generic one is looked at itself.
            if !self.reader.typed.is_of_std(self.program.functions()[to].address) {
                return false;
            }
            let mut given = self.all_names(to).filter_map(|name| given_fields(&name.plain));
            given.any(|given| match given {
                GivenFields::Tables(tables) => {
                    let arguments = self.reader.arguments(function, edge.site);
                    // It is a constant where the object is made of another reference.
                    tables.iter().any(|table| arguments[*table].is_none())
                }
                GivenFields::Some => true,
            })
        })
    }

    /// Whether a function gets objects of `Debug` from elsewhere, by the types of its parameters and variables, of those of the program,
    /// and of what the functions return that it calls.
    fn gets_fields(&mut self, node: NodeId) -> bool {
        let &Node::Function(function) = self.node(node) else { return false };
        let mut callees = FxHashSet::default();
        for edge in self.edges(node).iter() {
            match edge.to {
                Callees::One(to) => _ = callees.insert(to),
                Callees::OneOf(set) => callees.extend(self.set(set).iter().copied()),
            }
        }
        let callees: Vec<_> = callees.into_iter().collect();
        let results = callees.into_iter().filter_map(|callee| {
            let &Node::Function(callee) = self.node(callee) else { return None };
            let (name, address) = (self.name(callee), self.program.functions()[callee].address);
            // The library's give nobody such an object that they have not been given.
            let is_looked_at =
                name.is_rust() && !name.is_drop_glue() && !self.reader.typed.is_of_std(address);
            is_looked_at.then_some(address)
        });
        let results: Vec<_> = results.collect();
        let this = &self.program.functions()[function];
        let code = &self.program.code_relocations().addresses;
        let first = code.partition_point(|(place, _)| *place < this.address);
        let in_function = code[first..].iter().take_while(|(place, _)| *place < this.end);
        let variables = in_function.map(|(_, target)| *target);
        let (candidates, reader) = (&self.candidates, &self.reader);
        let may_be =
            |of: &str| candidates.may_be_used_as(&reader.typed, &reader.functions, of, DEBUG);
        let holds = |name: &str| holds_debug(name, may_be);
        let (typed, without) = (&reader.typed, &mut self.handed_on.without[2]);
        typed.leads_to(this.address, Part::All, holds, without)
            || results
                .into_iter()
                .any(|address| typed.leads_to(address, Part::Result, holds, without))
            || variables.into_iter().any(|address| typed.variable_leads_to(address, holds, without))
    }

    fn address(&self, node: NodeId) -> Option<u64> {
        match *self.node(node) {
            Node::Function(function) => Some(self.program.functions()[function].address),
            _ => None,
        }
    }
}

/// Whether a type is one through which a writer may be handed on, by its name.
fn holds_writer(name: &str) -> bool {
    WITH_WRITER.iter().any(|part| name.contains(part))
}

/// Whether a type holds arguments of a text, by its name.
fn holds_arguments(name: &str) -> bool {
    let name = name.split('<').next().unwrap_or(name);
    WITH_ARGUMENTS.contains(&name)
}

/// Whether a type has an object that may be one of `Debug`, by its name. `may_be` tells it of an object by its trait.
fn holds_debug(name: &str, may_be: impl Fn(&str) -> bool) -> bool {
    name.match_indices("dyn ").any(|(at, found)| {
        let of = &name[at + found.len()..];
        let end = of.find([' ', '<', '>', ',', ')', ';', ']']).unwrap_or(of.len());
        let of = &of[..end];
        !NOT_DEBUG.contains(&of) && may_be(of)
    })
}

#[cfg(test)]
mod tests {
    use super::{holds_arguments, holds_debug};

    #[test]
    fn the_name_of_a_type_tells_what_it_holds() {
        assert!(holds_arguments("Arguments"));
        assert!(!holds_arguments("&core::fmt::Arguments"));
        assert!(!holds_arguments("ArgumentsOfMine"));
        for name in [
            "dyn core::fmt::Debug",
            "&(dyn core::error::Error + core::marker::Send)",
            "alloc::vec::Vec<alloc::boxed::Box<dyn a::Shape, alloc::alloc::Global>>",
            "(dyn core::any::Any, &dyn a::Shape)",
        ] {
            assert!(holds_debug(name, |_| true), "{name}");
            assert!(!holds_debug(name, |_| false), "{name}");
        }
        for name in ["&mut dyn core::fmt::Write", "dyn core::ops::function::Fn<(u8)>", "a::dynB"] {
            assert!(!holds_debug(name, |_| true), "{name}");
        }
    }
}
