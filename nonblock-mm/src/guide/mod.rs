//! The guide: how a driver that mirrors a process's memory is written here, and what is promised to the reaper.
//!
//! | chapter | what it answers |
//! |---|---|
//! | [`moving_over`] | My driver has an mmu notifier of Linux's kind. How do I write it here? |
//! | [`recipes`] | How do I mirror a range, take memory away, or tell others before memory is taken? |
//! | [`theorem`] | Why does the reaper never wait for an allocation? What is assumed, and what is left out? |
//! | [`blind_spots`] | What do the types not see, in this crate? |
//!
//! The crate `nonblock` has a guide too. It moves a driver over step by step, proves the theorem that [`theorem`] applies,
//! and has the recipes that are not about memory. Read its chapter `moving_over` first if sections and tokens are new to
//! you.
//!
//! These modules hold documentation only. Their examples are compiled and run as tests.

pub mod blind_spots;
pub mod moving_over;
pub mod recipes;
pub mod theorem;
