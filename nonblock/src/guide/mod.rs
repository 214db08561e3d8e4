//! The guide: how to move a driver over, why it holds, what it does not see, and recipes.
//!
//! | chapter | what it answers |
//! |---|---|
//! | [`moving_over`] | How do I move a driver over that knows nothing of contexts? Step by step, with a working program after each. |
//! | [`mistakes`] | What does the compiler refuse then, and which step finds which mistake? |
//! | [`theorem`] | Why does a section never wait for a thread that sleeps? The proof, what it assumes, what it leaves out. |
//! | [`operations`] | What may a section call? Each operation: whether it waits, allocates, frees, or calls the system. |
//! | [`atlas`] | What may a section call of std and of other crates? What they did when they were measured. |
//! | [`blind_spots`] | What do the types not see, and what do the counters not see either? Each case with the test that shows it. |
//! | [`recipes`] | How do I wait or refuse, count, put work off, read a configuration, wrap what sleeps, use C, and test it? |
//!
//! Drivers that mirror a process's memory have a guide of their own, in the crate `nonblock-mm`.
//!
//! These modules hold documentation only, and exist in documentation only. Their examples are compiled and run as tests.

pub mod atlas;
pub mod blind_spots;
pub mod mistakes;
pub mod moving_over;
pub mod operations;
pub mod recipes;
pub mod theorem;
