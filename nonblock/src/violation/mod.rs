//! What a violation is: plain data, which looks at nothing above it.

mod array_string;
#[cfg(feature = "capi")]
mod c_file;
mod kind;
mod place;
mod policy;
mod record;
mod task;

#[cfg(feature = "capi")]
pub(crate) use c_file::CFile;
pub use kind::ViolationKind;
pub use place::Place;
pub use policy::{ParsePolicyError, Policy};
pub use record::Violation;
pub use task::Task;
