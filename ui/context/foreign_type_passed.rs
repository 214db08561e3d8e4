//! Law 5: only a token can be passed where a `Context` is asked for.

use nonblock::Context;

fn unmap<C: Context>(_cx: &mut C) {}

fn main() {
    unmap(&mut 5);
}
