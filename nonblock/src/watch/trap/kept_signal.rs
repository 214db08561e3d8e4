//! A SIGSYS that somebody sends, while the section has SIGSYS open for its stopped calls.
//!
//! The program may have it blocked, to take it by `sigwait` or a descriptor. So it is kept, and sent anew when the program's own
//! mask is set again: then it waits, or arrives, as it would have.

use super::super::raw_code;
use super::super::thread_record::{SignalInformation, ThreadRecord};
use super::signals;

/// Keeps a signal, if it is one that somebody has sent, and the mask that it came through is a section's. Returns whether it did.
///
/// # Safety
///
/// `info` is what the kernel handed over with the signal.
pub(super) unsafe fn keep(record: &ThreadRecord, info: *const libc::siginfo_t, mask: u64) -> bool {
    // SAFETY: the caller says so.
    let is_sent = unsafe { (*info).si_code } <= 0;
    if is_sent && mask == signals::BLOCKED {
        // SAFETY: it is as large as that, and every value of its words will do.
        record.kept_signal().set(Some(unsafe { info.cast::<SignalInformation>().read() }));
        return true;
    }
    false
}

/// Sends the signal anew that was kept, if there is one. SIGSYS is blocked then, until the caller sets the program's mask.
pub(super) fn send(record: &ThreadRecord) {
    let Some(information) = record.kept_signal().take() else { return };
    signals::set_mask(signals::BLOCKED | signals::SIGSYS);
    let at = information.as_ptr() as usize;
    let arguments =
        [raw_code::process(), raw_code::thread(), libc::SIGSYS.cast_unsigned() as usize, at, 0, 0];
    // SAFETY: the kernel reads what it has written itself. A process may send itself whatever it was sent.
    unsafe { raw_code::syscall(libc::SYS_rt_tgsigqueueinfo, arguments) };
}

/// Sets the mask that the program had, at the end of a section.
pub(in super::super) fn restore_signals(record: &ThreadRecord, mask: u64) {
    send(record);
    signals::set_mask(mask);
}
