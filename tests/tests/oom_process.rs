//! A victim that is another process: it is killed, and its memory is taken before it has ended.

#![cfg(target_os = "linux")]

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::libc;
use nix::sys::ptrace;
use nix::sys::signal::{self, Signal};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Pid, Uid, setuid};
use nonblock::{Sleepable, ViolationKind, raw, sleepable, testing};
use nonblock_mm::memory::Mapping;
use nonblock_mm::oom::{Process, ProcessError};
use nonblock_tests::process;

const MIB: usize = 1 << 20;
/// What the child touches, in bytes.
const SIZE: usize = 32 * MIB;
/// What its program takes beside that, at most, and what the kernel's counters may be wrong by.
const SLACK: usize = 16 * MIB;

const VICTIM: &str = "NONBLOCK_TESTS_VICTIM";
const READY: &str = "the memory is touched";

/// Not a test of anything: the child that the others start, which touches memory and waits.
#[test]
fn the_victim() {
    if std::env::var_os(VICTIM).is_none() {
        return;
    }
    sleepable(|cx| {
        let mapping = Mapping::new(SIZE, cx).unwrap();
        mapping.touch(cx);
        // Until it is killed, or its parent is gone.
        println!("\n{READY}");
        std::io::stdout().flush().unwrap();
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
    });
}

const SHARING: &str = "NONBLOCK_TESTS_SHARING";

/// Not a test of anything: a child that shares its memory with a child of its own, and waits.
#[test]
fn the_sharing_victim() {
    extern "C" fn share(_: *mut libc::c_void) -> libc::c_int {
        // Neither allocated nor written under a lock: both belong to the other process too.
        let mut text = [0; 200];
        let mut rest = &mut text[..];
        write!(rest, "\n{READY} and shared by {}.\n", std::process::id()).unwrap();
        let len = 200 - rest.len();
        // SAFETY: the text is there during the call.
        unsafe { libc::write(1, text.as_ptr().cast(), len) };
        loop {
            // SAFETY: it waits for a signal, and does nothing else.
            unsafe { libc::pause() };
        }
    }

    let Some(way) = std::env::var_os(SHARING) else { return };
    let flags = if way == "vfork" { libc::CLONE_VM | libc::CLONE_VFORK } else { libc::CLONE_VM };
    sleepable(|cx| {
        let mapping = Mapping::new(SIZE, cx).unwrap();
        mapping.touch(cx);
        let stack = Vec::<u8>::leak(vec![0; MIB]);
        // SAFETY: the stack is the new process's own, and its top is aligned.
        let child = unsafe {
            let top = stack.as_mut_ptr_range().end;
            let top = top.wrapping_sub(top.addr() % 16);
            libc::clone(share, top.cast(), flags | libc::SIGCHLD, std::ptr::null_mut())
        };
        assert!(child > 0, "{}", std::io::Error::last_os_error());
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
    });
}

/// Starts a child that shares its memory with a process of its own, and returns the identifier of that.
fn sharing_victim(way: &str) -> (Child, u32) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let arguments = ["the_sharing_victim", "--exact", "--nocapture"];
    let (child, mut stdout) = start(command.args(arguments).env(SHARING, way));
    let mut rest = Vec::new();
    while !rest.ends_with(b".") {
        let mut byte = [0];
        assert_eq!(stdout.read(&mut byte).unwrap(), 1);
        rest.push(byte[0]);
    }
    let rest = String::from_utf8(rest).unwrap();
    let sharer = rest.trim_start_matches(" and shared by ").trim_end_matches('.').parse().unwrap();
    // It is not read from again, and what writes to it may be alive.
    std::mem::forget(stdout);
    (child, sharer)
}

