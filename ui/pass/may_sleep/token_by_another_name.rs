//! Types decide which parameter is the token: renamed imports and aliases work.
#![deny(warnings)]

use nonblock::{Context as Either, Sleepable as Right, may_sleep, sleepable};

type Cx = nonblock::Sleepable;

type CxRef<'a> = &'a mut nonblock::Sleepable;

#[may_sleep]
fn renamed(_cx: &mut Right) {}

#[may_sleep]
fn aliased(_cx: &mut Cx) {}

#[may_sleep]
fn by_an_alias_of_the_reference(_cx: CxRef<'_>) {}

#[may_sleep]
fn of_either_kind<C: Either>(_cx: &mut C) {}

#[may_sleep]
fn of_either_unnamed_kind(_cx: &mut impl Either) {}

fn main() {
    sleepable(|cx| {
        of_either_kind(cx);
        of_either_unnamed_kind(cx);
        renamed(cx);
        aliased(cx);
        by_an_alias_of_the_reference(cx);
    });
}
