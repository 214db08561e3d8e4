//! Law 1: a thread cannot return the token that it was lent.

fn main() {
    let _worker = nonblock::thread::spawn(|cx| cx);
}
