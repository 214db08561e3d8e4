//! Loads the modules, and takes them out.

use std::ffi::CStr;
use std::fs::File;

use crate::kernel_log::KernelLog;
use crate::set_up::Settings;
use crate::{Outcome, leaks, victim};

const MODULES: [&CStr; 3] = [c"nonblock_dmirror", c"nonblock_untyped", c"plain"];

/// Loads the modules, after one that leaks.
pub(crate) fn load(_: &Settings, log: &mut KernelLog) -> Outcome {
    leaks::forget_earlier_and_plant()?;
    for module in MODULES {
        insert(module)?;
    }
    let processors = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    log.note(&format!("modules={} processors={processors}", loaded()?));
    Ok(())
}

/// Takes the modules out, and looks for what they left. Looks whether lockdep is still on, too.
pub(crate) fn unload(_: &Settings, log: &mut KernelLog) -> Outcome {
    victim::wait_for_lingering()?;
    let mut removed = 0;
    for module in MODULES {
        remove(module)?;
        removed += 1;
    }
    log.note(&format!("removed={removed} modules={}", loaded()?));
    leaks::grow_old_from_now();
    leaks::look(log)?;
    let statistics =
        std::fs::read_to_string("/proc/lockdep_stats").map_err(|error| error.to_string())?;
    let on = statistics.lines().find_map(|line| line.trim().strip_prefix("debug_locks:"));
    log.note(&format!("debug_locks={}", on.unwrap_or("?").trim()));
    Ok(())
}

/// Loads a module by its name.
pub(crate) fn insert(module: &CStr) -> Outcome {
    let name = module.to_string_lossy();
    // Kbuild names a module by its file, and the kernel has no hyphen in names.
    let paths = [name.to_string(), name.replace('_', "-")].map(|n| format!("/lib/modules/{n}.ko"));
    let file = paths.iter().find_map(|path| File::open(path).ok());
    let file = file.ok_or_else(|| format!("there is no {}", paths[0]))?;
    rustix::system::finit_module(file, c"", 0)
        .map_err(|error| format!("cannot load {name}: {error}"))
}

/// Takes a module out.
pub(crate) fn remove(module: &CStr) -> Outcome {
    rustix::system::delete_module(module, libc::O_NONBLOCK)
        .map_err(|error| format!("cannot remove {}: {error}", module.to_string_lossy()))
}

/// How many of them the kernel has.
fn loaded() -> Result<usize, String> {
    let list = std::fs::read_to_string("/proc/modules").map_err(|error| error.to_string())?;
    let names = list.lines().filter_map(|line| line.split_whitespace().next());
    Ok(names
        .filter(|name| MODULES.iter().any(|module| module.to_bytes() == name.as_bytes()))
        .count())
}
