//! A token is bound beside parameters of any type that is no token.
#![deny(warnings)]

use std::fmt::Write;

use nonblock::{may_sleep, non_block, sync::Mutex};

#[may_sleep(cx)]
fn drain<W: Write, T>(into: &mut W, queue: &Mutex<Vec<u32>>, rest: &mut T) -> usize
where
    T: Extend<u32> + ?Sized,
{
    let mut queue = queue.lock(cx);
    let drained = queue.len();
    write!(into, "{:?}", *queue).unwrap();
    rest.extend(queue.drain(..));
    drained
}

#[non_block]
fn count<I: Iterator + ?Sized>(items: &mut I) -> usize {
    let mut counted = 0;
    while items.next().is_some() {
        counted += 1;
    }
    counted
}

#[non_block(nb)]
fn first<I: Iterator<Item = u32>>(items: &mut I) -> Option<u32> {
    nb.non_block(|_nb| items.next())
}

fn main() {
    let (mut text, mut rest) = (String::new(), vec![]);
    assert_eq!(drain(&mut text, &Mutex::new(vec![1, 2]), &mut rest), 2);
    assert_eq!((text.as_str(), rest), ("[1, 2]", vec![1, 2]));
    let items: &mut dyn Iterator<Item = u32> = &mut (0..4);
    assert_eq!((first(&mut (5..7)), count(items)), (Some(5), 4));
}
