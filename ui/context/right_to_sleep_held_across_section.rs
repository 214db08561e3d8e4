//! Law 3: the right to sleep that a context gave is borrowed from it.

use nonblock::{Context, Sleepable};

fn flush(_cx: &mut Sleepable) {}

fn unmap<C: Context>(cx: &mut C) -> Result<(), C::Refusal> {
    let right = cx.or_refuse()?;
    cx.non_block(|_| flush(right));
    Ok(())
}

fn main() {}
