//! Law 1: a token cannot be captured by a thread of the standard library's either.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn start<F: FnOnce() + Send + 'static>(body: F) {
    std::thread::spawn(body);
}

fn run(cx: &mut Sleepable) {
    start(|| flush(cx));
}

fn main() {}
