//! Integration tests of `nonblock`. In the library itself are what several of them use, and the READMEs'
//! examples as documentation tests.

pub mod allocations;
#[cfg(target_os = "linux")]
pub mod cgroup;
pub mod fixture;
pub mod interpreter;
#[cfg(loom)]
pub mod model;
pub mod process;
#[cfg(target_os = "linux")]
pub mod victim;
#[cfg(feature = "lockdep")]
pub mod waits;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../nonblock/README.md")]
struct ReadmeOfNonblock;

#[cfg(doctest)]
#[doc = include_str!("../../nonblock-mm/README.md")]
struct ReadmeOfNonblockMm;

#[cfg(doctest)]
#[doc = include_str!("../../linux/README.md")]
struct ReadmeOfLinux;

#[cfg(doctest)]
#[doc = include_str!("../../linux/nonblock-linux/README.md")]
struct ReadmeOfNonblockLinux;
