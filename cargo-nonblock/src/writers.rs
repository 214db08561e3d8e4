//! The writers of text that only the standard library makes, and where it makes them.
//!
//! A formatter holds a `&mut dyn fmt::Write`, and by its type that may be any writer of the program: what formats into a `String` would
//! reach what writes to standard error. But some of these types are the library's own. It makes one for the time of a single call, so
//! nobody has one before the code runs that makes it, but who is called by that code and given a formatter.

use std::collections::{BTreeSet, HashMap};

use crate::elf::{Program, Reference};

/// The types.
const PRIVATE: [&str; 3] = [
    "<std::io::default_write_fmt::Adapter as core::fmt::Write>::",
    "<core::fmt::builders::PadAdapter as core::fmt::Write>::",
    "<rustc_demangle::SizeLimitedFmtAdapter as core::fmt::Write>::",
];

/// The types through which such a writer may be handed on. The first one is followed by more.
pub(crate) const HANDED_ON: [&str; 2] = ["fmt::Write", "Formatter"];

/// Where the library's own writers are made.
#[derive(Debug)]
pub(crate) struct Writers {
    /// The functions that make the writer whose method this is.
    makers: HashMap<usize, BTreeSet<usize>>,
}

impl Writers {
    /// Finds them, by who takes the address of their tables of methods.
    ///
    /// # Arguments
    ///
    /// * `tables`: where each table begins, and the methods in it.
    /// * `name`: the name of a function without its generic arguments.
    pub(crate) fn find<'n>(
        program: &Program<'_>,
        tables: impl Iterator<Item = (u64, Vec<usize>)>,
        name: impl Fn(usize) -> &'n str,
    ) -> Self {
        let is_private =
            |method: &usize| PRIVATE.iter().any(|start| name(*method).starts_with(start));
        let methods: HashMap<u64, Vec<usize>> = tables
            .map(|(start, methods)| (start, methods.into_iter().filter(is_private).collect()))
            .filter(|(_, methods): &(u64, Vec<usize>)| !methods.is_empty())
            .collect();
        let mut makers: HashMap<usize, BTreeSet<usize>> = HashMap::new();
        let mut made_anywhere = BTreeSet::new();
        for (place, target) in &program.code_relocations().addresses {
            let Some(methods) = methods.get(target) else { continue };
            let maker = program.function_around(*place);
            for method in methods {
                match maker {
                    Some(maker) => _ = makers.entry(*method).or_default().insert(maker),
                    None => _ = made_anywhere.insert(*method),
                }
            }
        }
        for relocation in program.data_relocations() {
            if let Reference::Address(target) = relocation.target {
                made_anywhere.extend(methods.get(&target).into_iter().flatten());
            }
        }
        makers.retain(|method, _| !made_anywhere.contains(method));
        Self { makers }
    }

    /// Returns the functions that make the writer whose method this is. `None` if it may be made anywhere.
    pub(crate) fn makers(&self, method: usize) -> Option<&BTreeSet<usize>> {
        self.makers.get(&method)
    }
}
