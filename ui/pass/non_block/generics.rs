//! Generic functions of every kind whose bodies are sections.
#![deny(warnings)]

use std::fmt::{Debug, Display};

use nonblock::{NonBlock, non_block, raw};

#[non_block]
fn typed<T: Debug, const N: usize>(values: [T; N]) -> String
where
    T: Clone,
{
    format!("{:?}", values.to_vec())
}

#[non_block]
fn borrowed<'a, 'b: 'a>(left: &'a mut Vec<u32>, right: &'b [u32]) -> &'a [u32] {
    left.extend(right);
    left
}

#[non_block]
fn opaque(value: impl Display) -> impl Iterator<Item = char> {
    value.to_string().chars().collect::<Vec<_>>().into_iter()
}

#[non_block(nb)]
fn called<R>(f: impl FnOnce(&mut NonBlock) -> R) -> R {
    f(nb)
}

#[non_block]
fn changed<T: ?Sized + AsMut<[u32]>>(values: &mut T, with: &mut dyn FnMut(&mut u32)) {
    values.as_mut().iter_mut().for_each(with);
}

#[non_block]
fn with_a_default_of_its_own<const LIMIT: u32>(mut n: u32) -> Option<u32> {
    n += 1;
    (n < LIMIT).then_some(n)
}

struct Table<T>(Vec<T>);

#[non_block]
impl<T> Table<T>
where
    T: Copy,
{
    fn get<I: Into<usize>>(&self, index: I) -> T {
        self.0[index.into()]
    }
}

fn main() {
    assert_eq!(typed([1, 2]), "[1, 2]");
    assert_eq!(borrowed(&mut vec![1], &[2]), [1, 2]);
    assert_eq!(opaque(12).count(), 2);
    assert_eq!(called(|_nb| raw::depth()), u32::from(cfg!(debug_assertions)));
    let mut values = vec![1, 2];
    changed(&mut values, &mut |value| *value += 1);
    assert_eq!(values, [2, 3]);
    assert_eq!(with_a_default_of_its_own::<3>(1), Some(2));
    assert_eq!(with_a_default_of_its_own::<2>(1), None);
    assert_eq!(Table(vec![5]).get(0_u8), 5);
}
