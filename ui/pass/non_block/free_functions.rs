//! Functions whose body is a section: early returns, `?` and loops work as always.
#![deny(warnings)]

use nonblock::{non_block, raw, sleepable};

#[non_block]
fn depth() -> u32 {
    raw::depth()
}

#[non_block]
fn early(limit: u32) -> Option<u32> {
    for i in 0.. {
        if i == limit {
            return Some(i);
        }
        if i == 9 {
            None?;
        }
    }
    None
}

#[non_block]
fn recursive(n: u32) -> u32 {
    if n == 0 { raw::depth() } else { recursive(n - 1) }
}

#[non_block]
fn by_value(text: String) -> String {
    let mut text = text;
    text.push('x');
    text
}

fn main() {
    let one = u32::from(cfg!(debug_assertions));
    assert_eq!(depth(), one);
    assert_eq!((early(3), early(12)), (Some(3), None));
    assert_eq!(recursive(2), 3 * one);
    assert_eq!(by_value(String::new()), "x");
    sleepable(|cx| cx.non_block(|_nb| assert_eq!(depth(), 2 * one)));
    assert_eq!(raw::depth(), 0);
}
