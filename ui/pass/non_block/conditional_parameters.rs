//! A parameter that is not there is not asked for its type, nor for what its type is.
#![deny(warnings)]

use std::borrow::Cow;
use std::io::Write;

use nonblock::{NonBlock, Sleepable, may_sleep, non_block};

type Same<T> = T;

#[non_block]
fn count(#[cfg(any())] missing: &mut Missing, hits: &mut Same<u32>, more: (u32, &mut Vec<u32>)) -> u32 {
    *hits += more.0;
    more.1.push(*hits);
    *hits
}

/// Types with a lifetime, and type parameters, are no tokens because of that.
#[non_block]
fn greet<W: Write>(#[cfg(all())] name: Cow<'_, str>, #[cfg(all())] out: &mut W, #[cfg(any())] missing: Missing<'_>) {
    let _ = out.write(name.as_bytes());
}

#[non_block]
fn greet_in_a_section(_nb: &NonBlock, #[cfg(all())] name: Cow<'_, str>) -> usize {
    name.len()
}

#[may_sleep]
fn greet_at_leisure(_cx: &mut Sleepable, #[cfg(all())] name: Cow<'_, str>, #[cfg(any())] missing: Missing<'_>) -> usize {
    name.len()
}

#[may_sleep(cx)]
fn greet_from_a_root(#[cfg(all())] name: Cow<'_, str>, #[cfg(any())] missing: Missing<'_>) -> usize {
    greet_at_leisure(cx, name)
}

trait Total {
    fn total(self) -> u32;
}

impl Total for &mut [u32] {
    #[non_block]
    fn total(self) -> u32 {
        self.iter().sum()
    }
}

fn main() {
    let mut all = vec![1];
    assert_eq!(count(&mut 1, (2, &mut all)), 3);
    assert_eq!(all.as_mut_slice().total(), 4);
    let mut out = Vec::new();
    greet("you".into(), &mut out);
    assert_eq!(out, b"you");
    assert_eq!(nonblock::non_block(|nb| greet_in_a_section(nb, "you".into())), 3);
    assert_eq!(greet_from_a_root("you".into()), 3);
}
