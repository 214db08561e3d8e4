//! Law 3: what may be a right to sleep does not come into a section by a trait of the user's own.

use nonblock::{Context, Sleepable, non_block};

fn flush(_cx: &mut Sleepable) {}

trait Either: Context {}

impl<C: Context> Either for C {}

#[non_block]
fn count<C>(cx: &mut C)
where
    C: Either,
{
    cx.as_sleepable().map(flush);
}

fn main() {}
