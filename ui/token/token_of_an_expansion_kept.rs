//! Law 1: the token that an attribute binds is made by an unsafe function, so no safe code can own one.

use nonblock::Sleepable;

fn kept() -> &'static mut Sleepable {
    Box::leak(Box::new(nonblock::__private::bind_sleepable())).token()
}

fn main() {
    let cx = kept();
    nonblock::raw::non_block(|_nb| nonblock::thread::park(cx));
}
