//! What a program gets from the device's commands.

use dmirror::{Dmirror, uapi};
use nonblock::Sleepable;
use nonblock_linux::errno::Errno;
use nonblock_linux::ioctl;
use nonblock_linux::miscdevice::File;
use nonblock_linux::mmu::{PAGE_SIZE, Range};
use nonblock_linux::process::Process;
use uapi::counter;

const START: usize = 0x10_0000;
const PAGES: usize = 8;

fn range(first: usize, pages: usize) -> Range {
    Range::with_len(START + first * PAGE_SIZE, pages * PAGE_SIZE).expect("whole pages")
}

fn word(address: usize) -> u64 {
    address as u64
}

/// A process with memory, and the device that it opened.
fn open(cx: &mut Sleepable) -> (Process, File<Dmirror>) {
    let process = Process::new();
    process.map(range(0, PAGES), cx).expect("nothing is there");
    let file = File::open(process.mm(), cx).expect("there is memory");
    (process, file)
}

/// The same, and it mirrors all of the memory.
fn mirrored(cx: &mut Sleepable) -> (Process, File<Dmirror>) {
    let (process, file) = open(cx);
    let mut words = [word(START), word(PAGES * PAGE_SIZE)];
    assert_eq!(file.ioctl(uapi::MIRROR, &mut words, cx), Ok(0));
    (process, file)
}

fn fault(file: &File<Dmirror>, address: usize, cx: &mut Sleepable) -> Result<[u64; 2], Errno> {
    let mut words = [word(address), 0, 0];
    file.ioctl(uapi::FAULT, &mut words, cx)?;
    Ok([words[0], words[1]])
}

fn look_up(file: &File<Dmirror>, address: usize, cx: &mut Sleepable) -> Option<u64> {
    let mut words = [word(address), 0];
    assert_eq!(file.ioctl(uapi::LOOKUP, &mut words, cx), Ok(0));
    (words[0] == 1).then_some(words[1])
}

fn read(file: &File<Dmirror>, address: usize, cx: &mut Sleepable) -> Option<u64> {
    let mut words = [word(address), 0, 0];
    assert_eq!(file.ioctl(uapi::READ, &mut words, cx), Ok(0));
    assert_eq!(words[2], 0);
    (words[1] == 1).then_some(words[0])
}

fn counters(file: &File<Dmirror>, cx: &mut Sleepable) -> [u64; counter::WORDS] {
    let mut words = [0; counter::WORDS];
    assert_eq!(file.ioctl(uapi::COUNTERS, &mut words, cx), Ok(0));
    words
}

#[test]
fn the_commands_have_the_numbers_that_the_kernel_makes() {
    let commands = [
        (uapi::MIRROR, 1, 2),
        (uapi::UNMIRROR, 2, 1),
        (uapi::FAULT, 3, 3),
        (uapi::LOOKUP, 4, 2),
        (uapi::READ, 5, 3),
        (uapi::JOB, 6, 1),
        (uapi::COUNTERS, 7, 16),
        (uapi::WATCH, 8, 1),
        (uapi::SELFTEST, 9, 8),
    ];
    for (number, nr, words) in commands {
        assert_eq!(number, ioctl::number(uapi::KIND, nr, words), "the command {nr}");
    }
}

#[nonblock::test]
fn a_fault_makes_a_translation_and_a_change_of_the_memory_takes_it(cx: &mut Sleepable) {
    let (process, file) = mirrored(cx);
    process.write(START + 8, 7, cx).expect("it is mapped");
    assert_eq!(look_up(&file, START, cx), None);
    assert_eq!(read(&file, START + 8, cx), None);

    let [frame, attempts] = fault(&file, START, cx).expect("it is mapped");
    assert_eq!(attempts, 1);
    assert_eq!(frame, process.mm().page(START, cx).expect("it is mapped").frame());
    assert_eq!(look_up(&file, START + 100, cx), Some(frame));
    assert_eq!(read(&file, START + 8, cx), Some(7));
    process.write(START + 8, 8, cx).expect("it is mapped");
    assert_eq!(read(&file, START + 8, cx), Some(8), "it is the same page");

    process.discard(range(1, PAGES - 1), cx);
    assert_eq!(look_up(&file, START, cx), Some(frame), "the others were discarded");
    process.discard(range(0, 1), cx);
    assert_eq!(look_up(&file, START, cx), None);
    let [new, _] = fault(&file, START, cx).expect("it is mapped");
    assert_ne!(new, frame);
    assert_eq!(read(&file, START + 8, cx), Some(0));

    let counters = counters(&file, cx);
    assert_eq!(counters[counter::INTERVAL_CALLS], 2);
    assert_eq!(counters[counter::SLEEPABLE_CALLS], 2);
    assert_eq!(counters[counter::INTERVAL_SECTION_CALLS], 0);
    assert_eq!(counters[counter::PAGES_DROPPED], 1);
    assert_eq!(counters[counter::FAULTS], 2);
    assert_eq!(counters[counter::LIST_CALLS], 0, "nobody watches the process");
    file.close(cx);
}

