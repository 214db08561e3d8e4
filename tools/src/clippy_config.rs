//! Writes a configuration for clippy that keeps blocking calls of std out of code that must not sleep.

use std::fmt::Write as _;

use crate::blocking::{Blocking, Effect, Entry, Kind};

/// The guards of this library: what must not be held across an `.await`, and why.
///
/// These are the types. Their aliases, such as `MutexGuard`, are the same to clippy.
pub const GUARDS: [(&str, &str); 9] = [
    ("nonblock::sync::MutexGuard", LOCK),
    ("nonblock::sync::MappedMutexGuard", LOCK),
    ("nonblock::sync::RwLockReadGuard", LOCK),
    ("nonblock::sync::RwLockWriteGuard", LOCK),
    ("nonblock::sync::RwLockUpgradableReadGuard", LOCK),
    ("nonblock::sync::MappedRwLockReadGuard", LOCK),
    ("nonblock::sync::MappedRwLockWriteGuard", LOCK),
    (
        "nonblock::sync::SemaphorePermit",
        "Threads that wait for the permit sleep until the task is polled again.",
    ),
    ("nonblock_mm::memory::MmGuard", LOCK),
];

const LOCK: &str = "Threads that wait for the lock sleep until the task is polled again.";

/// Which effects a configuration forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Calls that wait for an event.
    pub blocks: bool,
    /// Calls that wait for a lock.
    pub locks: bool,
    /// Calls of the allocator.
    pub allocates: bool,
}

impl Default for Wanted {
    /// What may sleep: memory is a rule of its own, which most code does not have.
    fn default() -> Self {
        Self { blocks: true, locks: true, allocates: false }
    }
}

impl Wanted {
    /// Whether a call of this effect is forbidden.
    #[must_use]
    pub fn has(self, effect: Effect) -> bool {
        match effect {
            Effect::Blocks => self.blocks,
            Effect::Locks => self.locks,
            Effect::Allocates => self.allocates,
        }
    }

    /// The arguments that ask for it.
    fn arguments(self) -> String {
        if self == Self::default() {
            return String::new();
        }
        let wanted = Effect::ALL.into_iter().filter(|&effect| self.has(effect));
        let names: Vec<_> = wanted.map(|effect| effect.to_string()).collect();
        format!(" -- --effects {}", names.join(","))
    }
}

/// Makes the configuration.
#[must_use]
pub fn generate(blocking: &Blocking<'_>, wanted: Wanted) -> String {
    let entries: Vec<_> =
        blocking.entries.iter().filter(|entry| wanted.has(entry.effect)).collect();
    let mut text = format!(
        "# Keeps calls that may sleep out of code that must not: put this beside Cargo.toml, as clippy.toml.\n\
         # Where such a call is right, say so there: #[expect(clippy::disallowed_methods)], and for a macro\n\
         # such as println!, #[expect(clippy::disallowed_macros)]. In tests all of them may be:\n\
         # #![cfg_attr(test, allow(clippy::disallowed_methods, clippy::disallowed_macros))]\n\
         #\n\
         # Made from tools/blocking.tsv by the following; --allocations adds what allocates.\n\
         # cargo run -p nonblock-tools --bin clippy_config{}\n\n",
        wanted.arguments()
    );
    list(&mut text, "disallowed-methods", &entries, |entry| entry.kind != Kind::Macro);
    list(&mut text, "disallowed-macros", &entries, |entry| entry.kind == Kind::Macro);
    text.push_str("await-holding-invalid-types = [\n");
    for (path, reason) in GUARDS {
        let _ = writeln!(
            text,
            "    {{ path = \"{path}\", reason = \"{reason}\", allow-invalid = true }},"
        );
    }
    text.push_str("]\n");
    text
}

/// Writes the entries of one kind, in groups by their effect.
fn list(text: &mut String, name: &str, entries: &[&Entry<'_>], has: impl Fn(&Entry<'_>) -> bool) {
    let _ = writeln!(text, "{name} = [");
    for effect in Effect::ALL {
        let mut of_effect =
            entries.iter().filter(|entry| has(entry) && entry.effect == effect).peekable();
        if of_effect.peek().is_some() {
            let _ = writeln!(text, "    # It {effect}.");
        }
        for entry in of_effect {
            let _ = write!(text, "    {{ path = \"{}\", reason = \"{}", entry.path, reason(entry));
            if let Some(replacement) = entry.replacement() {
                let _ = write!(text, "\", replacement = \"{replacement}");
            }
            // Where std has it not, clippy would find fault with the line.
            let end = if entry.everywhere() { "" } else { ", allow-invalid = true" };
            let _ = writeln!(text, "\"{end} }},");
        }
    }
    text.push_str("]\n\n");
}

/// What clippy shows of an entry.
#[must_use]
pub fn reason(entry: &Entry<'_>) -> String {
    match entry.instead {
        // Clippy writes it behind the reason.
        Some(_) if entry.replacement().is_some() => {
            format!("{} Use", entry.reason)
        }
        Some(instead) => format!("{} Use {instead}.", entry.reason),
        None => entry.reason.to_owned(),
    }
}
