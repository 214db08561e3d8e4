//! Which events are one fault, and how often each was seen.
//!
//! A loop that allocates at one line comes to the allocator's system calls by many ways. That is one fault of the program, and is
//! to be one report. So events are one fault where they have the same kind, section and call, and the same line of the program's own
//! code. Where that line is not known, as in a program without debug information, they are one if all their calls are the same.

use core::hash::{Hash, Hasher as _};
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::violation::{Frame, Place, ViolationKind};

use super::call_chain;

/// How many chains of calls are kept, and how many faults are told apart. Of other chains the names are looked up each time, and
/// other faults are reported each time.
const MAX_KNOWN: usize = 4096;

/// What was found out so far, by hashes.
#[derive(Default)]
struct Known {
    /// The names of the calls of each chain.
    chains: HashMap<u64, Arc<[Frame]>>,
    /// How often each fault was seen.
    faults: HashMap<u64, usize>,
}

static KNOWN: Mutex<Option<Known>> = Mutex::new(None);

fn lock() -> MutexGuard<'static, Option<Known>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the calls at these addresses.
pub(super) fn frames(addresses: &[usize]) -> Arc<[Frame]> {
    // An object that was loaded since may lie where another was.
    let hash = hash((addresses, call_chain::changes()));
    if let Some(frames) = lock().get_or_insert_default().chains.get(&hash) {
        return Arc::clone(frames);
    }
    // Without the lock: names are read from files.
    let frames: Arc<[Frame]> = call_chain::frames(addresses).into();
    let mut known = lock();
    let chains = &mut known.get_or_insert_default().chains;
    if chains.len() < MAX_KNOWN {
        chains.insert(hash, Arc::clone(&frames));
    }
    frames
}

/// Returns the number of a fault.
///
/// # Arguments
///
/// * `call`: what was done, of what the kind tells only in general.
/// * `addresses`, `user_frame`: the chain of calls, and the innermost that is the program's own, if that is known.
pub(super) fn number(
    kind: ViolationKind,
    section: Place,
    call: impl Hash,
    addresses: &[usize],
    user_frame: Option<&Frame>,
) -> u64 {
    let line = user_frame.map(|frame| (frame.file(), frame.line()));
    let chain = if line.is_some() { &[] } else { addresses };
    hash((kind, section, call, line, chain))
}

/// Counts a fault once more, and returns how often it was seen.
pub(super) fn count(fault: u64) -> usize {
    let mut known = lock();
    let faults = &mut known.get_or_insert_default().faults;
    if faults.len() == MAX_KNOWN && !faults.contains_key(&fault) {
        return 1;
    }
    let times = faults.entry(fault).or_insert(0);
    *times += 1;
    *times
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
