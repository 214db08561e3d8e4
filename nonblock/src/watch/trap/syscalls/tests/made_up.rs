//! A made-up world to ask.

use std::collections::BTreeMap;
use std::vec::Vec;

use crate::watch::trap::syscalls::ask::{Ask, DescriptorKind};
use crate::watch::trap::syscalls::numbers::x86_64::NUMBERS;
use crate::watch::trap::syscalls::system_call::SystemCall;

/// What is open, and what is in memory.
#[derive(Debug, Default)]
pub(super) struct MadeUp {
    descriptors: BTreeMap<i32, (i32, DescriptorKind)>,
    memory: BTreeMap<usize, Vec<u8>>,
    random_ready: bool,
}

/// Where [`MadeUp::with_memory`] puts the bytes.
pub(super) const ADDRESS: usize = 0x1000;

impl MadeUp {
    pub(super) fn with_descriptor(mut self, number: i32, flags: i32, kind: DescriptorKind) -> Self {
        self.descriptors.insert(number, (flags, kind));
        self
    }

    pub(super) fn with_memory(mut self, bytes: &[u8]) -> Self {
        self.memory.insert(ADDRESS, bytes.to_vec());
        self
    }

    pub(super) fn with_random_ready(mut self) -> Self {
        self.random_ready = true;
        self
    }
}

impl Ask for MadeUp {
    fn descriptor_flags(&self, descriptor: i32) -> Option<i32> {
        self.descriptors.get(&descriptor).map(|(flags, _)| *flags)
    }

    fn descriptor_kind(&self, descriptor: i32) -> Option<DescriptorKind> {
        self.descriptors.get(&descriptor).map(|(_, kind)| *kind)
    }

    fn read<const N: usize>(&self, address: usize) -> Option<[u8; N]> {
        let (start, bytes) = self.memory.range(..=address).next_back()?;
        bytes.get(address - start..)?.get(..N)?.try_into().ok()
    }

    fn random_ready(&self) -> bool {
        self.random_ready
    }
}

/// The call with this name.
#[track_caller]
pub(super) fn call(name: &str) -> &'static SystemCall {
    NUMBERS
        .iter()
        .map(|(_, call)| *call)
        .find(|call| call.name == name)
        .unwrap_or_else(|| panic!("no call has the name {name}"))
}
