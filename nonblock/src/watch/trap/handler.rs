//! The handler of SIGSYS: it gets each system call of a section, notes those that may block, and makes the call.
//!
//! It may interrupt anything, also the allocator and libc. So it allocates nothing, takes no lock, calls no function of libc,
//! and touches no thread-local with a destructor. It makes the call from within the exempt range, and hands its result
//! over as the kernel would: `errno` is set by libc's code that made the call, and not touched here.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr;

use crate::primitive::{AtomicUsize, Ordering};

use super::super::captured_stack::Registers;
use super::super::clock;
use super::super::event_buffer::{Event, MAX_PATH, Made, What};
use super::super::raw_code;
use super::super::schedule::Usage;
use super::super::thread_record::ThreadRecord;
use super::dispatch::ALLOW;
use super::signals::{self, KernelAction};
use super::syscalls::{self, Kernel, Verdict};

/// What the kernel says of a signal that comes of Syscall User Dispatch.
const SYS_USER_DISPATCH: i32 = 2;

/// `AUDIT_ARCH_X86_64`: the call has a number of this architecture. Those that come by `int 0x80` have numbers of their own.
const ARCHITECTURE: u32 = 0xc000_003e;

/// How long a `syscall` instruction is, and `int 0x80` too.
const INSTRUCTION: i64 = 2;

/// A number that no call has.
const NO_CALL: usize = u32::MAX as usize;

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
            // SAFETY: the kernel hands it over, and has filled it in for a stopped call.
            let architecture = unsafe { (*info.cast::<StoppedCall>()).architecture };
            // SAFETY: the kernel hands it over, and this is its only user.
            let context = unsafe { &mut *context };
            if architecture == ARCHITECTURE {
                stopped(record, context);
            } else {
                stopped_of_32_bits(record, context);
            }
        }
        // SAFETY: the arguments are passed on as they came.
        _ => unsafe { pass_on(signal, info, context) },
    }
}

/// `siginfo_t` of a stopped call (Linux 6.12, `include/uapi/asm-generic/siginfo.h`).
#[repr(C)]
struct StoppedCall {
    signal: i32,
    error: i32,
    code: i32,
    padding: i32,
    instruction: usize,
    number: i32,
    architecture: u32,
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

/// What is needed of the registers to find the chain of calls.
fn registers(context: &mut libc::ucontext_t) -> Registers {
    Registers {
        instruction: *register(context, libc::REG_RIP) as usize,
        stack: *register(context, libc::REG_RSP) as usize,
        frame: *register(context, libc::REG_RBP) as usize,
    }
}

/// Notes a call of 32-bit programs, which came by `int 0x80`. The program makes it itself: what the numbers mean there is not
/// known here.
fn stopped_of_32_bits(record: &'static ThreadRecord, context: &mut libc::ucontext_t) {
    use libc::{REG_RAX, REG_RBP, REG_RBX, REG_RCX, REG_RDI, REG_RDX, REG_RSI};

    let number = *register(context, REG_RAX) as usize;
    let arguments = [REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP]
        .map(|place| *register(context, place) as usize);
    let registers = registers(context);
    record.disturb_markers();
    let verdict = Verdict {
        may_block: true,
        why: "It is a call of 32-bit programs, by `int 0x80`, and may be any of those.",
        ..syscalls::classify(NO_CALL, &arguments, &ask())
    };
    note_only(record, &verdict, number, &arguments, registers);
    leave_to_program(record, context);
}

/// Lets the program make a stopped call itself. No call is stopped from now on until the section ends.
fn leave_to_program(record: &ThreadRecord, context: &mut libc::ucontext_t) {
    let mask = record.mask().take();
    record.selector.store(ALLOW, Ordering::Relaxed);
    if let Some(mask) = mask {
        set_context_mask(context, mask);
    }
    *register(context, libc::REG_RIP) -= INSTRUCTION;
}

/// Makes a call that was stopped, and sets the registers to what the program is to find.
fn stopped(record: &'static ThreadRecord, context: &mut libc::ucontext_t) {
    use libc::{REG_R8, REG_R9, REG_R10, REG_RAX, REG_RDI, REG_RDX, REG_RIP, REG_RSI};

    let number = *register(context, REG_RAX) as usize;
    let arguments = [REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9]
        .map(|place| *register(context, place) as usize);
    let registers = registers(context);
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
            note_only(record, &verdict, number, &arguments, registers);
            leave_to_program(record, context);
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
    let Some((event, path)) = take_place(record, verdict, arguments, registers) else {
        return call(record);
    };
    let (usage, began) = (Usage::of_this_thread(), clock::now());
    let result = call(record);
    let ticks = clock::now() - began;
    let sleeps = Usage::of_this_thread().since(usage).voluntary;
    record.told_sleeps().set(record.told_sleeps().get() + sleeps);
    let what = What::SystemCall {
        call: verdict.call,
        number,
        arguments: *arguments,
        made: Some(Made { result, sleeps }),
        why: verdict.why,
        path,
    };
    // SAFETY: the place was taken for this event, and nobody else has it.
    unsafe { *event.get() = Event { what, ticks, registers } };
    result
}

/// Notes a call that the program makes itself, after this.
fn note_only(
    record: &ThreadRecord,
    verdict: &Verdict,
    number: usize,
    arguments: &[usize; 6],
    registers: Registers,
) {
    let Some((event, path)) = take_place(record, verdict, arguments, registers) else { return };
    let what = What::SystemCall {
        call: verdict.call,
        number,
        arguments: *arguments,
        made: None,
        why: verdict.why,
        path,
    };
    // SAFETY: the place was taken for this event, and nobody else has it.
    unsafe { *event.get() = Event { what, ticks: 0, registers } };
}

/// Takes a place for an event, and copies the stack and the path that the call has. `None` if all places are taken.
fn take_place<'a>(
    record: &'a ThreadRecord,
    verdict: &Verdict,
    arguments: &[usize; 6],
    registers: Registers,
) -> Option<(&'a UnsafeCell<Event>, [u8; MAX_PATH])> {
    let (event, stack) = record.buffer()?.take()?;
    let mut path = [0; MAX_PATH];
    if let Some(at) = verdict.call.path_argument()
        && let Some(&address) = arguments.get(at)
    {
        read_text(address, &mut path);
    }
    stack.capture(registers.stack);
    Some((event, path))
}

/// Reads the beginning of a text that ends in a nul.
fn read_text(address: usize, text: &mut [u8; MAX_PATH]) {
    // Up to the page's end first: the next may not be there.
    let mut whole = MaybeUninit::<[u8; MAX_PATH]>::zeroed();
    for len in [MAX_PATH, (4096 - address % 4096).min(MAX_PATH)] {
        if signals::read_bytes(address, whole.as_mut_ptr().cast(), len) {
            // SAFETY: zeros, or what was read.
            *text = unsafe { whole.assume_init() };
            return;
        }
    }
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
