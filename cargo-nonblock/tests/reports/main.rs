//! The forms of the report: each says what it must, and is what it claims to be.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

#[path = "../support/mod.rs"]
mod support;

mod against;
mod header;
mod html;
mod human;
mod json;
mod programs;
mod readme;
mod sarif;
mod unreadable;
