//! `RealtimeSanitizer`: its library comes with rustc as an archive. It is made a shared object here, and loaded before the
//! program, so that the same program runs with it and without.

use std::env;
use std::ffi::CStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::matrix::outcome::Report;

/// What only a program itself can have, and a shared object cannot.
const ONLY_IN_PROGRAMS: &str = "rtsan_preinit.cpp.o";

/// How the lines begin by which it names a function.
const REPORT: &str = "Intercepted call to real-time unsafe function `";

/// The variables that a program with it needs.
pub(crate) fn variables(library: &Path) -> [(&'static str, String); 2] {
    [
        ("LD_PRELOAD", library.display().to_string()),
        ("RTSAN_OPTIONS", "halt_on_error=0:symbolize=0".to_owned()),
    ]
}

/// Makes the shared object in a folder.
pub(crate) fn build(folder: &Path) -> Result<PathBuf, String> {
    let archive = archive()?;
    let copy = folder.join("rtsan.a");
    fs::copy(&archive, &copy).map_err(|error| format!("{}: {error}", archive.display()))?;
    run(Command::new("ar").arg("d").arg(&copy).arg(ONLY_IN_PROGRAMS))?;
    let library = folder.join("librtsan.so");
    let mut command = Command::new("cc");
    command.args(["-shared", "-o"]).arg(&library).arg("-Wl,--whole-archive").arg(&copy);
    run(command.args(["-Wl,--no-whole-archive", "-lpthread", "-ldl", "-lm", "-lrt"]))?;
    Ok(library)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// The archive, where rustc has it.
fn archive() -> Result<PathBuf, String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(["--print", "target-libdir"]).output();
    let output = output
        .map_err(|error| format!("rustc cannot be asked where its libraries are: {error}"))?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let entries = fs::read_dir(&folder).map_err(|error| format!("{folder}: {error}"))?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.to_string_lossy().ends_with("_rt.rtsan.a"))
        .ok_or_else(|| "rustc has no library of RealtimeSanitizer here".to_owned())
}

/// Where its two functions are.
static FUNCTIONS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

/// What begins a section of the sanitizer's, and what ends it.
pub(crate) type Hooks = (fn(), fn());

/// Returns what begins and ends a section of its, in a program that has it.
pub(crate) fn hooks() -> Result<Hooks, String> {
    // Other programs that are started are to run without it.
    // SAFETY: the program has no other thread yet.
    unsafe { env::remove_var("LD_PRELOAD") };
    let initialize = symbol(c"__rtsan_ensure_initialized")?;
    FUNCTIONS[0].store(symbol(c"__rtsan_realtime_enter")?, Ordering::Relaxed);
    FUNCTIONS[1].store(symbol(c"__rtsan_realtime_exit")?, Ordering::Relaxed);
    call(initialize);
    Ok((
        || call(FUNCTIONS[0].load(Ordering::Relaxed)),
        || call(FUNCTIONS[1].load(Ordering::Relaxed)),
    ))
}

fn symbol(name: &CStr) -> Result<usize, String> {
    // SAFETY: the name ends in a nul.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    if address.is_null() {
        return Err(format!(
            "the library of RealtimeSanitizer is not loaded: no {}",
            name.to_string_lossy()
        ));
    }
    Ok(address.expose_provenance())
}

fn call(function: usize) {
    // SAFETY: it is the address of a function of the sanitizer's that takes and returns nothing.
    unsafe {
        let function = std::ptr::with_exposed_provenance::<()>(function);
        std::mem::transmute::<*const (), extern "C" fn()>(function)();
    }
}

/// Returns what it wrote about.
pub(crate) fn reports(written: &str) -> Vec<Report> {
    let functions = written.lines().filter_map(|line| {
        let function = line.split_once(REPORT)?.1.split_once('`')?.0;
        Some(Report { what: function.to_owned(), place: None, from_operation: false })
    });
    functions.collect()
}
