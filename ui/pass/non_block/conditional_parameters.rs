//! A parameter that is not there is not asked for its type, nor for what its type is.
#![deny(warnings)]

use nonblock::non_block;

type Same<T> = T;

#[non_block]
fn count(#[cfg(any())] missing: &mut Missing, hits: &mut Same<u32>, more: (u32, &mut Vec<u32>)) -> u32 {
    *hits += more.0;
    more.1.push(*hits);
    *hits
}

trait Total {
    fn total(self) -> u32;
}

impl Total for &mut [u32] {
    #[non_block]
    fn total(self) -> u32 {
        self.iter().sum()
    }
}

fn main() {
    let mut all = vec![1];
    assert_eq!(count(&mut 1, (2, &mut all)), 3);
    assert_eq!(all.as_mut_slice().total(), 4);
}
