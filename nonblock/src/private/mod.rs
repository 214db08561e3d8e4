//! What the expansions of the attributes name. It is no public interface: no version keeps it stable.

#[cfg(not(feature = "async"))]
mod needs_async;
mod probe;
mod prologue;
mod requirement;
mod test_body;
#[cfg(feature = "std")]
mod test_runs;
#[cfg(feature = "std")]
mod test_watch;

#[cfg(feature = "std")]
pub use crate::__test_watch as test_watch;
pub use crate::context::Context;
pub use crate::context::sealed::HoldsToken;
#[cfg(feature = "async")]
pub use crate::future::non_blocking;
pub use crate::section::Section;
#[cfg(feature = "std")]
pub use crate::testing::run as run_test;
pub use crate::token::{NonBlock, Sleepable};
pub use core::module_path;
pub use core::option::Option::{None, Some};
pub use core::prelude::v1::test;
#[cfg(not(feature = "async"))]
pub use needs_async::non_blocking;
#[cfg(feature = "macros")]
pub use nonblock_macros::put_the_attribute_on_the_extern_block;
pub use probe::{
    ContextProbe, Found, Generic, Held, HolderProbe, LastProbe, Nothing, Probe, Stranger, TokenRef,
};
pub use prologue::{
    BoundCall, BoundToken, EnterMaySleep, EnterNonBlock, Lend, bind_non_block, bind_sleepable,
    context, enter, enter_section, may_sleep, may_sleep_by_type, non_block, non_block_by_type,
    refused, section,
};
pub use requirement::{
    IsContext, IsNonBlock, IsSleepable, Named, NoOther, NotGeneric, NotSleepable, TakesToken,
};
pub use test_body::{TestBody, run_body};
#[cfg(feature = "std")]
pub use test_runs::TestRuns;
#[cfg(all(feature = "watch", target_os = "linux"))]
pub use test_watch::TestWatch;
