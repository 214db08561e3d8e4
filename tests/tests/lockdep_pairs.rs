//! Two things in opposite order, for each pair of what threads hold and wait for: the second half is reported, and each half
//! alone, and both in one order, are silent. One half runs to its end before the other begins, so nothing hangs.

use std::sync::atomic::{AtomicUsize, Ordering};

use nonblock::lockdep::Class;
use nonblock::rcu::Rcu;
use nonblock::sync::channel::{self, Receiver, Sender};
use nonblock::sync::{
    Barrier, Completion, Condvar, Mutex, OnceLock, RwLock, Semaphore, SpinLock, SpinRwLock,
};
use nonblock::thread::{self, JoinHandle};
use nonblock::work::Queue;
use nonblock::{NonBlock, Reserve, Sleepable, Violation, ViolationKind, non_block};
use nonblock_tests::waits::{on_a_thread, recorded};

/// How a lock is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Write,
    Read,
    /// By a reader who waits for no writer that waits.
    ReadAgain,
    Upgradable,
}

use How::{Read, ReadAgain, Upgradable, Write};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Mutex,
    RwLock,
    OnceLock,
    Class,
    SpinLock,
    SpinRwLock,
}

/// A lock, how it is taken where another is waited for, and how it is waited for.
type Kind = (Which, How, How);

/// What may be held by who sleeps.
const SLEEPING: [Kind; 13] = [
    (Which::Mutex, Write, Write),
    (Which::RwLock, Write, Write),
    (Which::RwLock, Write, Read),
    (Which::RwLock, Read, Write),
    (Which::RwLock, Read, Read),
    (Which::RwLock, Upgradable, Upgradable),
    (Which::RwLock, Read, Upgradable),
    (Which::OnceLock, Write, Write),
    (Which::Class, Write, Write),
    (Which::Class, Read, Read),
    (Which::Class, Write, ReadAgain),
    (Which::Class, ReadAgain, Write),
    (Which::Class, ReadAgain, ReadAgain),
];

/// What sections take.
const IN_SECTIONS: [Kind; 8] = [
    (Which::SpinLock, Write, Write),
    (Which::SpinRwLock, Write, Write),
    (Which::SpinRwLock, Write, ReadAgain),
    (Which::SpinRwLock, ReadAgain, Write),
    (Which::SpinRwLock, ReadAgain, ReadAgain),
    (Which::Class, Write, Write),
    (Which::Class, Read, Read),
    (Which::Class, ReadAgain, ReadAgain),
];

/// Whether those who hold it hold up those who wait for it.
fn holds_up((_, held, waited): Kind) -> bool {
    held == Write || waited != ReadAgain
}

/// A name that no other class has.
fn fresh(what: &str) -> &'static str {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    String::leak(format!("{what} {}", NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// A lock of a class, and how it is taken.
type OneLock = (Locks, How);

/// A class of locks.
#[derive(Clone, Copy)]
struct Locks {
    kind: Which,
    name: &'static str,
}

impl Locks {
    fn fresh(kind: Which) -> Self {
        Self { kind, name: fresh(&format!("{kind:?}")) }
    }

    /// Takes a lock of the class, and does something with it held.
    fn take(self, how: How, cx: &mut Sleepable, then: &mut dyn FnMut(&mut Sleepable)) {
        let name = self.name;
        match (self.kind, how) {
            (Which::Mutex, _) => {
                let lock = Mutex::new(()).in_class(name);
                let _held = lock.lock(cx);
                then(cx);
            }
            (Which::RwLock, Write) => {
                let lock = RwLock::new(()).in_class(name);
                let _held = lock.write(cx);
                then(cx);
            }
            (Which::RwLock, Upgradable) => {
                let lock = RwLock::new(()).in_class(name);
                let _held = lock.upgradable_read(cx);
                then(cx);
            }
            (Which::RwLock, _) => {
                let lock = RwLock::new(()).in_class(name);
                let _held = lock.read(cx);
                then(cx);
            }
            (Which::OnceLock, _) => {
                OnceLock::new().in_class(name).get_or_init(cx, then);
            }
            (Which::Class, _) => {
                let _held = self.acquire(how);
                then(cx);
            }
            (Which::SpinLock | Which::SpinRwLock, _) => unreachable!("its holder must not sleep"),
        }
    }

