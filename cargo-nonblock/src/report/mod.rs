//! What came out, for people and for programs.

mod human;
mod json;

pub use human::{against, human, why};
pub use json::{json, why as json_why};
