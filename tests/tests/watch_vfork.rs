//! Children that share their parent's memory until they have another program or exit: `vfork`, `clone` and `posix_spawn` in a section.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::ffi::{CString, c_char, c_void};
use std::io::Read as _;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::ptr;
use std::time::Duration;

use nix::libc;
use nonblock::watch::{Layers, Watch};
use nonblock::{Policy, ViolationKind, raw, set_policy, stats};
use nonblock_tests::process;

const TRAPS: [bool; 2] = [false, true];

fn watch(quick: bool) -> Watch {
    set_policy(Policy::Ignore);
    let layers = Layers::TRAP | Layers::SCHEDULE;
    Watch::builder().layers(layers).quick_trap(quick).start().expect("it is here")
}

fn own(test: &str, body: impl FnOnce()) {
    process::own(test, &[], body).assert_success();
}

/// What a child does, with all that it needs made beforehand.
struct Child {
    /// The program's path and arguments, or nothing if the child is to exit at once.
    program: Option<[*const c_char; 4]>,
    /// Where its output goes.
    output: i32,
}

const EXITS_WITH: i32 = 7;

/// What the child runs. It does not return.
unsafe extern "C" fn run(child: *mut c_void) -> i32 {
    // SAFETY: the parent waits, and has it.
    let child = unsafe { &*child.cast::<Child>() };
    if let Some(program) = &child.program {
        // SAFETY: it takes no pointer.
        unsafe { libc::dup2(child.output, 1) };
        // SAFETY: the list ends with a null pointer, and its texts in a nul.
        unsafe { libc::execv(program[0], program.as_ptr()) };
    }
    // SAFETY: the child ends.
    unsafe { libc::_exit(EXITS_WITH) }
}

std::arch::global_asm!(
    // fn(flags, function, argument) -> pid
    ".globl watch_vfork_by_clone",
    "watch_vfork_by_clone:",
    "push rbx",
    "push r12",
    "sub rsp, 8",
    "mov rbx, rsi",
    "mov r12, rdx",
    "xor esi, esi",
    "xor edx, edx",
    "xor r10d, r10d",
    "xor r8d, r8d",
    "mov eax, 56",
    "syscall",
    "jmp 2f",
    // fn(_, function, argument) -> pid
    ".globl watch_vfork_by_call",
    "watch_vfork_by_call:",
    "push rbx",
    "push r12",
    "sub rsp, 8",
    "mov rbx, rsi",
    "mov r12, rdx",
    "mov eax, 58",
    "syscall",
    "2:",
    "test rax, rax",
    "jnz 3f",
    // The child leaves the frame above alone, and does not return.
    "mov rdi, r12",
    "call rbx",
    "ud2",
    "3:",
    "add rsp, 8",
    "pop r12",
    "pop rbx",
    "ret",
    // fn(_, function, argument) -> pid
    ".globl watch_vfork_by_libc",
    "watch_vfork_by_libc:",
    "push rbx",
    "push r12",
    "sub rsp, 8",
    "mov rbx, rsi",
    "mov r12, rdx",
    "call vfork@PLT",
    "movsxd rax, eax",
    "jmp 2b",
);

type Maker =
    unsafe extern "C" fn(u64, unsafe extern "C" fn(*mut c_void) -> i32, *mut c_void) -> i64;

unsafe extern "C" {
    fn watch_vfork_by_clone(
        flags: u64,
        run: unsafe extern "C" fn(*mut c_void) -> i32,
        child: *mut c_void,
    ) -> i64;
    fn watch_vfork_by_call(
        _flags: u64,
        run: unsafe extern "C" fn(*mut c_void) -> i32,
        child: *mut c_void,
    ) -> i64;
    fn watch_vfork_by_libc(
        _flags: u64,
        run: unsafe extern "C" fn(*mut c_void) -> i32,
        child: *mut c_void,
    ) -> i64;
}

const FLAGS: u64 = (libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD) as u64;

/// By libc's function, on a stack of its own.
unsafe extern "C" fn by_libcs_clone(
    flags: u64,
    run: unsafe extern "C" fn(*mut c_void) -> i32,
    child: *mut c_void,
) -> i64 {
    // SAFETY: new memory.
    let stack = unsafe {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        libc::mmap(ptr::null_mut(), 65_536, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0)
    };
    // SAFETY: both have the same form, but for one that may unwind and does not.
    let run = unsafe {
        std::mem::transmute::<
            unsafe extern "C" fn(*mut c_void) -> i32,
            extern "C" fn(*mut c_void) -> i32,
        >(run)
    };
    let top = stack.cast::<u8>().wrapping_add(65_536).cast();
    // SAFETY: the stack is free, and the parent waits while the child uses it.
    let made = unsafe { libc::clone(run, top, i32::try_from(flags).unwrap(), child) };
    // SAFETY: the child has another program by now, or has ended.
    unsafe { libc::munmap(stack, 65_536) };
    made.into()
}

