//! Memory.

use std::alloc::{self, Layout};
use std::borrow::{Cow, ToOwned};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::{CString, OsStr, OsString};
use std::path::{self, Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::probes;
use crate::observe::{Seen, allocates, does_nothing};

/// What is allocated by hand.
const LAYOUT: Layout = Layout::new::<u64>();

probes! {
    "alloc::format" => Shows || allocates(|| format!("{}", 1));
    "alloc::vec" => Shows || allocates(|| vec![1]);
    "alloc::alloc::alloc" => Shows || {
        // SAFETY: it has a size.
        allocates(|| unsafe { alloc::alloc(LAYOUT) })
    };
    "alloc::alloc::alloc_zeroed" => Shows || {
        // SAFETY: it has a size.
        allocates(|| unsafe { alloc::alloc_zeroed(LAYOUT) })
    };
    "alloc::alloc::realloc" => Shows || {
        // SAFETY: it has a size.
        let memory = unsafe { alloc::alloc(LAYOUT) };
        // SAFETY: it was allocated so, and nobody uses it.
        allocates(|| unsafe { alloc::realloc(memory, LAYOUT, 64) })
    };
    "alloc::alloc::dealloc" => Shows || {
        // SAFETY: it has a size.
        let memory = unsafe { alloc::alloc(LAYOUT) };
        // SAFETY: it was allocated so, and nobody uses it.
        allocates(|| unsafe { alloc::dealloc(memory, LAYOUT) })
    };
    "alloc::boxed::Box::new" => Shows || allocates(|| Box::new(1));
    "alloc::boxed::Box::pin" => Shows || allocates(|| Box::pin(1));
    "alloc::boxed::Box::new_uninit" => Shows || allocates(Box::<u32>::new_uninit);
    "alloc::boxed::Box::new_uninit_slice" => Shows || allocates(|| Box::<[u32]>::new_uninit_slice(1));
    "alloc::rc::Rc::new" => Shows || allocates(|| Rc::new(1));
    "alloc::rc::Rc::pin" => Shows || allocates(|| Rc::pin(1));
    "alloc::rc::Rc::new_cyclic" => Shows || allocates(|| Rc::new_cyclic(|_| 1));
    "alloc::rc::Rc::make_mut" => Shows || {
        let mut one = Rc::new(1);
        let _other = Rc::clone(&one);
        allocates(|| *Rc::make_mut(&mut one))
    };
    "alloc::sync::Arc::new" => Shows || allocates(|| Arc::new(1));
    "alloc::sync::Arc::pin" => Shows || allocates(|| Arc::pin(1));
    "alloc::sync::Arc::new_cyclic" => Shows || allocates(|| Arc::new_cyclic(|_| 1));
    "alloc::sync::Arc::make_mut" => Shows || {
        let mut one = Arc::new(1);
        let _other = Arc::clone(&one);
        allocates(|| *Arc::make_mut(&mut one))
    };
    "alloc::vec::Vec::with_capacity" => Shows || allocates(|| Vec::<u32>::with_capacity(1));
    "alloc::vec::Vec::push" => Shows || vector(|full| full.push(1));
    "alloc::vec::Vec::insert" => Shows || vector(|full| full.insert(0, 1));
    "alloc::vec::Vec::append" => Shows || {
        let (mut full, mut more) = (vec![1], vec![2]);
        allocates(|| full.append(&mut more))
    };
    "alloc::vec::Vec::extend_from_slice" => Shows || vector(|full| full.extend_from_slice(&[1]));
    "alloc::vec::Vec::extend_from_within" => Shows || vector(|full| full.extend_from_within(..));
    "alloc::vec::Vec::reserve" => Shows || vector(|full| full.reserve(1));
    "alloc::vec::Vec::reserve_exact" => Shows || vector(|full| full.reserve_exact(1));
    "alloc::vec::Vec::try_reserve" => Shows || vector(|full| drop(full.try_reserve(1)));
    "alloc::vec::Vec::try_reserve_exact" => Shows || vector(|full| drop(full.try_reserve_exact(1)));
    "alloc::vec::Vec::resize" => Shows || vector(|full| full.resize(9, 1));
    "alloc::vec::Vec::resize_with" => Shows || vector(|full| full.resize_with(9, || 1));
    "alloc::vec::Vec::split_off" => Shows || {
        let mut values = vec![1, 2];
        allocates(|| values.split_off(1))
    };
    "alloc::vec::Vec::shrink_to_fit" => Shows || roomy(Vec::shrink_to_fit);
    "alloc::vec::Vec::shrink_to" => Shows || roomy(|values| values.shrink_to(1));
    "alloc::vec::Vec::into_boxed_slice" => Shows || {
        let mut values = Vec::with_capacity(9);
        values.push(1);
        allocates(|| values.into_boxed_slice())
    };
    "alloc::string::String::with_capacity" => Shows || allocates(|| String::with_capacity(1));
    "alloc::string::String::push" => Shows || string(|full| full.push('b'));
    "alloc::string::String::push_str" => Shows || string(|full| full.push_str("bc"));
    "alloc::string::String::insert" => Shows || string(|full| full.insert(0, 'b'));
    "alloc::string::String::insert_str" => Shows || string(|full| full.insert_str(0, "bc"));
    "alloc::string::String::reserve" => Shows || string(|full| full.reserve(1));
    "alloc::string::String::reserve_exact" => Shows || string(|full| full.reserve_exact(1));
    "alloc::string::String::try_reserve" => Shows || string(|full| drop(full.try_reserve(1)));
    "alloc::string::String::split_off" => Shows || {
        let mut text = "ab".to_owned();
        allocates(|| text.split_off(1))
    };
    "alloc::string::String::shrink_to_fit" => Shows || {
        let mut text = String::with_capacity(9);
        allocates(|| text.shrink_to_fit())
    };
    "alloc::string::String::into_boxed_str" => Shows || {
        let mut text = String::with_capacity(9);
        text.push('a');
        allocates(|| text.into_boxed_str())
    };
    "alloc::string::String::from_utf8_lossy" => Shows || {
        let bytes = [0xff_u8];
        allocates(|| String::from_utf8_lossy(&bytes).into_owned().len())
    };
    "alloc::string::ToString::to_string" => Shows || allocates(|| 1.to_string());
    "alloc::borrow::ToOwned::to_owned" => Shows || allocates(|| ToOwned::to_owned("a"));
    "alloc::borrow::Cow::into_owned" => Shows || {
        let text = Cow::Borrowed("a");
        allocates(|| text.into_owned())
    };
    "str::to_lowercase" => Shows || allocates(|| "A".to_lowercase());
    "str::to_uppercase" => Shows || allocates(|| "a".to_uppercase());
    "str::to_ascii_lowercase" => Shows || allocates(|| "A".to_ascii_lowercase());
    "str::to_ascii_uppercase" => Shows || allocates(|| "a".to_ascii_uppercase());
    "str::repeat" => Shows || allocates(|| "a".repeat(2));
    "str::replace" => Shows || allocates(|| "a".replace('a', "b"));
    "str::replacen" => Shows || allocates(|| "a".replacen('a', "b", 1));
    "slice::to_vec" => Shows || allocates(|| [1].to_vec());
    "slice::concat" => Shows || allocates(|| [[1], [2]].concat());
    "slice::join" => Shows || allocates(|| ["a", "b"].join(" "));
    "slice::repeat" => Shows || allocates(|| [1].repeat(2));
    "slice::sort" => Shows || long(<[u64]>::sort);
    "slice::sort_by" => Shows || long(|values| values.sort_by(Ord::cmp));
    "slice::sort_by_key" => Shows || long(|values| values.sort_by_key(|&value| value));
    "slice::sort_by_cached_key" => Shows || long(|values| values.sort_by_cached_key(|&value| value));
    "core::iter::Iterator::collect" => Shows || allocates(|| (0..9).collect::<Vec<_>>());
    "core::iter::Extend::extend" => Shows || vector(|full| full.extend(0..9));
    "alloc::collections::VecDeque::with_capacity" => Shows || allocates(|| VecDeque::<u32>::with_capacity(1));
    "alloc::collections::VecDeque::push_back" => Shows || deque(|full| full.push_back(1));
    "alloc::collections::VecDeque::push_front" => Shows || deque(|full| full.push_front(1));
    "alloc::collections::VecDeque::insert" => Shows || deque(|full| full.insert(0, 1));
    "alloc::collections::VecDeque::append" => Shows || {
        let mut more = VecDeque::from([2]);
        deque(|full| full.append(&mut more))
    };
    "alloc::collections::VecDeque::reserve" => Shows || deque(|full| full.reserve(1));
    "alloc::collections::VecDeque::resize" => Shows || deque(|full| full.resize(9, 1));
    "std::collections::HashMap::with_capacity" => Shows || allocates(|| HashMap::<u32, u32>::with_capacity(1));
    "std::collections::HashMap::insert" => Shows || map(|empty| {
        empty.insert(1, 1);
    });
    "std::collections::HashMap::entry" => Shows || map(|empty| {
        empty.entry(1);
    });
    "std::collections::HashMap::reserve" => Shows || map(|empty| empty.reserve(1));
    "std::collections::HashMap::shrink_to_fit" => Shows || {
        let mut map = HashMap::<u32, u32>::with_capacity(9);
        allocates(|| map.shrink_to_fit())
    };
    "std::collections::HashSet::with_capacity" => Shows || allocates(|| HashSet::<u32>::with_capacity(1));
    "std::collections::HashSet::insert" => Shows || {
        let mut set = HashSet::new();
        allocates(|| set.insert(1))
    };
    "std::collections::HashSet::reserve" => Shows || {
        let mut set = HashSet::<u32>::new();
        allocates(|| set.reserve(1))
    };
    "alloc::collections::BTreeMap::insert" => Shows || {
        let mut map = BTreeMap::new();
        allocates(|| map.insert(1, 1))
    };
    "alloc::collections::btree_map::Entry::or_insert" => Shows || {
        let mut map = BTreeMap::new();
        let entry = map.entry(1);
        allocates(|| *entry.or_insert(1))
    };
    "alloc::collections::BTreeSet::insert" => Shows || {
        let mut set = BTreeSet::new();
        allocates(|| set.insert(1))
    };
    "alloc::collections::BinaryHeap::with_capacity" => Shows || allocates(|| BinaryHeap::<u32>::with_capacity(1));
    "alloc::collections::BinaryHeap::push" => Shows || {
        let mut heap = BinaryHeap::new();
        allocates(|| heap.push(1))
    };
    "alloc::collections::BinaryHeap::reserve" => Shows || {
        let mut heap = BinaryHeap::<u32>::new();
        allocates(|| heap.reserve(1))
    };
    "alloc::collections::LinkedList::push_back" => Shows || {
        let mut list = LinkedList::new();
        allocates(|| list.push_back(1))
    };
    "alloc::collections::LinkedList::push_front" => Shows || {
        let mut list = LinkedList::new();
        allocates(|| list.push_front(1))
    };
    "alloc::ffi::CString::new" => Shows || allocates(|| CString::new("a"));
    "std::ffi::OsString::push" => Shows || {
        let mut name = OsString::new();
        allocates(|| name.push("a"))
    };
    "std::path::PathBuf::push" => Shows || {
        let mut path = PathBuf::new();
        allocates(|| path.push("a"))
    };
    "std::path::Path::join" => Shows || allocates(|| Path::new("a").join("b"));
    "std::path::Path::to_path_buf" => Shows || allocates(|| Path::new("a").to_path_buf());
    "std::path::Path::with_extension" => Shows || allocates(|| Path::new("a").with_extension("b"));
    "std::path::Path::with_file_name" => Shows || allocates(|| Path::new("a").with_file_name(OsStr::new("b")));
    "std::path::absolute" => Shows || allocates(|| path::absolute("a"));
    "alloc::vec::Vec::new" => Harmless || does_nothing(Vec::<u32>::new);
    "alloc::string::String::new" => Harmless || does_nothing(String::new);
    "std::collections::HashMap::new" => Harmless || does_nothing(HashMap::<u32, u32>::new);
    "alloc::collections::BTreeMap::new" => Harmless || does_nothing(BTreeMap::<u32, u32>::new);
    "alloc::vec::Vec::clear" => Harmless || {
        let mut values = vec![1];
        does_nothing(|| values.clear())
    };
    "slice::sort_unstable" => Harmless || {
        let mut values = numbers();
        does_nothing(|| values.sort_unstable())
    };
    "alloc::sync::Arc::clone" => Harmless || {
        let one = Arc::new(1);
        does_nothing(|| Arc::clone(&one))
    };
}

/// Shows that a call on a vector without room allocates.
fn vector(call: impl FnOnce(&mut Vec<u32>)) -> Seen {
    let mut full = vec![1];
    full.shrink_to_fit();
    allocates(|| call(&mut full))
}

/// Shows that a call on a vector with room calls the allocator.
fn roomy(call: impl FnOnce(&mut Vec<u32>)) -> Seen {
    let mut values = Vec::with_capacity(9);
    values.push(1);
    allocates(|| call(&mut values))
}

/// Shows that a call on a string without room allocates.
fn string(call: impl FnOnce(&mut String)) -> Seen {
    let mut full = "a".to_owned();
    full.shrink_to_fit();
    allocates(|| call(&mut full))
}

/// Shows that a call on a queue without room allocates.
fn deque(call: impl FnOnce(&mut VecDeque<u32>)) -> Seen {
    let mut full = VecDeque::from([1]);
    full.shrink_to_fit();
    allocates(|| call(&mut full))
}

/// Shows that a call on an empty map allocates.
fn map(call: impl FnOnce(&mut HashMap<u32, u32>)) -> Seen {
    let mut empty = HashMap::new();
    allocates(|| call(&mut empty))
}

/// More numbers than are sorted on the stack, out of order.
fn numbers() -> Vec<u64> {
    (0..10_000_u64).map(|number| number * 7919 % 10_007).collect()
}

/// Shows that a call on a long slice allocates.
fn long(call: impl FnOnce(&mut [u64])) -> Seen {
    let mut values = numbers();
    allocates(|| call(&mut values))
}
