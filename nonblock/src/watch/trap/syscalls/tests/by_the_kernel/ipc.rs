//! Futexes, and System V's and POSIX's queues and semaphores.

use super::{address, arg, assert_blocks, assert_returns, error};

#[test]
fn a_futex_wait_blocks_and_a_wake_does_not() {
    let word = core::sync::atomic::AtomicU32::new(1);
    let word = (&raw const word).expose_provenance();
    // SAFETY: the word lives until the end.
    unsafe {
        for private in [0, libc::FUTEX_PRIVATE_FLAG] {
            let operation = |operation: i32| arg!(operation | private);
            assert_blocks(libc::SYS_futex, &[word, operation(libc::FUTEX_WAIT), 1, 0]);
            let wait = operation(libc::FUTEX_WAIT_BITSET);
            assert_blocks(libc::SYS_futex, &[word, wait, 1, 0, 0, usize::MAX]);
            assert_returns(libc::SYS_futex, &[word, operation(libc::FUTEX_WAKE), 1], 0);
            let wake = operation(libc::FUTEX_WAKE_BITSET);
            assert_returns(libc::SYS_futex, &[word, wake, 1, 0, 0, usize::MAX], 0);
            let requeue = operation(libc::FUTEX_CMP_REQUEUE);
            assert_returns(libc::SYS_futex, &[word, requeue, 1, 1, word, 1], 0);
        }
    }
}

/// The word of a lock that this thread holds, as the kernel marks it.
#[test]
fn a_futex_that_another_thread_holds_is_waited_for_or_refused() {
    let word = core::sync::atomic::AtomicU32::new(0);
    let word = (&raw const word).expose_provenance();
    let operation = |operation: i32| arg!(operation | libc::FUTEX_PRIVATE_FLAG);
    // SAFETY: the word lives until the end.
    unsafe {
        let lock = libc::FUTEX_LOCK_PI | libc::FUTEX_PRIVATE_FLAG;
        assert_eq!(libc::syscall(libc::SYS_futex, word, lock, 0, 0, 0, 0), 0);
        let tries = operation(libc::FUTEX_TRYLOCK_PI);
        assert_returns(libc::SYS_futex, &[word, tries], error(libc::EAGAIN));
        // A signal does not break this wait, so it has an end: a time of the clock.
        let mut end = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        assert_eq!(libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut end), 0);
        end.tv_sec += 1;
        assert_blocks(libc::SYS_futex, &[word, operation(libc::FUTEX_LOCK_PI), 0, address!(end)]);
        assert_returns(
            libc::SYS_futex,
            &[word, operation(libc::FUTEX_UNLOCK_PI)],
            error(libc::EPERM),
        );
        let unlock = libc::FUTEX_UNLOCK_PI | libc::FUTEX_PRIVATE_FLAG;
        assert_eq!(libc::syscall(libc::SYS_futex, word, unlock, 0, 0, 0, 0), 0);
    }
}

#[test]
fn a_semaphore_is_waited_for_unless_every_operation_says_not_to() {
    // SAFETY: it takes no pointer.
    let set = unsafe { libc::semget(libc::IPC_PRIVATE, 2, 0o600) };
    if set < 0 {
        std::println!("skipped: no semaphores here");
        return;
    }
    let down = |number, flags: i32| libc::sembuf {
        sem_num: number,
        sem_op: -1,
        sem_flg: i16::try_from(flags).expect("flags"),
    };
    let nowait = [down(0, libc::IPC_NOWAIT), down(1, libc::IPC_NOWAIT)];
    let waits = [down(0, 0), down(1, libc::IPC_NOWAIT)];
    let (set, again) = (arg!(set), error(libc::EAGAIN));
    // SAFETY: the operations live until the end.
    unsafe {
        assert_returns(libc::SYS_semtimedop, &[set, address!(nowait), 2, 0], again);
        assert_blocks(libc::SYS_semtimedop, &[set, address!(waits), 2, 0]);
        assert_returns(libc::SYS_semop, &[set, address!(nowait), 2], again);
        assert_blocks(libc::SYS_semop, &[set, address!(waits), 2]);
        libc::syscall(libc::SYS_semctl, set, 0, libc::IPC_RMID, 0);
    }
}

#[test]
fn a_message_is_waited_for_unless_the_call_says_not_to() {
    // SAFETY: it takes no pointer.
    let queue = unsafe { libc::msgget(libc::IPC_PRIVATE, 0o600) };
    if queue < 0 {
        std::println!("skipped: no queues here");
        return;
    }
    let message = [1_u64; 513];
    let (queue, message) = (arg!(queue), address!(message));
    let nowait = arg!(libc::IPC_NOWAIT);
    // SAFETY: the message lives until the end, and has room for what is received.
    unsafe {
        let none = error(libc::ENOMSG);
        assert_returns(libc::SYS_msgrcv, &[queue, message, 4096, 0, nowait], none);
        assert_blocks(libc::SYS_msgrcv, &[queue, message, 4096, 0, 0]);
        while libc::syscall(libc::SYS_msgsnd, queue, message, 4096, nowait) == 0 {}
        let full = error(libc::EAGAIN);
        assert_returns(libc::SYS_msgsnd, &[queue, message, 4096, nowait], full);
        assert_blocks(libc::SYS_msgsnd, &[queue, message, 4096, 0]);
        libc::syscall(libc::SYS_msgctl, queue, libc::IPC_RMID, 0);
    }
}

#[test]
fn a_posix_message_is_waited_for_unless_the_queue_has_the_flag_or_the_time_is_zero() {
    let name = std::format!("nonblock-{}\0", std::process::id());
    let flags = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL;
    // SAFETY: the name ends in a zero byte.
    let queue = unsafe { libc::syscall(libc::SYS_mq_open, name.as_ptr(), flags, 0o600, 0) };
    if queue < 0 {
        std::println!("skipped: no queues here");
        return;
    }
    let message = [0_u8; 8192];
    let zero = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let (queue, message) = (arg!(queue), address!(message));
    // SAFETY: the message lives until the end, and has room for what is received.
    unsafe {
        let late = error(libc::ETIMEDOUT);
        let receive = libc::SYS_mq_timedreceive;
        assert_returns(receive, &[queue, message, 8192, 0, address!(zero)], late);
        assert_blocks(receive, &[queue, message, 8192, 0, 0]);
        let flags = libc::O_RDWR | libc::O_NONBLOCK;
        let nonblock = libc::syscall(libc::SYS_mq_open, name.as_ptr(), flags, 0, 0);
        let again = error(libc::EAGAIN);
        assert_returns(receive, &[arg!(nonblock), message, 8192, 0, 0], again);
        libc::syscall(libc::SYS_mq_unlink, name.as_ptr());
    }
}
