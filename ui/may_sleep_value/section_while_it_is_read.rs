//! Law 3: no section opens while the value is joined to the token.

use std::io::Read;

use nonblock::{MaySleep, Sleepable};

fn read(log: &mut MaySleep<&[u8]>, cx: &mut Sleepable) -> String {
    let mut text = String::new();
    let mut source = log.with(cx);
    cx.non_block(|_| source.read_to_string(&mut text)).unwrap();
    text
}

fn main() {}
