//! What is known of functions: which block, allocate, panic, or do none of this, each with a reason.
//!
//! The knowledge is data. `libc.tsv` has what programs import from C libraries, `syscalls.tsv` the system calls, `syscalls_aarch64.tsv` their numbers there, `functions.tsv`
//! functions of Rust programs by pattern, and `std.tsv` the functions of the standard library: it is the list of the project that the
//! configuration for clippy is made of.

mod entry;
mod std_functions;
mod system_calls;

use std::collections::HashMap;

use crate::demangle::{Name, Pattern};
use crate::rules::{Rule, RuleClass, Rules};
use crate::table::rows;
pub use entry::{Class, Entry, Kind};
use std_functions::StdFunctions;
pub(crate) use system_calls::SystemCalls;

/// All that is known of functions.
#[derive(Debug)]
pub struct Catalogue {
    libc: HashMap<String, Entry>,
    functions: Vec<(Pattern, Entry)>,
    std: StdFunctions,
    pub(crate) system_calls: SystemCalls,
}

impl Catalogue {
    /// Reads the lists that come with the program.
    ///
    /// # Panics
    ///
    /// If a list is not in order, which a test would have found.
    pub fn new() -> Self {
        let lists = || {
            let mut system_calls = SystemCalls::parse(include_str!("syscalls.tsv"))?;
            system_calls.add_aarch64(include_str!("syscalls_aarch64.tsv"))?;
            Ok::<_, String>(Self {
                libc: libc(include_str!("libc.tsv"), &system_calls)?,
                functions: functions(include_str!("functions.tsv"))?,
                std: StdFunctions::parse(include_str!("std.tsv"))?,
                system_calls,
            })
        };
        lists().expect("the lists are in order")
    }

    /// Adds what a user's rules say of functions. It comes before what is known already.
    pub(crate) fn add_rules(&mut self, rules: &Rules) {
        let mut added: Vec<_> = rules.list.iter().filter_map(entry_of_rule).collect();
        added.append(&mut self.functions);
        self.functions = added;
    }

    /// Returns what is known of a function that the program imports.
    pub fn import(&self, symbol: &str) -> Option<Entry> {
        // Some linkers add the version: `read@GLIBC_2.2.5`.
        let symbol = symbol.split('@').next().unwrap_or(symbol);
        let name = Name { full: symbol.to_owned(), plain: symbol.to_owned() };
        self.by_pattern(&name).or_else(|| self.libc.get(symbol).cloned())
    }

    /// Returns what is known of a function that is in the program.
    pub fn function(&self, name: &Name) -> Option<Entry> {
        if let Some(entry) = self.by_pattern(name) {
            return Some(entry);
        }
        if name.is_rust() {
            return self.std.find(name);
        }
        // A C library that is linked in has the functions of the same names. What they do can be followed, so only that they block
        // is taken from the list: where they are not followed, the program could do anything in them.
        let entry = self.libc.get(&name.plain)?;
        (entry.kind == Kind::Leaf(Class::Sleep)).then(|| entry.clone())
    }

    fn by_pattern(&self, name: &Name) -> Option<Entry> {
        let found = self.functions.iter().find(|(pattern, _)| pattern.matches(name));
        found.map(|(_, entry)| entry.clone())
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::new()
    }
}

fn libc(text: &str, system_calls: &SystemCalls) -> Result<HashMap<String, Entry>, String> {
    let mut entries = HashMap::new();
    for (line, [name, class, reason]) in rows(text, "name\tclass\treason")? {
        let (kind, reason) = match class {
            "system_call" => {
                let number = system_calls
                    .number(reason)
                    .ok_or_else(|| format!("line {line}: no system call is called {reason}"))?;
                (Kind::SystemCall(number), String::new())
            }
            "any_system_call" => (Kind::AnySystemCall, reason.to_owned()),
            "calls_back" => (Kind::CallsBack, sentence(line, reason)?),
            _ => (kind(line, class)?, sentence(line, reason)?),
        };
        if entries.insert(name.to_owned(), Entry { kind, reason }).is_some() {
            return Err(format!("line {line}: {name} comes twice"));
        }
    }
    Ok(entries)
}

