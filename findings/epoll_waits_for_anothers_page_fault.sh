#!/usr/bin/env bash
# While one thread's epoll_wait waits for the page of its events, epoll_wait with a time-out of zero sleeps in another thread,
# and so does close of an eventfd that is merely watched.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs_root "userfaultfd stands in for a page that is not there, within system calls too"

guessed "a time-out of zero returns at once, poll of an epoll descriptor too, and close of an eventfd has nothing to wait for"

rust 'libc = "=0.2.191"' <<'RUST'
mod hole;
use hole::while_faulting;
use libc::*;

/// An epoll that watches a ready eventfd.
fn watched() -> (i32, i32) {
    unsafe {
        let (epoll, event) = (epoll_create1(0), eventfd(1, EFD_NONBLOCK));
        let mut events = epoll_event { events: EPOLLIN as u32, u64: 0 };
        assert_eq!(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &mut events), 0);
        (epoll, event)
    }
}

fn main() {
    let waiting = |epoll: i32| move |page: *mut c_void| _ = unsafe { epoll_wait(epoll, page.cast(), 1, -1) };
    let (epoll, event) = watched();
    while_faulting("epoll_wait, zero", waiting(epoll), || {
        let mut events = epoll_event { events: 0, u64: 0 };
        assert_eq!(unsafe { epoll_wait(epoll, &mut events, 1, 0) }, 1);
    });
    while_faulting("poll of the epoll, zero", waiting(epoll), || {
        let mut events = pollfd { fd: epoll, events: POLLIN, revents: 0 };
        assert_eq!(unsafe { poll(&mut events, 1, 0) }, 1);
    });
    while_faulting("epoll_ctl, another descriptor", waiting(epoll), || {
        let mut events = epoll_event { events: EPOLLIN as u32, u64: 0 };
        assert_eq!(unsafe { epoll_ctl(epoll, EPOLL_CTL_ADD, eventfd(0, 0), &mut events) }, 0);
    });
    while_faulting("write to the watched eventfd", waiting(epoll), || {
        assert_eq!(unsafe { write(event, 1_u64.to_ne_bytes().as_ptr().cast(), 8) }, 8);
    });
    while_faulting("close of the watched eventfd", waiting(epoll), || assert_eq!(unsafe { close(event) }, 0));
    while_faulting("close of an eventfd that is not watched", waiting(watched().0), || {
        assert_eq!(unsafe { close(eventfd(0, 0)) }, 0);
    });
}
RUST

look target/debug/probe
for waits in "epoll_wait, zero" "poll of the epoll, zero" "epoll_ctl, another descriptor" "close of the watched eventfd"; do
  holds "$waits: sleeps, uninterruptibly"
done
for returns in "write to the watched eventfd" "close of an eventfd that is not watched"; do
  holds "$returns: returns at once"
done
echo "found:   epoll holds its mutex while it writes the events out; only the wake-up, the write, does without it"
