//! What the names of a program's functions tell. Each is made readable when somebody asks first, and looked up in the catalogue once.

use std::sync::OnceLock;

use crate::catalogue::{Catalogue, Entry};
use crate::demangle::Name;
use crate::elf::Program;
use crate::given::{self, Given};

/// What the names of functions tell.
pub(crate) struct Functions<'a, 'data> {
    program: &'a Program<'data>,
    catalogue: &'a Catalogue,
    /// By the functions' numbers. Most are never asked for.
    known: Vec<OnceLock<Box<Known>>>,
}

/// What is known of a function.
struct Known {
    name: Name,
    aliases: Vec<Name>,
    given: Option<Given>,
    never_returns: bool,
    entry: OnceLock<Option<Entry>>,
}

impl<'a, 'data> Functions<'a, 'data> {
    pub(crate) fn new(program: &'a Program<'data>, catalogue: &'a Catalogue) -> Self {
        let known = program.functions().iter().map(|_| OnceLock::new()).collect();
        Self { program, catalogue, known }
    }

    /// Returns the name of a function.
    pub(crate) fn name(&self, function: usize) -> &Name {
        &self.known(function).name
    }

    /// Returns the names of a function, of which there may be several.
    pub(crate) fn all_names(&self, function: usize) -> impl Iterator<Item = &Name> {
        let known = self.known(function);
        std::iter::once(&known.name).chain(&known.aliases)
    }

    /// Returns what it calls that its caller gives it.
    pub(crate) fn given(&self, function: usize) -> Option<Given> {
        self.known(function).given
    }

    /// Whether it never returns. In doubt it does.
    pub(crate) fn never_returns(&self, function: usize) -> bool {
        self.known(function).never_returns
    }

    /// Returns what the catalogue has of a function by its first name.
    pub(crate) fn entry(&self, function: usize) -> Option<&Entry> {
        let known = self.known(function);
        known.entry.get_or_init(|| self.catalogue.function(&known.name)).as_ref()
    }

    fn known(&self, function: usize) -> &Known {
        self.known[function].get_or_init(|| {
            let of = &self.program.functions()[function];
            let name = Name::of_symbol(of.symbol);
            let aliases = of.aliases.iter().map(|symbol| Name::of_symbol(symbol)).collect();
            let (given, never_returns) = (Given::of(&name), given::never_returns(&name.plain));
            Box::new(Known { name, aliases, given, never_returns, entry: OnceLock::new() })
        })
    }
}
