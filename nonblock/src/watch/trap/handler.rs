//! The handler of SIGSYS: it gets each system call of a section, and notes those that may block.
//!
//! It may interrupt anything, also the allocator and libc. So it allocates nothing, takes no lock, calls no function of libc,
//! and touches no thread-local with a destructor. It does not make the program's call either: it returns to code that makes
//! it, in the exempt range, with the registers and on the stack of the program (`raw_code.rs`). So a signal that interrupts the
//! call finds everything as it would be, its handler may jump away, and the kernel restarts the call as it does.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "registers, addresses and arguments of system calls: the same bits, whatever their type"
)]

use core::arch::global_asm;
use core::ffi::c_void;
use core::ptr;

use crate::backend::thread_local::with_watched;
use crate::backend::watched::Watched;
use crate::primitive::{AtomicUsize, Ordering};

use super::super::captured_stack::Registers;
use super::super::clock;
use super::super::event_buffer::{Event, MAX_PATH, What};
use super::super::raw_code;
use super::super::schedule::Usage;
use super::super::thread_record::{CallUnderWay, ThreadRecord};
use super::dispatch::ALLOW;
use super::kept_signal;
use super::signals::{self, KernelAction};
use super::syscalls::{self, Kernel, Verdict};

/// What the kernel says of a signal that comes of Syscall User Dispatch.
const SYS_USER_DISPATCH: i32 = 2;

// What the kernel calls. It hands on the stack pointer too, which tells whether it was the kernel.
global_asm!(
    ".pushsection .text.nonblock_watch_handler, \"ax\", @progbits",
    ".globl nonblock_watch_on_sigsys",
    ".hidden nonblock_watch_on_sigsys",
    "nonblock_watch_on_sigsys:",
    "mov rcx, rsp",
    "jmp {on_sigsys}",
    ".popsection",
    on_sigsys = sym on_sigsys,
);

unsafe extern "C" {
    fn nonblock_watch_on_sigsys();
}

/// `AUDIT_ARCH_X86_64`: what the kernel says of a call that is not one of 32-bit code.
const ARCH_X86_64: u32 = 0xC000_003E;
/// The bit that calls of the x32 ABI have in their number.
const X32: i32 = 0x4000_0000;

const SA_RESTORER: u64 = 0x0400_0000;

/// An action, kept as words.
struct KeptAction([AtomicUsize; 4]);

impl KeptAction {
    const fn new() -> Self {
        Self([const { AtomicUsize::new(0) }; 4])
    }

    fn set(&self, action: KernelAction) {
        let words = [action.handler, action.flags as usize, action.restorer, action.mask as usize];
        for (slot, word) in self.0.iter().zip(words) {
            slot.store(word, Ordering::Relaxed);
        }
    }

    fn get(&self) -> KernelAction {
        let [handler, flags, restorer, mask] =
            self.0.each_ref().map(|slot| slot.load(Ordering::Relaxed));
        KernelAction { handler, flags: flags as u64, restorer, mask: mask as u64 }
    }
}

/// The handler that was there before, or came later: of calls that seccomp refuses, for instance.
static FORMER: KeptAction = KeptAction::new();
/// The handler that was there before that one. Whoever set that one may have found the watch's, and calls it in turn.
static BEFORE_FORMER: KeptAction = KeptAction::new();

fn set_former(action: KernelAction) {
    BEFORE_FORMER.set(FORMER.get());
    FORMER.set(action);
}

