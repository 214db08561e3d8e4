//! Law 3: the token is borrowed by the section, so it cannot wait inside.

use std::time::Duration;

use nonblock::Sleepable;
use nonblock_mm::oom::{Pressure, PressureError};

fn wait(pressure: &Pressure, cx: &mut Sleepable) -> Result<bool, PressureError> {
    cx.non_block(|_nb| pressure.wait_timeout(cx, Duration::from_secs(1)))
}

fn main() {}
