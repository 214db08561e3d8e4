//! Free functions, wherever among their parameters the token stands.
#![deny(warnings)]

use nonblock::{Sleepable, may_sleep, sleepable};

#[may_sleep]
fn first(cx: &mut Sleepable, blocks: u32) -> u32 {
    let _ = cx;
    blocks
}

#[may_sleep]
fn last(blocks: u32, cx: &mut nonblock::Sleepable) -> u32 {
    first(cx, blocks)
}

#[may_sleep]
fn unused(_: &mut Sleepable) {}

#[may_sleep]
fn reassigned(mut cx: &mut Sleepable) -> u32 {
    let again = &mut *cx;
    cx = again;
    first(cx, 2)
}

#[may_sleep]
fn early(cx: &mut Sleepable, text: &str) -> Result<u32, std::num::ParseIntError> {
    if text.is_empty() {
        return Ok(0);
    }
    Ok(first(cx, text.parse()?))
}

fn main() {
    sleepable(|cx| {
        assert_eq!(last(1, cx), 1);
        unused(cx);
        assert_eq!(reassigned(cx), 2);
        assert_eq!(early(cx, ""), Ok(0));
        assert_eq!(early(cx, "7"), Ok(7));
        assert!(early(cx, "x").is_err());
    });
}
