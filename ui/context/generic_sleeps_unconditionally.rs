//! Law 2: generic code has no right to sleep until it has asked for it.

use nonblock::{Context, Sleepable};

fn flush(_cx: &mut Sleepable) {}

fn unmap<C: Context>(cx: &mut C) -> Result<(), C::Refusal> {
    flush(cx);
    Ok(())
}

fn main() {}
