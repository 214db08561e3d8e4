//! A task that may go to other threads takes along only what may.

use std::rc::Rc;

async fn wait() {}

fn start(shared: Rc<u32>) {
    let _task = nonblock::tokio::spawn(async move {
        wait().await;
        drop(shared);
    });
}

fn main() {}
