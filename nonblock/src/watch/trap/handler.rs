//! The handler of SIGSYS: it gets each system call of a section, notes those that may block, and makes the call.
//!
//! It may interrupt anything, also the allocator and libc. So it allocates nothing, takes no lock, calls no function of libc,
//! and touches no thread-local with a destructor. It makes the call from within the exempt range, and hands its result
//! over as the kernel would: `errno` is set by libc's code that made the call, and not touched here.

use core::ptr;

use crate::primitive::{AtomicUsize, Ordering};

use super::super::captured_stack::Registers;
use super::super::clock;
use super::super::event_buffer::{Event, MAX_PATH, What};
use super::super::raw_code;
use super::super::schedule::Usage;
use super::super::thread_record::ThreadRecord;
use super::dispatch::ALLOW;
use super::signals::{self, KernelAction};
use super::syscalls::{self, Kernel, Verdict};

/// What the kernel says of a signal that comes of Syscall User Dispatch.
const SYS_USER_DISPATCH: i32 = 2;

/// `SS_AUTODISARM` of `sigaltstack(2)`.
const SS_AUTODISARM: i32 = i32::MIN;

const SA_RESTORER: u64 = 0x0400_0000;

/// The handler that was there before, or came later: of calls that seccomp refuses, for instance.
static FORMER: [AtomicUsize; 4] = [const { AtomicUsize::new(0) }; 4];

fn set_former(action: KernelAction) {
    let words = [action.handler, action.flags as usize, action.restorer, action.mask as usize];
    for (slot, word) in FORMER.iter().zip(words) {
        slot.store(word, Ordering::Relaxed);
    }
}

fn former() -> KernelAction {
    let [handler, flags, restorer, mask] =
        FORMER.each_ref().map(|slot| slot.load(Ordering::Relaxed));
    KernelAction { handler, flags: flags as u64, restorer, mask: mask as u64 }
}

fn own() -> KernelAction {
    let flags = libc::SA_SIGINFO | libc::SA_NODEFER | libc::SA_ONSTACK;
    KernelAction {
        handler: on_sigsys as *const () as usize,
        flags: flags as u64 | SA_RESTORER,
        restorer: raw_code::sigreturn(),
        mask: 0,
    }
}

/// Whom the decision asks.
fn ask() -> Kernel {
    // SAFETY: it makes the call that it is told to, and does nothing else.
    unsafe { Kernel::new(raw_code::SYSCALL) }
}

/// Puts the handler in its place, if something else is there.
pub(in super::super) fn install() {
    let Some(found) = signals::action(libc::SIGSYS) else { return };
    if found.handler != own().handler {
        set_former(found);
        signals::set_action(libc::SIGSYS, &own());
    }
}

/// The general registers as the kernel saves them, by their places in `ucontext_t`.
fn register(context: &mut libc::ucontext_t, register: i32) -> &mut i64 {
    &mut context.uc_mcontext.gregs[register as usize]
}

unsafe extern "C" fn on_sigsys(
    signal: i32,
    info: *mut libc::siginfo_t,
    context: *mut libc::ucontext_t,
) {
    // SAFETY: the kernel hands a handler that asks for it such a structure.
    let code = unsafe { (*info).si_code };
    let mine = ThreadRecord::mine().filter(|record| record.traps().get());
    match mine {
        Some(record) if code == SYS_USER_DISPATCH => {
            // SAFETY: the kernel hands it over, and this is its only user.
            stopped(record, unsafe { &mut *context });
        }
        // SAFETY: the arguments are passed on as they came.
        _ => unsafe { pass_on(signal, info, context) },
    }
}

/// Calls the handler that would have got the signal without the watch.
unsafe fn pass_on(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::ucontext_t) {
    let former = former();
    match former.handler {
        libc::SIG_IGN => {}
        libc::SIG_DFL => {
            // The program is to die of it, as it would have.
            signals::set_action(signal, &KernelAction { handler: libc::SIG_DFL, ..own() });
            // SAFETY: these take no memory.
            unsafe {
                let process = raw_code::syscall(libc::SYS_getpid as usize, [0; 6]) as usize;
                let thread = raw_code::syscall(libc::SYS_gettid as usize, [0; 6]) as usize;
                let arguments = [process, thread, signal as usize, 0, 0, 0];
                raw_code::syscall(libc::SYS_tgkill as usize, arguments);
            }
        }
        handler if former.flags & libc::SA_SIGINFO as u64 != 0 => {
            type Handler = unsafe extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::ucontext_t);
            // SAFETY: the program has set this as a handler of that type.
            let handler = unsafe { core::mem::transmute::<usize, Handler>(handler) };
            // SAFETY: the arguments are what the kernel handed over.
            unsafe { handler(signal, info, context) };
        }
        handler => {
            // SAFETY: the program has set this as a handler of that type.
            let handler =
                unsafe { core::mem::transmute::<usize, unsafe extern "C" fn(i32)>(handler) };
            // SAFETY: the argument is what the kernel handed over.
            unsafe { handler(signal) };
        }
    }
}

