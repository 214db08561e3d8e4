//! Numbers that stand for nothing any more, or never did.

use crate::watch::trap::syscalls::calls_macro::calls;
use crate::watch::trap::syscalls::system_call::Argument::{Int, Path, Pointer, Size};

const GONE: &str = "The kernel does not have it: it fails at once.";

calls! {
    _sysctl(Pointer) [may] "Kernels before 5.5 look a path up for it; newer ones do not have it.";
    uselib(Path) [may] "It reads a library from a disk, where the kernel still has it.";
    create_module(Pointer, Size) [never] GONE;
    get_kernel_syms(Pointer) [never] GONE;
    query_module(Pointer, Int, Pointer, Size, Pointer) [never] GONE;
    nfsservctl(Int, Pointer, Pointer) [never] GONE;
    getpmsg() [never] GONE;
    putpmsg() [never] GONE;
    afs_syscall() [never] GONE;
    tuxcall() [never] GONE;
    security() [never] GONE;
    vserver() [never] GONE;
    set_thread_area(Pointer) [never] GONE;
    get_thread_area(Pointer) [never] GONE;
    epoll_ctl_old() [never] GONE;
    epoll_wait_old() [never] GONE;
}
