//! A ring: a queue from one thread to one other, which neither of them ever waits for.
//!
//! [`ring`](ring()) makes a [`Producer`] and a [`Consumer`]. Each is for one thread at a time: it can be sent, not cloned. This is
//! the tool of audio programs, where one of the two is the callback that must be in time. The field calls it a
//! single-producer single-consumer (SPSC) ring buffer.
//!
//! # What it costs
//!
//! Every operation is *wait-free*: it takes a bounded number of steps, whatever the other thread does or does not. It makes no
//! system call, takes no lock, and neither allocates nor releases memory. The memory is allocated, and touched, when the ring is
//! made, so that no push meets a page fault. Items go in and out one by one, by slices that are copied, by iterators, or in
//! place by [chunks](WriteChunk).
//!
//! Nobody is woken either: the consumer looks when it wants to. Where a thread should wait for what a section leaves to it,
//! take a [`Queue`](super::Queue). Several threads can push into that, and its push is lock-free, but not wait-free.
//!
//! # The end
//!
//! Either end may be dropped first, which does nothing but tell the other: [`Consumer::is_abandoned`],
//! [`Producer::is_abandoned`]. The last one drops the items that are left, and releases the memory. So keep one end
//! where it may: a section that drops the last end is reported.
//!
//! # Examples
//!
//! A thread that may sleep decodes music, and an audio callback plays it:
//!
//! ```
//! use nonblock::work::ring;
//! use nonblock::thread;
//! use std::time::Duration;
//!
//! let (mut producer, mut consumer) = ring::<f32>(256);
//! nonblock::sleepable(|cx| {
//!     let decoder = thread::spawn(move |cx| {
//!         let song = vec![0.5; 1000];
//!         let mut rest = &song[..];
//!         while !rest.is_empty() && !producer.is_abandoned() {
//!             rest = &rest[producer.push_slice(rest)..];
//!             thread::sleep(cx, Duration::from_micros(100));
//!         }
//!     });
//!
//!     let mut played = 0;
//!     while played < 1000 {
//!         let mut output = [0.0; 64];
//!         played += cx.non_block(|_nb| consumer.pop_slice(&mut output)); // the callback
//!         thread::sleep(cx, Duration::from_micros(100));
//!     }
//!     decoder.join(cx).unwrap();
//! });
//! ```

mod chunk;
mod consumer;
mod ends;
mod producer;
mod slots;

pub use chunk::{ReadChunk, ReadChunkIter, WriteChunk};
pub use consumer::Consumer;
pub use producer::Producer;

/// Makes a ring that holds so many items at most, and returns its two ends.
///
/// # Arguments
///
/// * `capacity`: how many items it holds, from 1: exactly so many, not a power of two.
///
/// # Context
///
/// May be called anywhere. Allocates, and touches what it allocated.
///
/// # Panics
///
/// If `capacity` is 0, or more than fits into memory.
///
/// # Examples
///
/// ```
/// use nonblock::work::ring;
///
/// let (mut producer, mut consumer) = ring(2);
/// nonblock::non_block(|_nb| {
///     producer.push(1).unwrap();
///     producer.push(2).unwrap();
///     assert_eq!((producer.free(), consumer.len()), (0, 2));
///     assert_eq!(consumer.pop(), Some(1));
/// });
/// ```
///
/// Each end has one owner, and stands for one thread:
///
/// ```compile_fail,E0599
/// # use nonblock::work::ring;
/// let (producer, consumer) = ring::<u32>(2);
/// let another = producer.clone();
/// ```
#[track_caller]
pub fn ring<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    assert!(capacity > 0, "a ring of 0 items holds none: expected room for at least 1");
    let (write_end, read_end) = ends::new(capacity);
    (Producer::new(write_end), Consumer::new(read_end))
}
