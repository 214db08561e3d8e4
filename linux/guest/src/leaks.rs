//! The kernel's search for memory that nothing points to, and whether it finds anything at all.

use std::ffi::CStr;
use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::kernel_log::KernelLog;
use crate::{Outcome, modules};

const KMEMLEAK: &str = "/sys/kernel/debug/kmemleak";

/// The kernel's own module that leaks.
const LEAKS: &CStr = c"kmemleak_test";

/// What the call trace of its leaks has.
const IS_PLANTED: &str = "[kmemleak_test]";

/// Memory that is younger than 5 s is not reported.
const MIN_AGE: Duration = Duration::from_millis(5500);

/// How many of the leaks are shown in the log.
const SHOWN: usize = 3;

/// When the last memory was allocated that is looked for.
static YOUNGEST: Mutex<Option<Instant>> = Mutex::new(None);

fn command(word: &str) -> Outcome {
    fs::write(KMEMLEAK, word).map_err(|error| format!("kmemleak: {word}: {error}"))
}

/// From now on there are scans only when they are asked for, and what the kernel has lost by now is forgotten. Then a module
/// leaks on purpose: to find nothing of the others means something if that is found. It stays, since its name is what tells its
/// leaks from theirs.
pub(crate) fn forget_earlier_and_plant() -> Outcome {
    ["scan=off", "scan", "clear"].into_iter().try_for_each(command)?;
    modules::insert(LEAKS)?;
    grow_old_from_now();
    Ok(())
}

/// Says that memory was allocated until now that is to be looked for.
pub(crate) fn grow_old_from_now() {
    *YOUNGEST.lock().expect("no play panics") = Some(Instant::now());
}

/// Notes how much is lost, and forgets it.
pub(crate) fn look(log: &mut KernelLog) -> Outcome {
    let youngest = YOUNGEST.lock().expect("no play panics").unwrap_or_else(Instant::now);
    std::thread::sleep(MIN_AGE.saturating_sub(youngest.elapsed()));
    // Memory whose content has changed since the last scan is left for the next.
    ["scan", "scan"].into_iter().try_for_each(command)?;
    let found = fs::read_to_string(KMEMLEAK).map_err(|error| format!("kmemleak: {error}"))?;
    let all = found.split("unreferenced object").skip(1);
    let (planted, leaks): (Vec<_>, Vec<_>) = all.partition(|leak| leak.contains(IS_PLANTED));
    for leak in leaks.iter().take(SHOWN) {
        let text: String = leak.chars().take(600).collect();
        log.note(&format!("lost: {}", text.replace('=', ":")));
    }
    log.note(&format!("kmemleak=1 planted={} leaks={}", planted.len(), leaks.len()));
    command("clear")
}
