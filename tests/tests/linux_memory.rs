//! Memory, shared objects and numbers of errors of `nonblock-linux`, in its half for user space.
#![cfg(target_os = "linux")]

use std::sync::atomic::{AtomicUsize, Ordering};

use nix::libc;
use nonblock::{Sleepable, ViolationKind, WouldBlock, raw, testing, thread};
use nonblock_linux::alloc::{AllocError, Box};
use nonblock_linux::errno::Errno;
use nonblock_linux::ioctl::{self, Command};
use nonblock_linux::sync::Arc;

/// Counts its drops.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[nonblock::test]
fn a_box_drops_what_it_holds_once(cx: &mut Sleepable) {
    let drops = AtomicUsize::new(0);
    let boxed = Box::new(Counted(&drops), cx).expect("there is memory");
    drop(boxed);
    assert_eq!(drops.load(Ordering::SeqCst), 1);
    let taken = Box::into_inner(Box::new(Counted(&drops), cx).expect("there is memory"));
    assert_eq!(drops.load(Ordering::SeqCst), 1);
    drop(taken);
    let many = Box::from_fn(5, |_| Counted(&drops), cx).expect("there is memory");
    assert_eq!((many.len(), drops.load(Ordering::SeqCst)), (5, 2));
    drop(many);
    assert_eq!(drops.load(Ordering::SeqCst), 7);
    // Nothing is allocated for nothing.
    assert_eq!(*Box::new((), cx).expect("it needs no memory"), ());
    assert!(Box::<[u64]>::from_fn(0, |_| 7, cx).expect("it needs no memory").is_empty());
}

/// As a kernel's `kmalloc` is. The value comes back.
#[nonblock::test]
fn memory_that_is_not_there_is_an_error(cx: &mut Sleepable) {
    let made = Box::from_fn(usize::MAX / 16, |_| panic!("it is not called"), cx)
        .map(|b: Box<[u64]>| b.len());
    assert_eq!(made, Err(AllocError::new(())));
    assert_eq!(made.map_err(Errno::from), Err(Errno::ENOMEM));
    assert_eq!(AllocError::new(7).into_inner(), 7);
}

#[nonblock::test]
fn memory_for_who_may_sleep_is_not_had_in_a_section(_cx: &mut Sleepable) {
    let violation = testing::expect_violation(|| {
        raw::non_block(|_nb| raw::sleepable(|cx| drop(Box::new(7, cx))));
    });
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[nonblock::test]
fn the_last_owner_drops_the_value_and_exactly_one_gets_it(cx: &mut Sleepable) {
    const OWNERS: usize = 4;

    for round in 0..200 {
        let drops = AtomicUsize::new(0);
        let got = AtomicUsize::new(0);
        let first = Arc::new(Counted(&drops), cx).expect("there is memory");
        thread::scope(cx, |scope, _cx| {
            let (got, drops) = (&got, &drops);
            for owner in 0..OWNERS {
                let owned = Arc::clone(&first);
                scope.spawn(move |_cx| {
                    // Half of the rounds, some owners are only dropped.
                    if round % 2 == 0 || owner % 2 == 0 {
                        if let Some(value) = Arc::into_inner(owned) {
                            assert_eq!(drops.load(Ordering::SeqCst), 0);
                            got.fetch_add(1, Ordering::SeqCst);
                            drop(value);
                        }
                    } else {
                        drop(owned);
                    }
                });
            }
            drop(first);
        });
        assert_eq!(drops.load(Ordering::SeqCst), 1, "round {round}");
        assert!(got.load(Ordering::SeqCst) <= 1, "round {round}");
    }
}

#[test]
fn errors_have_the_numbers_and_names_of_linux() {
    let known = [
        (Errno::EPERM, libc::EPERM, "EPERM (1)"),
        (Errno::ENOENT, libc::ENOENT, "ENOENT (2)"),
        (Errno::ESRCH, libc::ESRCH, "ESRCH (3)"),
        (Errno::EINTR, libc::EINTR, "EINTR (4)"),
        (Errno::EAGAIN, libc::EAGAIN, "EAGAIN (11)"),
        (Errno::ENOMEM, libc::ENOMEM, "ENOMEM (12)"),
        (Errno::EFAULT, libc::EFAULT, "EFAULT (14)"),
        (Errno::EBUSY, libc::EBUSY, "EBUSY (16)"),
        (Errno::EEXIST, libc::EEXIST, "EEXIST (17)"),
        (Errno::ENODEV, libc::ENODEV, "ENODEV (19)"),
        (Errno::EINVAL, libc::EINVAL, "EINVAL (22)"),
        (Errno::ENOTTY, libc::ENOTTY, "ENOTTY (25)"),
        (Errno::ERANGE, libc::ERANGE, "ERANGE (34)"),
    ];
    for (error, number, text) in known {
        assert_eq!((error.get(), error.to_string().as_str()), (number, text));
        assert_eq!(Errno::new(number), Some(error));
        assert_eq!(format!("{error:?}"), text);
    }
    assert_eq!(Errno::new(99).expect("it may be one").to_string(), "errno 99");
    assert_eq!([0, -22, 4096, i32::MIN].map(Errno::new), [None; 4]);
    assert_eq!(Errno::new(4095).map(Errno::get), Some(4095));
    assert_eq!(Errno::from(WouldBlock), Errno::EAGAIN);
}

#[test]
fn commands_have_the_numbers_and_the_words_of_linux() {
    for words in 1..=ioctl::MAX_WORDS {
        let number = ioctl::number(b'n', 3, words);
        // The size is in the upper half.
        let of_one_word = libc::_IOWR::<u64>(u32::from(b'n'), 3);
        assert_eq!(libc::Ioctl::from(number), of_one_word + ((words as libc::Ioctl - 1) << 19));
        assert_eq!(ioctl::words(number), Some(words));
    }
    // Another direction, a part of a word, no words, too many.
    for number in [0x8008_6e03, 0xc00c_6e03, 0xc000_6e03, 0xc108_6e03] {
        assert_eq!(ioctl::words(number), None, "{number:#x}");
    }
    let mut words = [1, 2];
    let mut command = Command::new(7, &mut words);
    assert_eq!(command.words::<3>(), Err(Errno::EINVAL));
    assert_eq!(command.words::<1>(), Err(Errno::EINVAL));
    *command.words().expect("there are two") = [3, 4];
    assert_eq!(words, [3, 4]);
}

#[nonblock::test]
fn a_section_gets_memory_too(cx: &mut Sleepable) {
    let boxed = cx.non_block(|nb| Box::new(7, nb)).expect("there is memory");
    let shared = cx.non_block(|nb| Arc::new(8, nb)).expect("there is memory");
    assert_eq!((*boxed, *shared), (7, 8));
}
