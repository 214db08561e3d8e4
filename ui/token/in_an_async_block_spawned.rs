//! Law 1: a future that captured a token cannot be given to an executor of many threads.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn spawn<F: Future + Send>(_task: F) {}

fn start(cx: &mut Sleepable) {
    spawn(async { flush(cx) });
}

fn main() {}
