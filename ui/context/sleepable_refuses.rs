//! Law 5: a caller that may sleep cannot be told "would block".

use nonblock::{Context, Sleepable, WouldBlock};

fn unmap(_cx: &mut Sleepable) -> Result<(), <Sleepable as Context>::Refusal> {
    let refusal: <Sleepable as Context>::Refusal = WouldBlock;
    Err(refusal)
}

fn main() {}
