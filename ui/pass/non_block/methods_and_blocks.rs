//! Methods, whole blocks, and traits, with methods left out.
#![deny(warnings)]

use std::pin::Pin;

use nonblock::{NonBlock, Sleepable, non_block, sleepable};

struct Disk(u32);

#[non_block]
impl Disk {
    const STEP: u32 = 1;

    fn shared(&self) -> u32 {
        self.0
    }

    fn exclusive(&mut self) -> u32 {
        self.0 += Self::STEP;
        self.0
    }

    fn boxed(self: Box<Self>) -> u32 {
        self.0
    }

    fn pinned(self: Pin<&mut Self>, nb: &mut NonBlock) -> u32 {
        nb.non_block(|_nb| self.0)
    }

    #[non_block(skip)]
    fn flush(&mut self, _cx: &mut Sleepable) {
        self.0 = 0;
    }

    #[non_block(nb)]
    fn bound(&self) -> u32 {
        nb.non_block(|_nb| self.0)
    }
}

#[non_block]
trait Device {
    fn acknowledge(&self, nb: &NonBlock) -> u32;

    fn name(&self) -> &'static str {
        "device"
    }
}

impl Device for Disk {
    #[non_block]
    fn acknowledge(&self, _nb: &NonBlock) -> u32 {
        7
    }
}

fn main() {
    let mut disk = Disk(1);
    assert_eq!((disk.shared(), disk.exclusive(), disk.bound()), (1, 2, 2));
    let device: &dyn Device = &disk;
    assert_eq!(nonblock::raw::non_block(|nb| device.acknowledge(nb)), 7);
    assert_eq!(device.name(), "device");
    sleepable(|cx| {
        disk.flush(cx);
        assert_eq!(cx.non_block(|nb| Pin::new(&mut disk).pinned(nb)), 0);
    });
    assert_eq!(Box::new(disk).boxed(), 0);
}
