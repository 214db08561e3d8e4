//! A refusal becomes the caller's own error by `?`, whichever context it came from.
#![deny(warnings)]

use std::io;

use nonblock::{Context, Sleepable, WouldBlock, sleepable};

fn read<C: Context>(cx: &mut C) -> Result<u32, WouldBlock> {
    let _cx: &mut Sleepable = cx.or_refuse().map_err(Into::into)?;
    Ok(3)
}

fn read_file<C: Context>(cx: &mut C) -> io::Result<u32> {
    Ok(read(cx)?)
}

fn main() {
    sleepable(|cx| {
        assert_eq!(read_file(cx).unwrap(), 3);
        let error = cx.non_block(|nb| read_file(nb)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    });
}
