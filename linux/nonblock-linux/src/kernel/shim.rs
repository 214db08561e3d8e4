//! The functions of the C shim, and what they are given: `shim/nonblock_linux.h` in Rust.
//!
//! A pointer that a function returns is null if there is no memory, or on an error, unless the line above says otherwise.

use core::ffi::{c_char, c_int, c_long, c_ulong, c_void};

/// Declares types of the kernel's, of which only the address is known here.
macro_rules! opaque {
    ($($name:ident)*) => {$(
        #[repr(C)]
        pub(super) struct $name {
            _private: [u8; 0],
        }
    )*};
}

opaque! { Completion Interval List LockClassKey Misc MmStruct Mutex Page SpinLock Work }

/// What is invalidated.
#[repr(C)]
pub(super) struct Range {
    pub(super) start: c_ulong,
    pub(super) end: c_ulong,
    pub(super) event: u32,
    pub(super) blockable: bool,
    pub(super) owner: usize,
}

pub(super) type Start = unsafe extern "C" fn(driver: *mut c_void, range: *const Range) -> bool;
pub(super) type Young = unsafe extern "C" fn(driver: *mut c_void, c_ulong, c_ulong) -> bool;

#[repr(C)]
pub(super) struct ListCalls {
    pub(super) start: Start,
    pub(super) release: unsafe extern "C" fn(driver: *mut c_void),
    pub(super) clear_flush_young: Young,
    pub(super) clear_young: Young,
    pub(super) test_young: unsafe extern "C" fn(driver: *mut c_void, c_ulong) -> bool,
}

#[repr(C)]
pub(super) struct MiscCalls {
    pub(super) open: unsafe extern "C" fn(mm: *mut MmStruct, error: *mut c_int) -> *mut c_void,
    pub(super) ioctl: unsafe extern "C" fn(*mut c_void, u32, *mut u64, usize) -> c_long,
    pub(super) release: unsafe extern "C" fn(state: *mut c_void),
}

#[cfg(CONFIG_DEBUG_ATOMIC_SLEEP)]
unsafe extern "C" {
    pub(super) safe fn nonblock_linux_section_start();
    pub(super) safe fn nonblock_linux_section_end() -> bool;
    pub(super) safe fn nonblock_linux_section_depth() -> u32;
    pub(super) safe fn nonblock_linux_section_suspend() -> u32;
    pub(super) safe fn nonblock_linux_section_resume(depth: u32);
    pub(super) safe fn nonblock_linux_task_id() -> u32;
    // Writes at most `size` bytes, and returns how many.
    pub(super) fn nonblock_linux_task_name(name: *mut u8, size: usize) -> usize;
    pub(super) fn nonblock_linux_print(line: *const u8, length: usize);
    pub(super) safe fn nonblock_linux_report_ends();
    // Never returns.
    pub(super) safe fn nonblock_linux_abort();
}

unsafe extern "C" {
    pub(super) safe fn nonblock_linux_alloc(size: usize, may_sleep: bool) -> *mut c_void;
    pub(super) fn nonblock_linux_free(memory: *mut c_void);

    pub(super) fn nonblock_linux_mutex_new(
        name: *const c_char,
        key: *const LockClassKey,
    ) -> *mut Mutex;
    pub(super) fn nonblock_linux_mutex_free(mutex: *mut Mutex);
    pub(super) fn nonblock_linux_mutex_lock(mutex: *mut Mutex);
    pub(super) fn nonblock_linux_mutex_trylock(mutex: *mut Mutex) -> bool;
    pub(super) fn nonblock_linux_mutex_unlock(mutex: *mut Mutex);

    // To be freed by `nonblock_linux_free`, as a completion is.
    pub(super) fn nonblock_linux_spin_lock_new(
        name: *const c_char,
        key: *const LockClassKey,
    ) -> *mut SpinLock;
    pub(super) fn nonblock_linux_spin_lock(lock: *mut SpinLock);
    pub(super) fn nonblock_linux_spin_unlock(lock: *mut SpinLock);

    pub(super) safe fn nonblock_linux_completion_new() -> *mut Completion;
    pub(super) fn nonblock_linux_complete(completion: *mut Completion);
    pub(super) fn nonblock_linux_complete_all(completion: *mut Completion);
    pub(super) fn nonblock_linux_wait_for_completion(completion: *mut Completion);

    pub(super) safe fn nonblock_linux_sleep(microseconds: u64);

    pub(super) fn nonblock_linux_mm_drop(mm: *mut MmStruct);
    pub(super) fn nonblock_linux_page_get(
        mm: *mut MmStruct,
        address: c_ulong,
        error: *mut c_int,
    ) -> *mut Page;
    pub(super) fn nonblock_linux_page_put(page: *mut Page);
    pub(super) fn nonblock_linux_page_frame(page: *mut Page) -> c_ulong;
    pub(super) fn nonblock_linux_page_read(page: *mut Page, offset: usize) -> u64;

    pub(super) fn nonblock_linux_list_register(
        mm: *mut MmStruct,
        driver: *mut c_void,
        calls: *const ListCalls,
        error: *mut c_int,
    ) -> *mut List;
    pub(super) fn nonblock_linux_list_unregister(list: *mut List);

    pub(super) fn nonblock_linux_interval_insert(
        mm: *mut MmStruct,
        start: c_ulong,
        length: c_ulong,
        driver: *mut c_void,
        invalidate: Start,
        error: *mut c_int,
    ) -> *mut Interval;
    pub(super) fn nonblock_linux_interval_remove(interval: *mut Interval);
    pub(super) fn nonblock_linux_interval_read_begin(interval: *mut Interval) -> c_ulong;
    pub(super) fn nonblock_linux_interval_read_retry(interval: *mut Interval, seq: c_ulong)
    -> bool;

    pub(super) safe fn nonblock_linux_work_new(
        run: unsafe extern "C" fn(owner: *mut c_void),
    ) -> *mut Work;
    pub(super) fn nonblock_linux_work_set_owner(work: *mut Work, owner: *mut c_void);
    pub(super) fn nonblock_linux_work_free(work: *mut Work);
    pub(super) fn nonblock_linux_work_queue(work: *mut Work);
    pub(super) fn nonblock_linux_work_flush(work: *mut Work);
    pub(super) fn nonblock_linux_work_lock(work: *mut Work) -> c_ulong;
    pub(super) fn nonblock_linux_work_unlock(work: *mut Work, flags: c_ulong);

    pub(super) fn nonblock_linux_misc_register(
        name: *const c_char,
        calls: *const MiscCalls,
        error: *mut c_int,
    ) -> *mut Misc;
    pub(super) fn nonblock_linux_misc_deregister(misc: *mut Misc);
}
