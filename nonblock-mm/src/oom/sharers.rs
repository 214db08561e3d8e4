//! The processes that share their memory with a victim: by `vfork()`, or by `clone()` with `CLONE_VM`.
//!
//! Linux's OOM killer kills all of them (`__oom_kill_process()`, `mm/oom_kill.c`, 6.12), since the memory stays as long as one
//! of them lives. User space finds them by `kcmp()`, which tells whether two threads have the same memory.

use std::fs;
use std::io;

use rustix::io::Errno;

/// The first process of the system, which is never killed.
const INIT: u32 = 1;

/// What was found out about the processes that share a victim's memory.
#[derive(Debug, Default)]
pub(super) struct Sharers {
    /// The processes that share it, without the victim.
    pub(super) pids: Vec<u32>,
    /// A thread of the victim that has the memory, to compare others with. `None` if the victim has no memory.
    thread: Option<u32>,
}

impl Sharers {
    /// Looks for the processes that share the memory of a process.
    ///
    /// A process that may not be compared is taken for one that does not share the memory. If it does, the kernel refuses to
    /// take the memory later.
    ///
    /// May sleep.
    pub(super) fn of(victim: u32) -> Self {
        let thread = threads_of(victim).into_iter().find(|thread| has_memory(victim, *thread));
        let mut sharers = Self { pids: Vec::new(), thread };
        if thread.is_some() {
            let processes = numbers_in("/proc").into_iter();
            let others = processes.filter(|pid| *pid != victim);
            sharers.pids = others.filter(|pid| sharers.include(*pid)).collect();
        }
        sharers
    }

    /// Returns whether a process shares the memory, as far as this process may know.
    pub(super) fn include(&self, pid: u32) -> bool {
        let Some(thread) = self.thread else { return false };
        match same_memory(thread, pid) {
            Ok(same) if same => true,
            // The first thread may have ended before the others. The kernel's own threads have no memory either.
            Ok(_) if !has_memory(pid, pid) => {
                threads_of(pid).into_iter().any(|other| same_memory(thread, other).unwrap_or(false))
            }
            _ => false,
        }
    }

    /// Returns whether this process shares the memory.
    pub(super) fn include_caller(&self) -> bool {
        self.include(std::process::id())
    }

    /// Returns whether a process must be left alive.
    pub(super) fn is_spared(pid: u32) -> bool {
        pid == INIT
    }
}

/// Returns whether two threads have the same memory. Mirrors Linux's `kcmp()` (`kernel/kcmp.c`, 6.12).
fn same_memory(one: u32, other: u32) -> io::Result<bool> {
    /// From `include/uapi/linux/kcmp.h`.
    const KCMP_VM: libc::c_int = 1;

    let id = |thread: u32| libc::pid_t::try_from(thread).map_err(|_| io::Error::from(Errno::SRCH));
    let (one, other) = (id(one)?, id(other)?);
    // SAFETY: the call reads no memory of this process, and changes nothing.
    let result = unsafe { libc::syscall(libc::SYS_kcmp, one, other, KCMP_VM, 0_usize, 0_usize) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result == 0) }
}

/// Returns whether a thread of a process has memory.
fn has_memory(pid: u32, thread: u32) -> bool {
    let statm = fs::read_to_string(format!("/proc/{pid}/task/{thread}/statm"));
    statm.is_ok_and(|told| told.split_whitespace().next().is_some_and(|size| size != "0"))
}

fn threads_of(pid: u32) -> Vec<u32> {
    numbers_in(&format!("/proc/{pid}/task"))
}

/// Returns the numbers among the names in a directory.
fn numbers_in(directory: &str) -> Vec<u32> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}
