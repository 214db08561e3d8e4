//! File systems: mounting them, their limits, and swapping.

use crate::watch::trap::syscalls::calls_macro::calls;
use crate::watch::trap::syscalls::system_call::Argument::{
    Descriptor, Hex, Int, Path, Pointer, Size,
};

const MOUNTS: &str = "It takes the lock of all mounts, which others hold while they look paths up.";
const SERVER: &str = "It may read a disk, or ask the file system's server.";

calls! {
    statfs(Path, Pointer) [may] SERVER;
    fstatfs(Descriptor, Pointer) [may] SERVER;
    ustat(Int, Pointer) [may] SERVER;
    sysfs(Int, Size, Pointer) [never] "It looks at the list of kinds of file systems.";
    mount(Pointer, Path, Pointer, Hex, Pointer) [may] MOUNTS;
    umount2(Path, Hex) [may] MOUNTS;
    pivot_root(Path, Path) [may] MOUNTS;
    open_tree(Descriptor, Path, Hex) [may] MOUNTS;
    open_tree_attr(Descriptor, Path, Hex, Pointer, Size) [may] MOUNTS;
    move_mount(Descriptor, Path, Descriptor, Path, Hex) [may] MOUNTS;
    mount_setattr(Descriptor, Path, Hex, Pointer, Size) [may] MOUNTS;
    fsopen(Pointer, Hex) [may] "It takes memory, and where the kernel lacks the file system waits for a program that loads it.";
    fsconfig(Descriptor, Int, Pointer, Pointer, Int) [may] SERVER;
    fsmount(Descriptor, Hex, Hex) [may] MOUNTS;
    fspick(Descriptor, Path, Hex) [may] SERVER;
    statmount(Pointer, Pointer, Size, Hex) [may] MOUNTS;
    listmount(Pointer, Pointer, Size, Hex) [may] MOUNTS;
    quotactl(Hex, Path, Int, Pointer) [may] SERVER;
    quotactl_fd(Descriptor, Hex, Int, Pointer) [may] SERVER;
    swapon(Path, Hex) [may] "It reads a disk, and waits for every processor.";
    swapoff(Path) [may] "It reads all that was swapped out back from the disk.";
    lookup_dcookie(Hex, Pointer, Size) [may] "Kernels before 6.7 take a lock of all such cookies; newer ones do not have it.";
}
