//! Reading, writing, and what else is done with any descriptor.

use crate::watch::trap::syscalls::calls_macro::calls;
use crate::watch::trap::syscalls::condition::{Condition, Exception};
use crate::watch::trap::syscalls::constant::{bits, values};
use crate::watch::trap::syscalls::names;
use crate::watch::trap::syscalls::system_call::Argument::{
    Descriptor, Flags, Hex, Int, Long, OneOf, Pointer, Size,
};

const NONBLOCKING: Exception = Exception {
    when: Condition::Nonblocking(0),
    why: "The descriptor has O_NONBLOCK and is no file, so the call fails instead of waiting.",
};

static TRANSFER: &[Exception] = &[NONBLOCKING];

static TRANSFER_WITH_FLAGS: &[Exception] = &[
    Exception {
        when: Condition::Has(5, bits!(RWF_NOWAIT)),
        why: "With RWF_NOWAIT it fails instead of waiting.",
    },
    NONBLOCKING,
];

static SPLICE: &[Exception] = &[Exception {
    when: Condition::All(&[
        Condition::Has(5, bits!(SPLICE_F_NONBLOCK)),
        Condition::PipeOrNonblocking(0),
        Condition::PipeOrNonblocking(2),
    ]),
    why: "With SPLICE_F_NONBLOCK, from and to pipes or what has O_NONBLOCK, it fails instead of waiting.",
}];

static NONBLOCKING_SPLICE: &[Exception] = &[Exception {
    when: Condition::Has(3, bits!(SPLICE_F_NONBLOCK)),
    why: "With SPLICE_F_NONBLOCK it fails instead of waiting for room or for bytes.",
}];

static CLOSE_RANGE: &[Exception] = &[Exception {
    when: Condition::All(&[
        Condition::Has(2, bits!(CLOSE_RANGE_CLOEXEC)),
        Condition::Lacks(2, bits!(CLOSE_RANGE_UNSHARE)),
    ]),
    why: "With CLOSE_RANGE_CLOEXEC it sets flags and closes nothing.",
}];

/// Commands that some libcs have no names for.
const F_GETSIG: u32 = 11;
const F_GETOWN_EX: u32 = 16;
const F_DUPFD_QUERY: u32 = 1027;
const F_CREATED_QUERY: u32 = 1028;

static FCNTL: &[Exception] = &[
    Exception {
        when: Condition::Is(1, values!(F_GETFD F_SETFD F_GETFL F_GETOWN F_GETPIPE_SZ F_GET_SEALS)),
        why: "This command only looks at the descriptor, or sets a flag of it.",
    },
    Exception {
        when: Condition::Is(1, &[F_GETSIG, F_GETOWN_EX, F_DUPFD_QUERY, F_CREATED_QUERY]),
        why: "This command only looks at the descriptor.",
    },
    Exception {
        when: Condition::All(&[
            Condition::Is(1, values!(F_SETFL)),
            Condition::Lacks(2, bits!(O_ASYNC)),
        ]),
        why: "It sets flags of the open file.",
    },
    Exception {
        when: Condition::Is(1, values!(F_GETLK F_SETLK F_OFD_GETLK F_OFD_SETLK)),
        why: "This command refuses a lock that is taken instead of waiting; only a file system with a server asks that first.",
    },
];

static FLOCK: &[Exception] = &[
    Exception {
        when: Condition::Has(1, bits!(LOCK_NB)),
        why: "With LOCK_NB it refuses a lock that is taken instead of waiting; only a file system with a server asks that first.",
    },
    Exception {
        when: Condition::Has(1, bits!(LOCK_UN)),
        why: "LOCK_UN gives the lock back and wakes who waits for it.",
    },
];

/// Requests that some libcs have no names for.
const TCGETS2: u32 = 0x802c_542a;
const TIOCGPTN: u32 = 0x8004_5430;

static IOCTL: &[Exception] = &[
    Exception {
        when: Condition::Is(
            1,
            values!(FIONREAD FIONBIO FIOCLEX FIONCLEX TIOCGWINSZ TCGETS TIOCGPGRP TIOCGSID TIOCOUTQ),
        ),
        why: "This request only looks at the descriptor, or sets a flag of it.",
    },
    Exception {
        when: Condition::Is(1, &[TCGETS2, TIOCGPTN]),
        why: "This request only looks at the terminal's settings.",
    },
];

