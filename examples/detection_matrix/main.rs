//! What the watch sees: operations that sleep, may sleep or never sleep, each in a section, in a process of its own, under each
//! layer and under `RealtimeSanitizer`.
//!
//! `cargo run --release --example detection_matrix -- --help` lists the options.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod matrix;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn main() -> std::process::ExitCode {
    matrix::main()
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn main() {
    println!(
        "The layer `trap` is there on Linux on x86-64 only, so there is nothing to show here."
    );
}
