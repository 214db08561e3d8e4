//! How a line of the table is written.

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
                class: $crate::watch::trap::syscalls::calls_macro::class!($($class)+),
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

pub(super) use {calls, class};