    /// As [`take`](Self::take), in a section.
    fn take_in(self, how: How, nb: &NonBlock, then: &mut dyn FnMut(&NonBlock)) {
        let name = self.name;
        match (self.kind, how) {
            (Which::SpinLock, _) => {
                let lock = SpinLock::new(()).in_class(name);
                let _held = lock.lock(nb);
                then(nb);
            }
            (Which::SpinRwLock, Write) => {
                let lock = SpinRwLock::new(()).in_class(name);
                let _held = lock.write(nb);
                then(nb);
            }
            (Which::SpinRwLock, _) => {
                let lock = SpinRwLock::new(()).in_class(name);
                let _held = lock.read(nb);
                then(nb);
            }
            (Which::Class, _) => {
                let _held = self.acquire(how);
                then(nb);
            }
            _ => unreachable!("a section does not wait for it"),
        }
    }

    fn acquire(self, how: How) -> nonblock::lockdep::Acquired {
        let class = Class::new(self.name);
        match how {
            Write => class.acquire(),
            ReadAgain => class.acquire_shared_recursive(),
            Read | Upgradable => class.acquire_shared(),
        }
    }
}

/// One class, and then another.
fn one_then_other(one: (Locks, How), other: (Locks, How)) -> Vec<Violation> {
    on_a_thread(|| {
        recorded(|cx| {
            one.0.take(one.1, cx, &mut |cx| other.0.take(other.1, cx, &mut |_| {}));
        })
    })
}

/// As [`one_then_other`], in a section.
fn one_then_other_in_section(one: (Locks, How), other: (Locks, How)) -> Vec<Violation> {
    on_a_thread(|| {
        recorded(|_| {
            non_block(|nb| {
                one.0.take_in(one.1, nb, &mut |nb| other.0.take_in(other.1, nb, &mut |_| {}));
            });
        })
    })
}

#[track_caller]
fn assert_silent(found: &[Violation], what: &str) {
    assert!(found.is_empty(), "{what}: {found:#?}");
}

/// Asserts that a half that closes a circle was reported, and once, unless nobody holds anybody up.
#[track_caller]
fn assert_reported(found: &[Violation], is_circle: bool, what: &str) {
    let kinds: Vec<_> = found.iter().map(Violation::kind).collect();
    let expected: &[_] = if is_circle { &[ViolationKind::CircularWait] } else { &[] };
    assert_eq!(kinds, expected, "{what}: {found:#?}");
    if let [violation] = found {
        assert_eq!(violation.dependencies().len(), 2, "{what}: {violation}");
    }
}

fn all_pairs(kinds: &[Kind], run: fn(OneLock, OneLock) -> Vec<Violation>) {
    for &a in kinds {
        for &b in kinds {
            let what = format!("{a:?}, {b:?}");
            let (one, other) = (Locks::fresh(a.0), Locks::fresh(b.0));
            assert_silent(&run((one, a.1), (other, b.2)), &what);
            let found = run((other, b.1), (one, a.2));
            assert_reported(&found, holds_up(a) && holds_up(b), &what);

            // The second half alone, and several times.
            let (one, other) = (Locks::fresh(a.0), Locks::fresh(b.0));
            assert_silent(&run((other, b.1), (one, a.2)), &what);
            assert_silent(&run((other, b.1), (one, a.2)), &what);

            // Both in one order, however each is taken.
            let (one, other) = (Locks::fresh(a.0), Locks::fresh(b.0));
            assert_silent(&run((one, a.1), (other, b.2)), &what);
            assert_silent(&run((one, a.2), (other, b.1)), &what);
        }
    }
}

#[test]
fn two_locks_in_opposite_order() {
    all_pairs(&SLEEPING, one_then_other);
}

#[test]
fn two_locks_of_sections_in_opposite_order() {
    all_pairs(&IN_SECTIONS, one_then_other_in_section);
}

type Job = Box<dyn FnOnce(&mut Sleepable) + Send>;

/// What has no name, so that its class is the place where it was made.
struct Made {
    channel: (Sender<()>, Receiver<()>),
    queue: Queue<Job>,
    reserve: Reserve<()>,
    rcu: Rcu<()>,
    spawn: fn(Job) -> JoinHandle<()>,
}

macro_rules! place {
    () => {
        || Made {
            channel: channel::bounded(1),
            queue: Queue::with_capacity(2),
            reserve: Reserve::with_capacity(1, || ()),
            rcu: Rcu::new(()),
            spawn: |job| thread::spawn(job),
        }
    };
}

/// Each makes them at a place of its own.
#[rustfmt::skip]
static PLACES: [fn() -> Made; 192] = [
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
];

fn made() -> Made {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    PLACES[NEXT.fetch_add(1, Ordering::Relaxed)]()
}

