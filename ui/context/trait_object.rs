//! Law 5: which of the two contexts it is must be known when the code is compiled.

use nonblock::Context;

fn unmap(_cx: &mut dyn Context) {}

fn main() {}
