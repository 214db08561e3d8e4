//! Law 5: generic code must look at a refusal too.
#![deny(unused_must_use)]

use nonblock::{Context, Sleepable};

fn flush<C: Context>(cx: &mut C) -> Result<(), C::Refusal> {
    wait(cx.or_refuse()?);
    Ok(())
}

fn wait(_cx: &mut Sleepable) {}

fn unmap<C: Context>(cx: &mut C) -> Result<(), C::Refusal> {
    flush(cx);
    Ok(())
}

fn main() {}
