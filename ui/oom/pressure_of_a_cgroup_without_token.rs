//! Law 2: registering a trigger with the kernel may sleep, so it takes the token.

use nonblock_mm::oom::{Pressure, PressureError, Trigger};

fn watch(trigger: Trigger) -> Result<Pressure, PressureError> {
    Pressure::of_cgroup("/sys/fs/cgroup/system.slice", trigger)
}

fn main() {}
