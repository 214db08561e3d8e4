//! May I call this in a section? Operations of std and of published crates, measured.
//!
//! `operations` has a file for each crate. Each of its operations is run in processes of its own, in the ways of `measure`. What comes of
//! it is a [`Row`], and of all rows the [`page`], the configuration for [clippy](clippy_config), and lines for the static check.

// It measures what its own configuration for clippy forbids.
#![allow(clippy::disallowed_methods)]

pub mod bench;
pub mod clippy_config;
pub mod figures;
pub mod functions;
mod measure;
pub mod operation;
pub mod operations;
pub mod page;
pub mod planted;
pub mod process;
pub mod row;
pub mod sleeper;

pub use measure::{meanwhile, time_passes};
pub use row::{Row, Verdict};
