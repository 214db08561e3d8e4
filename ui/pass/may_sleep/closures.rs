//! A closure has no attribute: it takes the token as a parameter, and opens a section by the token that it was lent.
#![deny(warnings)]

use nonblock::{NonBlock, Sleepable, may_sleep, raw, sleepable};

#[may_sleep]
fn for_each(cx: &mut Sleepable, items: &[u32], mut f: impl FnMut(&mut Sleepable, u32)) {
    items.iter().for_each(|item| f(cx, *item));
}

fn main() {
    let mut sum = 0;
    sleepable(|cx| {
        for_each(cx, &[1, 2], |cx: &mut Sleepable, item| {
            sum += cx.non_block(|_nb: &mut NonBlock| item + raw::depth());
        });
    });
    assert_eq!(sum, 3 + 2 * u32::from(cfg!(debug_assertions)));
}
