//! Law 1: what captures no token is for the crate to say, not for the closure's author.

use nonblock::{NoToken, Sleepable, sleepable};

trait Sneaky: FnMut(&mut Sleepable) {}

impl<T: FnMut(&mut Sleepable)> Sneaky for T {}

impl NoToken for &mut (dyn Sneaky + '_) {}

fn wait(_cx: &mut Sleepable) {}

fn main() {
    sleepable(|outer| {
        let mut twice = |inner: &mut Sleepable| outer.non_block(|_| wait(inner));
        let twice: &mut dyn Sneaky = &mut twice;
        sleepable(twice);
    });
}
