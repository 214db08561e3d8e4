//! Methods with every receiver.
#![deny(warnings)]

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use nonblock::{Sleepable, may_sleep, sleepable};

#[derive(Clone, Default)]
struct Disk(u32);

impl Disk {
    #[may_sleep]
    fn shared(&self, _cx: &mut Sleepable) -> u32 {
        self.0
    }

    #[may_sleep]
    fn exclusive(&mut self, _cx: &mut Sleepable) -> u32 {
        self.0 += 1;
        self.0
    }

    #[may_sleep]
    fn owned(self, _cx: &mut Sleepable) -> u32 {
        self.0
    }

    #[may_sleep]
    fn owned_and_changed(mut self, _cx: &mut Sleepable) -> u32 {
        self.0 += 1;
        self.0
    }

    #[may_sleep]
    fn boxed(self: Box<Self>, _cx: &mut Sleepable) -> u32 {
        self.0
    }

    #[may_sleep]
    fn counted(self: &Rc<Self>, _cx: &mut Sleepable) -> u32 {
        self.0
    }

    #[may_sleep]
    fn in_an_arc(self: Arc<Self>, _cx: &mut Sleepable) -> u32 {
        self.0
    }

    #[may_sleep]
    fn pinned(self: Pin<&mut Self>, _cx: &mut Sleepable) -> u32 {
        self.0
    }

    #[may_sleep]
    fn for_some_time<'a>(&'a self, _cx: &mut Sleepable) -> &'a u32 {
        &self.0
    }

    #[may_sleep]
    fn new(_cx: &mut Sleepable) -> Self {
        Self::default()
    }
}

fn main() {
    sleepable(|cx| {
        let mut disk = Disk::new(cx);
        assert_eq!(disk.exclusive(cx), 1);
        assert_eq!(disk.shared(cx) + *disk.for_some_time(cx), 2);
        assert_eq!(disk.clone().owned(cx), 1);
        assert_eq!(disk.clone().owned_and_changed(cx), 2);
        assert_eq!(Box::new(disk.clone()).boxed(cx), 1);
        assert_eq!(Rc::new(disk.clone()).counted(cx), 1);
        assert_eq!(Arc::new(disk.clone()).in_an_arc(cx), 1);
        assert_eq!(Pin::new(&mut disk).pinned(cx), 1);
    });
}
