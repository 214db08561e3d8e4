//! The functions of the standard library that block or allocate, by the project's list of them.

use std::collections::HashMap;

use super::entry::{Class, Entry, Kind};
use crate::demangle::Name;
use crate::table::rows;

/// The functions of the list, by the last part of their path.
#[derive(Debug)]
pub(super) struct StdFunctions {
    by_last: HashMap<String, Vec<Function>>,
}

#[derive(Debug)]
struct Function {
    /// The parts of its path after the crate.
    path: Vec<String>,
    is_method: bool,
    entry: Entry,
}

impl StdFunctions {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut by_last: HashMap<String, Vec<Function>> = HashMap::new();
        for (line, [path, kind, effect, reason, _]) in
            rows(text, "path\tkind\teffect\treason\tinstead")?
        {
            let effect = match effect {
                "blocks" | "locks" => Kind::Leaf(Class::Sleep),
                "allocates" => Kind::Allocates,
                _ => return Err(format!("line {line}: no effect is called {effect:?}")),
            };
            // A macro leaves nothing of its name in the program: what it calls is found.
            if kind == "macro" {
                continue;
            }
            let path: Vec<_> = path.split("::").skip(1).map(str::to_owned).collect();
            let Some(last) = path.last().cloned() else {
                return Err(format!("line {line}: no path"));
            };
            let entry = Entry { kind: effect, reason: reason.to_owned() };
            by_last.entry(last).or_default().push(Function {
                path,
                is_method: kind == "method",
                entry,
            });
        }
        Ok(Self { by_last })
    }

    /// Finds a function by its name. It may lie in another module than the one that shows it to users.
    pub(super) fn find(&self, name: &Name) -> Option<Entry> {
        let mut parts = name.plain.split("::");
        if !["std", "core", "alloc"].contains(&parts.next()?) {
            return None;
        }
        let parts: Vec<_> = parts.collect();
        let candidates = self.by_last.get(*parts.last()?)?;
        candidates
            .iter()
            .find(|function| function.is(&parts))
            .map(|function| function.entry.clone())
    }
}

impl Function {
    fn is(&self, parts: &[&str]) -> bool {
        // The type of a method stands right before it.
        let fixed = if self.is_method { 2 } else { 1 };
        let (Some(own), Some(others)) =
            (self.path.len().checked_sub(fixed), parts.len().checked_sub(fixed))
        else {
            return false;
        };
        if self.path[own..] != parts[others..] {
            return false;
        }
        // Its modules stand before that, with others between them.
        let mut rest = parts[..others].iter();
        self.path[..own].iter().all(|module| rest.any(|part| part == module))
    }
}
