//! The counters of the kernel: `current->non_block_count`, which its own `might_sleep()` and scheduler look at too.
//!
//! So a section of this library and one that the kernel opened are the same to both. Without `CONFIG_DEBUG_ATOMIC_SLEEP`
//! the kernel keeps no count, `nonblock` is built without checks, and this file is left out.

use core::fmt::{self, Write as _};

use nonblock::backend::{Backend, Suspended};
use nonblock::{Place, Policy, Task, Violation};

use super::shim;

struct LinuxKernel;

// SAFETY: the count is the running task's. Only these functions change it, as each of them says, and the kernel's own, which open
// and close sections in pairs. An interrupt does so in pairs too. Nothing unwinds in the kernel.
unsafe impl Backend for LinuxKernel {
    fn start(_place: Place) {
        shim::nonblock_linux_section_start();
    }

    fn end() -> bool {
        shim::nonblock_linux_section_end()
    }

    fn depth() -> Option<u32> {
        Some(shim::nonblock_linux_section_depth())
    }

    fn suspend() -> Suspended {
        Suspended { depth: shim::nonblock_linux_section_suspend(), began: None }
    }

    fn resume(suspended: Suspended) {
        shim::nonblock_linux_section_resume(suspended.depth);
    }

    fn task() -> Task {
        let mut name = [0; 16];
        // SAFETY: it writes at most as many bytes as there are.
        let length = unsafe { shim::nonblock_linux_task_name(name.as_mut_ptr(), name.len()) };
        let name = name.get(..length).unwrap_or_default();
        Task::new(shim::nonblock_linux_task_id(), core::str::from_utf8(name).unwrap_or("?"))
    }

    fn write(violation: &Violation) {
        let mut lines = Lines { line: [0; 240], length: 0 };
        // It never fails: a line that is too long is printed in pieces.
        let _ = write!(lines, "{violation}");
        lines.print();
        shim::nonblock_linux_report_ends();
    }

    fn abort() -> ! {
        shim::nonblock_linux_abort();
        // Never reached. The kernel's objtool cannot know that of a function of another object.
        loop {
            core::hint::spin_loop();
        }
    }

    fn initial_policy() -> Policy {
        // As the kernel's own report: a panic would end the machine.
        Policy::Warn
    }
}

nonblock::set_backend!(LinuxKernel);

/// Prints text line by line.
struct Lines {
    line: [u8; 240],
    length: usize,
}

impl Lines {
    fn print(&mut self) {
        if let Some(line @ [_, ..]) = self.line.get(..self.length) {
            // SAFETY: these are the bytes of the line.
            unsafe { shim::nonblock_linux_print(line.as_ptr(), line.len()) };
        }
        self.length = 0;
    }
}

impl fmt::Write for Lines {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for &byte in text.as_bytes() {
            if byte == b'\n' {
                self.print();
                continue;
            }
            if self.length == self.line.len() {
                self.print();
            }
            if let Some(place) = self.line.get_mut(self.length) {
                *place = byte;
                self.length += 1;
            }
        }
        Ok(())
    }
}
