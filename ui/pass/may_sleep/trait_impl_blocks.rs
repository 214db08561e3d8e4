//! `impl` blocks of traits, unsafe ones among them, whose methods take the token, bind it, or are left out.
#![deny(warnings)]

use nonblock::{Context, Sleepable, may_sleep, sleepable};

/// A device.
///
/// # Safety
///
/// `len` is right.
#[may_sleep]
unsafe trait Device {
    const BLOCK: usize = 4;

    type Error;

    fn read<const N: usize>(&mut self, cx: &mut Sleepable) -> Result<[u8; N], Self::Error>;

    fn flush<C: Context>(&mut self, cx: &mut C) -> Result<(), C::Refusal>;

    fn flush_any(&mut self, cx: &mut impl Context) -> bool;

    #[may_sleep(skip)]
    fn len(&self) -> usize;
}

struct Disk(u8);

// SAFETY: it has one block.
#[may_sleep]
unsafe impl Device for Disk {
    type Error = ();

    fn read<const N: usize>(&mut self, cx: &mut Sleepable) -> Result<[u8; N], ()> {
        self.flush(cx).map_err(drop)?;
        Ok([self.0; N])
    }

    fn flush<C: Context>(&mut self, cx: &mut C) -> Result<(), C::Refusal> {
        cx.or_refuse()?;
        self.0 += 1;
        Ok(())
    }

    fn flush_any(&mut self, cx: &mut impl Context) -> bool {
        self.flush(cx).is_ok()
    }

    #[may_sleep(skip)]
    fn len(&self) -> usize {
        Self::BLOCK
    }
}

fn main() {
    sleepable(|cx| {
        let mut disk = Disk(6);
        assert_eq!(disk.read(cx), Ok([7, 7]));
        assert!(disk.flush_any(cx));
        assert!(!cx.non_block(|nb| disk.flush_any(nb)));
        assert_eq!((disk.len(), disk.0), (4, 8));
    });
}
