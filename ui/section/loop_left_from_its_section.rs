//! A section is a closure: a loop around it is left when the section has ended.

use nonblock::Sleepable;

fn first_even(pages: &[u64], cx: &mut Sleepable) {
    for page in pages {
        cx.non_block(|_| {
            if page % 2 == 0 {
                break;
            }
        });
    }
}

fn main() {}
