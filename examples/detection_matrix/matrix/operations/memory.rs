//! Memory: allocations, mappings, page faults. And what is loaded when it is first used.

use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::ptr;

use super::support::{keeping, opened, succeeded};
use crate::matrix::operation::{Operation, Prepared, operations};
use crate::matrix::section::once_blocked;

const HEAP: &str = "It depends on what memory the allocator has left.";
const LOADER: &str = "It depends on the library, and on what the page cache has of it.";

pub(super) const OPERATIONS: &[Operation] = operations! {
    "Box::new, 64 bytes" => small_box [Trap: May(HEAP)];
    "Vec::with_capacity, 1 MiB" => large_vec;
    "Vec::push, which grows" => growing_vec [Trap: May(HEAP)];
    "format!" => format [Trap: May(HEAP)];
    "HashMap::insert, the first" => hash_map [Trap: May(HEAP)];
    "a Box of 64 bytes, dropped" => drop_small;
    "a Vec of 1 MiB, dropped" => drop_large;
    "an Arc, dropped by its last owner" => drop_arc;
    "malloc, 64 bytes" => malloc_small [Trap: May(HEAP)];
    "malloc, 1 MiB" => malloc_large;
    "realloc, to 2 MiB" => realloc;
    "free, 64 bytes" => free_small;
    "free, 1 MiB" => free_large;
    "mmap" => mmap;
    "munmap" => munmap;
    "mprotect" => mprotect;
    "madvise(MADV_DONTNEED)" => madvise;
    "mlock" => mlock;
    "page faults, new memory" => minor_faults;
    "a page fault that waits for a disk" => major_fault [Slept: May(DISK)];
    "a page fault that waits for a thread" => userfault;
    "dlopen" => dlopen [Slept: May(LOADER), Trap: Some(LOADER), Alloc: May(LOADER), Sanitizer: Some(LOADER)];
    "dlsym" => dlsym;
};

const DISK: &str =
    "A disk may have the page in a memory of its own, or the kernel may have kept it.";

fn small_box() -> Prepared {
    keeping(move || black_box(Box::new([1_u8; 64])))
}

fn large_vec() -> Prepared {
    keeping(move || black_box(Vec::<u8>::with_capacity(1 << 20)))
}

fn growing_vec() -> Prepared {
    let mut numbers = vec![1; 16];
    Ok(Box::new(move || {
        numbers.push(2);
        black_box(&numbers);
    }))
}

fn format() -> Prepared {
    keeping(move || black_box(format!("{}", black_box(1))))
}

fn hash_map() -> Prepared {
    let mut map = std::collections::HashMap::new();
    Ok(Box::new(move || {
        map.insert(black_box(1), 2);
    }))
}

fn drop_small() -> Prepared {
    let mut made = Some(black_box(Box::new([1_u8; 64])));
    Ok(Box::new(move || drop(made.take())))
}

fn drop_large() -> Prepared {
    let mut made = Some(black_box(vec![1_u8; 1 << 20]));
    Ok(Box::new(move || drop(made.take())))
}

fn drop_arc() -> Prepared {
    let mut made = Some(std::sync::Arc::new([1_u8; 64]));
    Ok(Box::new(move || drop(made.take())))
}

fn malloc_small() -> Prepared {
    keeping(move || {
        // SAFETY: it takes no pointer.
        black_box(unsafe { libc::malloc(64) })
    })
}

fn malloc_large() -> Prepared {
    keeping(move || {
        // SAFETY: it takes no pointer.
        black_box(unsafe { libc::malloc(1 << 20) })
    })
}

fn realloc() -> Prepared {
    // SAFETY: it takes no pointer.
    let mut memory = unsafe { libc::malloc(1 << 20) };
    Ok(Box::new(move || {
        // SAFETY: it was allocated, and is used by nobody else.
        memory = black_box(unsafe { libc::realloc(memory, 2 << 20) });
    }))
}

fn free_small() -> Prepared {
    // SAFETY: it takes no pointer.
    let memory = black_box(unsafe { libc::malloc(64) });
    // SAFETY: it was allocated, and is freed once.
    Ok(Box::new(move || unsafe { libc::free(memory) }))
}

fn free_large() -> Prepared {
    // SAFETY: it takes no pointer.
    let memory = black_box(unsafe { libc::malloc(1 << 20) });
    // SAFETY: it was allocated, and is freed once.
    Ok(Box::new(move || unsafe { libc::free(memory) }))
}

const SIZE: usize = 1 << 20;

/// Maps new memory.
fn map() -> *mut libc::c_void {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: it maps new memory.
    let memory = unsafe { libc::mmap(ptr::null_mut(), SIZE, protection, flags, -1, 0) };
    assert_ne!(memory, libc::MAP_FAILED);
    memory
}

/// Maps memory, and touches all of it.
fn touched() -> *mut libc::c_void {
    let memory = map();
    // SAFETY: it is as large.
    unsafe { memory.cast::<u8>().write_bytes(1, SIZE) };
    memory
}

fn mmap() -> Prepared {
    Ok(Box::new(|| {
        map();
    }))
}

fn munmap() -> Prepared {
    let memory = touched();
    // SAFETY: nobody uses it.
    Ok(Box::new(move || succeeded(unsafe { libc::munmap(memory, SIZE) })))
}

