//! Files and their names.

use crate::watch::trap::syscalls::calls_macro::calls;
use crate::watch::trap::syscalls::condition::{Condition, Exception};
use crate::watch::trap::syscalls::constant::values;
use crate::watch::trap::syscalls::names;
use crate::watch::trap::syscalls::system_call::Argument::{
    Descriptor, Hex, Int, Long, Mode, ModeOfNew, OneOfWithFlags, Path, Pointer, Size,
};

const LOOKUP: &str = "It looks a path up, which may read a disk or ask a server.";
const FOLDER: &str =
    "It changes a folder, under a lock that another thread may hold while it waits for the disk.";
const INODE: &str =
    "It takes the file's lock, which another thread may hold while it waits for the disk.";
const SERVER: &str = "A file system over a network, or in a program, asks its server.";
const DISK: &str = "It waits until the disk has what was written.";

static FADVISE: &[Exception] = &[Exception {
    when: Condition::Is(
        3,
        values!(POSIX_FADV_NORMAL POSIX_FADV_RANDOM POSIX_FADV_SEQUENTIAL POSIX_FADV_NOREUSE),
    ),
    why: "This advice only sets how far the open file is read ahead.",
}];

static SYNC_FILE_RANGE: &[Exception] =
    &[Exception { when: Condition::Is(3, &[0]), why: "Without flags it does nothing." }];

calls! {
    open(Path, OneOfWithFlags { mask: 3, values: names::ACCESS, flags: names::OPEN }, ModeOfNew) [may] LOOKUP;
    openat(Descriptor, Path, OneOfWithFlags { mask: 3, values: names::ACCESS, flags: names::OPEN }, ModeOfNew) [may] LOOKUP;
    openat2(Descriptor, Path, Pointer, Size) [may] LOOKUP;
    open_by_handle_at(Descriptor, Pointer, OneOfWithFlags { mask: 3, values: names::ACCESS, flags: names::OPEN }) [may] "It finds a file by its number, which may read a disk or ask a server.";
    name_to_handle_at(Descriptor, Path, Pointer, Pointer, Hex) [may] LOOKUP;
    creat(Path, Mode) [may] LOOKUP;
    access(Path, Hex) [may] LOOKUP;
    faccessat(Descriptor, Path, Hex) [may] LOOKUP;
    faccessat2(Descriptor, Path, Hex, Hex) [may] LOOKUP;
    stat(Path, Pointer) [may] LOOKUP;
    lstat(Path, Pointer) [may] LOOKUP;
    fstat(Descriptor, Pointer) [may] SERVER;
    newfstatat(Descriptor, Path, Pointer, Hex) [may] LOOKUP;
    statx(Descriptor, Path, Hex, Hex, Pointer) [may] LOOKUP;
    readlink(Path, Pointer, Size) [may] LOOKUP;
    readlinkat(Descriptor, Path, Pointer, Size) [may] LOOKUP;
    getdents(Descriptor, Pointer, Size) [may] "It reads a folder from its disk, under the folder's lock.";
    getdents64(Descriptor, Pointer, Size) [may] "It reads a folder from its disk, under the folder's lock.";
    getcwd(Pointer, Size) [never] "It copies names that are in memory.";
    chdir(Path) [may] LOOKUP;
    fchdir(Descriptor) [may] SERVER;
    chroot(Path) [may] LOOKUP;
    umask(Mode) [never] "It exchanges a number of the process's.";
    mkdir(Path, Mode) [may] FOLDER;
    mkdirat(Descriptor, Path, Mode) [may] FOLDER;
    mknod(Path, Mode, Hex) [may] FOLDER;
    mknodat(Descriptor, Path, Mode, Hex) [may] FOLDER;
    rmdir(Path) [may] FOLDER;
    link(Path, Path) [may] FOLDER;
    linkat(Descriptor, Path, Descriptor, Path, Hex) [may] FOLDER;
    symlink(Path, Path) [may] FOLDER;
    symlinkat(Path, Descriptor, Path) [may] FOLDER;
    unlink(Path) [may] FOLDER;
    unlinkat(Descriptor, Path, Hex) [may] FOLDER;
    rename(Path, Path) [may] FOLDER;
    renameat(Descriptor, Path, Descriptor, Path) [may] FOLDER;
    renameat2(Descriptor, Path, Descriptor, Path, Hex) [may] FOLDER;
    chmod(Path, Mode) [may] INODE;
    fchmod(Descriptor, Mode) [may] INODE;
    fchmodat(Descriptor, Path, Mode) [may] INODE;
    fchmodat2(Descriptor, Path, Mode, Hex) [may] INODE;
    chown(Path, Int, Int) [may] INODE;
    fchown(Descriptor, Int, Int) [may] INODE;
    lchown(Path, Int, Int) [may] INODE;
    fchownat(Descriptor, Path, Int, Int, Hex) [may] INODE;
    utime(Path, Pointer) [may] INODE;
    utimes(Path, Pointer) [may] INODE;
    futimesat(Descriptor, Path, Pointer) [may] INODE;
    utimensat(Descriptor, Path, Pointer, Hex) [may] INODE;
    truncate(Path, Long) [may] INODE;
    ftruncate(Descriptor, Long) [may] INODE;
    fallocate(Descriptor, Hex, Long, Long) [may] INODE;
    setxattr(Path, Pointer, Pointer, Size, Hex) [may] INODE;
    lsetxattr(Path, Pointer, Pointer, Size, Hex) [may] INODE;
    fsetxattr(Descriptor, Pointer, Pointer, Size, Hex) [may] INODE;
    setxattrat(Descriptor, Path, Hex, Pointer, Pointer, Size) [may] INODE;
    getxattr(Path, Pointer, Pointer, Size) [may] LOOKUP;
    lgetxattr(Path, Pointer, Pointer, Size) [may] LOOKUP;
    fgetxattr(Descriptor, Pointer, Pointer, Size) [may] "It may read the attribute from a disk or ask a server.";
    getxattrat(Descriptor, Path, Hex, Pointer, Pointer, Size) [may] LOOKUP;
    listxattr(Path, Pointer, Size) [may] LOOKUP;
    llistxattr(Path, Pointer, Size) [may] LOOKUP;
    flistxattr(Descriptor, Pointer, Size) [may] "It may read the attributes from a disk or ask a server.";
    listxattrat(Descriptor, Path, Hex, Pointer, Size) [may] LOOKUP;
    removexattr(Path, Pointer) [may] INODE;
    lremovexattr(Path, Pointer) [may] INODE;
    fremovexattr(Descriptor, Pointer) [may] INODE;
    removexattrat(Descriptor, Path, Hex, Pointer) [may] INODE;
    file_getattr(Descriptor, Path, Pointer, Size, Hex) [may] LOOKUP;
    file_setattr(Descriptor, Path, Pointer, Size, Hex) [may] INODE;
    fsync(Descriptor) [may] DISK;
    fdatasync(Descriptor) [may] DISK;
    sync() [may] DISK;
    syncfs(Descriptor) [may] DISK;
    sync_file_range(Descriptor, Long, Long, Hex) [unless SYNC_FILE_RANGE] "It waits for the disk, or for room in its queue.";
    fadvise64(Descriptor, Long, Long, Int) [unless FADVISE] "It begins to read or to write pages, and may wait for room in the disk's queue.";
    readahead(Descriptor, Long, Size) [may] "It begins to read pages, and may wait for memory, or for room in the disk's queue.";
    cachestat(Descriptor, Pointer, Pointer, Hex) [may] "It walks through a file's pages, and may wait for the counts of memory groups.";
}
