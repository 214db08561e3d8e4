//! What is known of each system call: a line each, by subject.

mod credentials;
mod descriptors;
mod events;
mod file_systems;
mod files;
mod gone;
mod ipc;
mod kernel;
mod memory;
mod network;
mod processes;
mod scheduling;
mod signals;
mod time;

pub(super) use credentials::*;
pub(super) use descriptors::*;
pub(super) use events::*;
pub(super) use file_systems::*;
pub(super) use files::*;
pub(super) use gone::*;
pub(super) use ipc::*;
pub(super) use kernel::*;
pub(super) use memory::*;
pub(super) use network::*;
pub(super) use processes::*;
pub(super) use scheduling::*;
pub(super) use signals::*;
pub(super) use time::*;

/// The lines of a subject: `name(ARGUMENTS) [CLASS] "reason";`.
///
/// The class is `never`, `may`, or `unless` with the exceptions. Each line becomes a static of the call's name.
macro_rules! calls {
    ($($name:ident($($argument:expr),*) [$($class:tt)+] $reason:expr;)+) => {$(
        #[allow(non_upper_case_globals, reason = "it has the call's own name")]
        #[allow(dead_code, reason = "not every architecture has every call")]
        pub(in crate::watch::trap::syscalls) static $name: $crate::watch::trap::syscalls::system_call::SystemCall =
            $crate::watch::trap::syscalls::system_call::SystemCall {
                name: stringify!($name),
                class: $crate::watch::trap::syscalls::calls::class!($($class)+),
                reason: $reason,
                arguments: &[$($argument),*],
            };
    )+};
}

macro_rules! class {
    (never) => {
        $crate::watch::trap::syscalls::system_call::Class::NeverBlocks
    };
    (may) => {
        $crate::watch::trap::syscalls::system_call::Class::MayBlock
    };
    (unless $exceptions:expr) => {
        $crate::watch::trap::syscalls::system_call::Class::ByArguments($exceptions)
    };
}

use {calls, class};
