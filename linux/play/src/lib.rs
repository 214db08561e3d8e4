//! The runner behind `linux/run`: it builds a kernel and the library's modules for it, boots it under qemu, and judges what the
//! guest's log shows.
//!
//! Read in this order: [`run`] is the whole, [`rows`] says what is to be seen, and [`judge`] compares a [`log`] with it.

pub mod checks_off;
pub mod command;
pub mod guest;
pub mod initramfs;
pub mod judge;
pub mod kbuild;
pub mod kernel_config;
pub mod kernel_source;
pub mod log;
pub mod machine;
pub mod options;
pub mod readme;
pub mod rows;
pub mod run;
pub mod steps;
pub mod stop;
pub mod table;
pub mod typed_twin;
