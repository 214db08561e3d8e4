//! How many sections a thread of the checker's has open.

use std::cell::Cell;

loom::thread_local! {
    static DEPTH: Cell<u32> = Cell::new(0);
}

/// An open section, counted until it is dropped.
#[derive(Debug)]
pub struct Depth(());

impl Depth {
    /// Opens a section.
    pub fn enter() -> Self {
        DEPTH.with(|depth| depth.set(depth.get() + 1));
        Self(())
    }

    /// Returns how many are open on this thread.
    pub fn now() -> u32 {
        DEPTH.with(Cell::get)
    }
}

impl Drop for Depth {
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get() - 1));
    }
}
