//! Generic code serves both contexts: it waits for the one and refuses the other.
#![deny(warnings)]

use nonblock::{Context, Sleepable, WouldBlock, sleepable};

fn wait(_cx: &mut Sleepable) {}

fn unmap<C: Context>(busy: bool, cx: &mut C) -> Result<u32, C::Refusal> {
    if busy {
        wait(cx.or_refuse()?);
    }
    Ok(cx.non_block(|_nb| 1))
}

fn unmap_twice<C: Context>(cx: &mut C) -> Result<u32, C::Refusal> {
    Ok(unmap(false, cx)? + unmap(true, cx)?)
}

fn main() {
    sleepable(|cx| {
        let Ok(pages) = unmap_twice(cx);
        assert_eq!(pages, 2);
        assert_eq!(cx.non_block(|nb| unmap_twice(nb)), Err(WouldBlock));
        assert_eq!(cx.non_block(|nb| unmap(false, nb)), Ok(1));
    });
}