/// Makes a call that was stopped, and sets the registers to what the program is to find.
fn stopped(record: &'static ThreadRecord, context: &mut libc::ucontext_t) {
    use libc::{
        REG_R8, REG_R9, REG_R10, REG_RAX, REG_RBP, REG_RDI, REG_RDX, REG_RIP, REG_RSI, REG_RSP,
    };

    let number = *register(context, REG_RAX) as usize;
    let arguments = [REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9]
        .map(|place| *register(context, place) as usize);
    let registers = Registers {
        instruction: *register(context, REG_RIP) as usize,
        stack: *register(context, REG_RSP) as usize,
        frame: *register(context, REG_RBP) as usize,
    };
    record.disturb_markers();

    match number as libc::c_long {
        // The handler of another signal returns. Its frame is on the stack, so the call is made in its place.
        libc::SYS_rt_sigreturn => {
            *register(context, REG_RIP) = raw_code::sigreturn() as i64;
        }
        // They return twice, or on another stack. So the program makes the call itself, with no call stopped from now on until the
        // section ends. The child has its parent's signals.
        libc::SYS_clone | libc::SYS_clone3 | libc::SYS_fork | libc::SYS_vfork => {
            let verdict = syscalls::classify(number, &arguments, &ask());
            note(record, &verdict, number, &arguments, registers, |_| 0);
            let mask = record.mask().take();
            record.selector.store(ALLOW, Ordering::Relaxed);
            if let Some(mask) = mask {
                set_context_mask(context, mask);
            }
            *register(context, REG_RIP) -= 2; // the length of a `syscall` instruction
        }
        libc::SYS_exit | libc::SYS_exit_group => {
            record.selector.store(ALLOW, Ordering::Relaxed);
            // SAFETY: the program ends itself.
            unsafe { raw_code::syscall(number, arguments) };
        }
        libc::SYS_rt_sigprocmask => {
            let result = match record.mask().get() {
                Some(mut mask) => {
                    let result = signals::change_mask(&mut mask, &arguments);
                    record.mask().set(Some(mask));
                    result
                }
                // A quick trap: the mask that counts is the one that is restored when this returns.
                None => {
                    let mut mask = context_mask(context);
                    let result = signals::change_mask(&mut mask, &arguments);
                    set_context_mask(context, mask & !(1 << (libc::SIGSYS - 1)));
                    result
                }
            };
            *register(context, REG_RAX) = result as i64;
        }
        libc::SYS_sigaltstack => {
            *register(context, REG_RAX) = change_stack(context, &arguments) as i64;
        }
        libc::SYS_rt_sigaction => {
            *register(context, REG_RAX) = change_action(&arguments) as i64;
        }
        _ => {
            let verdict = syscalls::classify(number, &arguments, &ask());
            let call = |record: &ThreadRecord| by_program(record, number, arguments);
            let result = if verdict.may_block {
                note(record, &verdict, number, &arguments, registers, call)
            } else if takes_mask(number) {
                call(record)
            } else {
                // SAFETY: the program makes this call.
                unsafe { raw_code::syscall(number, arguments) }
            };
            *register(context, REG_RAX) = result as i64;
        }
    }
}

/// Returns whether a call that does not block has to do with the mask of signals.
fn takes_mask(number: usize) -> bool {
    matches!(
        number as libc::c_long,
        libc::SYS_rt_sigpending | libc::SYS_execve | libc::SYS_execveat
    )
}

