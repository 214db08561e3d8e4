//! The layer that sees system calls: Syscall User Dispatch, which hands each call of a section to a signal handler.

mod dispatch;
mod handler;
mod kept_signal;
mod signals;
pub(super) mod syscalls;

pub(super) use dispatch::{BLOCK, switch_off, switch_on};
pub(super) use handler::install as install_handler;
pub(super) use kept_signal::restore_signals;
pub(super) use signals::{
    block as block_signals, find_least_stack, has_room_for_frame, open_sigsys, read_bytes,
    restorers, sweep_handlers,
};
