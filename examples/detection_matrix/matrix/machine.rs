//! What it ran on.

use std::process::Command;

/// The versions of the kernel, glibc and rustc.
pub(crate) fn machine() -> String {
    let first_line = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
    };
    let kernel = first_line("uname", "-r").unwrap_or_default();
    // Only the numbers: what is behind them is its builder's.
    let kernel = kernel.split('-').next().unwrap_or_default();
    // SAFETY: it takes nothing.
    let libc = unsafe { libc::gnu_get_libc_version() };
    // SAFETY: it has returned a text that ends in a nul and stays.
    let libc = unsafe { std::ffi::CStr::from_ptr(libc) };
    let rustc = first_line("rustc", "--version").unwrap_or_else(|| "an unknown rustc".to_owned());
    format!("Linux {kernel}, glibc {}, {rustc}", libc.to_string_lossy())
}