/// Something that is brought about with a lock, on one thread, and waited for with the lock on another.
trait Event: Sync {
    /// Brings it about. `with_lock` takes the lock, does what it is handed, and gives the lock back.
    fn bring_about(&self, with_lock: WithLock, cx: &mut Sleepable);

    fn wait(&self, cx: &mut Sleepable);
}

/// The lock of an event: none, if it is brought about without.
#[derive(Clone, Copy)]
struct WithLock(Option<(Locks, How)>);

impl WithLock {
    fn run(self, cx: &mut Sleepable, then: &mut dyn FnMut(&mut Sleepable)) {
        match self.0 {
            Some((locks, how)) => locks.take(how, cx, then),
            None => then(cx),
        }
    }
}

macro_rules! events {
    ($($name:ident($self:ident: $fields:ty = $new:expr) {
        |$with_lock:ident, $cx:ident| $bring_about:expr,
        |$waiter:ident| $wait:expr $(,)?
    })*) => {
        $(
            struct $name($fields);

            impl Event for $name {
                fn bring_about(&$self, $with_lock: WithLock, $cx: &mut Sleepable) {
                    $bring_about;
                }

                fn wait(&$self, $waiter: &mut Sleepable) {
                    _ = $wait;
                }
            }
        )*

        const EVENTS: &[(&str, fn() -> Box<dyn Event>)] =
            &[$((stringify!($name), || Box::new($name($new)))),*];
    };
}

events! {
    Completed(self: Completion = Completion::new().in_class(fresh("completion"))) {
        |lock, cx| lock.run(cx, &mut |_| self.0.complete_all()),
        |cx| self.0.wait(cx),
    }
    Up(self: Semaphore = Semaphore::new(0).in_class(fresh("semaphore"))) {
        |lock, cx| lock.run(cx, &mut |_| self.0.up()),
        |cx| self.0.down(cx),
    }
    PermitDropped(self: Semaphore = Semaphore::new(1).in_class(fresh("semaphore"))) {
        |lock, cx| {
            let Ok(permit) = self.0.acquire(cx);
            let mut permit = Some(permit);
            lock.run(cx, &mut |_| permit = None);
        },
        |cx| self.0.acquire(cx),
    }
    Notified(self: (Condvar, Mutex<()>) = (
        Condvar::new().in_class(fresh("condvar")),
        Mutex::new(()).in_class(fresh("mutex of a condvar"))
    )) {
        |lock, cx| lock.run(cx, &mut |_| _ = self.0.0.notify_all()),
        |cx| {
            let mut guard = self.0.1.lock(cx);
            self.0.0.wait_while(cx, &mut guard, |()| false);
        },
    }
    // The value that is waited for is set by another meanwhile, so that it does not hang.
    ValueSet(self: &'static str = fresh("once lock")) {
        |lock, cx| lock.run(cx, &mut |_| OnceLock::new().in_class(self.0).try_set(()).unwrap()),
        |cx| {
            let value = OnceLock::new().in_class(self.0);
            std::thread::scope(|scope| {
                let (_until_refused, refused) = std::sync::mpsc::channel::<()>();
                let value = &value;
                scope.spawn(move || {
                    _ = refused.recv_timeout(std::time::Duration::from_millis(300));
                    value.try_set(()).unwrap();
                });
                value.wait(cx);
            });
        },
    }
    // It is for one thread, so that it does not hang: the last of several arrives so, too.
    Arrived(self: Barrier = Barrier::new(1).in_class(fresh("barrier"))) {
        |lock, cx| lock.run(cx, &mut |cx| _ = self.0.wait(cx)),
        |cx| self.0.wait(cx),
    }
    ClassCompleted(self: Class = Class::new(fresh("event"))) {
        |lock, cx| lock.run(cx, &mut |_| self.0.complete()),
        |_cx| self.0.wait(),
    }
    RegionEnded(self: Class = Class::new(fresh("region"))) {
        |lock, cx| {
            let _region = self.0.region();
            lock.run(cx, &mut |_| {});
        },
        |_cx| self.0.wait(),
    }
    ValueSent(self: Made = made()) {
        |lock, cx| lock.run(cx, &mut |_| self.0.channel.0.try_send(()).unwrap()),
        |cx| self.0.channel.1.recv(cx).unwrap(),
    }
    RoomMade(self: Made = made()) {
        |lock, cx| {
            self.0.channel.0.try_send(()).unwrap();
            lock.run(cx, &mut |_| self.0.channel.1.try_recv().unwrap());
        },
        |cx| self.0.channel.0.send(cx, ()).unwrap(),
    }
    ItemPushed(self: Made = made()) {
        |lock, cx| lock.run(cx, &mut |cx| {
            cx.non_block(|nb| self.0.queue.push(nb, Box::new(|_| {}))).unwrap();
        }),
        |cx| self.0.queue.pop(cx).unwrap(),
    }
    ItemPopped(self: Made = made()) {
        |lock, cx| {
            self.0.queue.push_from(cx, Box::new(|_| {})).unwrap();
            lock.run(cx, &mut |_| _ = self.0.queue.try_pop().unwrap());
        },
        |cx| self.0.queue.push_from(cx, Box::new(|_| {})).unwrap(),
    }
    ItemHandled(self: Made = made()) {
        |lock, cx| {
            self.0.queue.worker("handler", |job: Job, cx| job(cx)).unwrap();
            self.0.queue.push_from(cx, Box::new(move |cx| lock.run(cx, &mut |_| {}))).unwrap();
            self.0.queue.flush(cx);
        },
        |cx| self.0.queue.flush(cx),
    }
    ReservedDropped(self: Made = made()) {
        |lock, cx| {
            let mut reserved = self.0.reserve.take();
            assert!(reserved.is_some());
            lock.run(cx, &mut |_| reserved = None);
        },
        |cx| drop(self.0.reserve.take_from(cx)),
    }
    ReserveGiven(self: Made = made()) {
        |lock, cx| {
            self.0.reserve.take().unwrap().into_inner();
            lock.run(cx, &mut |_| self.0.reserve.give(()).unwrap());
        },
        |cx| drop(self.0.reserve.take_from(cx)),
    }
    ThreadEnded(self: (Made, Mutex<Option<JoinHandle<()>>>) = (made(), Mutex::new(None).in_class(fresh("handle")))) {
        |lock, cx| {
            let thread = (self.0.0.spawn)(Box::new(move |cx| lock.run(cx, &mut |_| {})));
            while !thread.is_finished() {
                thread::yield_now(cx);
            }
            *self.0.1.try_lock().unwrap() = Some(thread);
        },
        |cx| {
            let thread = self.0.1.try_lock().unwrap().take();
            thread.unwrap().join(cx).unwrap();
        },
    }
    ReaderEnded(self: Made = made()) {
        |lock, cx| {
            let _reading = self.0.rcu.read();
            lock.run(cx, &mut |_| {});
        },
        |cx| self.0.rcu.synchronize(cx),
    }
}