calls! {
    read(Descriptor, Pointer, Size) [unless TRANSFER] "It waits for bytes to arrive in a pipe, a socket or a terminal, or to come from a disk.";
    readv(Descriptor, Pointer, Int) [unless TRANSFER] "It waits for bytes to arrive in a pipe, a socket or a terminal, or to come from a disk.";
    pread64(Descriptor, Pointer, Size, Long) [unless TRANSFER] "It waits for bytes to come from a disk or a device.";
    preadv(Descriptor, Pointer, Int, Long) [unless TRANSFER] "It waits for bytes to come from a disk or a device.";
    preadv2(Descriptor, Pointer, Int, Long, Long, Flags(names::READ_WRITE)) [unless TRANSFER_WITH_FLAGS] "It waits for bytes to arrive, or to come from a disk.";
    write(Descriptor, Pointer, Size) [unless TRANSFER] "It waits for room in a pipe, a socket or a terminal, or for a file's lock and its disk.";
    writev(Descriptor, Pointer, Int) [unless TRANSFER] "It waits for room in a pipe, a socket or a terminal, or for a file's lock and its disk.";
    pwrite64(Descriptor, Pointer, Size, Long) [unless TRANSFER] "It waits for a file's lock, and for its disk.";
    pwritev(Descriptor, Pointer, Int, Long) [unless TRANSFER] "It waits for a file's lock, and for its disk.";
    pwritev2(Descriptor, Pointer, Int, Long, Long, Flags(names::READ_WRITE)) [unless TRANSFER_WITH_FLAGS] "It waits for room, or for a file's lock and its disk.";
    lseek(Descriptor, Long, OneOf(names::WHENCE)) [may] "It takes the lock of the file's position, which a read or write of another thread holds until it is done.";
    sendfile(Descriptor, Descriptor, Pointer, Size) [may] "It reads a file from its disk, and waits for room where the bytes go.";
    copy_file_range(Descriptor, Pointer, Descriptor, Pointer, Size, Hex) [may] "It reads and writes files on a disk, or has a server do so.";
    splice(Descriptor, Pointer, Descriptor, Pointer, Size, Flags(names::SPLICE)) [unless SPLICE] "It waits for bytes in the one, and for room in the other.";
    tee(Descriptor, Descriptor, Size, Flags(names::SPLICE)) [unless NONBLOCKING_SPLICE] "It waits for bytes in the one pipe, and for room in the other.";
    vmsplice(Descriptor, Pointer, Size, Flags(names::SPLICE)) [unless NONBLOCKING_SPLICE] "It waits for bytes in the pipe, or for room in it.";
    close(Descriptor) [may] "The last descriptor of a file that is closed writes back, lingers or frees, as the file's kind has it.";
    close_range(Int, Int, Hex) [unless CLOSE_RANGE] "The last descriptor of a file that is closed writes back, lingers or frees, as the file's kind has it.";
    dup(Descriptor) [may] "It may have to make the table of descriptors larger, and then waits for every processor.";
    dup2(Descriptor, Descriptor) [may] "It closes what was open under the number, and may have to make the table of descriptors larger.";
    dup3(Descriptor, Descriptor, Flags(names::NEW_DESCRIPTOR)) [may] "It closes what was open under the number, and may have to make the table of descriptors larger.";
    pipe(Pointer) [may] "It takes memory for a pipe, and may have to wait until some is free.";
    pipe2(Pointer, Flags(names::NEW_DESCRIPTOR)) [may] "It takes memory for a pipe, and may have to wait until some is free.";
    fcntl(Descriptor, OneOf(names::FCNTL), Hex) [unless FCNTL] "This command waits for a lock or a lease, takes memory, or is not known not to.";
    flock(Descriptor, Flags(names::FLOCK)) [unless FLOCK] "It waits until whoever holds the file's lock gives it back.";
    ioctl(Descriptor, OneOf(names::IOCTL), Hex) [unless IOCTL] "The device's driver does what it was asked for, and may wait as long as it likes.";
}
