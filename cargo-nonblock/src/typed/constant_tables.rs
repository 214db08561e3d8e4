//! Tables of functions that libraries make as constants only: a call by a pointer out of one reaches what such tables have at that place,
//! and no other function of the same type.
//!
//! Wakers are called so, and the tasks of executors: without this, every wake would reach every function that takes a pointer.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::elf::{Program, Reference};

/// A type of tables.
struct Table {
    path: &'static str,
    /// The function that makes one where it is not a constant. A program that has it may have made any.
    made_by: Option<&'static str>,
}

/// The types that are known. The fields of each are private to its crate, which names it in constants only, as its source says.
const TABLES: [Table; 5] = [
    // core 1.95: `new` is the one way to make it.
    Table {
        path: "core::task::wake::RawWakerVTable",
        made_by: Some("core::task::wake::RawWakerVTable::new"),
    },
    // tokio 1.8 to 1.54: in the function `vtable`.
    Table { path: "tokio::runtime::task::raw::Vtable", made_by: None },
    // bytes 1.0 to 1.12.
    Table { path: "bytes::bytes::Vtable", made_by: None },
    // async-task 4.7: in `RawTask::allocate`.
    Table { path: "async_task::raw::TaskVTable", made_by: None },
    // anyhow 1.0.104 and 1.0.105.
    Table { path: "anyhow::error::ErrorVTable", made_by: None },
];

/// Whether a type of this name may be one of tables, by its path.
pub(super) fn may_be(name: &str) -> bool {
    TABLES.iter().any(|table| table.path.rsplit("::").next() == Some(name))
}

/// Whether a type of this path is one of tables.
pub(super) fn is_one(path: &str) -> bool {
    TABLES.iter().any(|table| table.path == path)
}

/// The tables of a program.
#[derive(Debug, Default)]
pub(super) struct ConstantTables {
    /// Where the tables of each type are.
    known: RefCell<FxHashMap<Arc<str>, Rc<[u64]>>>,
}

impl ConstantTables {
    /// Returns the functions at an offset of all tables of a type.
    ///
    /// # Arguments
    ///
    /// * `pointers`: all pointers to functions in such a table: where each is, and what fits it.
    pub(super) fn functions(
        &self,
        program: &Program<'_>,
        path: &Arc<str>,
        offset: u64,
        pointers: impl FnOnce() -> Option<Vec<(u64, HashSet<usize>)>>,
    ) -> Option<Vec<usize>> {
        let known = self.known.borrow().get(path).cloned();
        let tables = if let Some(tables) = known {
            tables
        } else {
            let tables: Rc<[u64]> = find(program, &pointers()?).into();
            self.known.borrow_mut().insert(Arc::clone(path), Rc::clone(&tables));
            tables
        };
        Some(tables.iter().filter_map(|table| function(program, table + offset)).collect())
    }
}

/// Finds the constants that have a function which fits at each place where a table has one.
fn find(program: &Program<'_>, pointers: &[(u64, HashSet<usize>)]) -> Vec<u64> {
    let Some((first, fitting)) = pointers.first() else { return Vec::new() };
    let has = |at: u64, fitting: &HashSet<usize>| {
        function(program, at).is_some_and(|function| fitting.contains(&function))
    };
    let tables = program.data_relocations().iter().filter_map(|relocation| {
        let start = relocation.place.checked_sub(*first)?;
        let is_table = has(relocation.place, fitting)
            && pointers.iter().all(|(at, fitting)| has(start.saturating_add(*at), fitting));
        is_table.then_some(start)
    });
    tables.collect()
}

/// Returns the function by which a type's tables are made where they are no constants.
pub(super) fn made_by(path: &str) -> Option<&'static str> {
    TABLES.iter().find(|table| table.path == path)?.made_by
}

/// Returns the function that a constant points to.
fn function(program: &Program<'_>, at: u64) -> Option<usize> {
    match program.constant_pointer(at)? {
        Reference::Address(address) => program.function_at(address),
        Reference::Import(_) => None,
    }
}
