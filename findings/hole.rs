//! A page that is not there until it is filled: who touches it waits in the kernel meanwhile, as with a page that has been
//! swapped out or a file on a slow disk.

use libc::{c_void, ioctl, mmap, poll, pollfd, syscall};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::SeqCst};
use std::time::Duration;

pub struct Hole {
    fault: i32,
    page: usize,
}

// From linux/userfaultfd.h: the handshake, the registration of missing pages, and the call that fills one with zeros.
const UFFDIO_API: libc::Ioctl = 0xc018_aa3f;
const UFFDIO_REGISTER: libc::Ioctl = 0xc020_aa00;
const UFFDIO_ZEROPAGE: libc::Ioctl = 0xc020_aa04;
const REGISTER_MISSING: u64 = 1;
const API: u64 = 0xaa;

impl Hole {
    pub fn new() -> Self {
        // SAFETY: system calls on memory of ours; the page is never used but through `page`.
        unsafe {
            let fault = syscall(libc::SYS_userfaultfd, libc::O_CLOEXEC | libc::O_NONBLOCK) as i32;
            if fault < 0 {
                give_up("userfaultfd is not to be had");
            }
            let mut api = [API, 0, 0];
            assert_eq!(ioctl(fault, UFFDIO_API, api.as_mut_ptr()), 0);
            let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
            let page = mmap(std::ptr::null_mut(), 4096, access, kind, -1, 0) as usize;
            let mut register = [page as u64, 4096, REGISTER_MISSING, 0];
            assert_eq!(ioctl(fault, UFFDIO_REGISTER, register.as_mut_ptr()), 0);
            Self { fault, page }
        }
    }

    fn wait_until_touched(&self) {
        let mut events = pollfd { fd: self.fault, events: libc::POLLIN, revents: 0 };
        // SAFETY: one pollfd, of ours.
        unsafe { poll(&mut events, 1, 10_000) };
        if events.revents != libc::POLLIN {
            give_up("nobody touched the page");
        }
    }

    fn fill(&self) {
        let mut range = [self.page as u64, 4096, 0, 0];
        // SAFETY: the page is ours, and registered.
        assert_eq!(unsafe { ioctl(self.fault, UFFDIO_ZEROPAGE, range.as_mut_ptr()) }, 0);
    }
}

/// One thread makes the call `user`, whose buffer is the missing page. While that waits, another makes the call `other`, on the
/// same object and with memory that is there. Does `other` wait too, and how?
pub fn while_faulting(name: &str, user: impl FnOnce(*mut c_void) + Send, other: impl FnOnce() + Send) {
    let hole = Hole::new();
    let (task, done) = (AtomicI32::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let page = hole.page;
        scope.spawn(move || user(page as *mut c_void));
        hole.wait_until_touched();
        scope.spawn(|| {
            // SAFETY: no arguments.
            task.store(unsafe { syscall(libc::SYS_gettid) } as i32, SeqCst);
            other();
            done.store(true, SeqCst);
        });
        // It has returned, or it stays asleep in the kernel, where only the page's arrival wakes it.
        let (mut asleep, mut looks) = (0, 0);
        let found = loop {
            if done.load(SeqCst) {
                break "returns at once";
            }
            looks += 1;
            if looks == 10_000 {
                give_up("it neither returns nor sleeps uninterruptibly");
            }
            asleep = if state(task.load(SeqCst)) == Some('D') { asleep + 1 } else { 0 };
            if asleep == 100 {
                break "sleeps, uninterruptibly";
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        println!("{name}: {found}");
        hole.fill();
    });
}

/// The threads are stuck, so no panic: nobody would come to join them.
fn give_up(reason: &str) -> ! {
    eprintln!("{reason}: {}", std::io::Error::last_os_error());
    std::process::exit(1)
}

fn state(task: i32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{task}/stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}
