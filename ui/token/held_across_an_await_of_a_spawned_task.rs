//! Law 1: a task that may move between threads cannot hold a token over an `.await`.

use nonblock::NonBlock;

fn count(_nb: &NonBlock) {}

fn spawn<F: Future + Send>(_task: F) {}

async fn poll(nb: &NonBlock) {
    std::future::ready(()).await;
    count(nb);
}

fn start(nb: &NonBlock) {
    spawn(poll(nb));
}

fn main() {}