fn mprotect() -> Prepared {
    let memory = touched();
    // SAFETY: nobody uses it.
    Ok(Box::new(move || succeeded(unsafe { libc::mprotect(memory, SIZE, libc::PROT_READ) })))
}

fn madvise() -> Prepared {
    let memory = touched();
    // SAFETY: nobody uses it.
    Ok(Box::new(move || succeeded(unsafe { libc::madvise(memory, SIZE, libc::MADV_DONTNEED) })))
}

fn mlock() -> Prepared {
    let memory = map();
    // SAFETY: it is mapped.
    Ok(Box::new(move || succeeded(unsafe { libc::mlock(memory, 4096) })))
}

fn minor_faults() -> Prepared {
    let memory = map();
    Ok(Box::new(move || {
        // SAFETY: it is as large.
        unsafe { memory.cast::<u8>().write_bytes(1, SIZE) };
    }))
}

fn major_fault() -> Prepared {
    const FILE: usize = 8 << 20;

    let path = std::env::temp_dir().join("mapped");
    let mut file = File::create_new(&path).map_err(|error| error.to_string())?;
    file.write_all(&vec![1; FILE]).map_err(|error| error.to_string())?;
    file.sync_all().map_err(|error| error.to_string())?;
    let file = File::open(&path).map_err(|error| error.to_string())?;
    let (protection, flags) = (libc::PROT_READ, libc::MAP_SHARED);
    // SAFETY: it maps new memory. The file stays as it is.
    let memory =
        unsafe { libc::mmap(ptr::null_mut(), FILE, protection, flags, file.as_raw_fd(), 0) };
    assert_ne!(memory, libc::MAP_FAILED);
    // SAFETY: the kernel is told how the memory is used.
    succeeded(unsafe { libc::madvise(memory, FILE, libc::MADV_RANDOM) });
    // SAFETY: it takes no pointer.
    unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
    let mut pages = [0_u8; FILE / 4096];
    // SAFETY: there is a byte for each page.
    succeeded(unsafe { libc::mincore(memory, FILE, pages.as_mut_ptr()) });
    if pages[pages.len() / 2] & 1 == 1 {
        return Err("the kernel keeps the file in memory".to_owned());
    }
    Ok(Box::new(move || {
        // SAFETY: it is in the mapping.
        let byte = unsafe { memory.cast::<u8>().add(FILE / 2) };
        // SAFETY: the file is as large.
        black_box(unsafe { byte.read_volatile() });
    }))
}

/// The numbers of `userfaultfd(2)` (Linux 6.12, `include/uapi/linux/userfaultfd.h`).
mod uffd {
    pub(super) const API: u64 = 0xaa;
    pub(super) const USER_MODE_ONLY: i32 = 1;
    pub(super) const IOCTL_API: libc::c_ulong = 0xc018_aa3f;
    pub(super) const IOCTL_REGISTER: libc::c_ulong = 0xc020_aa00;
    pub(super) const IOCTL_ZEROPAGE: libc::c_ulong = 0xc020_aa04;
    pub(super) const MODE_MISSING: u64 = 1;
}

/// The page is there when another thread says so: as with a file system that is a process.
fn userfault() -> Prepared {
    // SAFETY: it takes no pointer.
    let descriptor =
        unsafe { libc::syscall(libc::SYS_userfaultfd, libc::O_CLOEXEC | uffd::USER_MODE_ONLY) };
    let descriptor = opened(i32::try_from(descriptor).expect("a descriptor"))?;
    let memory = map();
    let start = memory.expose_provenance() as u64;
    let mut api = [uffd::API, 0, 0];
    let mut register = [start, SIZE as u64, uffd::MODE_MISSING, 0];
    // SAFETY: the structure is as the kernel has it.
    succeeded(unsafe { libc::ioctl(descriptor.as_raw_fd(), uffd::IOCTL_API, api.as_mut_ptr()) });
    // SAFETY: so is this one.
    succeeded(unsafe {
        libc::ioctl(descriptor.as_raw_fd(), uffd::IOCTL_REGISTER, register.as_mut_ptr())
    });
    once_blocked(move || {
        let mut zero = [start, 4096, 0, 0];
        // SAFETY: the structure is as the kernel has it.
        succeeded(unsafe {
            libc::ioctl(descriptor.as_raw_fd(), uffd::IOCTL_ZEROPAGE, zero.as_mut_ptr())
        });
        descriptor
    });
    Ok(Box::new(move || {
        // SAFETY: it is mapped.
        assert_eq!(unsafe { memory.cast::<u8>().read_volatile() }, 0);
    }))
}

fn dlopen() -> Prepared {
    keeping(move || {
        // Whether it is there is of no matter: it is looked for.
        // SAFETY: the name ends in a nul. What begins in this library is harmless.
        unsafe { libc::dlopen(c"libresolv.so.2".as_ptr(), libc::RTLD_NOW) }
    })
}

fn dlsym() -> Prepared {
    Ok(Box::new(|| {
        // SAFETY: the name ends in a nul.
        assert!(!unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"strtok".as_ptr()) }.is_null());
    }))
}
