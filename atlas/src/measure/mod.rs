//! How an operation is measured: each way in a process of its own.

mod beside;
mod clock;
mod counts;
mod helper;
mod memory;
mod steps;
mod system_calls;
mod watched;

pub use beside::{Beside, beside_holder, beside_stopped};
pub use clock::time_passes;
pub use counts::{When, count};
pub use helper::meanwhile;
pub use watched::watch;

/// Readies the process: nothing that is measured is done for the first time because of the measurement.
pub fn set_up() {
    memory::look_up();
    clock::look_up();
    helper::start();
}
