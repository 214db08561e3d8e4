//! What goes wrong between drivers and those who unmap memory, unsubscribe or read: each situation is reported at its first run, without a hang, and its
//! mended twin is silent.
//!
//! All address spaces are of one class, so each test has a process of its own.

use std::sync::Arc;

use nonblock::notifier::{Answer, BlockingChain};
use nonblock::sync::{Completion, Mutex};
use nonblock::{Context, NonBlock, Sleepable};
use nonblock_mm::memory::Mm;
use nonblock_mm::mmu::{
    AddressSpace, Event, Finish, Invalidate, InvalidateInterval, InvalidateTwoPass, Range,
};
use nonblock_tests::process;
use nonblock_tests::waits::{circle, on_a_thread, silent, waits_for_itself};

/// The length of what is mapped.
const LEN: usize = 4096;

fn range() -> Range {
    Range::with_len(0x10_0000, LEN).unwrap()
}

/// Runs the body in a process of its own: it fails there if it hangs, too.
macro_rules! tests {
    ($($(#[$doc:meta])* fn $name:ident() $body:block)*) => {
        $(
            $(#[$doc])*
            #[test]
            fn $name() {
                process::own(stringify!($name), &[], || $body).assert_success();
            }
        )*
    };
}

/// Keeps a driver subscribed for as long as its address space lives.
fn keep<S>(subscription: S) {
    std::mem::forget(subscription);
}

/// A driver that runs a closure of the test in its callback, where it may sleep.
struct Driver<F>(F);

impl<F: Fn(&mut Sleepable) + Send + Sync> Invalidate for Driver<F> {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        (self.0)(cx.or_refuse()?);
        Ok(())
    }
}

impl<F: Fn(&mut Sleepable) + Send + Sync> InvalidateInterval for Driver<F> {
    fn invalidate_interval<C: Context>(&self, _: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        (self.0)(cx.or_refuse()?);
        Ok(())
    }
}

/// A driver of two passes that runs closures of the test.
struct TwoPasses<F, G, E> {
    first: F,
    second: G,
    end: E,
}

impl<F, G, E> InvalidateTwoPass for TwoPasses<F, G, E>
where
    F: Fn(&mut Sleepable) + Send + Sync,
    G: Fn(&mut Sleepable) + Send + Sync,
    E: Fn() + Send + Sync,
{
    type Operation = ();

    fn invalidate_start<'cx, C: Context>(
        &self,
        _range: &Range,
        cx: &'cx mut C,
    ) -> Result<Option<Finish<'cx, ()>>, C::Refusal> {
        let cx = cx.or_refuse()?;
        (self.first)(cx);
        Ok(Some(Finish::new((), cx)))
    }

    fn invalidate_finish(&self, _range: &Range, (): (), cx: &mut Sleepable) {
        (self.second)(cx);
    }

    fn invalidate_end(&self, _range: &Range, _nb: &mut NonBlock) {
        (self.end)();
    }
}

/// What its callback takes, and an address space with the driver.
struct Taking {
    table: Arc<Mutex<u32>>,
    mm: Mm,
}

impl Taking {
    fn new(cx: &mut Sleepable) -> Self {
        let table = Arc::new(Mutex::new(0));
        let mm = Mm::new();
        let taken = Arc::clone(&table);
        let driver = Driver(move |cx: &mut Sleepable| *taken.lock(cx) += 1);
        keep(mm.space().subscribe(Arc::new(driver), cx).unwrap());
        Self { table, mm }
    }
}

