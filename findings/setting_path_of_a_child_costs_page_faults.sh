#!/usr/bin/env bash
# A process with locked memory takes a fault on every page that it writes to after it started a child, if it set the child's PATH.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "a locked page never faults, and Command's variables and folder do not matter to the parent: all are handed to posix_spawn"

rust 'libc = "=0.2.191"' <<'RUST'
use std::process::Command;

const PAGES: usize = 256;

fn faults() -> i64 {
    let mut usage = unsafe { std::mem::zeroed::<libc::rusage>() };
    assert_eq!(unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) }, 0);
    usage.ru_minflt
}

fn main() {
    let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a mapping of our own, of small pages, locked and written to.
    let memory = unsafe {
        let memory = libc::mmap(std::ptr::null_mut(), PAGES * 4096, access, kind, -1, 0);
        libc::madvise(memory, PAGES * 4096, libc::MADV_NOHUGEPAGE);
        if libc::mlock(memory, PAGES * 4096) != 0 {
            eprintln!("mlock of one MiB: {}", std::io::Error::last_os_error());
            std::process::exit(1);
        }
        memory.cast::<u8>()
    };
    let write = || {
        let before = faults();
        (0..PAGES).for_each(|page| unsafe { memory.add(page * 4096).write_volatile(1) });
        faults() - before
    };
    write();
    let path = "/usr/local/bin:/usr/bin:/bin";
    for (name, command) in [
        ("no change", &mut Command::new("true")),
        ("another variable", Command::new("true").env("NAME", "value")),
        ("a working directory", Command::new("true").current_dir("/")),
        ("PATH, and a program by its path", Command::new("/bin/true").env("PATH", path)),
        ("PATH, and a program by its name", Command::new("true").env("PATH", path)),
        ("all variables cleared, and a program by its name", Command::new("true").env_clear()),
    ] {
        assert!(command.status().unwrap().success());
        println!("{name}: {} locked pages of {PAGES} fault afterwards", if write() >= PAGES as i64 { "all" } else { "none" });
    }
}
RUST

look target/debug/probe
for none in "no change" "another variable" "a working directory" "PATH, and a program by its path"; do
  holds "$none: none locked pages of 256 fault afterwards"
done
for all in "PATH, and a program by its name" "all variables cleared, and a program by its name"; do
  holds "$all: all locked pages of 256 fault afterwards"
done
echo "found:   std forks where the child's PATH decides which program runs; the fork makes every page of the parent copy-on-write"
