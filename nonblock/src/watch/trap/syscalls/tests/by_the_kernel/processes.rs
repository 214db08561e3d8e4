//! Children, barriers, and what belongs to a thread.

use std::process::{Command, Stdio};

use super::{arg, assert_blocks, assert_returns};

#[test]
fn a_child_is_waited_for_unless_the_call_says_not_to() {
    let mut child =
        Command::new("sleep").arg("1000").stdin(Stdio::null()).spawn().expect("a child");
    let id = arg!(child.id());
    let nowait = arg!(libc::WNOHANG);
    let exited = arg!(libc::WEXITED);
    let process = arg!(libc::P_PID);
    let mut information = [0_u64; 16];
    let information = (&raw mut information).expose_provenance();
    // SAFETY: the information has room, and lives until the end.
    unsafe {
        assert_returns(libc::SYS_wait4, &[id, 0, nowait, 0], 0);
        assert_blocks(libc::SYS_wait4, &[id, 0, 0, 0]);
        let waitid = libc::SYS_waitid;
        assert_returns(waitid, &[process, id, information, exited | nowait], 0);
        assert_blocks(waitid, &[process, id, information, exited]);
    }
    child.kill().expect("it runs");
    child.wait().expect("it has ended");
}

#[test]
fn what_never_blocks_returns() {
    let mut bytes = [0_u8; 1024];
    let buffer = (&raw mut bytes).expose_provenance();
    // SAFETY: the buffer has room, and lives until the end.
    unsafe {
        assert_returns(libc::SYS_getpid, &[], arg!(std::process::id()).cast_signed());
        assert_returns(libc::SYS_sched_yield, &[], 0);
        assert_returns(libc::SYS_getrusage, &[arg!(libc::RUSAGE_THREAD), buffer], 0);
        assert_returns(libc::SYS_uname, &[buffer], 0);
        assert_returns(libc::SYS_rt_sigprocmask, &[0, 0, buffer, 8], 0);
        assert_returns(libc::SYS_getcpu, &[buffer, 0, 0], 0);
        assert_returns(libc::SYS_prctl, &[arg!(libc::PR_GET_NAME), buffer], 0);
        let supported = libc::syscall(libc::SYS_membarrier, 0, 0, 0);
        assert_returns(libc::SYS_membarrier, &[0, 0, 0], arg!(supported).cast_signed());
    }
}