fn functions(text: &str) -> Result<Vec<(Pattern, Entry)>, String> {
    let rows = rows(text, "pattern\tclass\treason")?.into_iter();
    let entries = rows.map(|(line, [pattern, class, reason])| {
        let entry = Entry { kind: kind(line, class)?, reason: sentence(line, reason)? };
        Ok((Pattern::new(pattern), entry))
    });
    entries.collect()
}

/// What a rule says of the functions themselves.
fn entry_of_rule(rule: &Rule) -> Option<(Pattern, Entry)> {
    let kind = match rule.class {
        RuleClass::Blocks => Kind::Leaf(Class::Sleep),
        RuleClass::Allocates => Kind::Leaf(Class::Alloc),
        RuleClass::Panics => Kind::Leaf(Class::Panic),
        // These are assumptions, which the report lists.
        RuleClass::Harmless | RuleClass::Permits | RuleClass::Accepts => return None,
    };
    Some((rule.pattern.clone(), Entry { kind, reason: rule.reason.clone() }))
}

fn kind(line: usize, class: &str) -> Result<Kind, String> {
    Ok(match class {
        "blocks" => Kind::Leaf(Class::Sleep),
        "allocates" => Kind::Leaf(Class::Alloc),
        "panics" => Kind::Leaf(Class::Panic),
        "harmless" => Kind::Harmless,
        "followed" => Kind::Followed,
        "reports" => Kind::Reports,
        "permits" => Kind::Permits,
        "tokens" => Kind::Tokens,
        _ => return Err(format!("line {line}: no class is called {class:?}")),
    })
}

fn sentence(line: usize, reason: &str) -> Result<String, String> {
    if reason.trim().is_empty() {
        return Err(format!("line {line}: there is no reason"));
    }
    Ok(reason.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(plain: &str) -> Option<Kind> {
        let name = Name { full: plain.to_owned(), plain: plain.to_owned() };
        Catalogue::new().function(&name).map(|entry| entry.kind)
    }

    #[test]
    fn functions_of_std_are_found_wherever_their_module_is() {
        let sleeps = Some(Kind::Leaf(Class::Sleep));
        assert_eq!(kind_of("std::thread::functions::sleep"), sleeps);
        assert_eq!(kind_of("std::sync::poison::mutex::Mutex::lock"), sleeps);
        assert_eq!(kind_of("std::sync::poison::mutex::Mutex::try_lock"), None);
        assert_eq!(kind_of("other::thread::sleep"), None);
        // The method of a trait is that of its type, which may be a slice.
        assert_eq!(kind_of("<&[u8] as std::io::Read>::read"), None);
    }

    #[test]
    fn an_unbounded_sender_is_not_followed_into_bounded_channels() {
        let sleeps = Some(Kind::Leaf(Class::Sleep));
        assert_eq!(kind_of("std::sync::mpsc::Sender::send"), sleeps);
        // Which kind of channel it is may be found out.
        assert_eq!(kind_of("std::sync::mpsc::Receiver::try_recv"), Some(Kind::Followed));
        let follows = Some(Kind::FollowedLeaf(Class::Alloc));
        assert_eq!(kind_of("std::sync::mpsc::channel"), follows);
    }

    #[test]
    fn what_a_program_defines_itself_is_followed() {
        assert_eq!(kind_of("memcpy"), None);
        assert_eq!(kind_of("pthread_mutex_lock"), Some(Kind::Leaf(Class::Sleep)));
    }

    #[test]
    fn imports_are_found_with_the_version_of_their_library() {
        let catalogue = Catalogue::new();
        assert_eq!(
            catalogue.import("read@GLIBC_2.2.5").map(|entry| entry.kind),
            Some(Kind::SystemCall(0))
        );
        assert_eq!(catalogue.import("qsort").map(|entry| entry.kind), Some(Kind::CallsBack));
        assert_eq!(catalogue.import("nobody_knows"), None);
    }

    #[test]
    fn a_users_rule_comes_first() {
        let mut catalogue = Catalogue::new();
        let rules = Rules::parse(
            "pattern\tclass\treason\nmy_*\tblocks\tIt asks a server.\nread\tallocates\tIt is ours.\n",
        );
        catalogue.add_rules(&rules.expect("they are in order"));
        assert_eq!(
            catalogue.import("my_call").map(|entry| entry.kind),
            Some(Kind::Leaf(Class::Sleep))
        );
        assert_eq!(
            catalogue.import("read").map(|entry| entry.kind),
            Some(Kind::Leaf(Class::Alloc))
        );
    }
}
