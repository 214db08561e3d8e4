//! A root's closure captures nothing that is tied to its thread: a raw pointer is, as far as types tell.

use nonblock::non_block;

fn process(samples: *mut f32, count: usize) {
    non_block(|_nb| {
        for at in 0..count {
            // SAFETY: the caller lends `count` samples.
            unsafe { *samples.add(at) *= 0.5 };
        }
    });
}

fn main() {
    let mut samples = [1.0; 4];
    process(samples.as_mut_ptr(), samples.len());
}
