//! A section tries, completes and sends; a thread that may sleep waits for it.
#![deny(warnings)]

use nonblock::{
    sleepable,
    sync::{Completion, Condvar, Mutex, MutexGuard, OnceLock, RwLock, Semaphore, channel},
    thread,
};

static FENCE: Completion = Completion::new();
static ENGINES: Semaphore = Semaphore::new(1);
static RANGES: RwLock<Vec<u64>> = RwLock::new(Vec::new());
static FIRMWARE: OnceLock<u32> = OnceLock::new();
static STATE: Mutex<(bool, u32)> = Mutex::new((false, 0));
static CHANGED: Condvar = Condvar::new();

fn main() {
    sleepable(|cx| {
        let (faults, handler) = channel::bounded(4);
        let interrupt = thread::spawn(move |cx| {
            cx.non_block(|nb| {
                if let Ok(_engine) = ENGINES.acquire(nb) {
                    faults.try_send(4096).unwrap();
                }
                if let Ok(mut ranges) = RANGES.acquire_write(nb) {
                    ranges.push(4096);
                }
                FIRMWARE.try_set(7).unwrap();
                FENCE.complete();
            });
            STATE.lock(cx).0 = true;
            cx.non_block(|_nb| CHANGED.notify_one());
        });
        FENCE.wait(cx);
        assert_eq!(*FIRMWARE.wait(cx), 7);
        assert_eq!(handler.iter(cx).collect::<Vec<_>>(), [4096]);
        let mut state = STATE.lock(cx);
        CHANGED.wait_while(cx, &mut state, |state| !state.0);
        *MutexGuard::map(state, |state| &mut state.1) += 1;
        interrupt.join(cx).unwrap();
        assert_eq!(*RANGES.read(cx), [4096]);
    });
}
