//! Fourth part: the victim is another process. It is killed and cannot end, and its memory is taken all the same.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, ExitCode, Stdio};

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use nonblock::{Sleepable, may_sleep};
use nonblock_mm::memory::Mapping;
use nonblock_mm::oom::{Process, Reclaimed};

use crate::failure::Failure;
use crate::timeline::{Mib, line};

/// The victim's name in the output.
const VICTIM: &str = "victim";

/// What the victim prints when it has touched its memory.
const READY: &str = "ready";

/// What the victim does: it touches memory, and waits until it is killed or its parent is gone.
#[may_sleep]
pub(crate) fn be_the_victim(size: usize, cx: &mut Sleepable) -> ExitCode {
    let mapping = match Mapping::new(size, cx) {
        Ok(mapping) => mapping,
        Err(error) => {
            eprintln!("oom_reaper: {error}");
            return ExitCode::FAILURE;
        }
    };
    mapping.touch(cx);
    println!("{READY}");
    let _ = io::stdout().flush();
    let _ = io::stdin().read_to_end(&mut Vec::new());
    ExitCode::SUCCESS
}

/// A child process. Dropping this kills it and waits for it.
struct Victim(Child);

impl Victim {
    /// Starts a child, and waits until it has touched its memory.
    fn start(size: usize) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--victim", &size.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take();
        let victim = Self(child);
        let mut said = String::new();
        BufReader::new(stdout.ok_or("the child has no output")?).read_line(&mut said)?;
        if said.trim() != READY {
            return Err("the child could not touch its memory".into());
        }
        Ok(victim)
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        // Both fail if the child has been waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Kills a child that cannot end, and takes its memory.
#[may_sleep]
pub(crate) fn play(size: usize, cx: &mut Sleepable) -> Result<Reclaimed, Failure> {
    let mut victim = Victim::start(size)?;
    let process = Process::of_child(&victim.0, cx)?;
    let alive = process.resident(cx)?;
    let pid = process.pid();
    line(VICTIM, format_args!("lives as process {pid}; resident: {}", Mib(alive)));

    let tracee = Pid::from_raw(i32::try_from(process.pid())?);
    let held = hold_at_its_exit(tracee, &process, cx)?;
    let reclaimed = process.reclaim(cx)?;
    if reclaimed.by_itself {
        line(VICTIM, "has given its memory back by itself");
    } else {
        line("kernel", "takes its memory, by process_mrelease, as its own reaper does");
    }
    line(VICTIM, format_args!("resident: {}", Mib(reclaimed.resident_after)));
    if held {
        if victim.0.try_wait()?.is_some() {
            return Err("the process has ended: nobody held it".into());
        }
        line(VICTIM, "still cannot end; the debugger lets go of it");
        ptrace::detach(tracee, None)?;
    }
    victim.0.wait()?;
    line(VICTIM, "has ended");

    if alive < size || (held && reclaimed.bytes() < size) {
        return Err(format!("not all of the process's memory was taken: {reclaimed:?}").into());
    }
    Ok(reclaimed)
}

/// Kills the process, and keeps it from ending, as a debugger can, if that is permitted. Returns whether it is held.
///
/// Otherwise the process would give its memory back at once, and there would be nothing to show. In practice, a thread in an
/// uninterruptible sleep keeps a process from ending.
fn hold_at_its_exit(tracee: Pid, process: &Process, cx: &mut Sleepable) -> Result<bool, Failure> {
    let held = match ptrace::seize(tracee, Options::PTRACE_O_TRACEEXIT) {
        Ok(()) => true,
        Err(errno @ (Errno::EPERM | Errno::ENOSYS)) => {
            line("debugger", format_args!("may not hold it ({errno}): it may be the quicker one"));
            false
        }
        Err(errno) => return Err(errno.into()),
    };
    process.kill()?;
    if held {
        // Waits until the process stops at its exit.
        waitpid(tracee, None)?;
        let resident = process.resident(cx)?;
        let text = "is killed, and cannot end: a debugger holds it";
        line(VICTIM, format_args!("{text}; resident: {}", Mib(resident)));
    } else {
        line(VICTIM, "is killed");
    }
    Ok(held)
}
