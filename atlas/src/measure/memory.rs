//! What the calling thread asks of the allocator: of Rust's, and of C's beneath it or past it.
//!
//! The program defines `malloc` and its kin itself, so that no crate and no library gets past the count, and hands each call on to glibc's
//! own under their other names.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::mem::transmute;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

/// What a thread has done while it was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Allocations and reallocations by Rust's global allocator.
    pub allocations: u64,
    /// Releases by Rust's global allocator.
    pub frees: u64,
    /// Calls of `malloc` and its kin that did not come from the global allocator.
    pub mallocs: u64,
    /// Calls of `free` that did not come from the global allocator.
    pub c_frees: u64,
    /// Destructors of thread-locals that were registered, which is done under the lock of the dynamic loader.
    pub destructors: u64,
}

const NOTHING: Counts = Counts { allocations: 0, frees: 0, mallocs: 0, c_frees: 0, destructors: 0 };

// None of them has a destructor, or is made when it is first looked at: `malloc` may look at them at any time.
thread_local! {
    static COUNTS: Cell<Counts> = const { Cell::new(NOTHING) };
    static IS_COUNTED: Cell<bool> = const { Cell::new(false) };
    static IN_GLOBAL_ALLOCATOR: Cell<bool> = const { Cell::new(false) };
}

/// Whether the thread that is counted is within the allocator: its system calls there are the allocator's.
pub(super) static IN_ALLOCATOR: AtomicBool = AtomicBool::new(false);

/// Begins or stops to count what this thread does, and returns whether it was counted.
pub(super) fn set_counted(counted: bool) -> bool {
    IS_COUNTED.replace(counted)
}

/// What this thread has done while it was counted, since the last time this was called.
pub(super) fn take() -> Counts {
    COUNTS.replace(NOTHING)
}

fn count(add: fn(&mut Counts)) {
    if IS_COUNTED.get() {
        let mut counts = COUNTS.get();
        add(&mut counts);
        COUNTS.set(counts);
    }
}

fn in_allocator<R>(f: impl FnOnce() -> R) -> R {
    if !IS_COUNTED.get() {
        return f();
    }
    let outer = IN_ALLOCATOR.swap(true, Ordering::SeqCst);
    let result = f();
    IN_ALLOCATOR.store(outer, Ordering::SeqCst);
    result
}

fn from_rust<R>(f: impl FnOnce() -> R) -> R {
    let outer = IN_GLOBAL_ALLOCATOR.replace(true);
    let result = f();
    IN_GLOBAL_ALLOCATOR.set(outer);
    result
}

/// The global allocator: the system's, and counts.
#[derive(Debug)]
pub struct Counting;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(|counts| counts.allocations += 1);
        // SAFETY: the caller keeps the contract, which is the same.
        from_rust(|| unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(|counts| counts.allocations += 1);
        // SAFETY: the caller keeps the contract, which is the same.
        from_rust(|| unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(|counts| counts.allocations += 1);
        // SAFETY: the caller keeps the contract, which is the same.
        from_rust(|| unsafe { System.realloc(old, layout, size) })
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        count(|counts| counts.frees += 1);
        // SAFETY: the caller keeps the contract, which is the same.
        from_rust(|| unsafe { System.dealloc(old, layout) });
    }
}

#[global_allocator]
static ALLOCATOR: nonblock::watch::Allocator<Counting> =
    nonblock::watch::Allocator::around(Counting);

unsafe extern "C" {
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
    fn __libc_realloc(old: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_memalign(alignment: usize, size: usize) -> *mut c_void;
    fn __libc_free(old: *mut c_void);
}

fn count_malloc() {
    if !IN_GLOBAL_ALLOCATOR.get() {
        count(|counts| counts.mallocs += 1);
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    count_malloc();
    // SAFETY: the caller keeps the contract, which is the same.
    in_allocator(|| unsafe { __libc_malloc(size) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    count_malloc();
    // SAFETY: the caller keeps the contract, which is the same.
    in_allocator(|| unsafe { __libc_calloc(count, size) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(old: *mut c_void, size: usize) -> *mut c_void {
    count_malloc();
    // SAFETY: the caller keeps the contract, which is the same.
    in_allocator(|| unsafe { __libc_realloc(old, size) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memalign(alignment: usize, size: usize) -> *mut c_void {
    count_malloc();
    // SAFETY: the caller keeps the contract, which is the same.
    in_allocator(|| unsafe { __libc_memalign(alignment, size) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn aligned_alloc(alignment: usize, size: usize) -> *mut c_void {
    // SAFETY: the caller keeps the contract, which is the same.
    unsafe { memalign(alignment, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_memalign(
    memory: *mut *mut c_void,
    alignment: usize,
    size: usize,
) -> c_int {
    // SAFETY: the caller keeps the contract: the alignment is a power of two.
    let got = unsafe { memalign(alignment, size) };
    if got.is_null() {
        return libc::ENOMEM;
    }
    // SAFETY: the caller keeps the contract: it may be written.
    unsafe { memory.write(got) };
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn free(old: *mut c_void) {
    if !old.is_null() && !IN_GLOBAL_ALLOCATOR.get() {
        count(|counts| counts.c_frees += 1);
    }
    // SAFETY: the caller keeps the contract, which is the same.
    in_allocator(|| unsafe { __libc_free(old) });
}

type Destructor = unsafe extern "C" fn(*mut c_void);
type Register = unsafe extern "C" fn(Destructor, *mut c_void, *mut c_void) -> c_int;

/// glibc's function, once it has been looked up.
static REGISTER: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

/// Looks up what is to be called later. To look it up may allocate.
pub(super) fn look_up() {
    // SAFETY: the name ends with a zero.
    let found = unsafe { libc::dlsym(libc::RTLD_NEXT, c"__cxa_thread_atexit_impl".as_ptr()) };
    assert!(!found.is_null(), "this C library does not end thread-locals");
    REGISTER.store(found, Ordering::SeqCst);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __cxa_thread_atexit_impl(
    destructor: Destructor,
    object: *mut c_void,
    library: *mut c_void,
) -> c_int {
    count(|counts| counts.destructors += 1);
    if REGISTER.load(Ordering::SeqCst).is_null() {
        look_up();
    }
    // SAFETY: the C library's function of this name has this type.
    let register = unsafe { transmute::<*mut c_void, Register>(REGISTER.load(Ordering::SeqCst)) };
    // SAFETY: the caller keeps the contract, which is the same.
    unsafe { register(destructor, object, library) }
}