/// By `posix_spawn`, which cannot exit at once: it starts a program that does.
unsafe extern "C" fn by_posix_spawn(
    _flags: u64,
    _run: unsafe extern "C" fn(*mut c_void) -> i32,
    child: *mut c_void,
) -> i64 {
    // SAFETY: the caller has it.
    let child = unsafe { &*child.cast::<Child>() };
    let exit = [c"/bin/sh".as_ptr(), c"-c".as_ptr(), c"exit 7".as_ptr(), ptr::null()];
    let program = child.program.unwrap_or(exit);
    let mut actions = MaybeUninit::<libc::posix_spawn_file_actions_t>::uninit();
    let mut pid = 0;
    // SAFETY: there is room for them.
    unsafe { libc::posix_spawn_file_actions_init(actions.as_mut_ptr()) };
    // SAFETY: they were made.
    unsafe { libc::posix_spawn_file_actions_adddup2(actions.as_mut_ptr(), child.output, 1) };
    let environment = [ptr::null_mut::<c_char>()];
    // SAFETY: the lists end with a null pointer.
    let failed = unsafe {
        libc::posix_spawn(
            &raw mut pid,
            program[0],
            actions.as_ptr(),
            ptr::null(),
            program.as_ptr().cast(),
            environment.as_ptr(),
        )
    };
    // SAFETY: they were made above.
    unsafe { libc::posix_spawn_file_actions_destroy(actions.as_mut_ptr()) };
    if failed == 0 { pid.into() } else { -i64::from(failed) }
}

const MAKERS: [(&str, Maker); 5] = [
    ("vfork by its system call", watch_vfork_by_call),
    ("vfork of libc", watch_vfork_by_libc),
    ("clone by its system call", watch_vfork_by_clone),
    ("clone of libc", by_libcs_clone),
    ("posix_spawn", by_posix_spawn),
];

fn wait_for(pid: i64) -> i32 {
    let mut status = 0;
    let pid = i32::try_from(pid).expect("a child");
    assert!(pid > 0, "{pid}");
    // SAFETY: there is room for the status.
    let waited = loop {
        // SAFETY: as above.
        let waited = unsafe { libc::waitpid(pid, &raw mut status, 0) };
        if waited >= 0 {
            break waited;
        }
    };
    assert_eq!(waited, pid);
    status
}

fn pipe() -> [OwnedFd; 2] {
    let mut ends = [0; 2];
    // SAFETY: there is room for two descriptors.
    assert_eq!(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) }, 0);
    // SAFETY: they are new.
    ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) })
}

/// Asserts that the trap sees a call of the next section, and that nothing of the mask is left.
fn assert_watched() {
    let before = stats().count(ViolationKind::SyscallInNonBlock);
    raw::non_block(|_| std::thread::sleep(Duration::from_micros(1)));
    assert_eq!(stats().count(ViolationKind::SyscallInNonBlock), before + 1);
    let mut mask = 0u64;
    // SAFETY: there is room for the set.
    unsafe { libc::syscall(libc::SYS_rt_sigprocmask, 0, 0, &raw mut mask, 8) };
    assert_eq!(mask, 0);
}

#[test]
fn a_child_that_shares_memory_exits_and_the_section_goes_on() {
    own("a_child_that_shares_memory_exits_and_the_section_goes_on", || {
        let child = Child { program: None, output: 2 };
        for quick in TRAPS {
            let watch = watch(quick);
            for (name, make) in MAKERS {
                for _ in 0..20 {
                    let status = raw::non_block(|_| {
                        // A call that is stopped comes first, and others later.
                        // SAFETY: it takes nothing.
                        let parent = unsafe { libc::getppid() };
                        // SAFETY: the child is one that such a call may make.
                        let pid = unsafe { make(FLAGS, run, (&raw const child).cast_mut().cast()) };
                        let status = wait_for(pid);
                        // SAFETY: it takes nothing.
                        assert_eq!(unsafe { libc::getppid() }, parent);
                        status
                    });
                    assert!(libc::WIFEXITED(status), "{name}: {status:#x}");
                    assert_eq!(libc::WEXITSTATUS(status), EXITS_WITH, "{name}");
                    assert_watched();
                }
            }
            drop(watch);
        }
    });
}

#[test]
fn a_program_that_a_child_with_shared_memory_becomes_inherits_what_it_would() {
    own("a_program_that_a_child_with_shared_memory_becomes_inherits_what_it_would", || {
        let text = "grep -E '^(SigBlk|SigIgn|SigCgt|Seccomp):' /proc/self/status; exit 3";
        let text = CString::new(text).unwrap();
        let shown = |make: Maker| {
            let [from, to] = pipe();
            let program = [c"/bin/sh".as_ptr(), c"-c".as_ptr(), text.as_ptr(), ptr::null()];
            let child = Child { program: Some(program), output: to.as_raw_fd() };
            let pid = raw::non_block(|_| {
                // SAFETY: the child is one that such a call may make.
                unsafe { make(FLAGS, run, (&raw const child).cast_mut().cast()) }
            });
            drop(to);
            let mut shown = String::new();
            std::fs::File::from(from).read_to_string(&mut shown).unwrap();
            assert_eq!(libc::WEXITSTATUS(wait_for(pid)), 3, "{shown}");
            shown
        };
        for (name, make) in MAKERS {
            let unwatched = shown(make);
            assert!(unwatched.contains("SigBlk"), "{unwatched}");
            for quick in TRAPS {
                let watch = watch(quick);
                assert_eq!(shown(make), unwatched, "{name}, quick: {quick}");
                assert_watched();
                drop(watch);
            }
        }
    });
}
