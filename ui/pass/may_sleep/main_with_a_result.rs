//! `fn main` that returns a `Result`.
#![deny(warnings)]

use nonblock::{may_sleep, sync::Mutex};

#[may_sleep(cx)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let number = Mutex::new("7".parse::<u32>()?);
    assert_eq!(*number.lock(cx), 7);
    Ok(())
}
