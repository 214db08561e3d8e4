//! All of the drivers mirror one process's memory, and a reaper takes it from them.

#![cfg(target_os = "linux")]
#![allow(clippy::similar_names, reason = "a reaper has reaped when its reaping is over")]

use std::sync::{Arc, mpsc};
use std::time::Duration;

use gntdev::{GntdevPriv, Hypervisor};
use kvm::Kvm;
use mmu_rb::{PinPages, PinnedPage, PktQueue, SdmaRequest, Sizes};
use nonblock::{Sleepable, thread};
use nonblock_mm::memory::Mm;
use nonblock_mm::mmu::{Event, PAGE_SIZE, Range, Subscription};
use nonblock_mm::oom::{ReapEventKind, Reaper};
use umem_odp::Mr;
use userptr::Userptr;

const PAGES: usize = 4;
const LEN: usize = PAGES * PAGE_SIZE;

/// Brings a page of the process's in, and says where it is.
fn page_in(process: &Mm, address: usize, cx: &mut Sleepable) -> u64 {
    let page = Range::with_len(address, PAGE_SIZE).expect("a page");
    process.touch(&page, cx).expect("it is mapped");
    address as u64
}

fn addresses(range: &Range) -> impl Iterator<Item = usize> + use<> {
    (range.start()..range.end()).step_by(PAGE_SIZE)
}

struct Pins(Arc<Mm>);

impl PinPages for Pins {
    fn pin(&self, range: &Range, cx: &mut Sleepable) -> Vec<PinnedPage> {
        addresses(range).map(|address| page_in(&self.0, address, cx)).collect()
    }

    fn unpin(&self, _range: &Range, _pages: Vec<PinnedPage>, _cx: &mut Sleepable) {}
}

/// A process whose memory is mirrored by everybody.
struct Scene {
    process: Arc<Mm>,
    /// By nobody.
    plain: Range,
    /// By the grant map.
    granted: Range,
    /// By all others at once.
    shared: Range,
    /// What the work queue is filled with.
    fillers: [Range; 2],
    hypervisor: Arc<Hypervisor>,
    gntdev: Arc<GntdevPriv>,
    grant_map: usize,
    kvm: Arc<Kvm>,
    mr: Mr,
    pkt_queue: PktQueue<Pins>,
    gpu: Arc<Userptr>,
    subscriptions: [Subscription; 3],
}

impl Scene {
    fn new(cx: &mut Sleepable) -> Self {
        let process = Arc::new(Mm::new());
        let [plain, granted, shared, first, second] =
            [(); 5].map(|()| process.map(LEN, cx).expect("memory"));
        for range in [&plain, &granted] {
            process.touch(range, cx).expect("it is mapped");
        }
        let space = process.space();
        let hypervisor = Arc::new(Hypervisor::start().expect("a thread"));
        let gntdev = Arc::new(GntdevPriv::open(Arc::clone(&hypervisor)));
        let kvm = Arc::new(Kvm::new(shared, 1));
        let gpu = Arc::new(Userptr::new("gpu0"));
        let on_grants = space.subscribe(gntdev.clone(), cx).expect("a live space");
        let on_guest = space.subscribe(kvm.clone(), cx).expect("a live space");
        let sizes = Sizes { nodes: 8, del_queue: 1 };
        let pkt_queue =
            PktQueue::alloc(Pins(Arc::clone(&process)), space, sizes, 4, cx).expect("a live space");
        // Behind the cache: that has started when this refuses.
        let on_gpu = space.subscribe(gpu.clone(), cx).expect("a live space");
        let mr = Mr::get(space, shared, cx).expect("a live space");

        let grant_map = gntdev.map_grant_ref(&[1, 2, 3, 4], cx);
        gntdev.mmap(grant_map, granted, cx).expect("the range fits the map");
        for address in addresses(&shared) {
            mr.page_fault(address, cx, |address, cx| page_in(&process, address, cx));
        }
        gpu.map(shared, cx);
        drop(pkt_queue.submit(shared, cx).expect("nothing is in the way"));
        let fillers = [first, second];
        let subscriptions = [on_grants, on_guest, on_gpu];
        let scene = Self {
            process,
            plain,
            granted,
            shared,
            fillers,
            hypervisor,
            gntdev,
            grant_map,
            kvm,
            mr,
            pkt_queue,
            gpu,
            subscriptions,
        };
        scene.run_guest(cx);
        scene
    }

    /// Has the guest use all of its memory, whatever was taken from it meanwhile.
    fn run_guest(&self, cx: &mut Sleepable) {
        for gfn in 0..PAGES {
            while self.kvm.access(0, gfn, cx, |_| ()).is_err() {
                self.kvm.page_fault(gfn, cx, |hva, cx| page_in(&self.process, hva, cx));
            }
        }
    }

