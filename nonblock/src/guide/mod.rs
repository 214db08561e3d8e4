//! The guide: how to move a driver over, why it holds, what it does not see, and recipes.
//!
//! | chapter | what it answers |
//! |---|---|
//! | [`moving_over`] | How do I move a driver over that knows nothing of contexts? Step by step, with the program working after each. |
//! | [`mistakes`] | What does the compiler refuse then, and which step finds which mistake? |
//! | [`theorem`] | Why can a section not wait for a thread that sleeps? The proof, what it assumes, what it leaves out. |
//! | [`blind_spots`] | What gets past the types, and what gets past the counters as well? Each case with the test that shows it. |
//! | [`recipes`] | How do I wait or refuse, count, put work off, wrap what sleeps, take part from C or without `std`, and test it? |
//!
//! These modules hold documentation only, and are there in documentation only. Their examples are compiled and run as
//! tests.

pub mod blind_spots;
pub mod mistakes;
pub mod moving_over;
pub mod recipes;
pub mod theorem;
