//! Law 3: registering a trigger with the kernel may sleep.

use nonblock::NonBlock;
use nonblock_mm::oom::{Pressure, PressureError, Trigger};

fn watch(trigger: Trigger, nb: &mut NonBlock) -> Result<Pressure, PressureError> {
    Pressure::of_system(trigger, nb)
}

fn main() {}
