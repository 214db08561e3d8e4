//! What the tools of this folder share.

pub mod annotate;
pub mod assembly;
pub mod cargo;
pub mod generate;
