//! A section is a closure: `?` in it returns from the section, which must say what it returns.

use nonblock::Sleepable;
use nonblock::work::{Full, Queue};

fn flush(flushes: &Queue<u64>, cx: &mut Sleepable) -> Result<(), Full<u64>> {
    cx.non_block(|nb| {
        flushes.push(nb, 4096)?;
    });
    Ok(())
}

fn main() {}
