//! Lists share their memory with those that they were pushed to, so a list may not be given an entry with a borrow that ends before
//! the others.

use std::sync::Arc;

use nonblock::rcu::{Entry, List};

struct Log<'a>(&'a str);

impl Drop for Log<'_> {
    fn drop(&mut self) {
        println!("{}", self.0);
    }
}

fn push(list: &List<u8, Log<'static>>) {
    let name = String::from("a name that goes with this function");
    let list: List<u8, Log<'_>> = list.clone();
    let _longer = list.with(Entry::new(Arc::new(0), Log(&name)), |_| false);
}

fn main() {}