/// Says whether a process runs: it is there, and no zombie.
fn runs(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// Returns whether a process ends soon. One that does not is killed.
fn ends(pid: u32) -> bool {
    let since = std::time::Instant::now();
    while runs(pid) && since.elapsed().as_secs() < 10 {
        std::thread::yield_now();
    }
    let ended = !runs(pid);
    if !ended {
        let _ = signal::kill(Pid::from_raw(pid.try_into().unwrap()), Signal::SIGKILL);
    }
    ended
}

#[test]
fn processes_that_share_the_memory_of_a_victim_are_victims_too() {
    sleepable(|cx| {
        if !has_mrelease(cx) {
            return;
        }
        for way in ["vfork", "clone"] {
            for by_the_sharer in [false, true] {
                let (mut child, sharer) = sharing_victim(way);
                let pid = if by_the_sharer { sharer } else { child.id() };
                let process = Process::open(pid, cx).unwrap();
                let reclaimed = process.reclaim(cx);
                // Nobody is left behind, whatever comes of it.
                let both_ended = ends(child.id()) & ends(sharer);
                child.wait().unwrap();
                let reclaimed = reclaimed.unwrap_or_else(|error| panic!("{way}: {error}"));
                assert!(both_ended, "{way}: a process lives on with the memory");
                assert_eq!(reclaimed.killed, 2, "{way}: {reclaimed:?}");
                assert!(reclaimed.resident_before >= SIZE, "{way}: {reclaimed:?}");
                assert!(reclaimed.resident_after < SLACK, "{way}: {reclaimed:?}");
            }
        }
    });
}

#[test]
fn who_keeps_the_memory_of_a_process_that_was_killed_is_named() {
    let known = ProcessError::Shared { pid: 7, with: Some(1) };
    let expected = "process 7 was killed, but process 1 shares its memory and lives: \
                    expected to be permitted to kill it too";
    assert_eq!(known.to_string(), expected);
    let unknown = ProcessError::Shared { pid: 7, with: None };
    let expected = "process 7 was killed, but shares its memory with a process that lives: expected to be permitted to \
                    look at all processes (kcmp, CAP_SYS_PTRACE), to find and kill that one too";
    assert_eq!(unknown.to_string(), expected);
}

#[test]
fn a_process_does_not_reclaim_itself() {
    let outcome = process::own("a_process_does_not_reclaim_itself", &[], || {
        sleepable(|cx| {
            let pid = std::process::id();
            let error = Process::open(pid, cx).unwrap().reclaim(cx).unwrap_err();
            assert_eq!(error, ProcessError::Oneself { pid });
            let expected = format!(
                "process {pid} is this process, or shares its memory: expected another process, since this one would be \
                 killed too"
            );
            assert_eq!(error.to_string(), expected);
        });
    });
    outcome.assert_success();
}

#[test]
fn a_process_that_shares_the_memory_of_the_caller_is_not_reclaimed() {
    let name = "a_process_that_shares_the_memory_of_the_caller_is_not_reclaimed";
    let outcome = process::own(name, &[], || {
        extern "C" fn wait(_: *mut libc::c_void) -> libc::c_int {
            loop {
                // SAFETY: it waits for a signal, and does nothing else.
                unsafe { libc::pause() };
            }
        }
        let stack = Vec::<u8>::leak(vec![0; MIB]);
        // SAFETY: the stack is the new process's own, and its top is aligned.
        let child = unsafe {
            let top = stack.as_mut_ptr_range().end;
            let top = top.wrapping_sub(top.addr() % 16);
            libc::clone(wait, top.cast(), libc::CLONE_VM | libc::SIGCHLD, std::ptr::null_mut())
        };
        let pid = u32::try_from(child).unwrap();
        sleepable(|cx| {
            let error = Process::open(pid, cx).unwrap().reclaim(cx).unwrap_err();
            assert_eq!(error, ProcessError::Oneself { pid });
            assert!(runs(pid));
            Process::open(pid, cx).unwrap().kill().unwrap();
        });
        waitpid(Pid::from_raw(child), None).unwrap();
    });
    outcome.assert_success();
}

/// Starts a child, and waits until it has its memory.
fn victim() -> (Child, ChildStdout) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    start(command.args(["the_victim", "--exact", "--nocapture"]).env(VICTIM, "1"))
}

fn start(command: &mut Command) -> (Child, ChildStdout) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(READY) {
        let mut byte = [0];
        assert_eq!(stdout.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&seen));
        seen.push(byte[0]);
    }
    (child, stdout)
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().try_into().unwrap())
}

