//! How to see what really sleeps in a section, in code that says nothing.
//!
//! The module `watch` (feature `watch`, Linux) looks at sections while a program runs. A section is all that it needs: no token, and
//! no annotation.
//!
//! # Watch a program
//!
//! A program that has sections is watched without a change. With the policy `warn` it goes on after each report:
//!
//! ```text
//! NONBLOCK=warn NONBLOCK_WATCH=trap,schedule ./program
//! ```
//!
//! | word | what |
//! |---|---|
//! | `schedule` | whether a thread slept in a section, or waited for a page; and how often it was preempted |
//! | `trap` | each system call in a section that may block, whether it did this time or not |
//! | `alloc`, `alloc=256` | allocations and releases, of so many bytes at least, where `watch::Allocator` is the program's allocator |
//! | `budget=50us` | sections that last longer |
//! | `all` | `schedule`, `trap`, and `alloc` where it can be had |
//! | `sample=100` | one section in so many |
//! | `quick` | a trap that costs less, and asks more of the program: see `watch::Builder::quick_trap` |
//! | `stats` | what was counted, at the program's end, with the number of watched sections. To count one takes some 50 ns |
//! | `json=FILE` | each report as a line of JSON too |
//! | `suppressions=FILE` | what is not to be reported, a line each: `function:mycrate::log::* the reason`; or `file:` and a pattern |
//! | `strict` | end the program if it cannot be watched |
//!
//! A word that is unknown, or a layer that this kernel does not have, is named in one line, and the program runs unwatched.
//!
//! # Watch code of others
//!
//! Put a section around the call. It takes no token in, so it can stand anywhere:
//!
//! ```
//! # fn process(_block: &mut [f32]) {}
//! # let mut block = [0.0f32; 64];
//! // A library that knows nothing of this one.
//! nonblock::raw::non_block(|_nb| process(&mut block));
//! ```
//!
//! A function of your own gets `#[non_block]`, and C code `nonblock_start()` and `nonblock_end()` of `nonblock.h`.
//!
//! # Watch in a test
//!
//! Name the layers, and the test fails if anything in its sections sleeps, whatever library does it:
//!
//! ```
//! # fn process(_block: &mut [f32]) {}
//! # #[cfg(all(feature = "watch", target_os = "linux"))]
//! #[nonblock::test(watch = "trap,schedule")]
//! fn process_never_waits() {
//!     let mut block = [0.0f32; 64];
//!     nonblock::non_block(|_nb| process(&mut block));
//! }
//! ```
//!
//! A section must be there: what runs outside sections may sleep. A test that takes a `NonBlock` is a section as a whole. The test's
//! own thread is watched, and no other. The layer `alloc` needs `watch::Allocator` as the allocator of the test's program. Turn the
//! feature on for the tests alone by `nonblock` among the `dev-dependencies`, with `features = ["watch"]`.
//!
//! # Watch part of a program
//!
//! This also tells what exactly the watch saw, and sets what the attribute cannot, such as a budget:
//!
//! ```
//! # #[cfg(all(feature = "watch", target_os = "linux"))] {
//! use nonblock::testing::violations;
//! use nonblock::watch::{self, Layers, Watch};
//!
//! # if !watch::available().contains(Layers::TRAP) { return; }
//! let watch = Watch::builder().layers(Layers::TRAP).this_thread_only().start().unwrap();
//! let seen = violations(|| {
//!     nonblock::raw::non_block(|_nb| std::fs::read("/etc/hostname").is_ok());
//! });
//! let observation = seen[0].observation().expect("the watch saw it");
//! assert_eq!(observation.system_call(), Some("openat"));
//! # drop(watch);
//! # }
//! ```
//!
//! # Leave out what is known
//!
//! A suppression names a function or a file in the chain of calls, and says why. In a file, one in a line:
//!
//! ```text
//! # The server's client locks, and we cannot change it.
//! function:jack::* the client library of the sound server
//! file:*/legacy/* goes away with the new engine
//! ```
//!
//! With `stats`, those that nothing used are listed at the end.
//!
//! # Leave it on in production
//!
//! The layer `schedule` costs less than a nanosecond in a section in which nothing happened. `budget` and `trap` cost more, and
//! `sample=100` spreads that. Choose what a report does by `NONBLOCK` or a handler: see [Policies](super::finding#policies).
//!
//! # Look from outside
//!
//! With the feature `probes` each section has two tracepoints, `nonblock:section_begin` and `nonblock:section_end`: a `nop` each, and
//! a note in the program's file. The first has four arguments: how many sections are open, the line, the file's name, and its length.
//! The second has one: how many sections are open still.
//!
//! gdb stops at the next section:
//!
//! ```text
//! gdb -ex 'break -probe-stap nonblock:section_begin' -ex run ./program
//! ```
//!
//! bpftrace tells how long the sections of a running program are:
//!
//! ```text
//! bpftrace -p PID -e '
//!   usdt:./program:nonblock:section_begin /arg0 == 1/ { @start[tid] = nsecs; @at[tid] = str(arg2, arg3); }
//!   usdt:./program:nonblock:section_end /arg0 == 0 && @start[tid]/ {
//!     @us[@at[tid]] = hist((nsecs - @start[tid]) / 1000); delete(@start[tid]);
//!   }'
//! ```
//!
//! perf records them beside the scheduler's events. Link the program by GNU ld for that (`-Clinker-features=-lld` in `RUSTFLAGS`): perf
//! 6.1 sets the probes of a program that lld linked at the wrong place, in silence, and rustc links by lld on x86-64 Linux:
//!
//! ```text
//! perf buildid-cache --add ./program
//! perf probe -x ./program 'sdt_nonblock:section_*'
//! perf record -e 'sdt_nonblock:*' -e sched:sched_switch ./program
//! ```
//!
//! Linux's runtime verification is to have a monitor for the time between two such points (`tlob`, proposed in 2026). It takes the
//! offsets of probes in the file, which `readelf -nW` and `readelf -lW` give.
