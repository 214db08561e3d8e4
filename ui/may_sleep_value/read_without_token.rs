//! Law 2: what may sleep is read with the token in hand.

use std::io::Read;

use nonblock::MaySleep;

fn read(log: &mut MaySleep<&[u8]>) -> String {
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
    text
}

fn main() {}
