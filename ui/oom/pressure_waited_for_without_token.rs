//! Law 2: waiting for memory to be short is a sleep, so it takes the token.

use std::time::Duration;

use nonblock_mm::oom::{Pressure, PressureError};

fn wait(pressure: &Pressure) -> Result<bool, PressureError> {
    pressure.wait_timeout(Duration::from_secs(1))
}

fn main() {}
