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

    // Without a receiver, as foreign functions are too.
    #[may_sleep]
    fn open(cx: &mut Sleepable) -> Self
    where
        Self: Sized;
}

/// A generic trait, whose method binds names of its own.
trait Parse<T> {
    #[may_sleep]
    fn parse<'a, const N: usize>(cx: &'a mut Sleepable, bytes: &'a [u8; N]) -> Option<&'a T>;
}

struct Disk;

impl Parse<u8> for Disk {
    fn parse<'a, const N: usize>(_cx: &'a mut Sleepable, bytes: &'a [u8; N]) -> Option<&'a u8> {
        bytes.first()
    }
}

impl Disk {
    /// A trait within a function of an `impl`: `Self` is the trait's.
    fn nested(cx: &mut Sleepable) -> u32 {
        trait Inner {
            #[may_sleep]
            fn answer(cx: &mut Sleepable) -> u32;
        }
        impl Inner for Disk {
            #[may_sleep]
            fn answer(_cx: &mut Sleepable) -> u32 {
                6
            }
        }
        <Self as Inner>::answer(cx)
    }
}

impl Device for Disk {
    #[may_sleep]
    fn read(&self, _cx: &mut Sleepable) -> u32 {
        4
    }

    #[may_sleep]
    fn open(_cx: &mut Sleepable) -> Self {
        Self
    }
}

struct Plain;

impl Device for Plain {
    fn read(&self, _cx: &mut Sleepable) -> u32 {
        5
    }

    fn open(_cx: &mut Sleepable) -> Self {
        Self
    }
}

fn main() {
    sleepable(|cx| {
        let devices: [&dyn Device; 2] = [&Disk, &Plain];
        let sum: u32 = devices.iter().map(|device| device.read_twice(cx)).sum();
        assert_eq!(sum, 18);
        assert!(Disk::probe(cx));
        assert_eq!((Disk::open(cx).read(cx), Plain::open(cx).read(cx)), (4, 5));
        assert_eq!(Disk::parse(cx, b"x"), Some(&b'x'));
        assert_eq!(Disk::nested(cx), 6);
    });
}
