//! Functions of the standard library of which more is known than their instructions tell: those that call what their caller gives them,
//! and those that never return.

use crate::demangle::Name;

/// Whether a function never returns, by its name without generic arguments: it panics, or ends the program. In doubt it does.
pub(crate) fn never_returns(plain: &str) -> bool {
    NEVER_RETURN.contains(&plain)
        || PANICS.iter().any(|prefix| plain.starts_with(prefix))
        || (plain.starts_with("alloc::vec::") && plain.ends_with("::assert_failed"))
}

/// Whether a function of the C library, or of the one that unwinds, never returns. In doubt it does.
pub(crate) fn import_never_returns(symbol: &str) -> bool {
    let symbol = symbol.split('@').next().unwrap_or(symbol);
    IMPORTS_NEVER_RETURN.contains(&symbol)
}

/// How the names of the functions begin that only panic.
const PANICS: [&str; 10] = [
    "core::panicking::panic",
    "core::panicking::assert_failed",
    "core::num::overflow_panic::",
    "core::cell::panic_",
    "core::slice::index::slice_index_fail",
    "core::slice::copy_from_slice_impl::len_mismatch_fail",
    "core::str::slice_error_fail",
    "std::panicking::begin_panic",
    "std::panicking::panic_with_hook",
    "std::rt::begin_panic",
];

/// Others that never return.
const NEVER_RETURN: [&str; 13] = [
    "core::panicking::unreachable_display",
    "core::option::unwrap_failed",
    "core::option::expect_failed",
    "core::result::unwrap_failed",
    "alloc::raw_vec::handle_error",
    "alloc::raw_vec::capacity_overflow",
    "alloc::alloc::handle_alloc_error",
    "std::alloc::handle_alloc_error",
    "std::panicking::resume_unwind",
    "std::process::abort",
    "std::process::exit",
    "std::sys::pal::unix::abort_internal",
    "__rustc::rust_begin_unwind",
];

/// What ends no more than the thread is not among them, and neither is what a function may catch.
const IMPORTS_NEVER_RETURN: [&str; 10] = [
    "abort",
    "exit",
    "_exit",
    "_Exit",
    "quick_exit",
    "__assert_fail",
    "__stack_chk_fail",
    "__fortify_fail",
    "__chk_fail",
    "_Unwind_Resume",
];

/// Whether a function is a closure within a constant, as the manglings write it.
pub(crate) fn is_in_constant(full: &str) -> bool {
    ["{K#", "{constant#", "{{constant}}"].into_iter().any(|part| full.contains(part))
}

/// A function that calls what its caller gives it, where the caller mostly gives a constant. Then the caller has the edge: what this
/// function calls for others is none of its business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// A thread-local variable's key, which begins with a pointer to the function that makes and finds the variable.
    Key,
    /// Two functions, as the first and the third argument: one to run, and one to run if it panics.
    Functions,
    /// A program's `main`, as the first argument.
    Main,
}

impl Given {
    pub(crate) fn of(name: &Name) -> Option<Self> {
        if name.plain == "__rust_try" {
            return Some(Self::Functions);
        }
        if name.plain == "std::rt::lang_start" {
            return Some(Self::Main);
        }
        let method = name.plain.strip_prefix("std::thread::local::LocalKey::")?;
        (!method.contains("::")).then_some(Self::Key)
    }

    /// Whether a call by a pointer at this offset is that of what is given.
    pub(crate) fn explains(self, offset: Option<u64>) -> bool {
        match self {
            Self::Key => offset == Some(0),
            Self::Functions => true,
            // It hands it on to others, which call it.
            Self::Main => false,
        }
    }
}
