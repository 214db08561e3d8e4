//! What the tests of the command share: a small program, and the command run on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

pub(crate) const SOURCE: &str = "
#[inline(never)]
#[unsafe(no_mangle)]
extern \"C\" fn process() { relay(); }

#[inline(never)]
fn relay() { std::thread::sleep(std::time::Duration::from_millis(1)); }

#[inline(never)]
#[unsafe(no_mangle)]
extern \"C\" fn computes() -> u32 { std::hint::black_box(1) }

#[inline(never)]
#[unsafe(no_mangle)]
extern \"C\" fn asks(number: usize) { (unsafe { Either { number }.function })(); relay(); }

union Either { number: usize, function: extern \"C\" fn() }

#[inline(never)]
#[unsafe(export_name = \"<script>alert('x')</script>\")]
extern \"C\" fn marked() { each(&[1], |_| relay()); }

#[inline(never)]
fn each<T>(list: &[T], f: impl Fn(&T)) { list.iter().for_each(f); }

fn main() { process(); computes(); asks(process as extern \"C\" fn() as usize); marked(); }
";

/// What the check tells rustc, too.
pub(crate) const FLAGS: [&str; 4] = [
    "--edition=2024",
    "-Clink-arg=-Wl,--emit-relocs",
    "-Cdebuginfo=2",
    "-Csymbol-mangling-version=v0",
];

/// The folder with the program and its source.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("sleeps").join(env!("CARGO_CRATE_NAME"))
}

/// A program with functions of which some sleep.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let folder = folder();
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("sleeps.rs"), SOURCE).expect("the source can be written");
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = Command::new(rustc);
        command.current_dir(&folder).args(["sleeps.rs", "-o", "sleeps"]).args(FLAGS);
        assert!(command.status().expect("rustc can be run").success());
        folder.join("sleeps")
    })
}

/// The command, in the folder of the program, with none of the surrounding terminal's settings.
pub(crate) fn command(arguments: &[&str]) -> Command {
    program();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-nonblock"));
    command.current_dir(folder()).args(arguments);
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm").env("LC_ALL", "C.UTF-8").env("XDG_CACHE_HOME", folder());
    command
}

pub(crate) fn nonblock(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the command can be run")
}

/// Checks the program's functions that are named.
pub(crate) fn check(arguments: &[&str]) -> Output {
    nonblock(&[&["check", "sleeps", "--no-sections", "--no-cache"], arguments].concat())
}

/// Asserts the exit code, and returns what was written.
#[track_caller]
pub(crate) fn exits(output: &Output, code: i32) -> String {
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

/// Writes a file, and returns its path.
pub(crate) fn file(name: &str, text: &str) -> String {
    program();
    let path = folder().join(name);
    fs::write(&path, text).expect("the file can be written");
    path.display().to_string()
}
