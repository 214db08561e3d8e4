//! What is known of each system call: a line each, by subject.

mod credentials;
mod descriptors;
mod events;
mod file_systems;
mod files;
mod gone;
mod ipc;
mod kernel;
mod memory;
mod network;
mod processes;
mod scheduling;
mod signals;
mod time;

pub(super) use credentials::*;
pub(super) use descriptors::*;
pub(super) use events::*;
pub(super) use file_systems::*;
pub(super) use files::*;
pub(super) use gone::*;
pub(super) use ipc::*;
pub(super) use kernel::*;
pub(super) use memory::*;
pub(super) use network::*;
pub(super) use processes::*;
pub(super) use scheduling::*;
pub(super) use signals::*;
pub(super) use time::*;
