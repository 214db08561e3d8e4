//! Children, other programs, and other users of SIGSYS: all of them find what they would find unwatched.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::mem::MaybeUninit;
use std::process::Command;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::libc;
use nonblock::watch::{Layers, Watch};
use nonblock::{Policy, raw, set_policy};
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

/// The masks of a process that `cat` shows: what a program inherits.
const SHOW: &str = "grep -E '^(SigBlk|SigIgn|SigCgt)' /proc/self/status";

fn wait_for(child: i32) -> i32 {
    let mut status = 0;
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        // SAFETY: there is room for the status.
        match unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) } {
            0 if Instant::now() > until => {
                // SAFETY: it is the test's own child.
                unsafe { libc::kill(child, libc::SIGKILL) };
                panic!("the child hangs");
            }
            0 => std::thread::sleep(Duration::from_millis(1)),
            _ => return status,
        }
    }
}

#[test]
fn programs_started_in_a_section_inherit_what_they_would() {
    own("programs_started_in_a_section_inherit_what_they_would", || {
        let shown = || {
            let mut all = Vec::new();
            let by_command = raw::non_block(|_| Command::new("sh").args(["-c", SHOW]).output());
            all.push(String::from_utf8(by_command.unwrap().stdout).unwrap());
            // With a function that runs in the child: by fork.
            let mut command = Command::new("sh");
            command.args(["-c", SHOW]);
            // SAFETY: the function does nothing.
            unsafe { std::os::unix::process::CommandExt::pre_exec(&mut command, || Ok(())) };
            let by_fork = raw::non_block(|_| command.output());
            all.push(String::from_utf8(by_fork.unwrap().stdout).unwrap());
            // SAFETY: the text ends in a nul.
            let status = raw::non_block(|_| unsafe { libc::system(c"exit 7".as_ptr()) });
            assert_eq!(libc::WEXITSTATUS(status), 7);
            let text = std::ffi::CString::new(SHOW).unwrap();
            let mut bytes = [0u8; 4096];
            raw::non_block(|_| {
                // SAFETY: the texts end in a nul.
                let file = unsafe { libc::popen(text.as_ptr(), c"r".as_ptr()) };
                // SAFETY: there is room for so many bytes, and the file is open.
                unsafe { libc::fread(bytes.as_mut_ptr().cast(), 1, 4096, file) };
                // SAFETY: it is open, and not used again.
                unsafe { libc::pclose(file) };
            });
            all.push(String::from_utf8_lossy(&bytes).into_owned());
            all
        };
        let unwatched = shown();
        for quick in TRAPS {
            let watch = watch(quick);
            assert_eq!(shown(), unwatched);
            drop(watch);
        }
    });
}

#[test]
fn a_thread_started_in_a_section_has_its_parents_mask() {
    own("a_thread_started_in_a_section_has_its_parents_mask", || {
        fn mask() -> u64 {
            let mut mask = 0u64;
            // SAFETY: there is room for the set.
            unsafe { libc::syscall(libc::SYS_rt_sigprocmask, 0, 0, &raw mut mask, 8) };
            mask
        }
        let before = mask();
        for quick in TRAPS {
            let watch = watch(quick);
            let (of_thread, within) = raw::non_block(|_| {
                let thread = std::thread::spawn(|| {
                    let mask = mask();
                    raw::non_block(|_| std::thread::sleep(Duration::from_millis(1)));
                    mask
                });
                (thread.join().unwrap(), mask())
            });
            assert_eq!((of_thread, within, mask()), (before, before, before));
            drop(watch);
        }
    });
}

#[test]
fn a_child_that_was_forked_while_others_report_has_sections_of_its_own() {
    own("a_child_that_was_forked_while_others_report_has_sections_of_its_own", || {
        let _watch = watch(false);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        raw::non_block(|_| std::thread::sleep(Duration::from_micros(1)));
                    }
                });
            }
            for round in 0..60 {
                let fork = || {
                    if round % 3 == 0 {
                        // SAFETY: the child makes few calls and exits.
                        let child = unsafe { libc::syscall(libc::SYS_fork) };
                        i32::try_from(child).unwrap()
                    } else {
                        // SAFETY: this child too.
                        unsafe { libc::fork() }
                    }
                };
                let child = if round % 2 == 0 { raw::non_block(|_| fork()) } else { fork() };
                if child == 0 {
                    raw::non_block(|_| std::thread::sleep(Duration::from_micros(1)));
                    raw::non_block(|_| ());
                    // SAFETY: the child ends.
                    unsafe { libc::_exit(5) };
                }
                assert_eq!(libc::WEXITSTATUS(wait_for(child)), 5, "round {round}");
            }
            stop.store(true, Ordering::Relaxed);
        });
    });
}

