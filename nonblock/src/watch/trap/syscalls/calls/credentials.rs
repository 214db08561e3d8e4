//! Who a process is, and what it may do.

use crate::watch::trap::syscalls::calls_macro::calls;
use crate::watch::trap::syscalls::system_call::Argument::{Descriptor, Hex, Int, Pointer, Size};

const LOOKS: &str = "It looks at a number of the thread's.";
const COPY: &str =
    "It makes a new copy of what the thread may do, and may have to wait for memory.";
const KEYS: &str = "It takes locks of keys, and may wait for a program that makes a key.";

calls! {
    getuid() [never] LOOKS;
    geteuid() [never] LOOKS;
    getgid() [never] LOOKS;
    getegid() [never] LOOKS;
    getresuid(Pointer, Pointer, Pointer) [never] LOOKS;
    getresgid(Pointer, Pointer, Pointer) [never] LOOKS;
    getgroups(Int, Pointer) [never] "It copies numbers of the thread's.";
    setuid(Int) [may] COPY;
    setgid(Int) [may] COPY;
    setreuid(Int, Int) [may] COPY;
    setregid(Int, Int) [may] COPY;
    setresuid(Int, Int, Int) [may] COPY;
    setresgid(Int, Int, Int) [may] COPY;
    setfsuid(Int) [may] COPY;
    setfsgid(Int) [may] COPY;
    setgroups(Int, Pointer) [may] COPY;
    capget(Pointer, Pointer) [never] "It copies what a thread may do.";
    capset(Pointer, Pointer) [may] COPY;
    seccomp(Int, Hex, Pointer) [may] "It takes memory for a filter, and a lock of all threads of the process.";
    landlock_create_ruleset(Pointer, Size, Hex) [may] "It takes memory for the rules, and may have to wait until some is free.";
    landlock_add_rule(Descriptor, Int, Pointer, Hex) [may] "It takes memory for a rule, and the lock of the rules.";
    landlock_restrict_self(Descriptor, Hex) [may] COPY;
    lsm_get_self_attr(Int, Pointer, Pointer, Hex) [may] "It asks a security module, which may take memory.";
    lsm_set_self_attr(Int, Pointer, Int, Hex) [may] COPY;
    lsm_list_modules(Pointer, Pointer, Hex) [never] "It copies a list that does not change.";
    add_key(Pointer, Pointer, Pointer, Size, Int) [may] KEYS;
    request_key(Pointer, Pointer, Pointer, Int) [may] KEYS;
    keyctl(Int, Hex, Hex, Hex, Hex) [may] KEYS;
}
