//! What a section is offered, and what each operation does: whether it waits, allocates, frees, calls the system, or runs code of
//! the caller's.
//!
//! > **Every operation offered to a section is lock-free: no thread, running or not, can keep it from finishing. The spin locks
//! > are the named exception.**
//!
//! | guarantee | means |
//! |---|---|
//! | wait-free | It ends after a bounded number of steps, whatever others do. |
//! | lock-free | A thread that has stopped, wherever it did, does not keep it from ending. It begins a step anew only if another thread has got further meanwhile. |
//! | waits for a section's holder | It waits until the holder of the lock, which is in a section, has released it. |
//!
//! To finish is not to succeed. A thread that has stopped in the middle of a send has claimed a place in the ring. Until it goes
//! on, others are told that the channel is empty, although later places are filled; and full, if it has stopped in the middle of
//! a receive and its place is the next. So an operation that is refused may be refused since another one is half done.
//!
//! No operation of the table sleeps: not while others do the same or the opposite, not while threads wait for it on the same
//! or another processor, not as the first call of a thread, and not while another thread holds the lock of the dynamic loader.
//!
//! | operation | guarantee | allocates | frees | system calls | runs code of the caller's |
//! |---|---|---|---|---|---|
//! | [`SpinLock::lock`] | waits for a section's holder | none | none | none | none |
//! | [`SpinLock::with`] | waits for a section's holder | none | none | none | the closure |
//! | [`SpinLock::try_lock`] | lock-free | none | none | none | none |
//! | [`SpinRwLock::read`] | waits for a section's holder | none | none | none | none |
//! | [`SpinRwLock::write`] | waits for a section's holder | none | none | none | none |
//! | [`SpinRwLock::try_read`] | lock-free | none | none | none | none |
//! | [`SpinRwLock::try_write`] | lock-free | none | none | none | none |
//! | [`Mutex::try_lock`], and its release | lock-free | none | none | a wake at most | none |
//! | [`RwLock::try_read`], and its release | lock-free | none | none | a wake at most | none |
//! | [`RwLock::try_write`], and its release | lock-free | none | none | a wake at most | none |
//! | [`Condvar::notify_one`] | lock-free | none | none | a wake at most | none |
//! | [`Condvar::notify_all`] | lock-free | none | none | wakes at most | none |
//! | [`Completion::complete`] | lock-free | none | none | a wake at most | none |
//! | [`Completion::complete_all`] | lock-free | none | none | wakes at most | none |
//! | [`Completion::try_wait`] | lock-free | none | none | none | none |
//! | [`Semaphore::up`] | lock-free | none | none | a wake at most | none |
//! | [`Semaphore::try_down`] | lock-free | none | none | none | none |
//! | [`OnceLock::try_set`] | lock-free | none | none | wakes at most | none |
//! | [`OnceLock::get`] | wait-free | none | none | none | none |
//! | [`Sender::try_send`], bounded | lock-free | none | none | a wake at most | none |
//! | [`Receiver::try_recv`], bounded | lock-free | none | none | a wake at most | none |
//! | [`Sender::try_send`], unbounded | not for sections | when it grows | when it grows | a wake, and what the allocator makes | none |
//! | [`Receiver::try_recv`], unbounded | lock-free | none | none | none | none |
//! | [`Queue::push`] | lock-free | none | none | a wake at most | none |
//! | [`Queue::try_pop`] | lock-free | none | none | two wakes at most | none |
//! | [`Reserve::take`], and giving back | lock-free | none | none | a wake at most | none |
//! | [`Reserve::give`] | lock-free | none | none | a wake at most | none |
//! | [`Producer::push`] | wait-free | none | none | none | none |
//! | [`Producer::push_slice`] | wait-free | none | none | none | none |
//! | [`Producer::push_iter`] | wait-free | none | none | none | the iterator |
//! | [`Producer::write_chunk`] | wait-free | none | none | none | `T::default`, and drops of what is not pushed |
//! | [`Consumer::pop`] | wait-free | none | none | none | none |
//! | [`Consumer::pop_slice`] | wait-free | none | none | none | none |
//! | [`Consumer::read_chunk`] | wait-free | none | none | none | drops of what is committed |
//! | [`Shared`], dropped as the last | lock-free | none | none | a wake at most | none |
//! | [`Rcu::read`] | wait-free | none | none | none | none |
//! | [`NonBlocking`], polled | wait-free | none | none | none | the future within |
//! | [`AtomicChain::call`] | wait-free | none | none | none | the callbacks |
//!
//! * **Locks that may be held across a sleep**, and condition variables, are only tried and notified. What the rows say holds for the raw
//!   locks that they stand on unless another is named. Others do what they do: [`RawPiMutex`] is released by a system call that takes locks
//!   of the kernel, if somebody waits; for the rest see number 8 of what the [theorem](super::theorem#what-it-assumes) assumes.
//! * **An unbounded channel is not for sections to send into.** Its `try_send` allocates when the channel grows, and an
//!   allocation can wait. To receive from it is. A section sends into a bounded channel, or pushes into a [`work::Queue`].
//! * **What comes out of a channel, a queue or a ring is the caller's**, and so is its drop: that of a `Box` releases memory.
//! * **A guard or a value of a [`Reserve`] is given back when it is dropped.** That is part of its row. The drop of a spin lock's
//!   guard and of what [`Rcu::read`] returns is wait-free.
//! * **A wake** is one system call that makes a thread ready to run, and waits for nobody. It is made only if a thread waits. If another
//!   thread asks for a wake just then, it leaves that to the one that is at it, which then makes a call for each.
//!
//! Shown by `kernel_counts.rs::no_operation_sleeps_while_others_are_in_its_way`,
//! `kernel_counts.rs::no_operation_sleeps_while_threads_wait_for_it`,
//! `kernel_counts.rs::no_operation_sleeps_as_the_first_call_of_a_thread`,
//! `kernel_counts.rs::no_operation_takes_the_lock_of_the_dynamic_loader`,
//! `kernel_counts.rs::an_operation_allocates_and_frees_where_the_table_says_so_and_nowhere_else`,
//! `kernel_counts.rs::an_operation_makes_no_system_call_but_the_wakes_that_the_table_names`, and
//! `progress.rs::a_thread_that_has_stopped_keeps_no_section_waiting`. That the first six run every row of the table, and nothing
//! besides, is held by `kernel_counts.rs::the_table_of_the_guide_has_these_operations`.
//!
//! [`SpinLock::lock`]: crate::sync::SpinLock::lock
//! [`SpinLock::with`]: crate::sync::SpinLock::with
//! [`SpinLock::try_lock`]: crate::sync::SpinLock::try_lock
//! [`SpinRwLock::read`]: crate::sync::SpinRwLock::read
//! [`SpinRwLock::write`]: crate::sync::SpinRwLock::write
//! [`SpinRwLock::try_read`]: crate::sync::SpinRwLock::try_read
//! [`SpinRwLock::try_write`]: crate::sync::SpinRwLock::try_write
//! [`Mutex::try_lock`]: crate::sync::Mutex::try_lock
//! [`RwLock::try_read`]: crate::sync::RwLock::try_read
//! [`RwLock::try_write`]: crate::sync::RwLock::try_write
//! [`Condvar::notify_one`]: crate::sync::Condvar::notify_one
//! [`Condvar::notify_all`]: crate::sync::Condvar::notify_all
//! [`Completion::complete`]: crate::sync::Completion::complete
//! [`Completion::complete_all`]: crate::sync::Completion::complete_all
//! [`Completion::try_wait`]: crate::sync::Completion::try_wait
//! [`Semaphore::up`]: crate::sync::Semaphore::up
//! [`Semaphore::try_down`]: crate::sync::Semaphore::try_down
//! [`OnceLock::try_set`]: crate::sync::OnceLock::try_set
//! [`OnceLock::get`]: crate::sync::OnceLock::get
//! [`Sender::try_send`]: crate::sync::channel::Sender::try_send
//! [`Receiver::try_recv`]: crate::sync::channel::Receiver::try_recv
//! [`Rcu::read`]: crate::rcu::Rcu::read
//! [`AtomicChain::call`]: crate::notifier::AtomicChain::call
//!
// Where a feature is off, its links lead to the table of features.
#![cfg_attr(
    all(feature = "pi", target_os = "linux"),
    doc = " [`RawPiMutex`]: crate::sync::RawPiMutex"
)]
#![cfg_attr(not(all(feature = "pi", target_os = "linux")), doc = " [`RawPiMutex`]: crate#features")]
#![cfg_attr(feature = "async", doc = " [`NonBlocking`]: crate::future::NonBlocking")]
#![cfg_attr(not(feature = "async"), doc = " [`NonBlocking`]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`Queue::push`]: crate::work::Queue::push")]
#![cfg_attr(not(feature = "work"), doc = " [`Queue::push`]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`Queue::try_pop`]: crate::work::Queue::try_pop")]
#![cfg_attr(not(feature = "work"), doc = " [`Queue::try_pop`]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`Reserve::take`]: crate::Reserve::take")]
#![cfg_attr(not(feature = "work"), doc = " [`Reserve::take`]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`Reserve::give`]: crate::Reserve::give")]
#![cfg_attr(not(feature = "work"), doc = " [`Reserve::give`]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`Producer::push`]: crate::work::ring::Producer::push")]
#![cfg_attr(not(feature = "work"), doc = " [`Producer::push`]: crate#features")]
#![cfg_attr(
    feature = "work",
    doc = " [`Producer::push_slice`]: crate::work::ring::Producer::push_slice"
)]
#![cfg_attr(not(feature = "work"), doc = " [`Producer::push_slice`]: crate#features")]
#![cfg_attr(
    feature = "work",
    doc = " [`Producer::push_iter`]: crate::work::ring::Producer::push_iter"
)]
#![cfg_attr(not(feature = "work"), doc = " [`Producer::push_iter`]: crate#features")]
#![cfg_attr(
    feature = "work",
    doc = " [`Producer::write_chunk`]: crate::work::ring::Producer::write_chunk"
)]
#![cfg_attr(not(feature = "work"), doc = " [`Producer::write_chunk`]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`Consumer::pop`]: crate::work::ring::Consumer::pop")]
#![cfg_attr(not(feature = "work"), doc = " [`Consumer::pop`]: crate#features")]
#![cfg_attr(
    feature = "work",
    doc = " [`Consumer::pop_slice`]: crate::work::ring::Consumer::pop_slice"
)]
#![cfg_attr(not(feature = "work"), doc = " [`Consumer::pop_slice`]: crate#features")]
#![cfg_attr(
    feature = "work",
    doc = " [`Consumer::read_chunk`]: crate::work::ring::Consumer::read_chunk"
)]
#![cfg_attr(not(feature = "work"), doc = " [`Consumer::read_chunk`]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`Shared`]: crate::reclaim::Shared")]
#![cfg_attr(not(feature = "work"), doc = " [`Shared`]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`work::Queue`]: crate::work::Queue")]
#![cfg_attr(not(feature = "work"), doc = " [`work::Queue`]: crate#features")]
#![cfg_attr(feature = "work", doc = " [`Reserve`]: crate::Reserve")]
#![cfg_attr(not(feature = "work"), doc = " [`Reserve`]: crate#features")]
