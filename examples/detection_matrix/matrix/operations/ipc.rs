//! Messages and semaphores of System V and of POSIX.

use std::ffi::CString;
use std::io;
use std::ptr;

use super::support::{failed_with, in_a_moment, succeeded};
use crate::matrix::operation::{Operation, Prepared, operations};
use crate::matrix::section::once_blocked;

pub(super) const OPERATIONS: &[Operation] = operations! {
    "msgrcv" => msgrcv;
    "msgsnd, full" => msgsnd;
    "semop" => semop;
    "mq_timedreceive" => mq_receive;
    "syslog" => syslog [Slept: May(LOGS), Trap: Some(LOGS), Sanitizer: May(LOGS)];
};

const LOGS: &str = "It depends on whether somebody takes log lines on this machine. It must be reported all the same.";

/// What is sent: its kind, and some bytes.
#[repr(C)]
struct Message {
    kind: libc::c_long,
    bytes: [u8; 8192],
}

static ONE: Message = Message { kind: 1, bytes: [0; 8192] };

/// A queue that is removed when the process ends well.
fn queue() -> Result<i32, String> {
    // SAFETY: it takes no pointer.
    let queue = unsafe { libc::msgget(libc::IPC_PRIVATE, 0o600) };
    if queue < 0 { Err(io::Error::last_os_error().to_string()) } else { Ok(queue) }
}

fn remove(queue: i32) {
    // SAFETY: it takes no structure.
    succeeded(unsafe { libc::msgctl(queue, libc::IPC_RMID, ptr::null_mut()) });
}

fn msgrcv() -> Prepared {
    let queue = queue()?;
    once_blocked(move || {
        // SAFETY: it reads the message.
        succeeded(unsafe { libc::msgsnd(queue, (&raw const ONE).cast(), 8, 0) });
        remove(queue);
    });
    let mut message = Message { kind: 0, bytes: [0; 8192] };
    Ok(Box::new(move || {
        // SAFETY: the message has room.
        let received = unsafe { libc::msgrcv(queue, (&raw mut message).cast(), 8192, 0, 0) };
        assert_eq!(received, 8);
    }))
}

fn msgsnd() -> Prepared {
    let queue = queue()?;
    // SAFETY: it reads the message.
    let send = move |flags| unsafe { libc::msgsnd(queue, (&raw const ONE).cast(), 8192, flags) };
    while send(libc::IPC_NOWAIT) == 0 {}
    once_blocked(move || remove(queue));
    Ok(Box::new(move || failed_with(libc::EIDRM, send(0))))
}

fn semop() -> Prepared {
    // SAFETY: it takes no pointer.
    let set = unsafe { libc::semget(libc::IPC_PRIVATE, 1, 0o600) };
    if set < 0 {
        return Err(io::Error::last_os_error().to_string());
    }
    once_blocked(move || {
        // SAFETY: it takes no structure.
        succeeded(unsafe { libc::semctl(set, 0, libc::IPC_RMID) });
    });
    Ok(Box::new(move || {
        let mut down = libc::sembuf { sem_num: 0, sem_op: -1, sem_flg: 0 };
        // SAFETY: it reads one operation.
        failed_with(libc::EIDRM, unsafe { libc::semop(set, &raw mut down, 1) });
    }))
}

fn mq_receive() -> Prepared {
    let name = CString::new(format!("/detection_matrix.{}", std::process::id())).expect("a text");
    // SAFETY: zeros are such a structure.
    let mut attributes = unsafe { std::mem::zeroed::<libc::mq_attr>() };
    attributes.mq_maxmsg = 1;
    attributes.mq_msgsize = 64;
    // SAFETY: the name ends in a nul.
    let queue = unsafe {
        libc::mq_open(name.as_ptr(), libc::O_CREAT | libc::O_RDWR, 0o600, &raw const attributes)
    };
    if queue < 0 {
        return Err(io::Error::last_os_error().to_string());
    }
    // SAFETY: the name ends in a nul. The queue is there for as long as it is open.
    succeeded(unsafe { libc::mq_unlink(name.as_ptr()) });
    let mut room = [0_u8; 64];
    Ok(Box::new(move || {
        let until = in_a_moment();
        let (bytes, len) = (room.as_mut_ptr().cast(), room.len());
        // SAFETY: there is room for a message, and the time is one.
        let result =
            unsafe { libc::mq_timedreceive(queue, bytes, len, ptr::null_mut(), &raw const until) };
        failed_with(libc::ETIMEDOUT, result as i64);
    }))
}

fn syslog() -> Prepared {
    Ok(Box::new(|| {
        // SAFETY: the format ends in a nul and takes no arguments.
        unsafe { libc::syslog(libc::LOG_DEBUG, c"a line".as_ptr()) };
    }))
}
