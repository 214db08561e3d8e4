//! Other processes.

use std::io::{self, PipeWriter};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::process::{Child, Command, Stdio};

use super::support::{keeping, pipe, succeeded};
use crate::matrix::operation::{Operation, Prepared, operations};
use crate::matrix::section::once_blocked;

pub(super) const OPERATIONS: &[Operation] = operations! {
    "std::process::Command::spawn" => spawn;
    "std::process::Command::output" => output [Trap: Some(OUTPUT), Sanitizer: Some(OUTPUT)];
    "std::process::Child::wait" => wait;
    "waitpid" => waitpid;
    "waitid" => waitid;
    "poll of a pidfd" => poll_of_pidfd;
    "fork" => fork;
};

const OUTPUT: &str = "After the first call that returns twice no call is stopped until the section ends. Which come before depends on libc.";

/// Starts a process that ends once the operation is blocked.
fn child() -> Result<Child, String> {
    let (reader, writer) = pipe();
    let child = Command::new("cat").stdin(Stdio::from(OwnedFd::from(reader))).spawn();
    once_blocked(move || drop::<PipeWriter>(writer));
    child.map_err(|error| format!("cat: {error}"))
}

fn spawn() -> Prepared {
    let mut command = Command::new("true");
    keeping(move || command.spawn().expect("it can be started"))
}

fn output() -> Prepared {
    let mut command = Command::new("true");
    keeping(move || command.output().expect("it can be started"))
}

fn wait() -> Prepared {
    let mut child = child()?;
    Ok(Box::new(move || assert!(child.wait().expect("it is ours").success())))
}

fn waitpid() -> Prepared {
    let process = child()?.id().cast_signed();
    let mut status = 0;
    // SAFETY: it writes the status there.
    Ok(Box::new(move || succeeded(unsafe { libc::waitpid(process, &raw mut status, 0) })))
}

fn waitid() -> Prepared {
    let process = child()?.id();
    // SAFETY: zeros are such a structure.
    let mut info = unsafe { std::mem::zeroed::<libc::siginfo_t>() };
    Ok(Box::new(move || {
        // SAFETY: it writes there.
        succeeded(unsafe { libc::waitid(libc::P_PID, process, &raw mut info, libc::WEXITED) });
    }))
}

fn poll_of_pidfd() -> Prepared {
    let process = child()?.id();
    // SAFETY: it takes no pointer.
    let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, process, 0) };
    if descriptor < 0 {
        return Err(io::Error::last_os_error().to_string());
    }
    let descriptor = i32::try_from(descriptor).expect("a descriptor");
    // SAFETY: it was opened just now.
    let descriptor = unsafe { OwnedFd::from_raw_fd(descriptor) };
    let mut poll = libc::pollfd { fd: descriptor.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    std::mem::forget(descriptor);
    // SAFETY: it writes to one structure.
    Ok(Box::new(move || assert_eq!(unsafe { libc::poll(&raw mut poll, 1, -1) }, 1)))
}

fn fork() -> Prepared {
    Ok(Box::new(|| {
        // SAFETY: the child makes one call, which ends it.
        match unsafe { libc::fork() } {
            // SAFETY: it only ends the child.
            0 => unsafe { libc::_exit(0) },
            child => succeeded(child),
        }
    }))
}
