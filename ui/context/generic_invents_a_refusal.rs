//! Law 5: generic code passes a refusal on; it cannot make one.

use nonblock::{Context, WouldBlock};

fn unmap<C: Context>(busy: bool, _cx: &mut C) -> Result<(), C::Refusal> {
    if busy {
        let refusal: C::Refusal = WouldBlock;
        return Err(refusal);
    }
    Ok(())
}

fn main() {}