#[nonblock::test]
fn only_what_is_mirrored_and_mapped_can_be_had(cx: &mut Sleepable) {
    let (process, file) = open(cx);
    assert_eq!(fault(&file, START, cx), Err(Errno::ENOENT));
    assert_eq!(file.ioctl(uapi::UNMIRROR, &mut [0], cx), Err(Errno::ENOENT));

    // One page more than is mapped.
    let mut words = [word(START), word((PAGES + 1) * PAGE_SIZE)];
    assert_eq!(file.ioctl(uapi::MIRROR, &mut words, cx), Ok(0));
    assert_eq!(fault(&file, START + PAGES * PAGE_SIZE, cx), Err(Errno::EFAULT));
    assert_eq!(fault(&file, START - 1, cx), Err(Errno::ERANGE));
    assert_eq!(fault(&file, START + (PAGES + 1) * PAGE_SIZE, cx), Err(Errno::ERANGE));
    assert_eq!(look_up(&file, START - 1, cx), None);

    fault(&file, START, cx).expect("it is mapped");
    process.unmap(range(0, 1), cx);
    assert_eq!(look_up(&file, START, cx), None);
    assert_eq!(fault(&file, START, cx), Err(Errno::EFAULT));
    file.close(cx);
}

#[nonblock::test]
fn wrong_arguments_are_refused(cx: &mut Sleepable) {
    let (process, file) = open(cx);
    let mirror = |start: usize, bytes: usize, cx: &mut Sleepable| {
        file.ioctl(uapi::MIRROR, &mut [word(start), word(bytes)], cx)
    };
    assert_eq!(mirror(START + 1, PAGE_SIZE, cx), Err(Errno::EINVAL));
    assert_eq!(mirror(START, 0, cx), Err(Errno::EINVAL));
    assert_eq!(mirror(START, PAGE_SIZE + 1, cx), Err(Errno::EINVAL));
    assert_eq!(mirror(0, (uapi::MAX_PAGES + 1) * PAGE_SIZE, cx), Err(Errno::EINVAL));
    let last_page = usize::MAX / PAGE_SIZE * PAGE_SIZE;
    assert_eq!(mirror(last_page, 2 * PAGE_SIZE, cx), Err(Errno::EINVAL));
    assert_eq!(mirror(0, uapi::MAX_PAGES * PAGE_SIZE, cx), Ok(0));
    assert_eq!(mirror(0, PAGE_SIZE, cx), Err(Errno::EBUSY));

    assert_eq!(file.ioctl(uapi::READ, &mut [4, 0, 0], cx), Err(Errno::EINVAL));
    assert_eq!(file.ioctl(uapi::JOB, &mut [uapi::MAX_JOB_MS + 1], cx), Err(Errno::EINVAL));
    assert_eq!(file.ioctl(uapi::WATCH, &mut [2], cx), Err(Errno::EINVAL));
    assert_eq!(file.ioctl(uapi::WATCH, &mut [uapi::WATCH_REFUSES], cx), Err(Errno::EBUSY));
    assert_eq!(file.ioctl(uapi::WATCH, &mut [0], cx), Ok(0));
    assert_eq!(file.ioctl(uapi::WATCH, &mut [0], cx), Err(Errno::EBUSY));
    let refusing = File::<Dmirror>::open(process.mm(), cx).expect("there is memory");
    assert_eq!(refusing.ioctl(uapi::WATCH, &mut [uapi::WATCH_REFUSES], cx), Ok(0));
    let mut words = [word(START), word(PAGE_SIZE)];
    assert_eq!(refusing.ioctl(uapi::MIRROR, &mut words, cx), Err(Errno::EBUSY));
    refusing.close(cx);
    let unknown = ioctl::number(uapi::KIND, 99, 1);
    assert_eq!(file.ioctl(unknown, &mut [0], cx), Err(Errno::ENOTTY));
    // The number of a command with another count of words.
    let too_many = ioctl::number(uapi::KIND, 1, 3);
    assert_eq!(file.ioctl(too_many, &mut [0; 3], cx), Err(Errno::ENOTTY));
    assert_eq!(file.ioctl(uapi::MIRROR, &mut [0], cx), Err(Errno::EFAULT));
    file.close(cx);
}

