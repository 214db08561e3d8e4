//! What the attributes' expansions call. Not a public interface: no version keeps it stable.

mod entry;
mod probe;
mod requirement;
mod test_body;

pub use crate::context::Context;
pub use crate::section::Section;
#[cfg(feature = "std")]
pub use crate::testing::run as run_test;
pub use crate::token::{NonBlock, Sleepable};
pub use core::prelude::v1::test;
pub use entry::{
    Bound, Enter, Start, bind_non_block, bind_sleepable, context, enter, enter_section, may_sleep,
    may_sleep_by_type, non_block, non_block_by_type, refused, section,
};
#[cfg(feature = "macros")]
pub use nonblock_macros::put_the_attribute_on_the_extern_block;
pub use probe::{ContextProbe, Found, Generic, LastProbe, Lent, Nothing, Probe, Stranger};
pub use requirement::{
    IsContext, IsNonBlock, IsSleepable, Named, NoOther, NotGeneric, NotSleepable, TakesToken,
};
pub use test_body::{TestBody, run_body};
