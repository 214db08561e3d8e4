//! Law 1: the token is lent to an iterator while it is there; nothing else waits by it.

use nonblock::{Sleepable, sync::channel::Receiver};

fn merge(faults: &Receiver<u64>, others: &Receiver<u64>, cx: &mut Sleepable) -> u64 {
    faults.iter(cx).filter_map(|fault| Some(fault + others.recv(cx).ok()?)).sum()
}

fn main() {}
