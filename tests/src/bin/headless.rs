//! A process whose first thread ends while another lives on. It keeps its memory until it is killed, or its parent ends.
//!
//! Its argument is how many bytes it touches.

#[cfg(target_os = "linux")]
fn main() {
    use std::io::{Read as _, Write as _};

    use nonblock_mm::memory::Mapping;

    let size = std::env::args().nth(1).expect("a size").parse().expect("a number of bytes");
    std::thread::spawn(move || {
        nonblock::sleepable(|cx| {
            let mapping = Mapping::new(size, cx).expect("the machine has that much");
            mapping.touch(cx);
            println!("the memory is touched");
            std::io::stdout().flush().expect("somebody listens");
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
        });
        std::process::exit(0);
    });
    // SAFETY: it ends only this thread. No thread waits for it, and none borrows from its stack.
    unsafe { nix::libc::syscall(nix::libc::SYS_exit, 0) };
    unreachable!("a thread does not outlive its end");
}

#[cfg(not(target_os = "linux"))]
fn main() {}
