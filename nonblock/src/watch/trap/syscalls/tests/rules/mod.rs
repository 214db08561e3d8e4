//! Each rule by arguments with both outcomes, in a made-up world.

mod descriptors;
mod memory;
mod others;
mod world;

use std::collections::BTreeSet;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::made_up::{ADDRESS, MadeUp, call};
use crate::watch::trap::syscalls::classify::{Verdict, decide};
use crate::watch::trap::syscalls::condition::Condition;
use crate::watch::trap::syscalls::numbers::x86_64;
use crate::watch::trap::syscalls::system_call::Class;
use world::{FILE, NONBLOCK_PIPE, world};

/// A constant of libc's as an argument.
macro_rules! arg {
    ($($name:ident)|+) => { usize::try_from($(libc::$name)|+).expect("not below zero") };
}

use arg;

/// A call with the arguments that it begins with; the others are zero.
fn verdict(name: &str, given: &[usize], world: &MadeUp) -> Verdict {
    let mut arguments = [0; 6];
    arguments[..given.len()].copy_from_slice(given);
    decide(call(name), &arguments, world)
}

/// A time of zero.
const ZERO_TIME: [u8; 16] = [0; 16];
/// What is asked of each call: its arguments, and whether it may block then. The memory at `ADDRESS` is that of the case.
type Case = (&'static str, Vec<usize>, Vec<u8>, bool);

/// A case in which the memory means nothing.
type Registers = (&'static str, Vec<usize>, bool);

fn cases() -> Vec<Case> {
    let by_registers = [
        descriptors::transfers(),
        descriptors::sockets(),
        descriptors::pipes_and_locks(),
        descriptors::commands(),
        descriptors::requests(),
        others::waiting(),
        others::processes(),
        others::ipc(),
        others::futexes(),
    ];
    let by_registers = by_registers.into_iter().flatten();
    let with_memory =
        by_registers.map(|(name, given, may_block)| (name, given, ZERO_TIME.to_vec(), may_block));
    with_memory.chain(memory::by_memory()).collect()
}

#[test]
fn every_case_is_decided_as_it_should_be() {
    for (name, given, memory, may_block) in cases() {
        let verdict = verdict(name, &given, &world().with_memory(&memory));
        assert_eq!(verdict.may_block, may_block, "{name}{given:?} {memory:?}: {}", verdict.why);
        if may_block {
            assert_eq!(verdict.why, verdict.call.reason);
        } else {
            assert_ne!(verdict.why, verdict.call.reason);
        }
    }
}

#[test]
fn random_numbers_are_waited_for_only_before_they_are_ready() {
    for (world, may_block) in [(world(), true), (world().with_random_ready(), false)] {
        assert_eq!(verdict("getrandom", &[ADDRESS, 8, 0], &world).may_block, may_block);
    }
}

/// What an exception needs, so that two with the same sentence are told apart.
fn key(name: &str, condition: &Condition) -> String {
    format!("{name}: {condition:?}")
}

/// A rule that no case reaches would be one that nobody tried.
#[test]
fn every_rule_is_tried_with_both_outcomes() {
    let mut rules = BTreeSet::new();
    for (_, call) in x86_64::NUMBERS {
        if let Class::ByArguments(exceptions) = call.class {
            rules.insert(format!("{}: it may block", call.name));
            rules.extend(exceptions.iter().map(|exception| key(call.name, &exception.when)));
        }
    }
    assert!(rules.len() > 100, "{}", rules.len());
    // This one has a test of its own.
    rules.remove(&key("getrandom", &Condition::RandomReady));
    for (name, given, memory, may_block) in cases() {
        let world = world().with_memory(&memory);
        let mut arguments = [0; 6];
        arguments[..given.len()].copy_from_slice(&given);
        if may_block {
            rules.remove(&format!("{name}: it may block"));
        } else if let Class::ByArguments(exceptions) = call(name).class {
            let held = exceptions.iter().find(|exception| exception.when.holds(&arguments, &world));
            rules.remove(&key(name, &held.expect("a rule that holds").when));
        }
    }
    assert_eq!(rules, BTreeSet::new());
}

/// The kernel reads an `int` from the low half of a register, and what is above may be anything.
#[cfg(target_pointer_width = "64")]
#[test]
fn the_high_half_of_an_int_means_nothing() {
    let high = 0xdead_beef << 32;
    for (name, given, may_block) in [
        ("read", [NONBLOCK_PIPE | high, 0, 0], false),
        ("poll", [0, 0, high], false),
        ("poll", [0, 0, high | 1], true),
        ("flock", [FILE, high | 6, 0], false),
        ("fcntl", [FILE, high | 3, 0], false),
    ] {
        assert_eq!(verdict(name, &given, &world()).may_block, may_block, "{name}");
    }
}
