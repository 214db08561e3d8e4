//! Claims that are not so: without these the probes could show nothing.

use std::sync::Mutex;

use super::probes;
use crate::observe::{FUTEX, allocates, blocks, locks};
use crate::slow::{Slow, waits_for_file_system};

probes! {
    "a call that returns is not seen to sleep" => Refuted || blocks(FUTEX, || (), || ()),
        "it returned, and was not seen to sleep";
    "a call that is only refused is not seen to lock" => Refuted || locks(
        || Mutex::new(0),
        |mutex, gate| {
            let _held = mutex.lock();
            gate.keep();
        },
        |mutex| drop(mutex.try_lock()),
    ), "it returned, and was not seen to sleep";
    "a call that sleeps elsewhere is not seen in a lock" => Refuted || {
        blocks(FUTEX, || std::thread::sleep(std::time::Duration::from_millis(20)), || ())
    }, "it returned, and was not seen to sleep";
    "an empty vector is not seen to allocate" => Refuted || allocates(Vec::<u32>::new),
        "it did not call the allocator";
    "a call that asks no file system is not seen to wait for one" => Refuted || {
        waits_for_file_system(&Slow::mount(), Slow::file, |path| assert!(path.is_absolute()))
    }, "the file system was not asked";
}
