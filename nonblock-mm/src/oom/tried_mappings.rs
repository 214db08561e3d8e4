//! The mappings of a victim that were tried, and what happened to each.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use super::reaped::Held;
use crate::memory::Mapping;

/// The mappings that were tried, by identity: a new mapping at the same address range counts as another one.
#[derive(Default)]
pub(super) struct TriedMappings {
    // The key is the address of the `Mapping` value. The weak reference keeps the allocation, so no other mapping gets it.
    by_address: HashMap<usize, Tried>,
}

/// One mapping that was tried.
struct Tried {
    _keeps_the_address: Weak<Mapping>,
    held: Held,
}

impl TriedMappings {
    /// Returns whether a mapping was taken.
    pub(super) fn has_taken(&self, mapping: &Arc<Mapping>) -> bool {
        self.by_address.get(&address_of(mapping)).is_some_and(|tried| tried.held.taken)
    }

    /// Returns the counts of a mapping, which are 0 at first.
    pub(super) fn entry(&mut self, mapping: &Arc<Mapping>) -> &mut Held {
        let tried = self.by_address.entry(address_of(mapping)).or_insert_with(|| Tried {
            _keeps_the_address: Arc::downgrade(mapping),
            held: Held {
                range: mapping.range(),
                refusals: 0,
                panics: 0,
                failures: 0,
                taken: false,
            },
        });
        &mut tried.held
    }

    /// Returns the mappings that were not taken at once, by address.
    pub(super) fn held(&self) -> Vec<Held> {
        let all = self.by_address.values().map(|tried| tried.held);
        let mut held: Vec<_> =
            all.filter(|held| held.refusals + held.panics + held.failures > 0).collect();
        held.sort_unstable_by_key(|held| held.range.start());
        held
    }
}

fn address_of(mapping: &Arc<Mapping>) -> usize {
    Arc::as_ptr(mapping).addr()
}
