//! Integration tests of `nonblock`. In the library itself are what several of them use, and the README's
//! examples as documentation tests.

pub mod fixture;
#[cfg(loom)]
pub mod model;
pub mod process;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
