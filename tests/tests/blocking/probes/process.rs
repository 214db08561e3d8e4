//! Processes, and what a process has one of: its environment, and its panic hook.

use std::backtrace::Backtrace;
use std::env;
use std::ffi::OsStr;
use std::io::{self, PipeWriter, Write as _};
use std::os::unix::process::CommandExt as _;
use std::panic;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

use super::probes;
use super::stdio::{drain, full_pipe, stderr};
use crate::observe::{
    Call, FUTEX, Gate, PAUSE, POLL, Seen, Watched, allocates, blocks, blocks_for_long, calls,
    does_nothing, locks, spawn, waits_for_lock,
};
use crate::slow::{Slow, waits_for_file_system};

/// What a process is started by. The caller sleeps in it until the new process runs its program.
const START: &[Call] = calls!(SYS_clone, SYS_clone3);

const WAIT: &[Call] = calls!(SYS_wait4, SYS_waitid);

probes! {
    "std::process::Command::spawn" => Shows || {
        let slow = Slow::mount();
        slow.shut();
        let program = slow.file();
        blocks(START, move || drop(Command::new(program).spawn()), || slow.open())
    };
    "std::process::Command::output" => Shows || {
        let (mut command, to) = cat();
        blocks(POLL, move || drop(command.output()), || drop(to))
    };
    "std::process::Command::status" => Shows || {
        let (mut command, to) = cat();
        blocks(WAIT, move || drop(command.status()), || drop(to))
    };
    "std::process::Child::wait" => Shows || {
        let (mut child, to) = running_cat();
        blocks(WAIT, move || drop(child.wait()), || drop(to))
    };
    "std::process::Child::wait_with_output" => Shows || {
        let (child, to) = running_cat();
        blocks(WAIT, move || drop(child.wait_with_output()), || drop(to))
    };
    "std::process::exit" => Shows || {
        static GATE: OnceLock<Gate> = OnceLock::new();
        extern "C" fn keep() {
            GATE.get().expect("it is set before").keep();
        }
        let gate = GATE.get_or_init(Gate::default);
        // SAFETY: the function does not unwind.
        assert_eq!(unsafe { nix::libc::atexit(keep) }, 0);
        spawn(|| std::process::exit(0));
        gate.wait_until_kept();
        blocks_for_long(PAUSE, || std::process::exit(0))
    };
    "std::os::unix::process::CommandExt::exec" => Shows || {
        waits_for_file_system(&Slow::mount(), Slow::file, |program| {
            drop(Command::new(program).exec());
        })
    };
    "std::process::Child::try_wait" => Harmless || {
        let (mut child, _to) = running_cat();
        does_nothing(|| assert!(matches!(child.try_wait(), Ok(None))))
    };
    "std::process::Child::kill" => Harmless || {
        let (mut child, _to) = running_cat();
        does_nothing(|| child.kill().expect("it is ours"))
    };
    "std::env::var" => Shows || reads_environment(|| drop(env::var("NAME")));
    "std::env::var_os" => Shows || reads_environment(|| drop(env::var_os("NAME")));
    "std::env::vars" => Shows || reads_environment(|| drop(env::vars()));
    "std::env::vars_os" => Shows || reads_environment(|| drop(env::vars_os()));
    "std::env::set_var" => Shows || writes_environment(set_variable);
    "std::env::remove_var" => Shows || writes_environment(|| {
        // SAFETY: nobody looks into the environment but by way of std.
        unsafe { env::remove_var("NAME") }
    });
    "std::env::home_dir" => Shows || reads_environment(|| drop(env::home_dir()));
    "std::env::temp_dir" => Shows || reads_environment(|| drop(env::temp_dir()));
    "std::env::current_dir" => Shows || allocates(env::current_dir);
    "std::env::current_exe" => Shows || allocates(env::current_exe);
    "std::env::args" => Shows || allocates(env::args);
    "std::env::args_os" => Shows || allocates(env::args_os);
    "std::env::join_paths" => Shows || allocates(|| env::join_paths([OsStr::new("a")]));
    "std::panic::set_hook" => Shows || locks(|| (), |(), gate| panic_in_hook(gate), |()| {
        panic::set_hook(Box::new(|_| ()));
    });
    "std::panic::take_hook" => Shows || locks(|| (), |(), gate| panic_in_hook(gate), |()| {
        drop(panic::take_hook());
    });
    "std::backtrace::Backtrace::capture" => Shows || backtraces(|| drop(Backtrace::capture()));
    "std::backtrace::Backtrace::force_capture" => Shows || backtraces(|| drop(Backtrace::force_capture()));
    "std::time::Instant::now" => Harmless || does_nothing(Instant::now);
    "std::time::SystemTime::now" => Harmless || does_nothing(SystemTime::now);
    "std::panic::Location::caller" => Harmless || does_nothing(panic::Location::caller);
}

