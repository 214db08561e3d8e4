//! Only a driver can be told of invalidations.

use std::sync::Arc;

use nonblock::Sleepable;
use nonblock_mm::mmu::{AddressSpace, Released};

struct Userptr;

fn open(space: &AddressSpace, cx: &mut Sleepable) -> Result<(), Released> {
    space.subscribe(Arc::new(Userptr), cx)?.unsubscribe(cx);
    Ok(())
}

fn main() {}