/// What is held while an event is brought about, and while it is waited for.
const HELD: [Kind; 7] = [
    (Which::Mutex, Write, Write),
    (Which::RwLock, Write, Read),
    (Which::RwLock, Read, Read),
    (Which::RwLock, Upgradable, Upgradable),
    (Which::OnceLock, Write, Write),
    (Which::Class, Write, Write),
    (Which::Class, ReadAgain, ReadAgain),
];

#[test]
fn a_lock_and_an_event_in_opposite_order() {
    for (name, event) in EVENTS {
        for kind in HELD {
            let what = format!("{name}, {kind:?}");
            let (locks, how_held, how_waited) = (Locks::fresh(kind.0), kind.1, kind.2);
            let bring_about = |event: &dyn Event, with_lock| {
                on_a_thread(|| recorded(|cx| event.bring_about(with_lock, cx)))
            };
            let wait_with_lock = |event: &dyn Event| {
                let wait = &mut |cx: &mut Sleepable| event.wait(cx);
                on_a_thread(|| recorded(|cx| locks.take(how_held, cx, wait)))
            };
            let with_lock = WithLock(Some((locks, how_waited)));

            let circle = event();
            assert_silent(&bring_about(&*circle, with_lock), &what);
            assert_reported(&wait_with_lock(&*circle), holds_up(kind), &what);

            // The second half alone: others bring it about without the lock.
            let alone = event();
            assert_silent(&bring_about(&*alone, WithLock(None)), &what);
            assert_silent(&wait_with_lock(&*alone), &what);
        }
    }
}

#[test]
fn an_event_waited_for_without_the_lock_it_needs() {
    for (name, event) in EVENTS {
        for kind in HELD {
            let (what, event) = (format!("{name}, {kind:?}"), event());
            let with_lock = WithLock(Some((Locks::fresh(kind.0), kind.1)));
            let about = || on_a_thread(|| recorded(|cx| event.bring_about(with_lock, cx)));
            assert_silent(&about(), &what);
            assert_silent(&on_a_thread(|| recorded(|cx| event.wait(cx))), &what);
        }
    }
}