fn own() -> KernelAction {
    let flags = libc::SA_SIGINFO | libc::SA_NODEFER | libc::SA_ONSTACK;
    KernelAction {
        handler: nonblock_watch_on_sigsys as *const () as usize,
        flags: flags as u64 | SA_RESTORER,
        restorer: raw_code::sigreturn(),
        // So no handler of the program runs on the stack of this one.
        mask: signals::BLOCKED,
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

/// Gets the signal, with the stack pointer as it was when this was called.
unsafe extern "C" fn on_sigsys(
    signal: i32,
    info: *mut libc::siginfo_t,
    context: *mut libc::ucontext_t,
    stack: usize,
) {
    // SAFETY: the kernel hands a handler that asks for it such a structure.
    let code = unsafe { (*info).si_code };
    let mine = ThreadRecord::mine().filter(|record| record.traps().get());
    if code == SYS_USER_DISPATCH
        && let Some(record) = mine
    {
        // SAFETY: it lies within the structure.
        let arch = unsafe { info.cast::<u32>().add(7) };
        // SAFETY: the kernel writes the architecture there, for this signal.
        let arch = unsafe { arch.read() };
        if arch != ARCH_X86_64 {
            // SAFETY: the kernel hands it over, and this is its only user.
            let context = unsafe { &mut *context };
            note_call_of_32_bits(record, context);
            return let_through(record, context);
        }
        return stopped_on_own_stack(record, context);
    }
    // SAFETY: the kernel hands it over.
    let mask = context_mask(unsafe { &*context });
    // SAFETY: this too.
    if mine.is_some_and(|record| unsafe { kept_signal::keep(record, info, mask) }) {
        return;
    }
    // SAFETY: the arguments are passed on as they came.
    unsafe { pass_on(signal, info, context, stack) }
}

/// A number that no call has.
const NO_CALL: usize = u32::MAX as usize;

/// Notes a call of 32-bit programs, which came by `int 0x80`. What the numbers mean there is not known here.
fn note_call_of_32_bits(record: &ThreadRecord, context: &mut libc::ucontext_t) {
    use libc::{REG_RAX, REG_RBP, REG_RBX, REG_RCX, REG_RDI, REG_RDX, REG_RIP, REG_RSI, REG_RSP};

    let number = *register(context, REG_RAX) as usize;
    let arguments = [REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP]
        .map(|place| *register(context, place) as usize);
    let registers = Registers {
        instruction: *register(context, REG_RIP) as usize,
        stack: *register(context, REG_RSP) as usize,
        frame: *register(context, REG_RBP) as usize,
    };
    let verdict = Verdict {
        may_block: true,
        why: "It is a call of 32-bit programs, by `int 0x80`, and may be any of those.",
        ..syscalls::classify(NO_CALL, &arguments, &ask())
    };
    note(record, &verdict, number, &arguments, registers);
}

/// Goes on on a stack of the watch's: the alternate stack of the program may have room for the signal's frame and no more.
fn stopped_on_own_stack(record: &'static ThreadRecord, context: *mut libc::ucontext_t) {
    unsafe extern "C" fn on_stack(record: *const c_void, context: *mut c_void) {
        // SAFETY: it is what was passed with the function.
        let record = unsafe { &*record.cast::<ThreadRecord>() };
        // SAFETY: this is too.
        let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
        stopped(record, context);
    }

    let free = record.buffer().filter(|_| !record.handling().replace(true));
    match free {
        Some(buffer) => {
            // SAFETY: the stack is this thread's, and not in use. The function does not unwind.
            unsafe {
                let record = ptr::from_ref(record).cast();
                raw_code::on_stack(buffer.handler_stack(), on_stack, record, context.cast());
            }
            record.handling().set(false);
        }
        // A filter of seccomp has this handler called within itself.
        // SAFETY: the kernel hands it over, and this is its only user.
        None => stopped(record, unsafe { &mut *context }),
    }
}

/// Calls the handler that would have got the signal without the watch.
unsafe fn pass_on(
    signal: i32,
    info: *mut libc::siginfo_t,
    context: *mut libc::ucontext_t,
    stack: usize,
) {
    // The kernel puts the context right above the address to which its handler returns.
    let by_kernel = stack + size_of::<usize>() == context as usize;
    let former = if by_kernel { FORMER.get() } else { BEFORE_FORMER.get() };
    if former.handler > libc::SIG_IGN && by_kernel {
        if former.flags & libc::SA_RESETHAND as u64 != 0 {
            set_former(KernelAction { handler: libc::SIG_DFL, ..former });
        }
        // The mask that the kernel would have set. A section's calls are stopped still.
        // SAFETY: the kernel hands it over.
        let mut mask = context_mask(unsafe { &*context }) | former.mask;
        let is_selected = ThreadRecord::mine()
            .is_some_and(|mine| mine.program_call.selector.load(Ordering::Relaxed) != ALLOW);
        if is_selected {
            mask &= !signals::SIGSYS;
        } else if former.flags & libc::SA_NODEFER as u64 == 0 {
            mask |= signals::SIGSYS;
        }
        signals::set_mask(mask);
    }
    match former.handler {
        libc::SIG_IGN => {}
        libc::SIG_DFL => {
            // The program is to die of it, as it would have.
            signals::set_action(signal, &KernelAction { handler: libc::SIG_DFL, ..own() });
            let arguments = [raw_code::process(), raw_code::thread(), signal as usize, 0, 0, 0];
            // SAFETY: it takes no memory.
            unsafe { raw_code::syscall(libc::SYS_tgkill, arguments) };
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

/// Decides who makes a call that was stopped, and how.
fn stopped(record: &ThreadRecord, context: &mut libc::ucontext_t) {
    use libc::{
        REG_R8, REG_R9, REG_R10, REG_RAX, REG_RBP, REG_RDI, REG_RDX, REG_RIP, REG_RSI, REG_RSP,
    };

    if *register(context, REG_RIP) as usize == raw_code::call_made() {
        return call_made(record, context);
    }
    // The kernel looks at the low half only.
    let number = *register(context, REG_RAX) as i32;
    let arguments = [REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9]
        .map(|place| *register(context, place) as usize);
    let registers = Registers {
        instruction: *register(context, REG_RIP) as usize,
        stack: *register(context, REG_RSP) as usize,
        frame: *register(context, REG_RBP) as usize,
    };
    if number & X32 != 0 {
        return let_through(record, context);
    }
    match number.into() {
        // The handler of another signal returns. Its frame is on the stack, so the call is made in its place.
        libc::SYS_rt_sigreturn => {
            keep_sigsys_open_after_handler(record, registers.stack);
            *register(context, REG_RIP) = raw_code::sigreturn() as i64;
        }
        // They return twice, or on another stack, or not at all.
        libc::SYS_clone | libc::SYS_clone3 | libc::SYS_fork | libc::SYS_vfork => {
            let verdict = syscalls::classify(number as usize, &arguments, &ask());
            note(record, &verdict, number as usize, &arguments, registers);
            let_through(record, context);
        }
        libc::SYS_exit | libc::SYS_exit_group => let_through(record, context),
        libc::SYS_sigaltstack if !leaves_large_stack(arguments[0]) => {
            let_through(record, context);
            if is_quick(record) {
                // Its sections do not ask for the stack.
                with_watched(Watched::deselect);
            }
        }
        libc::SYS_rt_sigaction if concerns_sections(record, arguments[0] as i32) => {
            *register(context, REG_RAX) = change_action(&arguments) as i64;
        }
        _ => {
            let verdict = syscalls::classify(number as usize, &arguments, &ask());
            if verdict.may_block {
                note(record, &verdict, number as usize, &arguments, registers);
            }
            let asks_for_signals = has_to_do_with_signals(number.into());
            // One that was kept, any call may ask for: by a descriptor.
            if verdict.may_block || asks_for_signals || record.kept_signal().get().is_some() {
                make_as_program(record, context);
            } else {
                make(context, raw_code::plain_call());
            }
        }
    }
}

/// Returns whether a call that does not block needs the mask of signals that the program has set.
fn has_to_do_with_signals(number: libc::c_long) -> bool {
    matches!(
        number,
        libc::SYS_rt_sigprocmask
            | libc::SYS_rt_sigpending
            | libc::SYS_rt_sigtimedwait
            | libc::SYS_execve
            | libc::SYS_execveat
            // A signal that a thread sends itself arrives before the call returns.
            | libc::SYS_kill
            | libc::SYS_tkill
            | libc::SYS_tgkill
            | libc::SYS_rt_sigqueueinfo
            | libc::SYS_rt_tgsigqueueinfo
            | libc::SYS_pidfd_send_signal
    )
}

/// Has the program make the call itself, and all others until the section ends. They are not stopped.
fn let_through(record: &ThreadRecord, context: &mut libc::ucontext_t) {
    if let Some(mask) = record.mask().take() {
        kept_signal::send(record);
        set_context_mask(context, mask);
    }
    record.program_call.selector.store(ALLOW, Ordering::Relaxed);
    // The length of a `syscall` instruction, and of `int 0x80`.
    *register(context, libc::REG_RIP) -= 2;
}

/// Has the code at an address make the call.
fn make(context: &mut libc::ucontext_t, code: usize) {
    *register(context, libc::REG_RCX) = *register(context, libc::REG_RIP);
    *register(context, libc::REG_RIP) = code as i64;
}

/// Has the call be made with the mask that the program has set, and with no call stopped, so that signals do what they would.
fn make_as_program(record: &ThreadRecord, context: &mut libc::ucontext_t) {
    let call = &record.program_call;
    let (how, blocked) = match record.mask().take() {
        Some(mask) => {
            kept_signal::send(record);
            set_context_mask(context, mask);
            (libc::SIG_SETMASK, signals::BLOCKED)
        }
        None => (libc::SIG_UNBLOCK, signals::SIGSYS),
    };
    call.how.set(how as u64);
    call.mask.set(blocked);
    call.selector.store(ALLOW, Ordering::Relaxed);
    *register(context, libc::REG_R11) = ptr::from_ref(call) as i64;
    make(context, raw_code::program_call());
}

/// A call was made as the program makes it.
fn call_made(record: &ThreadRecord, context: &mut libc::ucontext_t) {
    let call = &record.program_call;
    if call.how.get() == libc::SIG_SETMASK as u64 {
        // The call itself, or a handler, may have changed the mask.
        record.mask().set(Some(call.before.get()));
    }
    let Some(CallUnderWay { event, usage, began }) = record.call_under_way().take() else { return };
    let took = clock::now().saturating_sub(began);
    let slept = Usage::of_this_thread().since(usage).voluntary;
    record.told_sleeps().set(record.told_sleeps().get() + slept);
    record.disturb_markers();
    // The result lies above four registers, as the code of the call has put it there.
    let at = *register(context, libc::REG_RSP) as usize + 4 * size_of::<usize>();
    // SAFETY: the code of the call has put it there.
    let returned = unsafe { ptr::with_exposed_provenance::<isize>(at).read() };
    let Some(event) = record.buffer().and_then(|buffer| buffer.event(event)) else { return };
    // SAFETY: this thread has noted the event, and its section is open.
    let event = unsafe { &mut *event.get() };
    event.ticks = took;
    if let What::SystemCall { result, sleeps, .. } = &mut event.what {
        *result = Some(returned);
        *sleeps = slept;
    }
}

/// Notes a call that is going to be made.
fn note(
    record: &ThreadRecord,
    verdict: &Verdict,
    number: usize,
    arguments: &[usize; 6],
    registers: Registers,
) {
    record.disturb_markers();
    record.call_under_way().set(None);
    let Some((at, event, stack)) = record.buffer().and_then(|buffer| buffer.take()) else { return };
    let mut path = [0; MAX_PATH];
    if let Some(at) = verdict.call.path_argument()
        && let Some(&address) = arguments.get(at)
    {
        (path, _) = ask().read_text::<MAX_PATH>(address);
    }
    stack.capture(registers.stack);
    let what = What::SystemCall {
        call: verdict.call,
        number,
        arguments: *arguments,
        result: None,
        why: verdict.why,
        path,
        sleeps: 0,
    };
    // SAFETY: the place was taken for this event, and nobody else has it. It is whole before the call: a handler may jump away.
    unsafe { *event.get() = Event { what, ticks: 0, registers, section: Event::section_now() } };
    let (usage, began) = (Usage::of_this_thread(), clock::now());
    record.call_under_way().set(Some(CallUnderWay { event: at, usage, began }));
}

/// Has SIGSYS be open when the handler of another signal returns in a section: its frame has the mask that is then set.
fn keep_sigsys_open_after_handler(record: &ThreadRecord, stack: usize) {
    let context = ptr::with_exposed_provenance_mut::<libc::ucontext_t>(stack);
    // SAFETY: the kernel is going to read it from there.
    let context = unsafe { &mut *context };
    let mask = context_mask(context);
    match record.mask().get() {
        Some(_) if mask != signals::BLOCKED => {
            record.mask().set(Some(mask));
            set_context_mask(context, signals::BLOCKED);
        }
        Some(_) => {}
        None => set_context_mask(context, mask & !signals::SIGSYS),
    }
}

/// Returns whether a call of `sigaltstack` leaves a stack that has room for the frame of a signal.
fn leaves_large_stack(new: usize) -> bool {
    new == 0 || signals::read::<libc::stack_t>(new).is_none_or(|new| signals::is_large_enough(&new))
}

/// Returns whether the handler of a signal may run while calls are stopped.
fn concerns_sections(record: &ThreadRecord, signal: i32) -> bool {
    is_quick(record) || signals::is_open(signal)
}

/// Returns whether the trap leaves signals as they are.
fn is_quick(record: &ThreadRecord) -> bool {
    record.setting().is_some_and(|setting| setting.quick_trap)
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
        if size != size_of::<u64>() {
            return -(libc::EINVAL as isize);
        }
        let old = FORMER.get();
        if let Some(new) = new {
            set_former(new);
        }
        return if before != 0 && !signals::write(before, &old) { fault } else { 0 };
    }
    let new = new.map(signals::without_sigsys);
    let new_at = new.as_ref().map_or(0, |action| ptr::from_ref(action) as usize);
    // SAFETY: the program makes this call. The kernel reads the copy, and writes where the program said.
    unsafe { raw_code::syscall(libc::SYS_rt_sigaction, [signal, new_at, before, size, 0, 0]) }
}

fn context_mask(context: &libc::ucontext_t) -> u64 {
    // SAFETY: the kernel's set is the first word of libc's.
    unsafe { (&raw const context.uc_sigmask).cast::<u64>().read() }
}

fn set_context_mask(context: &mut libc::ucontext_t, mask: u64) {
    // SAFETY: the kernel's set is the first word of libc's.
    unsafe { (&raw mut context.uc_sigmask).cast::<u64>().write(mask) };
}
