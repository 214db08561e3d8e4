//! A value whose use may sleep is used between sections.
#![deny(warnings)]

use std::io::{Read, Write};

use nonblock::{MaySleep, sleepable};

fn main() {
    let mut log = MaySleep::new(Vec::new());
    let source = MaySleep::new(&b"up"[..]);
    sleepable(|cx| {
        log.get_mut(cx).push(b'>');
        cx.non_block(|_nb| ());
        let mut text = *source.get(cx);
        cx.non_block(|_nb| ());
        write!(log.with(cx), "{}", text.bytes().count()).unwrap();
        let mut source = source;
        let mut read = String::new();
        source.with(cx).read_to_string(&mut read).unwrap();
        text = &[];
        assert_eq!((read.as_str(), text), ("up", &[][..]));
        assert_eq!(log.into_inner(cx), b">2");
    });
}
