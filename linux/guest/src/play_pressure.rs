//! The play in which faults and invalidations race: it runs in a process of its own.

use std::process::{Command, Stdio};

use crate::Outcome;
use crate::kernel_log::KernelLog;
use crate::set_up::Settings;

/// Starts the process, and notes what it prints.
pub(crate) fn pressure(settings: &Settings, log: &mut KernelLog) -> Outcome {
    let output = Command::new("/proc/self/exe")
        .args(["pressure", &settings.seconds.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| format!("cannot start the process: {error}"))?;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        log.note(line);
    }
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
}
