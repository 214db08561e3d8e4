//! Law 1: a second pass borrows the right to sleep of its first one, so a driver cannot keep it for a caller that has none.

use nonblock_mm::mmu::Finish;
use nonblock::{Sleepable, sync::SpinLock};

struct Gpu<'cx> {
    kept: SpinLock<Option<Finish<'cx, u64>>>,
}

fn keep(operation: u64, cx: &mut Sleepable) -> Gpu<'static> {
    Gpu { kept: SpinLock::new(Some(Finish::new(operation, cx))) }
}

fn main() {}
