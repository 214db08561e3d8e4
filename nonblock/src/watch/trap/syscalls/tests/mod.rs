//! The table against the kernel's headers, the rules against a made-up world, and both against the kernel itself.

#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "a test makes several calls on the same memory, for one reason"
)]

mod blocked_thread;
mod by_the_kernel;
mod errno;
mod headers;
mod made_up;
mod numbers;
mod printing;
mod random;
mod real;
mod rules;
mod syscalls_of_the_static_check;
mod table;
