//! What lends a token between two awaits takes it back before the second.

async fn wait() {}

async fn count() {
    let mut kept = None;
    nonblock::non_block(|nb| kept = Some(nb));
    wait().await;
    let _ = kept;
}

fn main() {
    let _task = count();
}
