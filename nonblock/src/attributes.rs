//! The attributes, as this crate hands them on: their documentation stands here, so that its examples
//! name the crate as users do.

pub use nonblock_macros::may_sleep;
pub use nonblock_macros::non_block;
#[cfg(feature = "std")]
pub use nonblock_macros::test;
