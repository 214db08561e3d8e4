//! The kernel's search for memory that nothing points to, and whether it finds anything at all.

use std::fs;
use std::time::Duration;

use crate::kernel_log::KernelLog;
use crate::set_up::Settings;
use crate::{Outcome, modules};

const KMEMLEAK: &str = "/sys/kernel/debug/kmemleak";

/// Memory that is younger than 5 s is not reported.
const MIN_AGE: Duration = Duration::from_millis(5500);

/// How many of the leaks are shown in the log.
const SHOWN: usize = 3;

fn command(word: &str) -> Outcome {
    fs::write(KMEMLEAK, word).map_err(|error| format!("kmemleak: {word}: {error}"))
}

/// Scans by hand only from now on, and forgets what is lost already.
pub(crate) fn forget_earlier() -> Outcome {
    ["scan=off", "scan", "clear"].into_iter().try_for_each(command)
}

/// Notes how much was lost since.
pub(crate) fn look(log: &mut KernelLog) -> Outcome {
    std::thread::sleep(MIN_AGE);
    // Memory whose content has changed since the last scan is left for the next.
    ["scan", "scan"].into_iter().try_for_each(command)?;
    let found = fs::read_to_string(KMEMLEAK).map_err(|error| format!("kmemleak: {error}"))?;
    let leaks: Vec<_> = found.split("unreferenced object").skip(1).collect();
    for leak in leaks.iter().take(SHOWN) {
        log.note(&format!("lost: {}", leak.chars().take(600).collect::<String>().replace('=', ":")));
    }
    log.note(&format!("kmemleak=1 leaks={}", leaks.len()));
    Ok(())
}

/// Loads the kernel's own module that leaks, so that finding nothing means something. Looks whether lockdep is on, too.
pub(crate) fn planted(_: &Settings, log: &mut KernelLog) -> Outcome {
    const MODULE: &std::ffi::CStr = c"kmemleak_test";
    command("clear")?;
    modules::insert(MODULE)?;
    modules::remove(MODULE)?;
    look(log)?;
    let statistics = fs::read_to_string("/proc/lockdep_stats").map_err(|error| error.to_string())?;
    let on = statistics.lines().find_map(|line| line.trim().strip_prefix("debug_locks:"));
    log.note(&format!("debug_locks={}", on.unwrap_or("?").trim()));
    Ok(())
}
