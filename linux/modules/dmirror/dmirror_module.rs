// SPDX-License-Identifier: MIT OR Apache-2.0
//! The module of the driver `dmirror`: it makes `/dev/dmirror` as long as it is loaded.

use dmirror::Dmirror;
use kernel::error::Error;
use kernel::prelude::*;
use nonblock_linux::miscdevice::Registration;

module! {
    type: DmirrorModule,
    name: "nonblock_dmirror",
    author: "The nonblock developers",
    description: "A device that mirrors a process's memory, one source for user space and the kernel",
    license: "Dual MIT/GPL",
}

struct DmirrorModule {
    _registration: Registration<Dmirror>,
}

impl kernel::Module for DmirrorModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        // A module is loaded by a thread that may sleep.
        let registration = nonblock::sleepable(|cx| Registration::new(c"dmirror", cx));
        let _registration = registration.map_err(|error| Error::from_errno(-error.get()))?;
        Ok(Self { _registration })
    }
}