static CAUGHT: AtomicUsize = AtomicUsize::new(0);

/// Gives a call that a filter refuses the result 4321, as emulators do.
extern "C" fn emulate(_: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel hands it over.
    if unsafe { (*info).si_code } != 1 {
        // SAFETY: the process ends.
        unsafe { libc::_exit(77) };
    }
    // SAFETY: the kernel hands it over, and this is its only user.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    context.uc_mcontext.gregs[libc::REG_RAX as usize] = 4321;
    CAUGHT.fetch_add(1, Ordering::Relaxed);
}

fn no_action() -> libc::sigaction {
    // SAFETY: zeros are an action.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

fn set_emulator() {
    let mut action = no_action();
    action.sa_sigaction = emulate as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO;
    // SAFETY: the action is whole.
    assert_eq!(unsafe { libc::sigaction(libc::SIGSYS, &raw const action, ptr::null_mut()) }, 0);
}

/// Has some calls end as the filter says.
fn filter(calls: &[libc::c_long], end: u32) {
    let statement =
        |code: u32, jt, jf, k| libc::sock_filter { code: code.try_into().unwrap(), jt, jf, k };
    let mut filter = vec![statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0)];
    for call in calls {
        let number = u32::try_from(*call).unwrap();
        filter.push(statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, number));
        filter.push(statement(libc::BPF_RET | libc::BPF_K, 0, 0, end));
    }
    filter.push(statement(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW));
    let program =
        libc::sock_fprog { len: filter.len().try_into().unwrap(), filter: filter.as_mut_ptr() };
    // SAFETY: it takes no pointer.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    // SAFETY: the kernel copies the program.
    let set =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    assert_eq!(set, 0);
}

fn emulated_in_and_out_of_sections() {
    // SAFETY: it takes nothing.
    let ppid = || unsafe { libc::syscall(libc::SYS_getppid) };
    let before = CAUGHT.load(Ordering::Relaxed);
    assert_eq!(ppid(), 4321);
    let within = raw::non_block(|_| {
        std::thread::sleep(Duration::from_micros(1));
        (ppid(), ppid())
    });
    assert_eq!(within, (4321, 4321));
    assert_eq!(ppid(), 4321);
    assert_eq!(CAUGHT.load(Ordering::Relaxed), before + 4);
}

#[test]
fn a_handler_of_refused_calls_gets_its_signals_set_before_or_after() {
    own("a_handler_of_refused_calls_gets_its_signals_set_before_or_after", || {
        set_emulator();
        filter(&[libc::SYS_getppid], libc::SECCOMP_RET_TRAP);
        for quick in TRAPS {
            let watch = watch(quick);
            emulated_in_and_out_of_sections();
            drop(watch);
        }
        let watch = watch(false);
        raw::non_block(|_| ());
        set_emulator();
        emulated_in_and_out_of_sections();
        // Set within a section, and read back.
        raw::non_block(|_| {
            set_emulator();
            let mut old = no_action();
            // SAFETY: there is room for the action.
            unsafe { libc::sigaction(libc::SIGSYS, ptr::null(), &raw mut old) };
            assert_eq!(old.sa_sigaction, emulate as *const () as usize);
        });
        emulated_in_and_out_of_sections();
        drop(watch);
    });
}

static FOUND: AtomicUsize = AtomicUsize::new(0);
static DEPTH: AtomicUsize = AtomicUsize::new(0);

type Handler = extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);

/// Hands the signal on to the handler that was there before, as reporters of crashes do.
extern "C" fn chain(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    if DEPTH.fetch_add(1, Ordering::Relaxed) > 3 {
        // SAFETY: the process ends.
        unsafe { libc::_exit(66) };
    }
    // SAFETY: the handler that was found is of this type, or the watch's.
    let found = unsafe { std::mem::transmute::<usize, Handler>(FOUND.load(Ordering::Relaxed)) };
    found(signal, info, context);
}

