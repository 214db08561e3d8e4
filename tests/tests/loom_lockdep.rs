//! What is remembered of waits, in every order in which threads can take turns: of two threads that add the two halves of a circle
//! at once, at least one finds it.
//!
//! The tables are compiled here a second time, small, over atomics that the model checker loom sees. Run with `.ci/run loom`.
#![cfg(loom)]
#![allow(dead_code, unused_imports, unreachable_pub, reason = "a part of the library is used")]
#![allow(missing_docs, missing_debug_implementations, reason = "none of it is seen from outside")]
#![allow(unexpected_cfgs, reason = "the features are the library's")]
#![allow(clippy::pedantic, reason = "the library's own lints look at it where it is at home")]

/// Everything that is replaced.
mod primitive {
    pub use loom::sync::atomic::{Ordering, fence};
    pub use nonblock_tests::model::{
        Flag as AtomicBool, Number as AtomicUsize, Number8 as AtomicU8, Number32 as AtomicU32,
        Number64 as AtomicU64,
    };

    pub const MAX_CLASSES: usize = 4;
    pub const MAX_DEPENDENCIES: usize = 4;
    pub const OBJECT_ORDER_GROUPS: usize = 1;

    /// For each run of a model it is made anew.
    macro_rules! per_process {
        ($(#[$attribute:meta])* pub(crate) static $name:ident: $type:ty = $start:expr;) => {
            loom::lazy_static! { pub(crate) static ref $name: $type = $start; }
        };
        ($(#[$attribute:meta])* static $name:ident: $type:ty = $start:expr;) => {
            loom::lazy_static! { static ref $name: $type = $start; }
        };
    }
    pub(crate) use per_process;
}

mod violation {
    pub use crate::dependency::{ClassName, Dependency};
    pub(crate) use crate::dependency::{DependencyKind, ShortName, ThreadTag};
    pub use crate::place::Place;
}

#[path = "../../nonblock/src/violation/array_string.rs"]
mod array_string;
#[path = "../../nonblock/src/violation/dependency.rs"]
mod dependency;
#[path = "../../nonblock/src/lock_graph/mod.rs"]
mod lock_graph;
#[path = "../../nonblock/src/once_cell.rs"]
mod once_cell;
#[path = "../../nonblock/src/violation/place.rs"]
mod place;

use std::sync::Arc;

use lock_graph::{ClassKey, Entered, Finding, GRAPH, HeldLock, Kind, Mode, ThreadLocks};
use loom::thread;
use nonblock_tests::model::explore;
use violation::Place;

#[track_caller]
fn key(name: &'static str) -> ClassKey {
    ClassKey::new(Kind::Mutex, Some(name), Place::caller())
}

/// On a thread that holds the first, notes a wait for the second.
fn wait(held: &ClassKey, wanted: &ClassKey) -> Option<Finding> {
    let thread = ThreadLocks::new();
    let (class, since) = (GRAPH.id_of(held), Place::caller());
    let (mode, entered) = (Mode::Exclusive, Entered::Waited);
    let (kind, serial, is_inherited) = (held.kind(), held.serial(), false);
    thread.push(HeldLock { kind, class, serial, mode, entered, since, is_inherited, age: 0 });
    GRAPH.before_wait(&thread, wanted, mode, since)
}

#[test]
fn one_of_two_threads_finds_the_circle_that_they_close_together() {
    explore(3, || {
        let (a, b) = (Arc::new(key("a")), Arc::new(key("b")));
        // Both are known, so that there is the less to explore.
        (GRAPH.id_of(&a), GRAPH.id_of(&b));
        let (other_a, other_b) = (Arc::clone(&a), Arc::clone(&b));
        let other = thread::spawn(move || wait(&other_b, &other_a).is_some());
        let here = wait(&a, &b).is_some();
        let there = other.join().unwrap();
        assert!(here || there, "nobody found the circle");
        assert_eq!(GRAPH.len(), (2, 2));
    });
}

#[test]
fn one_of_three_threads_finds_the_circle_that_they_close_together() {
    explore(2, || {
        let keys = Arc::new([key("a"), key("b"), key("c")]);
        for key in &*keys {
            GRAPH.id_of(key);
        }
        let threads = [(1, 2), (2, 0)].map(|(held, wanted)| {
            let keys = Arc::clone(&keys);
            thread::spawn(move || wait(&keys[held], &keys[wanted]).is_some())
        });
        let here = wait(&keys[0], &keys[1]).is_some();
        let there = threads.map(|thread| thread.join().unwrap());
        assert!(here || there[0] || there[1], "nobody found the circle");
    });
}

/// The class of two objects is looked up by two threads at once.
#[test]
fn two_threads_that_add_one_class_have_the_same() {
    explore(3, || {
        let other = thread::spawn(|| GRAPH.id_of(&key("a")));
        let here = GRAPH.id_of(&key("a"));
        let there = other.join().unwrap();
        assert_eq!(here, there);
        assert_eq!(GRAPH.name_of(here).and_then(|name| name.name()), Some("a"));
    });
}

/// One object is seen first by two threads at once: it has one number.
#[test]
fn two_threads_that_see_one_object_first_give_it_one_number() {
    explore(3, || {
        let object = Arc::new(key("a"));
        let same = Arc::clone(&object);
        let other = thread::spawn(move || (GRAPH.id_of(&same), same.serial()));
        let here = (GRAPH.id_of(&object), object.serial());
        assert_ne!(here.1, 0);
        assert_eq!(here, other.join().unwrap());
    });
}

#[test]
fn two_threads_that_add_one_dependency_have_one() {
    explore(3, || {
        let (a, b) = (Arc::new(key("a")), Arc::new(key("b")));
        (GRAPH.id_of(&a), GRAPH.id_of(&b));
        let (other_a, other_b) = (Arc::clone(&a), Arc::clone(&b));
        let other = thread::spawn(move || wait(&other_a, &other_b).is_some());
        let here = wait(&a, &b).is_some();
        assert!(!here && !other.join().unwrap(), "there is no circle");
        assert_eq!(GRAPH.len(), (2, 1));
        // It is there for whoever closes a circle later.
        assert!(wait(&b, &a).is_some());
    });
}
