//! Generic functions of every kind keep their parameters, bounds and lifetimes.
#![deny(warnings)]

use std::fmt::{Debug, Display};

use nonblock::{Sleepable, may_sleep, sleepable};

#[may_sleep]
fn typed<T: Debug, const N: usize>(values: [T; N], cx: &mut Sleepable) -> String
where
    T: Clone,
{
    let _ = cx;
    format!("{:?}", values.to_vec())
}

#[may_sleep]
fn borrowed<'a, 'b: 'a>(left: &'a str, right: &'b str, _cx: &mut Sleepable) -> &'a str {
    if left.len() > right.len() { left } else { right }
}

#[may_sleep]
fn opaque(value: impl Display, _cx: &mut Sleepable) -> impl Iterator<Item = char> {
    value.to_string().into_iter_of_chars()
}

trait Chars {
    fn into_iter_of_chars(self) -> std::vec::IntoIter<char>;
}

impl Chars for String {
    fn into_iter_of_chars(self) -> std::vec::IntoIter<char> {
        self.chars().collect::<Vec<_>>().into_iter()
    }
}

#[may_sleep]
fn called(f: impl FnOnce(&mut Sleepable) -> u32, cx: &mut Sleepable) -> u32 {
    f(cx)
}

#[may_sleep]
fn called_dyn(f: &dyn Fn(&mut Sleepable) -> u32, cx: &mut Sleepable) -> u32 {
    f(cx)
}

struct Table<T>(Vec<T>);

#[may_sleep]
impl<T> Table<T>
where
    T: Copy,
{
    fn get<I: Into<usize>>(&self, index: I, _cx: &mut Sleepable) -> T {
        self.0[index.into()]
    }
}

fn main() {
    sleepable(|cx| {
        assert_eq!(typed([1, 2], cx), "[1, 2]");
        assert_eq!(borrowed("ab", "c", cx), "ab");
        assert_eq!(opaque(12, cx).count(), 2);
        assert_eq!(called(|cx| called_dyn(&|_cx| 3, cx), cx), 3);
        assert_eq!(Table(vec![5]).get(0_u8, cx), 5);
    });
}
