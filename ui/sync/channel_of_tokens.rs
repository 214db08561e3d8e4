//! Law 1: a token cannot be sent through a channel.

use nonblock::{Sleepable, sync::channel, thread};

fn start() {
    let (_sender, receiver) = channel::bounded::<&'static mut Sleepable>(1);
    thread::spawn(move |_| receiver.try_recv().is_ok());
}

fn main() {}
