//! The operations, by groups.

#![expect(clippy::unnecessary_wraps, reason = "the preparations of all operations have one type")]

mod crates;
mod events;
mod files;
mod ipc;
mod library;
mod memory;
mod network;
mod processes;
mod raw_calls;
mod silent_calls;
mod silent_code;
mod std_sync;
mod support;
mod threads_of_c;
mod time;

use crate::matrix::operation::{Group, Rule};

/// All of them.
pub(crate) static GROUPS: &[Group] = &[
    Group {
        name: "threads and locks of std",
        rule: Rule::Reported,
        operations: std_sync::OPERATIONS,
    },
    Group { name: "files", rule: Rule::Reported, operations: files::OPERATIONS },
    Group { name: "processes", rule: Rule::Reported, operations: processes::OPERATIONS },
    Group { name: "network and names", rule: Rule::Reported, operations: network::OPERATIONS },
    Group { name: "waits for events", rule: Rule::Reported, operations: events::OPERATIONS },
    Group { name: "time and signals", rule: Rule::Reported, operations: time::OPERATIONS },
    Group { name: "threads of C", rule: Rule::Reported, operations: threads_of_c::OPERATIONS },
    Group { name: "messages and semaphores", rule: Rule::Reported, operations: ipc::OPERATIONS },
    Group {
        name: "system calls without libc",
        rule: Rule::Reported,
        operations: raw_calls::OPERATIONS,
    },
    Group { name: "memory and loading", rule: Rule::Reported, operations: memory::OPERATIONS },
    Group { name: "crates", rule: Rule::Reported, operations: crates::OPERATIONS },
    Group {
        name: "what the library offers to sections",
        rule: Rule::Silent,
        operations: library::OPERATIONS,
    },
    Group {
        name: "calls that do not wait",
        rule: Rule::Silent,
        operations: silent_calls::OPERATIONS,
    },
    Group { name: "code without calls", rule: Rule::Silent, operations: silent_code::OPERATIONS },
];
