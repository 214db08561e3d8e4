//! Law 3: waiting for memory to be short is a sleep.

use nonblock::NonBlock;
use nonblock_mm::oom::{Pressure, PressureError};

fn wait(pressure: &Pressure, nb: &mut NonBlock) -> Result<(), PressureError> {
    pressure.wait(nb)
}

fn main() {}
