//! Methods of traits: declared, provided, implemented, and behind `dyn`.
#![deny(warnings)]

use nonblock::{Sleepable, may_sleep, sleepable};

trait Device {
    #[may_sleep]
    fn read(&self, cx: &mut Sleepable) -> u32;

    #[may_sleep]
    fn read_twice(&self, cx: &mut Sleepable) -> u32 {
        self.read(cx) + self.read(cx)
    }

    #[may_sleep]
    fn probe(_cx: &mut Sleepable) -> bool
    where
        Self: Sized,
    {
        true
    }
}

struct Disk;

impl Device for Disk {
    #[may_sleep]
    fn read(&self, _cx: &mut Sleepable) -> u32 {
        4
    }
}

struct Plain;

impl Device for Plain {
    fn read(&self, _cx: &mut Sleepable) -> u32 {
        5
    }
}

fn main() {
    sleepable(|cx| {
        let devices: [&dyn Device; 2] = [&Disk, &Plain];
        let sum: u32 = devices.iter().map(|device| device.read_twice(cx)).sum();
        assert_eq!(sum, 18);
        assert!(Disk::probe(cx));
    });
}
