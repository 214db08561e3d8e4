//! Suppressions: single findings that the user's rules take out, each with a reason. What they take out is never called *proved*.

use crate::check::{Found, HiddenBy, Outcome};
use crate::demangle::{Name, Pattern};
use crate::rules::{Rules, Suppression};

/// A suppression, and how much it took out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// The line of the rules.
    pub suppression: Suppression,
    /// How many findings and obstacles it took out.
    pub count: usize,
}

/// Takes out of an outcome what the rules suppress, and returns each suppression with how much it took out.
pub fn apply(rules: &Rules, outcome: &mut Outcome) -> Vec<Used> {
    let mut used = Vec::new();
    for suppression in &rules.suppressions {
        let mut count = 0;
        for entry in &mut outcome.entries {
            if !suppression.entry.matches(&entry.name) {
                continue;
            }
            let before = entry.hidden.len();
            entry.hide(HiddenBy::Suppression, |_, found| {
                is_of(&suppression.leaf, found).then(|| suppression.reason.clone())
            });
            count += entry.hidden.len() - before;
        }
        used.push(Used { suppression: suppression.clone(), count });
    }
    used
}

/// Whether a pattern names what was found.
fn is_of(pattern: &Pattern, found: &Found) -> bool {
    if names(found.what()).any(|name| pattern.matches(&Name::of_function(name))) {
        return true;
    }
    // A call of a computed address has no name but its caller's.
    let is_caller = || found.chain().last().is_some_and(|call| pattern.matches(&call.caller));
    matches!(found, Found::Obstacle(_)) && is_caller()
}

/// The names of what was found: all of it, and of a system call the call's and the C library's function.
fn names(what: &str) -> impl Iterator<Item = &str> {
    const CALL: &str = "the system call ";
    let by = what.split_once(" (").filter(|(_, rest)| rest.starts_with(CALL));
    let call = what.split_once(CALL).map(|(_, name)| name.trim_end_matches(')'));
    [Some(what), by.map(|(by, _)| by), call].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_call_has_the_name_of_who_makes_it_too() {
        let of = |what| names(what).collect::<Vec<_>>();
        assert_eq!(of("read (the system call read)")[1..], ["read", "read"]);
        assert_eq!(of("the system call futex")[1..], ["futex"]);
        assert_eq!(of("std::fs::read"), ["std::fs::read"]);
        assert_eq!(of("<fn (u8) as a::B>::c"), ["<fn (u8) as a::B>::c"]);
    }
}
