//! Law 5: `dyn Context` does not exist, not even with its refusal named: its functions are generic.

use nonblock::{Context, WouldBlock};

fn unmap(_cx: &mut dyn Context<Refusal = WouldBlock>) {}

fn main() {}