    /// Fills the work queue behind a request, and unmaps what it was filled with.
    fn fill_work_queue(&self, cx: &mut Sleepable) -> SdmaRequest<'_> {
        let [first, second] = self.fillers;
        let space = self.process.space();
        let request = self.pkt_queue.submit(first, cx).expect("nothing is in the way");
        drop(space.try_invalidate(first, Event::Clear, cx).expect("there is room"));
        self.drain_work_queue(cx);
        drop(self.pkt_queue.submit(second, cx).expect("nothing is in the way"));
        drop(space.try_invalidate(second, Event::Clear, cx).expect("there is room"));
        assert_eq!(self.pkt_queue.cache().queued(), 1);
        for filler in self.fillers {
            self.process.unmap(&filler, cx).expect("nobody mirrors it");
        }
        request
    }

    fn drain_work_queue(&self, cx: &mut Sleepable) {
        while self.pkt_queue.cache().queued() > 0 {
            thread::yield_now(cx);
        }
    }

    fn nobody_mirrors_anything(&self, cx: &mut Sleepable) {
        assert_eq!(self.hypervisor.mapped(&self.granted, cx), 0);
        assert_eq!(self.kvm.mapped(cx), 0);
        assert_eq!(self.mr.umem().read(cx).npages(), 0);
        assert_eq!(self.pkt_queue.cache().cached(cx), []);
        assert_eq!(self.gpu.mapped(cx), 0);
    }

    fn every_start_had_its_end(&self, cx: &mut Sleepable) {
        let kvm = self.kvm.counters(cx);
        assert_eq!(kvm.invalidations, kvm.finished);
        let umem = self.mr.umem().counters(cx);
        assert_eq!(umem.invalidations, umem.finished);
        let cache = self.pkt_queue.cache().counters(cx);
        assert_eq!(cache.invalidations, cache.finished);
    }

    fn end(self, cx: &mut Sleepable) {
        self.every_start_had_its_end(cx);
        self.mr.release(cx);
        self.pkt_queue.free(cx);
        for subscription in self.subscriptions {
            subscription.unsubscribe(cx);
        }
    }
}

#[nonblock::test]
fn each_driver_gives_way_in_its_turn_and_the_reaper_gets_everything(cx: &mut Sleepable) {
    let scene = Scene::new(cx);
    let (waits, reaper_waits) = mpsc::channel();
    let (goes_on, reaper_goes_on) = mpsc::channel();
    let reaper = Reaper::builder().interval(Duration::ZERO).on_event(move |event| {
        // A try begins when one more driver has given way.
        if let ReapEventKind::Waits { .. } = event.kind {
            waits.send(()).expect("the test listens");
            reaper_goes_on.recv().expect("the test lets it go on");
        }
    });
    let reaper = reaper.spawn().expect("a thread");
    let reaped = thread::scope(cx, |scope, cx| {
        // Something is under way in each of them: a map, a transfer, a request, a job; and the guest runs.
        let (begins, begun) = mpsc::channel();
        let job_begins = begins.clone();
        let (end_transfer, transfer_ends) = mpsc::channel::<()>();
        let (end_job, job_ends) = mpsc::channel::<()>();
        let request = scene.fill_work_queue(cx);
        let (mr, gpu, shared) = (&scene.mr, &scene.gpu, scene.shared);
        let transfer = scope.spawn(move |cx| {
            let transferred = mr.transfer(shared.start(), cx, |_, _cx| {
                begins.send(()).expect("the test listens");
                // Until the test lets go of its end.
                let _ = transfer_ends.recv();
            });
            transferred.expect("the page is mapped");
        });
        let job = scope.spawn(move |cx| {
            gpu.job(cx, |_table, _cx| {
                job_begins.send(()).expect("the test listens");
                let _ = job_ends.recv();
            });
        });
        for _ in 0..2 {
            begun.recv().expect("both are under way");
        }

        let reaping = reaper.reap(Arc::clone(&scene.process));
        let refused = || reaper_waits.recv().expect("the try is refused");
        let go_on = || goes_on.send(()).expect("the reaper listens");

        refused();
        scene.run_guest(cx);
        scene.gntdev.vma_close(scene.grant_map, cx).expect("the map is there");
        go_on();
        refused();
        scene.run_guest(cx);
        assert!(scene.mr.umem().counters(cx).refusals >= 1);
        drop(end_transfer);
        transfer.join(cx).expect("it ends");
        go_on();
        refused();
        // It was told before the cache refused, and has its end: its pages come back.
        assert_eq!(scene.kvm.mapped(cx), 0);
        scene.run_guest(cx);
        assert_eq!(scene.pkt_queue.cache().counters(cx).refusals, 1);
        assert_eq!(scene.pkt_queue.cache().cached(cx), [shared]);
        drop(request);
        scene.drain_work_queue(cx);
        go_on();
        refused();
        scene.run_guest(cx);
        assert_eq!(scene.gpu.counters(cx).refusals, 1);
        assert_eq!(scene.gpu.counters(cx).pages_unmapped, 0);
        scene.every_start_had_its_end(cx);
        drop(end_job);
        job.join(cx).expect("it ends");
        go_on();
        reaping.wait(cx)
    });
    assert!(reaped.is_complete());
    // The first try left two ranges, each of the next three the shared one.
    assert_eq!((reaped.attempts, reaped.refusals), (5, 5));
    assert_eq!(reaped.taken, [scene.plain, scene.granted, scene.shared]);
    assert_eq!(reaped.reclaimed(), Some(3 * LEN));
    assert_eq!(scene.process.resident(cx).expect("the kernel says"), 0);
    scene.nobody_mirrors_anything(cx);
    reaper.shutdown(cx);
    scene.end(cx);
}

#[nonblock::test]
fn whoever_may_sleep_waits_for_all_of_them(cx: &mut Sleepable) {
    let scene = Scene::new(cx);
    assert!(scene.process.resident(cx).expect("the kernel says") >= 3 * LEN);
    for range in [scene.granted, scene.shared] {
        scene.process.unmap(&range, cx).expect("it is mapped");
    }
    scene.nobody_mirrors_anything(cx);
    scene.end(cx);
}

#[nonblock::test]
fn all_of_them_let_go_when_the_process_goes(cx: &mut Sleepable) {
    let scene = Scene::new(cx);
    scene.process.release(cx);
    scene.nobody_mirrors_anything(cx);
    assert_eq!(scene.process.resident(cx).expect("the kernel says"), 0);
    scene.end(cx);
}
