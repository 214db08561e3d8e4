//! A program without `std`, on libc's start files. It has one thread. It brings its own backend, and breaks a rule.
#![no_std]
#![no_main]

use core::ffi::{c_int, c_void};
use core::fmt::{self, Write as _};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use nonblock::backend::{Backend, Suspended};
use nonblock::{Place, Policy, Violation, might_sleep, non_block};

/// How many sections are open. There is one thread, and no interrupt, so a load and a store do.
static DEPTH: AtomicU32 = AtomicU32::new(0);

struct OneThread;

nonblock::set_backend!(OneThread);

// SAFETY: the program has one thread, and the one counter is that thread's. Nothing unwinds.
unsafe impl Backend for OneThread {
    fn start(_place: Place) {
        DEPTH.store(DEPTH.load(Relaxed) + 1, Relaxed);
    }

    fn end() -> bool {
        let open = DEPTH.load(Relaxed);
        DEPTH.store(open.saturating_sub(1), Relaxed);
        open > 0
    }

    fn depth() -> Option<u32> {
        Some(DEPTH.load(Relaxed))
    }

    fn suspend() -> Suspended {
        let depth = DEPTH.load(Relaxed);
        DEPTH.store(0, Relaxed);
        Suspended { depth, began: None }
    }

    fn resume(suspended: Suspended) {
        DEPTH.store(DEPTH.load(Relaxed) + suspended.depth, Relaxed);
    }

    fn write(violation: &Violation) {
        // If it cannot be written, there is no other place for it.
        let _ = writeln!(StandardError, "{violation}");
    }

    fn abort() -> ! {
        // SAFETY: it ends the process, whatever its state.
        unsafe { abort() }
    }

    fn initial_policy() -> Policy {
        Policy::Warn
    }
}

/// Waits for something.
fn wait() {
    might_sleep();
}

// SAFETY: libc's start files call the one `main` of the program.
#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    non_block(|_nb| wait()); // written, and the program goes on
    0
}

#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    OneThread::abort()
}

/// What the unwind tables of the compiled `core` name. Nothing unwinds in this program.
// SAFETY: std defines this symbol elsewhere, and is not in this program.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[link(name = "c")]
unsafe extern "C" {
    fn write(descriptor: c_int, bytes: *const c_void, count: usize) -> isize;
    fn abort() -> !;
}

struct StandardError;

impl fmt::Write for StandardError {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: the bytes are the text's, as many as it has.
        let written = unsafe { write(2, text.as_ptr().cast(), text.len()) };
        if usize::try_from(written) == Ok(text.len()) { Ok(()) } else { Err(fmt::Error) }
    }
}
