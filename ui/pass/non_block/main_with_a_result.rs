//! `fn main` that is a section, and returns a `Result`.
#![deny(warnings)]

use nonblock::{non_block, raw};

#[non_block]
fn main() -> Result<(), std::num::ParseIntError> {
    let number = "7".parse::<u32>()?;
    assert_eq!(number + raw::depth(), 7 + u32::from(cfg!(debug_assertions)));
    Ok(())
}
