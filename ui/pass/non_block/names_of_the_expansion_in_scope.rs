//! The names that an expansion binds, and the methods that it calls, are no names that somebody else uses.

#![deny(warnings)]
#![allow(non_upper_case_globals, dead_code)]

use nonblock::{Context, NonBlock, Sleepable, may_sleep, non_block};

static answer: u8 = 1;
const found: u8 = 1;
static token: u8 = 1;
const parameter0: u8 = 1;
static holder: u8 = 1;
const _section: u8 = 1;
static passed0: u8 = 1;
const elements: u8 = 1;

/// Adds methods and associated functions to every type.
trait Everywhere: Sized {
    fn answer(self) {}
    fn ask(self) {}
    fn or(self, _: &u8) {}
    fn token(self) {}
    fn enter(self) {}
    fn check(self) {}
    fn lend(self) {}
    fn new() {}
    fn of() {}
}

impl<T> Everywhere for T {}

type Cx<'a> = &'a mut Sleepable;
type Nb<'a> = &'a mut NonBlock;

#[non_block]
fn in_a_section(list: &mut Vec<u8>, proof: Nb<'_>) {
    list.push(u8::from(proof.non_block(|_| true)));
}

#[may_sleep]
fn by_type(either: Cx<'_>, list: &mut Vec<u8>) {
    list.push(u8::from(either.as_sleepable().is_some()));
}

#[may_sleep]
fn without_a_name(_: &mut Sleepable) {}

#[may_sleep]
fn without_a_name_or_a_type<C: Context>(_: &mut C) {}

#[may_sleep(cx)]
fn bound(list: &mut Vec<u8>) {
    by_type(cx, list);
    without_a_name(cx);
    without_a_name_or_a_type(cx);
}

#[non_block(nb)]
fn section_bound(list: &mut Vec<u8>) {
    in_a_section(list, nb);
}

#[non_block]
unsafe extern "C" {
    safe fn abs(number: i32) -> i32;
}

fn main() {
    let mut list = Vec::new();
    bound(&mut list);
    section_bound(&mut list);
    assert_eq!((list.len(), abs(-1)), (2, 1));
}