/// Says whether the kernel has what is tested; a kernel that has not must say so clearly.
fn has_mrelease(cx: &mut Sleepable) -> bool {
    let mut child = Command::new("true").stdin(Stdio::null()).spawn().unwrap();
    let released = Process::of_child(&child, cx).and_then(|process| process.release(cx));
    child.wait().unwrap();
    let Err(error @ ProcessError::TooOld { .. }) = released else { return true };
    assert!(error.to_string().contains("expected Linux 5."), "{error}");
    eprintln!("skipped: {error}");
    false
}

#[test]
fn a_process_that_is_killed_gives_its_memory_back() {
    sleepable(|cx| {
        if !has_mrelease(cx) {
            return;
        }
        let (mut child, _stdout) = victim();
        let process = Process::of_child(&child, cx).unwrap();
        assert_eq!(process.pid(), child.id());
        let before = process.resident(cx).unwrap();
        assert!((SIZE..SIZE + SLACK).contains(&before), "{before} bytes are resident");

        let reclaimed = process.reclaim(cx).unwrap();
        assert_eq!(reclaimed.attempts, 1);
        assert!(reclaimed.resident_before >= SIZE);
        assert!(reclaimed.resident_after < SLACK, "{reclaimed:?}");
        assert_eq!(reclaimed.bytes(), reclaimed.resident_before - reclaimed.resident_after);
        let status = child.wait().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    });
}

/// The reason for all of it: it is dead, cannot end, and has its memory. Here a debugger keeps it at its exit.
#[test]
fn a_process_that_cannot_end_gives_its_memory_back() {
    sleepable(|cx| {
        if !has_mrelease(cx) {
            return;
        }
        let (mut child, _stdout) = victim();
        let pid = pid_of(&child);
        if let Err(errno) = ptrace::seize(pid, ptrace::Options::PTRACE_O_TRACEEXIT) {
            eprintln!("skipped: this process may not trace its child: {errno}");
            child.kill().unwrap();
            child.wait().unwrap();
            return;
        }
        let process = Process::of_child(&child, cx).unwrap();
        process.kill().unwrap();
        let stopped = waitpid(pid, None).unwrap();
        assert!(matches!(stopped, WaitStatus::PtraceEvent(..)), "{stopped:?}");
        // It was killed, and has everything.
        let lingering = process.resident(cx).unwrap();
        assert!(lingering >= SIZE, "{lingering} bytes are resident");

        let reclaimed = process.reclaim(cx).unwrap();
        assert!(!reclaimed.by_itself);
        assert_eq!((reclaimed.resident_before, reclaimed.attempts), (lingering, 1));
        assert!(reclaimed.resident_after < SLACK, "{reclaimed:?}");
        assert_eq!(process.resident(cx), Ok(reclaimed.resident_after));
        // It has not ended meanwhile.
        assert_eq!(child.try_wait().unwrap(), None);
        ptrace::detach(pid, None).unwrap();
        child.wait().unwrap();
    });
}

#[test]
fn a_process_that_lives_keeps_its_memory() {
    sleepable(|cx| {
        if !has_mrelease(cx) {
            return;
        }
        let (mut child, _stdout) = victim();
        let process = Process::of_child(&child, cx).unwrap();
        let error = process.release(cx).unwrap_err();
        assert_eq!(error, ProcessError::NotDying { pid: child.id() });
        let expected = format!(
            "process {} is not dying, or shares its memory with one that is not: expected it to be killed first",
            child.id()
        );
        assert_eq!(error.to_string(), expected);
        assert!(process.resident(cx).unwrap() >= SIZE);
        child.kill().unwrap();
        child.wait().unwrap();
    });
}

#[test]
fn what_is_no_process_is_named() {
    sleepable(|cx| {
        // Waited for: it was one.
        let (mut child, _stdout) = victim();
        let process = Process::of_child(&child, cx).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let pid = child.id();
        let gone = ProcessError::NoSuchProcess { pid };
        assert_eq!(process.kill(), Err(gone));
        assert_eq!(process.resident(cx), Err(gone));
        assert_eq!(process.reclaim(cx), Err(gone));
        if has_mrelease(cx) {
            assert_eq!(process.release(cx), Err(gone));
        }
        let expected = format!(
            "there is no process {pid}: expected the identifier of one that has not been waited for"
        );
        assert_eq!(gone.to_string(), expected);
        // Never was one; more than there can be.
        for pid in [0, u32::MAX, i32::MAX.cast_unsigned()] {
            let error = Process::open(pid, cx).unwrap_err();
            assert_eq!(error, ProcessError::NoSuchProcess { pid });
        }
    });
}

