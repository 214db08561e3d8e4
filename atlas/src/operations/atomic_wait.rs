use std::sync::atomic::AtomicU32;

use atomic_wait::{wait, wake_one};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "atomic-wait",
    operations: &[
        Operation::new(Wake, "wake_one, one waits", wake),
        Operation::new(Wake, "wait, the value is another", wait_not)
            
            .note("it asks the kernel, who looks at the value")
            .instead("a look at the value")
            .paths(&["atomic_wait::wait"]),
    ],
};

static WORD: AtomicU32 = AtomicU32::new(0);

fn wake(bench: Bench<'_>) {
    let sleeper = Sleeper::start(|| wait(&WORD, 0));
    bench.prepare(&|| sleeper.falls_asleep()).call(&|| wake_one(&raw const WORD));
}

fn wait_not(bench: Bench<'_>) {
    bench.call(&|| wait(&WORD, 1));
}
