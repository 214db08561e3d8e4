//! Methods with every receiver, whose bodies are sections.
#![deny(warnings)]

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use nonblock::{non_block, raw};

#[derive(Clone, Default)]
struct Disk(u32);

impl Disk {
    #[non_block]
    fn shared(&self) -> u32 {
        self.0 + raw::depth()
    }

    #[non_block]
    fn exclusive(&mut self) -> u32 {
        self.0 += 1;
        self.0 + raw::depth()
    }

    #[non_block]
    fn owned(self) -> u32 {
        self.0 + raw::depth()
    }

    #[non_block(_nb)]
    fn owned_and_changed(mut self) -> Self {
        self.0 += raw::depth();
        self
    }

    #[non_block]
    fn boxed(self: Box<Self>) -> u32 {
        self.0 + raw::depth()
    }

    #[non_block]
    fn counted(self: Rc<Self>) -> u32 {
        self.0 + raw::depth()
    }

    #[non_block]
    fn in_an_arc(self: &Arc<Self>) -> u32 {
        self.0 + raw::depth()
    }

    #[non_block]
    fn pinned(mut self: Pin<&mut Self>) -> u32 {
        self.0 += 1;
        self.0 + raw::depth()
    }

    #[non_block]
    fn in_a_box_that_is_pinned(self: Pin<Box<Self>>) -> u32 {
        self.0 + raw::depth()
    }

    #[non_block]
    fn for_some_time<'a>(&'a self, _other: &Self) -> &'a u32 {
        &self.0
    }

    #[non_block]
    fn new() -> Self {
        Self::default()
    }
}

fn main() {
    let one = u32::from(cfg!(debug_assertions));
    let mut disk = Disk::new();
    assert_eq!(disk.exclusive(), 1 + one);
    assert_eq!(disk.shared(), 1 + one);
    assert_eq!(disk.clone().owned(), 1 + one);
    assert_eq!(disk.clone().owned_and_changed().0, 1 + one);
    assert_eq!(Box::new(disk.clone()).boxed(), 1 + one);
    assert_eq!(Rc::new(disk.clone()).counted(), 1 + one);
    assert_eq!(Arc::new(disk.clone()).in_an_arc(), 1 + one);
    assert_eq!(Pin::new(&mut disk).pinned(), 2 + one);
    assert_eq!(Box::pin(disk.clone()).in_a_box_that_is_pinned(), 2 + one);
    assert_eq!(disk.for_some_time(&disk), &2);
    assert_eq!(raw::depth(), 0);
}
