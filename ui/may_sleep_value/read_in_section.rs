//! Law 3: a section cannot join the value to a token.

use std::io::Read;

use nonblock::{MaySleep, NonBlock};

fn read(log: &mut MaySleep<&[u8]>, nb: &mut NonBlock) -> String {
    let mut text = String::new();
    log.with(nb).read_to_string(&mut text).unwrap();
    text
}

fn main() {}