/// A program that ends when its standard input does, and what keeps it from ending.
fn cat() -> (Command, PipeWriter) {
    let (from, to) = io::pipe().expect("a pipe can be made");
    let mut command = Command::new("cat");
    command.stdin(from);
    (command, to)
}

/// The same, started.
fn running_cat() -> (Child, PipeWriter) {
    let (mut command, to) = cat();
    (command.stdout(Stdio::null()).spawn().expect("every system has it"), to)
}

fn set_variable() {
    // SAFETY: nobody looks into the environment but by way of std.
    unsafe { env::set_var("NAME", "value") }
}

/// Keeps the environment locked for reading: a process is being started, and the file system that has its program does
/// not answer.
fn environment_in_use(slow: &Slow) -> impl FnOnce(&Gate) + Send + 'static {
    let slow = slow.clone();
    move |gate| {
        slow.shut();
        let program = slow.file();
        let starting = Watched::start(move || drop(Command::new(program).spawn()));
        starting.wait_until_asleep(START);
        gate.keep();
        slow.open();
        starting.finish();
    }
}

/// The same, with a thread that waits to change the environment: nobody else may read it meanwhile.
pub(super) fn environment_in_demand(slow: &Slow) -> impl FnOnce(&Gate) + Send + 'static {
    let slow = slow.clone();
    move |gate| {
        let used = Gate::default();
        let (own, hold) = (used.clone(), environment_in_use(&slow));
        let process = spawn(move || hold(&own));
        used.wait_until_kept();
        let writer = Watched::start(set_variable);
        writer.wait_until_asleep(FUTEX);
        gate.keep();
        used.release();
        process.join().expect("it does not panic");
        writer.finish();
    }
}

/// Shows that a call waits while another wants to change the environment.
fn reads_environment(call: fn()) -> Seen {
    let slow = Slow::mount();
    let hold = environment_in_demand(&slow);
    locks(|| (), move |(), gate| hold(gate), move |()| call())
}

/// Shows that a call waits while another reads the environment.
fn writes_environment(call: fn()) -> Seen {
    let slow = Slow::mount();
    let hold = environment_in_use(&slow);
    locks(|| (), move |(), gate| hold(gate), move |()| call())
}

/// Panics, and stays in the hook.
fn panic_in_hook(gate: &Gate) {
    let own = gate.clone();
    panic::set_hook(Box::new(move |_| own.keep()));
    let caught = panic::catch_unwind(|| panic!("for the hook"));
    assert!(caught.is_err());
}

/// Shows that a call waits while another thread prints a backtrace.
fn backtraces(call: fn()) -> Seen {
    // With the standard hook, which waits until the standard error output has room.
    waits_for_lock(
        |gate| {
            let (from, to, size) = full_pipe();
            stderr(to);
            let printing = Watched::start(|| {
                let caught = panic::catch_unwind(|| panic!("for the hook"));
                assert!(caught.is_err());
            });
            printing.wait_until_asleep(calls!(SYS_write, SYS_writev));
            gate.keep();
            drain(&from, size);
            printing.finish();
            let _ = io::stderr().flush();
        },
        call,
    )
}
