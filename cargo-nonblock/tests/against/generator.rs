//! Programs with many sections, each of which comes to what it does in the end by a few constructs, put together at random. The same
//! number always gives the same program.

use std::fmt::Write as _;

use super::constructs::{BLOCKING, Construct, FUNCTIONS_OF_STD, GOING_ON, HARMLESS};

/// How many sections a program has.
pub(crate) const SECTIONS: usize = 40;

/// How many constructs lead to a leaf, at most.
const DEEPEST: usize = 4;

/// The source of a program, and what it was made of.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) text: String,
    pub(crate) sections: Vec<Section>,
}

/// A section of a program.
#[derive(Debug)]
pub(crate) struct Section {
    /// The function that has it.
    pub(crate) function: String,
    /// The names of its constructs.
    pub(crate) constructs: Vec<&'static str>,
    /// Whether something in it may block.
    pub(crate) may_block: bool,
}

/// What C has.
pub(crate) const C: &str = r"
#include <stddef.h>
#include <stdint.h>
#include <time.h>

typedef uint32_t (*callback)(void *data, uint32_t x);

struct ops { uint64_t number; callback first; callback second; };

uint32_t c_calls_back(callback f, void *data, uint32_t x) { return f(data, x) + 1; }

uint32_t c_calls_by_table(const struct ops *ops, void *data, uint32_t x) {
    return ops->first(data, x) ^ ops->second(data, x);
}

uint32_t c_waits(uint32_t x) {
    struct timespec moment = { 0, 1000 };
    nanosleep(&moment, NULL);
    return x;
}
";

/// What all modules use.
const BEGIN: &str = r#"#![allow(warnings)]
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::io::{Read, Write};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, RwLock, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

pub type CFunction = extern "C" fn(*mut std::ffi::c_void, u32) -> u32;

#[repr(C)]
pub struct COps { number: u64, first: CFunction, second: CFunction }

#[link(name = "callbacks", kind = "static")]
unsafe extern "C" {
    fn c_calls_back(f: CFunction, data: *mut std::ffi::c_void, x: u32) -> u32;
    fn c_calls_by_table(ops: *const COps, data: *mut std::ffi::c_void, x: u32) -> u32;
    fn c_waits(x: u32) -> u32;
}

pub trait Visit<T> { fn visit(&mut self, with: &T, x: u32) -> u32; }

pub fn opaque<T>(value: T) -> T { std::hint::black_box(value) }
"#;

impl Program {
    /// Makes the program of a number.
    pub(crate) fn of(seed: u64) -> Self {
        let mut maker = Maker {
            random: Random::of(seed),
            modules: 0,
            text: BEGIN.to_owned(),
            has_functions_of_std: seed.is_multiple_of(8),
        };
        let mut sections = Vec::new();
        let mut calls = String::new();
        for number in 1..=SECTIONS {
            let mut section = Section {
                function: format!("section_{number}"),
                constructs: Vec::new(),
                may_block: false,
            };
            let deep = 1 + maker.random.below(DEEPEST);
            let is_quiet = maker.random.below(3) == 0;
            let first = maker.module(deep, is_quiet, &mut section);
            let function = &section.function;
            let _ = write!(
                maker.text,
                "\n#[inline(never)]\nfn {function}(x: u32) -> u32 {{\n    let mut state = m{first}::make();\n    nonblock::raw::non_block(|_nb| m{first}::call(&mut state, x))\n}}\n"
            );
            let _ = writeln!(calls, "    sum = sum.rotate_left(3) ^ {function}(sum & 0xffff);");
            sections.push(section);
        }
        let text = format!(
            "{}\nfn main() {{\n    let mut sum = 1_u32;\n{calls}    opaque(sum);\n}}\n",
            maker.text
        );
        Self { text, sections }
    }
}

struct Maker {
    random: Random,
    modules: usize,
    text: String,
    has_functions_of_std: bool,
}

impl Maker {
    /// Writes a module and all that it goes on to. Returns its number.
    fn module(&mut self, deep: usize, is_quiet: bool, section: &mut Section) -> usize {
        self.modules += 1;
        let own = self.modules;
        let construct = if deep > 0 && self.has_functions_of_std && self.random.below(8) == 0 {
            FUNCTIONS_OF_STD
        } else if deep > 0 {
            let list = self.random.one_of(&GOING_ON);
            *self.random.one_of(list)
        } else {
            self.leaf(is_quiet)
        };
        section.may_block |= construct.blocks;
        section.constructs.push(construct.name);
        let mut uses = String::new();
        for name in ["next", "other"].iter().take(construct.children()) {
            // What a section comes to by the way, it comes to soon.
            let below = if *name == "next" { deep - 1 } else { self.random.below(deep) };
            let child = self.module(below, is_quiet, section);
            let _ = writeln!(uses, "    use super::m{child} as {name};");
        }
        let size = size_of_tag(own);
        let _ = write!(
            self.text,
            "\n/// {}.\nmod m{own} {{\n    use super::*;\n{uses}    pub type Tag = [u8; {size}];\n    pub const TAG: Tag = [0; {size}];\n    pub struct Out(u32, Tag);\n    fn out(x: u32) -> Out {{ Out(x, TAG) }}\n        {}\n}}\n",
            construct.name, construct.text,
        );
        own
    }

    fn leaf(&mut self, is_quiet: bool) -> Construct {
        let blocks = !is_quiet && self.random.below(4) > 0;
        *self.random.one_of(if blocks { BLOCKING } else { HARMLESS })
    }
}

/// No other module's tag has the size, nor has what is in every program.
fn size_of_tag(module: usize) -> usize {
    4 * module + 60
}

/// Numbers that only look like random ones (`SplitMix64`).
struct Random(u64);

impl Random {
    const fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("it is smaller")
    }

    fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}
