//! A token is handed on as it came: `cx`, not `&mut cx`.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    flush(&mut cx);
}

fn main() {}
