//! Code whose end others wait for, and that waits for the end of other code: for each pair of kinds, in opposite order. The second half
//! is reported, and runs when the first has ended, so nothing hangs.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use nonblock::lockdep::Class;
use nonblock::notifier::{Answer, BlockingChain, Registration};
use nonblock::rcu::Rcu;
use nonblock::thread::{self, JoinHandle};
use nonblock::work::Queue;
use nonblock::{Sleepable, ViolationKind};
use nonblock_tests::waits::{on_a_thread, recorded};

type Job = Box<dyn FnOnce(&mut Sleepable) + Send>;

/// What makes things at a place of its own, which is their class.
#[derive(Clone, Copy)]
struct Made {
    queue: fn() -> Queue<Job>,
    spawn: fn(Job) -> JoinHandle<()>,
    rcu: fn() -> Rcu<()>,
    chain: fn() -> BlockingChain<()>,
}

macro_rules! place {
    () => {
        Made {
            queue: || Queue::with_capacity(2),
            spawn: |job| thread::spawn(job),
            rcu: || Rcu::new(()),
            chain: || BlockingChain::new(),
        }
    };
}

/// Two for each pair.
#[rustfmt::skip]
static PLACES: [Made; 50] = [
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
    place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(), place!(),
];

fn made() -> (usize, Made) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    (number, PLACES[number])
}

/// Code that others wait for.
trait Code: Send + Sync {
    /// Runs a job in it, to its end.
    fn run(&self, job: Job, cx: &mut Sleepable);

    /// Waits for the end of the code.
    fn wait(&self, cx: &mut Sleepable);

    /// Whether it is that of a reader, who waits for no readers.
    fn is_of_reader(&self) -> bool {
        false
    }
}

struct Region(Class);

impl Code for Region {
    fn run(&self, job: Job, cx: &mut Sleepable) {
        let _region = self.0.region();
        job(cx);
    }

    fn wait(&self, _cx: &mut Sleepable) {
        self.0.wait();
    }
}

struct Thread(fn(Job) -> JoinHandle<()>, Mutex<Option<JoinHandle<()>>>);

impl Code for Thread {
    fn run(&self, job: Job, _cx: &mut Sleepable) {
        let thread = (self.0)(job);
        while !thread.is_finished() {
            std::thread::yield_now();
        }
        *self.1.lock().unwrap() = Some(thread);
    }

    fn wait(&self, cx: &mut Sleepable) {
        let thread = self.1.lock().unwrap().take();
        thread.expect("it runs before").join(cx).unwrap();
    }
}

struct Item(fn() -> Queue<Job>, Mutex<Option<Arc<Queue<Job>>>>);

impl Code for Item {
    fn run(&self, job: Job, cx: &mut Sleepable) {
        struct Ended(Arc<AtomicBool>);

        impl Drop for Ended {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Release);
            }
        }

        // Its worker is one of this test.
        let queue = Arc::new((self.0)());
        queue.worker("worker", |job: Job, cx| job(cx)).unwrap();
        let has_ended = Arc::new(AtomicBool::new(false));
        let ended = Ended(Arc::clone(&has_ended));
        let job: Job = Box::new(move |cx| {
            let _ended = ended;
            job(cx);
        });
        assert!(queue.push_from(cx, job).is_ok());
        while !has_ended.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        *self.1.lock().unwrap() = Some(queue);
    }

    fn wait(&self, cx: &mut Sleepable) {
        let queue = self.1.lock().unwrap().clone();
        queue.expect("it runs before").flush(cx);
    }
}

struct Reader(Rcu<()>);

impl Code for Reader {
    fn run(&self, job: Job, cx: &mut Sleepable) {
        let _reading = self.0.read();
        job(cx);
    }

    fn wait(&self, cx: &mut Sleepable) {
        self.0.synchronize(cx);
    }

    fn is_of_reader(&self) -> bool {
        true
    }
}

struct Callback(BlockingChain<()>, Mutex<Option<Registration>>);

impl Code for Callback {
    fn run(&self, job: Job, cx: &mut Sleepable) {
        let job = Mutex::new(Some(job));
        let callback = move |(): &(), cx: &mut Sleepable| {
            let job = job.lock().unwrap().take();
            if let Some(job) = job {
                job(cx);
            }
            Answer::Continue
        };
        let registration = self.0.register_fn(callback, 0, cx);
        *self.1.lock().unwrap() = Some(registration);
        self.0.call(&(), cx).into_result().unwrap();
    }

    fn wait(&self, cx: &mut Sleepable) {
        let registration = self.1.lock().unwrap().take();
        registration.expect("it runs before").unregister(cx);
    }

    fn is_of_reader(&self) -> bool {
        true
    }
}

/// The name of a kind, and what makes one of a class of its own.
type Kind = (&'static str, fn() -> Arc<dyn Code>);

const KINDS: [Kind; 5] = [
    ("region", || {
        let name = String::leak(format!("region {}", made().0));
        Arc::new(Region(Class::new(name)))
    }),
    ("thread", || Arc::new(Thread(made().1.spawn, Mutex::default()))),
    ("item of a queue", || Arc::new(Item(made().1.queue, Mutex::default()))),
    ("reader", || Arc::new(Reader((made().1.rcu)()))),
    ("callback", || Arc::new(Callback((made().1.chain)(), Mutex::default()))),
];

#[test]
fn two_pieces_of_code_that_wait_for_each_other() {
    for (name, one) in KINDS {
        for (other_name, other) in KINDS {
            let (one, other, what) = (one(), other(), format!("{name}, {other_name}"));
            if one.is_of_reader() && other.is_of_reader() {
                continue;
            }
            let waits = |inner: &Arc<dyn Code>, outer: &Arc<dyn Code>| {
                on_a_thread(|| {
                    recorded(|cx| {
                        inner.run(Box::new(|_| {}), cx);
                        let inner = Arc::clone(inner);
                        outer.run(Box::new(move |cx| inner.wait(cx)), cx);
                    })
                })
            };
            let found = waits(&one, &other);
            assert!(found.is_empty(), "{what}: {found:#?}");
            let kinds: Vec<_> = waits(&other, &one).iter().map(nonblock::Violation::kind).collect();
            // Threads are others each time, and cannot wait for each other.
            let are_threads = name == "thread" && other_name == "thread";
            let expected: &[_] = if are_threads { &[] } else { &[ViolationKind::CircularWait] };
            assert_eq!(kinds, expected, "{what}");
        }
    }
}
