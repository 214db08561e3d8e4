//! Integration tests of `nonblock`; in the library itself are only the README's examples, as
//! documentation tests.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
