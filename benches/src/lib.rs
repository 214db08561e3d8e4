//! How rivals are measured: side by side, in one run, turn by turn.
//!
//! The program `rivals` holds what is measured, a subject a file, and is built several times: with checks, without, and
//! with `RealtimeSanitizer`. The command `benches` builds and runs it, and makes the page. Both speak the types of
//! [`results`]. See the README of this folder.
//!
//! The sampling loop is our own. The well-kept harnesses time one function after another (criterion, divan), so that a
//! machine that is busier in one minute than in the next decides the ratio. Here each round runs every rival once, in
//! an order drawn anew.
#![allow(
    clippy::cast_precision_loss,
    reason = "numbers of operations are far below what a float holds exactly"
)]

pub mod batch;
pub mod counting;
pub mod goal;
pub mod padded;
pub mod plan;
pub mod processors;
pub mod results;
pub mod sampling;
pub mod statistics;
pub mod threads;

pub use batch::{each, opaque, repeat, timed};
pub use goal::Goal;
pub use padded::Padded;
pub use plan::{Group, Plan};
pub use processors::Processors;
pub use threads::{beside, together, while_running};