#[test]
fn a_handler_that_hands_on_to_the_one_it_found_is_not_called_again() {
    own("a_handler_that_hands_on_to_the_one_it_found_is_not_called_again", || {
        set_emulator();
        filter(&[libc::SYS_getppid], libc::SECCOMP_RET_TRAP);
        let _watch = watch(false);
        raw::non_block(|_| ());
        let (mut action, mut old) = (no_action(), no_action());
        action.sa_sigaction = chain as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        // SAFETY: the action is whole, and there is room for the old one.
        unsafe { libc::sigaction(libc::SIGSYS, &raw const action, &raw mut old) };
        FOUND.store(old.sa_sigaction, Ordering::Relaxed);
        raw::non_block(|_| ());
        // SAFETY: it takes nothing.
        assert_eq!(unsafe { libc::syscall(libc::SYS_getppid) }, 4321);
        assert_eq!(DEPTH.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn calls_that_a_filter_refuses_to_the_watch_take_a_part_of_it_and_nothing_else() {
    own("calls_that_a_filter_refuses_to_the_watch_take_a_part_of_it_and_nothing_else", || {
        let refused = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
        let watch = watch(false);
        raw::non_block(|_| std::thread::sleep(Duration::from_micros(1)));
        filter(
            &[libc::SYS_process_vm_readv, libc::SYS_process_vm_writev, libc::SYS_getrusage],
            refused,
        );
        raw::non_block(|_| {
            std::thread::sleep(Duration::from_micros(1));
            set_emulator();
            // SAFETY: it takes a text.
            assert_eq!(unsafe { libc::access(c"/".as_ptr(), libc::F_OK) }, 0);
        });
        drop(watch);
        filter(&[libc::SYS_prctl], refused);
        let error = Watch::builder().layers(Layers::TRAP).start();
        std::thread::spawn(move || {
            let error = Watch::builder().layers(Layers::TRAP).start().err().or(error.err());
            assert!(error.is_some_and(|error| error.to_string().contains("seccomp")));
            raw::non_block(|_| std::thread::sleep(Duration::from_micros(1)));
        })
        .join()
        .unwrap();
    });
}

#[test]
fn a_child_of_vfork_and_a_process_that_replaces_itself_in_a_section_do_well() {
    own("a_child_of_vfork_and_a_process_that_replaces_itself_in_a_section_do_well", || {
        for quick in TRAPS {
            let watch = watch(quick);
            for _ in 0..50 {
                let status = raw::non_block(|_| {
                    // SAFETY: the child replaces itself at once.
                    let child = unsafe { libc::fork() };
                    if child != 0 {
                        return wait_for(child);
                    }
                    let program = c"/bin/true".as_ptr();
                    let arguments = [program, ptr::null()];
                    // SAFETY: the text and the list end in a nul.
                    unsafe { libc::execv(c"/nowhere".as_ptr(), arguments.as_ptr()) };
                    // SAFETY: these do too.
                    unsafe { libc::execv(program, arguments.as_ptr()) };
                    // SAFETY: the child ends.
                    unsafe { libc::_exit(3) }
                });
                assert_eq!(status, 0);
            }
            drop(watch);
        }
    });
}

/// The same call by the instruction of 32-bit code, of which the numbers are others.
fn getppid_by_interrupt() -> i64 {
    let result: i64;
    // SAFETY: number 64 of these calls is `getppid`, which takes nothing.
    unsafe {
        std::arch::asm!(
            "int 0x80", inlateout("rax") 64i64 => result,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
        );
    }
    result
}

#[test]
fn a_call_of_32_bit_code_is_not_taken_for_another() {
    let test = "a_call_of_32_bit_code_is_not_taken_for_another";
    let outcome = process::own(test, &[], || {
        // SAFETY: it takes nothing.
        let ppid = i64::from(unsafe { libc::getppid() });
        // The kernel ends the program here if it was built without such calls.
        if getppid_by_interrupt() != ppid {
            return;
        }
        println!("there are such calls");
        for quick in TRAPS {
            let watch = watch(quick);
            assert_eq!(raw::non_block(|_| getppid_by_interrupt()), ppid);
            drop(watch);
        }
    });
    if outcome.stdout.contains("there are such calls") {
        outcome.assert_success();
    }
}
