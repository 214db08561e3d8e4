//! Law 1: what was reached cannot be kept when the token has been given back.

use nonblock::{MaySleep, Sleepable};

fn text<'a>(log: &'a MaySleep<String>, cx: &mut Sleepable) -> &'a str {
    log.get(cx)
}

fn main() {}
