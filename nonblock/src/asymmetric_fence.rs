//! A pair of fences of which one costs nothing.
//!
//! Two threads that each store to one place and then load from the other's need a fence in between, or both may miss the
//! other's store. Where one of the two runs often and the other seldom, the often one makes a light fence, which is none for
//! the processor. The seldom one makes a heavy fence: it has the kernel interrupt all processors that run threads of this
//! process, and each of them makes a full fence there (`membarrier`, with `MEMBARRIER_CMD_PRIVATE_EXPEDITED`). A thread that
//! is not running made one when it lost its processor. So of each other thread's light fence it is true: it came before
//! the heavy fence, or it comes after it, as if both were full ones.
//!
//! These are `asymmetric_thread_fence_light` and `asymmetric_thread_fence_heavy` of the C++ proposal P1202.
//!
//! # Where there is none
//!
//! A process registers for it before `main`, while it has one thread: later the kernel would let the registration sleep. Where
//! that fails, because the kernel is too old or a seccomp filter is in force, and where this is another system,
//! [`has_heavy_fence`] returns `false` for ever, and both sides use full fences.
//!
//! A filter can also come into force later. Then [`heavy_fence`] waits for longer than any processor keeps a store back from
//! the others, and [`has_heavy_fence`] returns `false` from then on. Such filters are better set up to allow `membarrier`.
//!
//! # Why the call is declared here
//!
//! The standard library is linked to a C library in any case, whose `syscall` is all that is needed. So the crate needs no
//! other for it.

use core::sync::atomic::{Ordering, compiler_fence, fence};

#[cfg(any(
    miri,
    not(target_os = "linux"),
    not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))
))]
mod membarrier {
    /// There is none here.
    pub(super) fn is_registered() -> bool {
        false
    }

    /// Is never called.
    pub(super) fn call() {}
}

#[cfg(all(
    not(miri),
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
mod membarrier {
    use core::ffi::{c_int, c_long, c_uint};
    use core::sync::atomic::{AtomicBool, Ordering};
    use core::time::Duration;

    /// The number of `membarrier`: riscv64 has those of `asm-generic/unistd.h`, as aarch64 has.
    const NUMBER: c_long = if cfg!(target_arch = "x86_64") { 324 } else { 283 };

    // From `linux/membarrier.h`.
    const PRIVATE_EXPEDITED: c_int = 1 << 3;
    const REGISTER_PRIVATE_EXPEDITED: c_int = 1 << 4;

    /// For how long to wait where the kernel refuses the barrier. A store leaves its processor within microseconds.
    const LONGER_THAN_A_STORE_TAKES: Duration = Duration::from_millis(10);

    /// Whether this process is registered. It is set before there is a second thread.
    static REGISTERED: AtomicBool = AtomicBool::new(false);

    unsafe extern "C" {
        /// Makes a system call: see syscall(2).
        fn syscall(number: c_long, ...) -> c_long;
    }

    /// Calls `membarrier`. Returns whether it succeeded.
    fn membarrier(command: c_int) -> bool {
        let (flags, cpu): (c_uint, c_int) = (0, 0);
        // SAFETY: the call has these three arguments, and reads and writes no memory of this process.
        unsafe { syscall(NUMBER, command, flags, cpu) == 0 }
    }

    extern "C" fn register() {
        REGISTERED.store(membarrier(REGISTER_PRIVATE_EXPEDITED), Ordering::Relaxed);
    }

    // What is in this section must be functions that can be called before `main`, which is why the attribute is unsafe. This
    // one makes a system call and stores to an atomic. It needs nothing of the standard library, and takes fewer
    // arguments than it gets.
    #[used]
    #[unsafe(link_section = ".init_array")]
    static BEFORE_MAIN: extern "C" fn() = register;

    #[inline]
    pub(super) fn is_registered() -> bool {
        REGISTERED.load(Ordering::Relaxed)
    }

    /// Makes every other thread of this process make a full fence.
    pub(super) fn call() {
        if !membarrier(PRIVATE_EXPEDITED) {
            REGISTERED.store(false, Ordering::Relaxed);
            // A processor that made a light fence has stored before that, or will load after it, except for what it has in
            // flight: instructions that it works on ahead of others, and stores on their way. An interrupt ends the former,
            // and the latter need no help. So after a while nothing of it is left.
            std::thread::sleep(LONGER_THAN_A_STORE_TAKES);
        }
    }
}

/// The side that costs nothing: between a store and a load. Only with [`has_heavy_fence`] is it a fence.
#[inline]
pub(crate) fn light_fence() {
    // The interrupt makes the rest: it comes before or after the store, in the order of the machine code.
    compiler_fence(Ordering::SeqCst);
}

/// The side that has all threads of this process make a fence. Call it only after [`has_heavy_fence`] has returned `true`.
///
/// May sleep.
pub(crate) fn heavy_fence() {
    fence(Ordering::SeqCst);
    membarrier::call();
    fence(Ordering::SeqCst);
}

/// Returns whether there is a heavy fence. If not, light fences are none.
#[inline]
pub(crate) fn has_heavy_fence() -> bool {
    membarrier::is_registered()
}