/// Says whether the child's first thread has ended.
fn is_zombie(child: &Child) -> bool {
    std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap().contains(") Z ")
}

/// As where a thread in an uninterruptible sleep keeps a process from ending: what the first thread had is with another.
#[test]
fn a_process_whose_first_thread_has_ended_has_its_memory() {
    sleepable(|cx| {
        if !has_mrelease(cx) {
            return;
        }
        let (mut child, _stdout) =
            start(Command::new(env!("CARGO_BIN_EXE_headless")).arg(SIZE.to_string()));
        while !is_zombie(&child) {
            nonblock::thread::yield_now(cx);
        }
        let process = Process::of_child(&child, cx).unwrap();
        let before = process.resident(cx).unwrap();
        assert!((SIZE..SIZE + SLACK).contains(&before), "{before} bytes are resident");
        assert_eq!(process.release(cx), Err(ProcessError::NotDying { pid: child.id() }));
        let reclaimed = process.reclaim(cx).unwrap();
        assert!(reclaimed.bytes() >= SIZE - SLACK, "{reclaimed:?}");
        child.wait().unwrap();
    });
}

/// A process that has ended and was not waited for has nothing, and that is no error.
#[test]
fn a_process_that_has_ended_has_nothing() {
    sleepable(|cx| {
        if !has_mrelease(cx) {
            return;
        }
        let (mut child, _stdout) = victim();
        let process = Process::of_child(&child, cx).unwrap();
        child.kill().unwrap();
        // Until it is a zombie, with no other thread, which is left to be waited for.
        let threads = || std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap().count();
        while !is_zombie(&child) || threads() > 1 {
            nonblock::thread::yield_now(cx);
        }
        assert_eq!(process.resident(cx), Ok(0));
        let reclaimed = process.reclaim(cx).unwrap();
        assert!(reclaimed.by_itself);
        assert_eq!((reclaimed.bytes(), reclaimed.resident_after), (0, 0));
        child.wait().unwrap();
    });
}

#[test]
fn a_process_of_another_user_is_out_of_reach() {
    let name = "a_process_of_another_user_is_out_of_reach";
    let outcome = process::own(name, &[], || {
        if !Uid::effective().is_root() {
            println!("skipped: only root can become somebody else");
            return;
        }
        let (mut child, _stdout) = victim();
        // This process has it alone; the child is still root's.
        setuid(Uid::from_raw(65534)).unwrap();
        sleepable(|cx| {
            let process = Process::of_child(&child, cx).unwrap();
            let error = process.kill().unwrap_err();
            let call = "pidfd_send_signal";
            assert_eq!(error, ProcessError::NotPermitted { pid: child.id(), call });
            let expected = format!(
                "pidfd_send_signal of process {} is not permitted: expected a process of the same user, or CAP_KILL",
                child.id()
            );
            assert_eq!(error.to_string(), expected);
            assert_eq!(process.reclaim(cx), Err(error));
        });
        // It ends when nobody is at the other end of its standard input.
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
    });
    outcome.assert_success();
}

#[test]
fn what_may_sleep_says_so() {
    if !nonblock::CHECKS {
        return;
    }
    let (mut child, _stdout) = victim();
    let process = sleepable(|cx| Process::of_child(&child, cx)).unwrap();
    let found = testing::violations(|| {
        raw::sleepable(|cx| {
            raw::non_block(|_nb| {
                Process::of_child(&child, cx).unwrap();
                process.resident(cx).unwrap();
                process.release(cx).unwrap_err();
                // This does not.
                process.kill().unwrap();
            });
        });
    });
    let mut lines: Vec<u32> = found.iter().map(|found| found.location().line()).collect();
    lines.dedup();
    assert_eq!(lines.len(), 3, "three calls: {found:#?}");
    for found in found {
        assert_eq!(found.kind(), ViolationKind::SleepInNonBlock);
        assert_eq!(found.location().file(), file!());
    }
    child.wait().unwrap();
}
