//! The command line: `cargo nonblock`.

use std::process::ExitCode;

fn main() -> ExitCode {
    cargo_nonblock::command::main(std::env::args_os())
}
