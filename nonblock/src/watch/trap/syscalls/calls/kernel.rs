//! The kernel as a whole: its name, its log, its modules, and what is run in it.

use crate::watch::trap::syscalls::calls_macro::calls;
use crate::watch::trap::syscalls::condition::{Condition, Exception};
use crate::watch::trap::syscalls::constant::bits;
use crate::watch::trap::syscalls::names;
use crate::watch::trap::syscalls::system_call::Argument::{
    Descriptor, Flags, Hex, Int, Path, Pointer, Size,
};

static GETRANDOM: &[Exception] = &[
    Exception {
        when: Condition::Has(2, bits!(GRND_NONBLOCK)),
        why: "With GRND_NONBLOCK it fails instead of waiting.",
    },
    Exception {
        when: Condition::Has(2, bits!(GRND_INSECURE)),
        why: "With GRND_INSECURE it takes what there is.",
    },
    Exception {
        when: Condition::RandomReady,
        why: "The kernel's random numbers are ready, and stay so until the next boot.",
    },
];

calls! {
    uname(Pointer) [never] "It copies names, under a lock that is held briefly.";
    sysinfo(Pointer) [never] "It adds up counts.";
    getrandom(Pointer, Size, Flags(names::RANDOM)) [unless GETRANDOM] "It waits until the kernel has gathered enough, once after each boot.";
    syslog(Int, Pointer, Int) [may] "It waits for a line of the kernel's log, or for the lock of its readers.";
    sethostname(Pointer, Int) [may] "It takes the lock of the machine's names, and tells who watches them.";
    setdomainname(Pointer, Int) [may] "It takes the lock of the machine's names, and tells who watches them.";
    acct(Path) [may] "It opens a file, and closes that before it.";
    reboot(Hex, Hex, Hex, Pointer) [may] "It stops every device.";
    vhangup() [may] "It waits until the terminal's users have let go of it.";
    kexec_load(Pointer, Size, Pointer, Hex) [may] "It takes much memory for another kernel.";
    kexec_file_load(Descriptor, Descriptor, Size, Pointer, Hex) [may] "It reads another kernel from a disk.";
    init_module(Pointer, Size, Pointer) [may] "It takes memory for a module and runs its beginning.";
    finit_module(Descriptor, Pointer, Hex) [may] "It reads a module from a disk and runs its beginning.";
    delete_module(Pointer, Hex) [may] "It runs a module's end, and waits for those who use it.";
    bpf(Int, Pointer, Int) [may] "It takes memory and locks, as the command has it.";
    perf_event_open(Pointer, Int, Int, Int, Hex) [may] "It takes memory, and waits for other processors.";
    listns(Pointer, Pointer, Size, Hex) [may] "It takes memory, and lets go of namespaces that may be the last of their kind.";
    uretprobe() [may] "It runs what a probe has at the end of a function, which may wait.";
    uprobe() [may] "It runs what a probe has at an instruction, which may wait.";
}
