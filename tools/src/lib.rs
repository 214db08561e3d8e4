//! What the tools of this folder share.

pub mod annotate;
pub mod cargo;
