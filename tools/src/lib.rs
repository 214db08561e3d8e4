//! What the tools of this folder share.

pub mod annotate;
pub mod assembly;
pub mod blocking;
pub mod cargo;
pub mod clippy_config;
pub mod generate;
