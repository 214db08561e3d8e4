//! A `Context` is lent on as it came: `cx`, not `&mut cx`.

use nonblock::{Context, Sleepable};

fn unmap<C: Context>(_cx: &mut C) {}

fn run(mut cx: &mut Sleepable) {
    unmap(&mut cx);
}

fn main() {}
