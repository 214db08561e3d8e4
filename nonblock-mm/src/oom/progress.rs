//! What a job has seen of each mapping.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use super::reaped::Held;
use crate::memory::Mapping;

/// Every mapping that was tried, by identity: another one at the same place is another one.
#[derive(Default)]
pub(super) struct Progress {
    // By address of the mapping's value, which the weak reference keeps from being used again.
    seen: HashMap<usize, Seen>,
}

/// One mapping.
struct Seen {
    _keeps_the_address: Weak<Mapping>,
    held: Held,
}

impl Progress {
    /// Says whether a mapping was taken.
    pub(super) fn has_taken(&self, mapping: &Arc<Mapping>) -> bool {
        self.seen.get(&key(mapping)).is_some_and(|seen| seen.held.taken)
    }

    /// Returns the notes on a mapping, to be changed.
    pub(super) fn of(&mut self, mapping: &Arc<Mapping>) -> &mut Held {
        let seen = self.seen.entry(key(mapping)).or_insert_with(|| Seen {
            _keeps_the_address: Arc::downgrade(mapping),
            held: Held {
                range: mapping.range(),
                refusals: 0,
                panics: 0,
                failures: 0,
                taken: false,
            },
        });
        &mut seen.held
    }

    /// Returns those that were not taken at once, by address.
    pub(super) fn held(&self) -> Vec<Held> {
        let all = self.seen.values().map(|seen| seen.held);
        let mut held: Vec<_> =
            all.filter(|held| held.refusals + held.panics + held.failures > 0).collect();
        held.sort_unstable_by_key(|held| held.range.start());
        held
    }
}

fn key(mapping: &Arc<Mapping>) -> usize {
    Arc::as_ptr(mapping).addr()
}
