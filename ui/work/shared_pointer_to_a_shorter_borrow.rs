//! A value behind a `Shared` is dropped later than the pointer, so it may not be given a borrow that ends before.

use nonblock::reclaim::Shared;

struct Log<'a>(&'a str);

impl Drop for Log<'_> {
    fn drop(&mut self) {
        println!("{}", self.0);
    }
}

fn rename(log: Shared<Log<'static>>) {
    let name = String::from("a name that goes with this function");
    let mut log: Shared<Log<'_>> = log;
    if let Some(log) = Shared::get_mut(&mut log) {
        log.0 = &name;
    }
}

fn main() {}
