//! The address space, and memory that has a descriptor.

use crate::watch::trap::syscalls::calls_macro::calls;
use crate::watch::trap::syscalls::condition::{Condition, Exception};
use crate::watch::trap::syscalls::names;
use crate::watch::trap::syscalls::system_call::Argument::{
    Descriptor, Flags, Hex, Int, OneOf, OneOfWithFlags, Pointer, Size,
};

const LOCK: &str = "It takes the lock of the address space, which other threads hold while they map memory or wait for a page.";

/// What `get_mempolicy` does without `MPOL_F_NODE` and `MPOL_F_ADDR`, and with `MPOL_F_MEMS_ALLOWED`.
static GET_MEMPOLICY: &[Exception] = &[Exception {
    when: Condition::Is(4, &[0, 4]),
    why: "It looks at the thread's own policy only.",
}];

calls! {
    mmap(
        Pointer, Size, Flags(names::PROTECTION),
        OneOfWithFlags { mask: 15, values: names::SHARING, flags: names::MAPPING },
        Descriptor, Hex
    ) [may] LOCK;
    munmap(Pointer, Size) [may] LOCK;
    mprotect(Pointer, Size, Flags(names::PROTECTION)) [may] LOCK;
    pkey_mprotect(Pointer, Size, Flags(names::PROTECTION), Int) [may] LOCK;
    pkey_alloc(Hex, Hex) [may] LOCK;
    pkey_free(Int) [may] LOCK;
    mremap(Pointer, Size, Size, Flags(names::REMAP), Pointer) [may] LOCK;
    remap_file_pages(Pointer, Size, Hex, Size, Hex) [may] LOCK;
    map_shadow_stack(Pointer, Size, Hex) [may] LOCK;
    mseal(Pointer, Size, Hex) [may] LOCK;
    brk(Pointer) [may] LOCK;
    madvise(Pointer, Size, OneOf(names::ADVICE)) [may] "Whatever the advice, it takes the lock of the address space, or that of a mapping.";
    process_madvise(Descriptor, Pointer, Size, OneOf(names::ADVICE), Hex) [may] "It takes the lock of an address space, or that of a mapping.";
    msync(Pointer, Size, Flags(names::MSYNC)) [may] "It takes the lock of the address space even with MS_ASYNC, and with MS_SYNC waits for the disk.";
    mincore(Pointer, Size, Pointer) [may] LOCK;
    mlock(Pointer, Size) [may] "It takes the lock of the address space, and waits for pages to come from a disk.";
    mlock2(Pointer, Size, Hex) [may] "It takes the lock of the address space, and waits for pages to come from a disk.";
    mlockall(Hex) [may] "It takes the lock of the address space, and waits for pages to come from a disk.";
    munlock(Pointer, Size) [may] LOCK;
    munlockall() [may] LOCK;
    mbind(Pointer, Size, Int, Pointer, Size, Hex) [may] "It takes the lock of the address space, and may move pages.";
    set_mempolicy(Int, Pointer, Size) [may] "It takes memory for the policy, and may have to wait until some is free.";
    get_mempolicy(Pointer, Pointer, Size, Pointer, Hex) [unless GET_MEMPOLICY] LOCK;
    set_mempolicy_home_node(Pointer, Size, Size, Hex) [may] LOCK;
    migrate_pages(Int, Size, Pointer, Pointer) [may] "It moves pages, and waits for those that are in use.";
    move_pages(Int, Size, Pointer, Pointer, Pointer, Hex) [may] "It moves pages, and waits for those that are in use.";
    memfd_create(Pointer, Hex) [may] "It takes memory for a file, and may have to wait until some is free.";
    memfd_secret(Hex) [may] "It takes memory for a file, and may have to wait until some is free.";
    process_vm_readv(Int, Pointer, Size, Pointer, Size, Hex) [may] "It takes the lock of an address space, and may wait for pages to come from a disk.";
    process_vm_writev(Int, Pointer, Size, Pointer, Size, Hex) [may] "It takes the lock of an address space, and may wait for pages to come from a disk.";
    process_mrelease(Descriptor, Hex) [may] "It takes the lock of another address space, and frees its memory.";
}
