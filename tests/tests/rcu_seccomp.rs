//! A seccomp filter that refuses `membarrier` and comes into force after the start.
#![cfg(all(target_os = "linux", target_arch = "x86_64", not(miri)))]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::libc;
use nonblock::rcu::Rcu;
use nonblock::sleepable;

/// Has `membarrier` fail on this thread from now on.
fn refuse_membarrier() {
    let statement = |code: u32, jt, jf, k| {
        let code = code.try_into().expect("it has 16 bits");
        libc::sock_filter { code, jt, jf, k }
    };
    let membarrier = libc::SYS_membarrier.try_into().expect("it is small");
    let mut filter = [
        // The number of the call is the first word.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, membarrier),
        statement(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
        statement(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: 4, filter: filter.as_mut_ptr() };
    // SAFETY: it takes numbers only.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    let mode = libc::SECCOMP_MODE_FILTER;
    // SAFETY: the kernel copies the program, which lives until then.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program) }, 0);
    // SAFETY: it has no memory to read or write.
    assert_eq!(unsafe { libc::syscall(libc::SYS_membarrier, 0, 0, 0) }, -1);
}

struct Watched(AtomicBool);

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[test]
fn readers_and_writers_go_on_where_membarrier_is_refused_later() {
    let rcu = Arc::new(Rcu::new(Watched(AtomicBool::new(true))));
    let stop = Arc::new(AtomicBool::new(false));
    let reader = thread::spawn({
        let (rcu, stop) = (Arc::clone(&rcu), Arc::clone(&stop));
        move || {
            while !stop.load(Ordering::Relaxed) {
                let guard = rcu.read();
                assert!(guard.0.load(Ordering::Relaxed));
            }
        }
    });
    refuse_membarrier();
    let start = Instant::now();
    sleepable(|cx| {
        for _ in 0..1_000 {
            rcu.replace(cx, Watched(AtomicBool::new(true)));
            rcu.synchronize(cx);
        }
    });
    // It waits for the stores of other processors once, and not each time.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    stop.store(true, Ordering::Relaxed);
    reader.join().unwrap();
}
