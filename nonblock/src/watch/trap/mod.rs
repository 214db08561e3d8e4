//! What catches the system calls that a section makes.

#[allow(dead_code, unused_imports, reason = "the handler, which uses it, comes with it")]
mod syscalls;
