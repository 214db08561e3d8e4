//! A value behind an `Owned` is dropped later than the pointer, so it may not be given a borrow that ends before.

use nonblock::reclaim::Owned;

struct Log<'a>(&'a str);

impl Drop for Log<'_> {
    fn drop(&mut self) {
        println!("{}", self.0);
    }
}

fn rename(log: Owned<Log<'static>>) {
    let name = String::from("a name that goes with this function");
    let mut log: Owned<Log<'_>> = log;
    log.0 = &name;
}

fn main() {}
