//! Law 1: a token cannot be sent through a channel.

use std::sync::mpsc;

use nonblock::{Sleepable, thread};

fn start() -> mpsc::Sender<&'static mut Sleepable> {
    let (sender, receiver) = mpsc::channel::<&'static mut Sleepable>();
    thread::spawn(move |_| receiver.recv().is_ok());
    sender
}

fn main() {}
