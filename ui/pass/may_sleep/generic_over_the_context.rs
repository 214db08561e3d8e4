//! A function for both contexts may sleep if its context may.
#![deny(warnings)]

use nonblock::{Context, Sleepable, WouldBlock, may_sleep, sleepable};

#[may_sleep]
fn flush<C: Context>(busy: bool, cx: &mut C) -> Result<u32, C::Refusal> {
    if busy {
        let _: &mut Sleepable = cx.or_refuse()?;
    }
    Ok(1)
}

#[may_sleep]
fn flush_all<C>(cx: &mut C) -> Result<u32, C::Refusal>
where
    C: Context,
{
    Ok(flush(false, cx)? + flush(true, cx)?)
}

#[may_sleep]
fn anonymous(cx: &mut impl Context) -> bool {
    flush(true, cx).is_ok()
}

fn main() {
    sleepable(|cx| {
        let Ok(flushed) = flush_all(cx);
        assert_eq!(flushed, 2);
        assert!(anonymous(cx));
        assert_eq!(cx.non_block(|nb| flush_all(nb)), Err(WouldBlock));
        assert!(!cx.non_block(|nb| anonymous(nb)));
    });
}
