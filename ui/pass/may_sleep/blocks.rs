//! Whole `impl` and `trait` blocks, with methods left out, and methods with an attribute of their own.
#![deny(warnings)]

use nonblock::{NonBlock, Sleepable, may_sleep, sleepable};

struct Disk {
    blocks: Vec<u32>,
}

#[may_sleep]
impl Disk {
    const SIZE: usize = 2;

    fn read(&self, cx: &mut Sleepable, block: usize) -> u32 {
        let _ = cx;
        self.blocks[block]
    }

    #[may_sleep(skip)]
    fn len(&self) -> usize {
        self.blocks.len()
    }

    #[may_sleep(cx)]
    fn first(&self) -> u32 {
        self.read(cx, 0)
    }

    #[nonblock::non_block]
    fn cached(&self, _nb: &NonBlock) -> Option<&u32> {
        self.blocks.get(Self::SIZE)
    }
}

#[may_sleep]
trait Device {
    type Block;

    fn load(&self, cx: &mut Sleepable) -> Self::Block;

    #[may_sleep(skip)]
    fn name(&self) -> &'static str {
        "device"
    }
}

#[may_sleep]
impl Device for Disk {
    type Block = u32;

    fn load(&self, cx: &mut Sleepable) -> u32 {
        self.read(cx, 1)
    }
}

fn main() {
    let disk = Disk { blocks: vec![3, 4] };
    assert_eq!((disk.len(), disk.first(), disk.name()), (2, 3, "device"));
    sleepable(|cx| {
        assert_eq!(disk.load(cx), 4);
        assert!(cx.non_block(|nb| disk.cached(nb).is_none()));
    });
}
