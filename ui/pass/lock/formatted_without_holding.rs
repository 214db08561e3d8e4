//! Formatting a spin lock does not hold it: whoever writes the text may sleep.
#![deny(warnings)]

use std::fmt::{self, Write};

use nonblock::{Sleepable, sleepable, sync::SpinLock, thread};

struct Slow<'a>(&'a mut Sleepable, &'a SpinLock<u32>);

impl Write for Slow<'_> {
    fn write_str(&mut self, _text: &str) -> fmt::Result {
        assert!(!self.1.is_locked());
        thread::sleep(self.0, std::time::Duration::from_micros(1));
        Ok(())
    }
}

fn main() {
    let hits = SpinLock::new(7);
    sleepable(|cx| write!(Slow(cx, &hits), "{hits:?}")).unwrap();
}