tests! {
    fn a_mutex_held_while_memory_is_unmapped_that_a_callback_took_before_on_another_thread() {
        let taking = nonblock::sleepable(Taking::new);
        let Taking { table, mm } = &taking;
        silent(|cx| {
            let range = mm.map(LEN, cx).unwrap();
            mm.unmap(&range, cx).unwrap();
        });
        let mapped = nonblock::sleepable(|cx| mm.map(LEN, cx).unwrap());
        // A driver that takes no lock: the order alone is wrong.
        on_a_thread(|| {
            circle(|cx| {
                let quiet = AddressSpace::new();
                let _held = table.lock(cx);
                drop(quiet.invalidate(mapped, Event::Clear, cx));
            });
        });
    }

    fn a_mutex_that_a_callback_takes_after_another_thread_invalidated_with_it() {
        let taking = nonblock::sleepable(Taking::new);
        let Taking { table, mm } = &taking;
        on_a_thread(|| {
            silent(|cx| {
                let _held = table.lock(cx);
                drop(AddressSpace::new().invalidate(range(), Event::Clear, cx));
            });
        });
        circle(|cx| drop(mm.space().invalidate(range(), Event::Clear, cx)));
    }

    fn a_mutex_held_while_memory_is_unmapped_that_the_callback_takes() {
        let taking = nonblock::sleepable(Taking::new);
        let Taking { table, mm } = &taking;
        waits_for_itself(|cx| {
            let range = mm.map(LEN, cx).unwrap();
            let _held = table.lock(cx);
            let _unmapped = mm.unmap(&range, cx);
        });
    }

    fn a_mutex_given_back_before_memory_is_unmapped_is_silent() {
        let taking = nonblock::sleepable(Taking::new);
        let Taking { table, mm } = &taking;
        let unmap = || {
            silent(|cx| {
                let range = mm.map(LEN, cx).unwrap();
                *table.lock(cx) += 1;
                mm.unmap(&range, cx).unwrap();
                drop(mm.space().invalidate(range, Event::Clear, cx));
            });
        };
        unmap();
        on_a_thread(unmap);
    }

    fn a_mutex_held_in_a_section_is_only_tried_for_by_the_callback() {
        let table = Arc::new(Mutex::new(0));
        let tried = Arc::clone(&table);
        let space = AddressSpace::new();
        nonblock::sleepable(|cx| {
            let driver = Driver(move |_: &mut Sleepable| drop(tried.try_lock()));
            keep(space.subscribe(Arc::new(driver), cx).unwrap());
        });
        silent(|cx| {
            let _held = table.lock(cx);
            drop(space.invalidate(range(), Event::Clear, cx));
        });
    }

    fn a_callback_that_maps_memory_while_the_same_is_unmapped() {
        let mm = Arc::new(Mm::new());
        let mapped = nonblock::sleepable(|cx| {
            let mapping = Arc::clone(&mm);
            let driver = Driver(move |cx: &mut Sleepable| _ = mapping.map(LEN, cx));
            keep(mm.space().subscribe(Arc::new(driver), cx).unwrap());
            mm.map(LEN, cx).unwrap()
        });
        waits_for_itself(|cx| _ = mm.unmap(&mapped, cx));
    }

    fn a_callback_that_maps_memory_elsewhere_while_some_is_unmapped() {
        let (mm, other) = (Mm::new(), Mm::new());
        let mapped = nonblock::sleepable(|cx| {
            let driver = Driver(move |cx: &mut Sleepable| _ = other.map(LEN, cx));
            keep(mm.space().subscribe(Arc::new(driver), cx).unwrap());
            mm.map(LEN, cx).unwrap()
        });
        circle(|cx| mm.unmap(&mapped, cx).unwrap());
    }

    fn memory_mapped_before_an_invalidation_is_silent() {
        let mm = Mm::new();
        silent(|cx| {
            let driver = Driver(|_: &mut Sleepable| {});
            keep(mm.space().subscribe(Arc::new(driver), cx).unwrap());
            let mapped = mm.map(LEN, cx).unwrap();
            mm.unmap(&mapped, cx).unwrap();
            mm.map(LEN, cx).unwrap();
        });
    }

    fn an_unsubscription_with_a_mutex_that_a_callback_took_before() {
        let (table, space) = (Arc::new(Mutex::new(0)), AddressSpace::new());
        let taken = Arc::clone(&table);
        let mut subscription = None;
        silent(|cx| {
            let driver = Driver(move |cx: &mut Sleepable| *taken.lock(cx) += 1);
            subscription = Some(space.subscribe(Arc::new(driver), cx).unwrap());
            drop(space.invalidate(range(), Event::Clear, cx));
        });
        on_a_thread(|| {
            circle(|cx| {
                let _held = table.lock(cx);
                subscription.unwrap().unsubscribe(cx);
            });
        });
    }

    fn a_callback_that_takes_a_mutex_with_which_another_unsubscribed_before() {
        let (table, space) = (Arc::new(Mutex::new(0)), AddressSpace::new());
        let taken = Arc::clone(&table);
        silent(|cx| {
            let gone = space.subscribe(Arc::new(Driver(|_: &mut Sleepable| {})), cx).unwrap();
            let driver = Driver(move |cx: &mut Sleepable| *taken.lock(cx) += 1);
            keep(space.subscribe(Arc::new(driver), cx).unwrap());
            let _held = table.lock(cx);
            gone.unsubscribe(cx);
        });
        on_a_thread(|| circle(|cx| drop(space.invalidate(range(), Event::Clear, cx))));
    }

    fn an_unsubscription_with_the_mutex_given_back_is_silent() {
        let (table, space) = (Arc::new(Mutex::new(0)), AddressSpace::new());
        let taken = Arc::clone(&table);
        silent(|cx| {
            let driver = Driver(move |cx: &mut Sleepable| *taken.lock(cx) += 1);
            let subscription = space.subscribe(Arc::new(driver), cx).unwrap();
            drop(space.invalidate(range(), Event::Clear, cx));
            *table.lock(cx) += 1;
            subscription.unsubscribe(cx);
        });
    }

    fn a_registration_ended_with_a_mutex_that_a_callback_took_before() {
        let (table, chain) = (Arc::new(Mutex::new(0)), BlockingChain::<u32>::new());
        let taken = Arc::clone(&table);
        let mut registration = None;
        silent(|cx| {
            let callback = move |_: &u32, cx: &mut Sleepable| {
                *taken.lock(cx) += 1;
                Answer::Continue
            };
            registration = Some(chain.register_fn(callback, 0, cx));
            chain.call(&1, cx).into_result().unwrap();
        });
        on_a_thread(|| {
            let place = line!() + 3;
            let violation = circle(|cx| {
                let _held = table.lock(cx);
                registration.unwrap().unregister(cx);
            });
            assert_eq!((violation.location().file(), violation.location().line()), (file!(), place));
        });
    }

    fn a_registration_ended_with_the_mutex_given_back_is_silent() {
        let (table, chain) = (Arc::new(Mutex::new(0)), BlockingChain::<u32>::new());
        let taken = Arc::clone(&table);
        silent(|cx| {
            let callback = move |_: &u32, cx: &mut Sleepable| {
                *taken.lock(cx) += 1;
                Answer::Continue
            };
            let registration = chain.register_fn(callback, 0, cx);
            chain.call(&1, cx).into_result().unwrap();
            *table.lock(cx) += 1;
            registration.unregister(cx);
        });
    }

    /// It would hang at the first invalidation that both are called in. In one before, the other driver alone completes it, so
    /// that the first has nothing to wait for: the order is what is wrong.
    fn a_first_pass_that_waits_for_what_another_driver_completes_in_its_second() {
        let (done, space) = (Arc::new(Completion::new()), AddressSpace::new());
        let (completed, waited) = (Arc::clone(&done), done);
        silent(|cx| {
            let second = move |_: &mut Sleepable| completed.complete_all();
            let driver = TwoPasses { first: |_: &mut Sleepable| {}, second, end: || {} };
            keep(space.subscribe_two_pass(range(), Arc::new(driver), cx).unwrap());
            drop(space.invalidate(range(), Event::Clear, cx));
            let first = move |cx: &mut Sleepable| _ = waited.wait(cx);
            let driver = TwoPasses { first, second: |_: &mut Sleepable| {}, end: || {} };
            keep(space.subscribe_two_pass(range(), Arc::new(driver), cx).unwrap());
        });
        circle(|cx| drop(space.invalidate(range(), Event::Clear, cx)));
    }

    fn a_second_pass_that_waits_for_what_another_driver_completes_in_its_first_is_silent() {
        let (done, space) = (Arc::new(Completion::new()), AddressSpace::new());
        let (completed, waited) = (Arc::clone(&done), done);
        silent(|cx| {
            let first = move |_: &mut Sleepable| completed.complete_all();
            let driver = TwoPasses { first, second: |_: &mut Sleepable| {}, end: || {} };
            keep(space.subscribe_two_pass(range(), Arc::new(driver), cx).unwrap());
            let second = move |cx: &mut Sleepable| _ = waited.wait(cx);
            let driver = TwoPasses { first: |_: &mut Sleepable| {}, second, end: || {} };
            keep(space.subscribe_two_pass(range(), Arc::new(driver), cx).unwrap());
            drop(space.invalidate(range(), Event::Clear, cx));
        });
    }

    /// As above: an invalidation before shows the order.
    fn a_callback_that_waits_for_what_another_driver_completes_at_the_end() {
        let (done, space) = (Arc::new(Completion::new()), AddressSpace::new());
        let (completed, waited) = (Arc::clone(&done), done);
        silent(|cx| {
            let nothing = |_: &mut Sleepable| {};
            let end = move || completed.complete_all();
            let driver = TwoPasses { first: nothing, second: nothing, end };
            keep(space.subscribe_two_pass(range(), Arc::new(driver), cx).unwrap());
            drop(space.invalidate(range(), Event::Clear, cx));
            let driver = Driver(move |cx: &mut Sleepable| _ = waited.wait(cx));
            keep(space.subscribe(Arc::new(driver), cx).unwrap());
        });
        circle(|cx| drop(space.invalidate(range(), Event::Clear, cx)));
    }

    fn a_thread_that_waits_for_what_a_driver_completes_at_the_end_is_silent() {
        let (done, space) = (Arc::new(Completion::new()), AddressSpace::new());
        let completed = Arc::clone(&done);
        silent(|cx| {
            let nothing = |_: &mut Sleepable| {};
            let end = move || completed.complete_all();
            let driver = TwoPasses { first: nothing, second: nothing, end };
            keep(space.subscribe_two_pass(range(), Arc::new(driver), cx).unwrap());
            drop(space.invalidate(range(), Event::Clear, cx));
            let _done = done.wait(cx);
        });
    }

    fn a_reader_that_waits_with_a_mutex_that_a_callback_took_before() {
        let (table, space) = (Arc::new(Mutex::new(0)), AddressSpace::new());
        let taken = Arc::clone(&table);
        let mut subscription = None;
        silent(|cx| {
            let driver = Driver(move |cx: &mut Sleepable| *taken.lock(cx) += 1);
            let interval = space.subscribe_interval(range(), Arc::new(driver), cx).unwrap();
            drop(space.invalidate(range(), Event::Clear, cx));
            // The first call also waits for what was under way at the subscription.
            let _seq = interval.read_begin(cx);
            subscription = Some(interval);
        });
        on_a_thread(|| {
            circle(|cx| {
                let _held = table.lock(cx);
                let _seq = subscription.unwrap().read_begin(cx);
            });
        });
    }

    fn a_callback_that_takes_a_mutex_with_which_a_reader_waited_before() {
        let (table, space) = (Arc::new(Mutex::new(0)), AddressSpace::new());
        let taken = Arc::clone(&table);
        silent(|cx| {
            let driver = Driver(move |cx: &mut Sleepable| *taken.lock(cx) += 1);
            let subscription = space.subscribe_interval(range(), Arc::new(driver), cx).unwrap();
            let _seq = subscription.read_begin(cx);
            keep(subscription);
        });
        let subscription = nonblock::sleepable(|cx| {
            space.subscribe_interval(range(), Arc::new(Driver(|_: &mut Sleepable| {})), cx)
        });
        let subscription = subscription.unwrap();
        silent(|cx| {
            let _seq = subscription.read_begin(cx);
            let _held = table.lock(cx);
            let _seq = subscription.read_begin(cx);
        });
        on_a_thread(|| circle(|cx| drop(space.invalidate(range(), Event::Clear, cx))));
    }

    fn a_reader_that_takes_the_mutex_after_its_wait_is_silent() {
        let (table, space) = (Arc::new(Mutex::new(0)), AddressSpace::new());
        let taken = Arc::clone(&table);
        silent(|cx| {
            let driver = Driver(move |cx: &mut Sleepable| *taken.lock(cx) += 1);
            let subscription = space.subscribe_interval(range(), Arc::new(driver), cx).unwrap();
            drop(space.invalidate(range(), Event::Clear, cx));
            let seq = subscription.read_begin(cx);
            let _held = table.lock(cx);
            assert!(!subscription.read_retry(seq));
        });
    }
}