#[nonblock::test]
fn the_mirroring_ends_and_can_begin_again(cx: &mut Sleepable) {
    let (process, file) = mirrored(cx);
    fault(&file, START, cx).expect("it is mapped");
    assert_eq!(process.space().interval_subscriptions(&range(0, 1)), 1);
    assert_eq!(file.ioctl(uapi::UNMIRROR, &mut [0], cx), Ok(0));
    assert_eq!(process.space().interval_subscriptions(&range(0, 1)), 0);
    assert_eq!(look_up(&file, START, cx), None);
    process.discard(range(0, PAGES), cx);
    assert_eq!(counters(&file, cx)[counter::INTERVAL_CALLS], 0);

    let mut words = [word(START + PAGE_SIZE), word(PAGE_SIZE)];
    assert_eq!(file.ioctl(uapi::MIRROR, &mut words, cx), Ok(0));
    assert!(fault(&file, START + PAGE_SIZE, cx).is_ok());
    file.close(cx);
    assert_eq!(process.space().interval_subscriptions(&range(0, PAGES)), 0);
}

#[nonblock::test]
fn nothing_is_kept_of_a_process_that_has_ended(cx: &mut Sleepable) {
    let (process, file) = mirrored(cx);
    assert_eq!(file.ioctl(uapi::WATCH, &mut [0], cx), Ok(0));
    fault(&file, START, cx).expect("it is mapped");
    process.exit(cx);
    assert_eq!(look_up(&file, START, cx), None);
    assert_eq!(fault(&file, START, cx), Err(Errno::EFAULT));
    let counters = counters(&file, cx);
    assert_eq!(counters[counter::RELEASES], 1);
    assert_eq!(counters[counter::INTERVAL_CALLS], 1);
    assert_eq!(counters[counter::PAGES_DROPPED], 1);
    assert_eq!(file.ioctl(uapi::UNMIRROR, &mut [0], cx), Ok(0));
    let mut words = [word(START), word(PAGE_SIZE)];
    assert_eq!(file.ioctl(uapi::MIRROR, &mut words, cx), Err(Errno::ESRCH));
    assert_eq!(file.ioctl(uapi::UNMIRROR, &mut [0], cx), Err(Errno::ENOENT), "nothing is left");
    file.close(cx);
}

#[nonblock::test]
fn a_file_that_is_dropped_is_closed(cx: &mut Sleepable) {
    let (process, file) = mirrored(cx);
    let _ = &cx;
    drop(file);
    assert_eq!(process.space().interval_subscriptions(&range(0, PAGES)), 0);
}

#[nonblock::test]
fn every_part_that_the_driver_stands_on_is_as_it_should_be(cx: &mut Sleepable) {
    use uapi::selftest;

    let (_process, file) = open(cx);
    let mut found = |which: u64| {
        let mut words = [which, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(file.ioctl(uapi::SELFTEST, &mut words, cx), Ok(0), "the part {which}");
        assert_eq!(words[0], 1, "the part {which}: {words:?}");
        [words[1], words[2], words[3]]
    };
    assert_eq!(found(selftest::MUTEX), [2, 1, 0]);
    assert_eq!(found(selftest::SPIN_LOCK), [u64::from(nonblock::CHECKS), 2, 0]);
    assert_eq!(found(selftest::COMPLETION), [4, 0, 0]);
    let [pushed, handled, lost] = found(selftest::QUEUE);
    assert_eq!((pushed, pushed + lost), (handled, 6));
    assert_eq!(found(selftest::MEMORY), [2, 2, 0]);
    assert_eq!(found(selftest::SHARED), [2, 1, 0]);
    let mut words = [selftest::COUNT, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(file.ioctl(uapi::SELFTEST, &mut words, cx), Err(Errno::EINVAL));
    file.close(cx);
}
