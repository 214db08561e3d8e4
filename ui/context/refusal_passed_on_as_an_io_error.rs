//! A refusal becomes an `io::Error` by `or_would_block`: `?` alone does not know that each one can.

use nonblock::Context;
use nonblock::sync::Mutex;

fn read_register<C: Context>(registers: &Mutex<[u32; 4]>, cx: &mut C) -> std::io::Result<u32> {
    Ok(registers.acquire(cx)?[0])
}

fn main() {
    nonblock::sleepable(|cx| read_register(&Mutex::new([0; 4]), cx)).unwrap();
}