/// Makes a call of the program's, with the signals that it knows of. Calls of a signal handler that runs meanwhile are not
/// stopped.
fn by_program(record: &ThreadRecord, number: usize, arguments: [usize; 6]) -> isize {
    let selected = record.selector.swap(ALLOW, Ordering::Relaxed);
    let mask = record.mask().take();
    let blocked = mask.map(signals::set_mask);
    // SAFETY: the program makes this call.
    let result = unsafe { raw_code::syscall(number, arguments) };
    if let Some(blocked) = blocked {
        // The call itself, or a handler, may have changed the mask.
        record.mask().set(Some(signals::set_mask(blocked)));
    }
    record.selector.store(selected, Ordering::Relaxed);
    result
}

/// Notes a call, and makes it by the closure. Returns its result.
fn note(
    record: &ThreadRecord,
    verdict: &Verdict,
    number: usize,
    arguments: &[usize; 6],
    registers: Registers,
    call: impl FnOnce(&ThreadRecord) -> isize,
) -> isize {
    let place = record.buffer().and_then(|buffer| buffer.take());
    let Some((event, stack)) = place else { return call(record) };
    let mut path = [0; MAX_PATH];
    if let Some(at) = verdict.call.path_argument()
        && let Some(&address) = arguments.get(at)
    {
        (path, _) = ask().read_text::<MAX_PATH>(address);
    }
    stack.capture(registers.stack);
    let (usage, began) = (Usage::of_this_thread(), clock::now());
    let result = call(record);
    let ticks = clock::now() - began;
    let sleeps = Usage::of_this_thread().since(usage).voluntary;
    record.told_sleeps().set(record.told_sleeps().get() + sleeps);
    let what = What::SystemCall {
        call: verdict.call,
        number,
        arguments: *arguments,
        result,
        why: verdict.why,
        path,
        sleeps,
    };
    // SAFETY: the place was taken for this event, and nobody else has it.
    unsafe { *event.get() = Event { what, ticks, registers } };
    result
}

/// Does what the program's `sigaltstack` does. Returns the result of that call.
///
/// The stack of handlers that counts is the one in the context: it is set when the handler returns, which may run on it now.
fn change_stack(context: &mut libc::ucontext_t, arguments: &[usize; 6]) -> isize {
    let [new, before, ..] = *arguments;
    let fault = -(libc::EFAULT as isize);
    let old = context.uc_stack;
    if new != 0 {
        let Some(new) = signals::read::<libc::stack_t>(new) else { return fault };
        if old.ss_flags & libc::SS_ONSTACK != 0 {
            return -(libc::EPERM as isize);
        }
        match new.ss_flags & !SS_AUTODISARM {
            libc::SS_DISABLE => {}
            0 | libc::SS_ONSTACK if new.ss_size < libc::MINSIGSTKSZ => {
                return -(libc::ENOMEM as isize);
            }
            0 | libc::SS_ONSTACK => {}
            _ => return -(libc::EINVAL as isize),
        }
        context.uc_stack = new;
    }
    if before != 0 && !signals::write(before, &old) { fault } else { 0 }
}

/// Does what the program's `rt_sigaction` does, and keeps SIGSYS open. Returns the result of that call.
fn change_action(arguments: &[usize; 6]) -> isize {
    let [signal, new, before, size, ..] = *arguments;
    let fault = -(libc::EFAULT as isize);
    let new = match new {
        0 => None,
        address => match signals::read::<KernelAction>(address) {
            Some(action) => Some(action),
            None => return fault,
        },
    };
    if signal as i32 == libc::SIGSYS {
        let old = former();
        if let Some(new) = new {
            set_former(new);
        }
        return if before != 0 && !signals::write(before, &old) { fault } else { 0 };
    }
    let new = new.map(signals::without_sigsys);
    let new_at = new.as_ref().map_or(0, |action| ptr::from_ref(action) as usize);
    // SAFETY: the program makes this call. The kernel reads the copy, and writes where the program said.
    unsafe {
        raw_code::syscall(libc::SYS_rt_sigaction as usize, [signal, new_at, before, size, 0, 0])
    }
}

fn context_mask(context: &libc::ucontext_t) -> u64 {
    // SAFETY: the kernel's set is the first word of libc's.
    unsafe { (&raw const context.uc_sigmask).cast::<u64>().read() }
}

fn set_context_mask(context: &mut libc::ucontext_t, mask: u64) {
    // SAFETY: the kernel's set is the first word of libc's.
    unsafe { (&raw mut context.uc_sigmask).cast::<u64>().write(mask) };
}
