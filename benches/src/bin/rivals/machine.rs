//! What the machine's own operations take, of which all others are made: lines of the page's table of the machine.

use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicU64, Ordering, fence};

use benches::results::MACHINE;
use benches::{Padded, Plan, each, repeat, while_running};
use nix::unistd::getppid;
use rustix::thread::{MembarrierCommand, membarrier};

pub(crate) fn plan(plan: &mut Plan) {
    // The same code in both builds.
    if nonblock::CHECKS {
        return;
    }
    plan.group(MACHINE, "What this machine takes for", |group| {
        group.rival(
            "a relaxed atomic read-modify-write, of a cache line that no other thread uses",
            || {
                let number = Padded::new(AtomicU64::new(0));
                each(move || {
                    black_box(number.fetch_add(1, Ordering::Relaxed));
                })
            },
        );
        group.rival("a full fence (`fence(SeqCst)`)", || each(|| fence(Ordering::SeqCst)));
        group.rival("a system call (`getppid`)", || {
            each(|| {
                black_box(getppid());
            })
        });
        // An old kernel has none, and a seccomp filter may forbid it.
        if membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok() {
            group.rival(
                "a `membarrier` (private, expedited) while another thread of the process runs",
                || {
                    // The kernel interrupts the processors that run threads of the process, and no others.
                    while_running(spin_loop, |times| {
                        repeat(times, || {
                            membarrier(MembarrierCommand::PrivateExpedited)
                                .expect("it is registered");
                        });
                    })
                },
            );
        }
    });
}
