//! What the standard library calls for its caller: iterators, collections, cells, thread-local values.

use super::Construct;

pub(super) const LIST: &[Construct] = &[
    Construct::new(
        "iterator_chain",
        "pub struct State(next::State);
        pub fn make() -> State { State(next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let inner = &mut state.0;
            [1_u32, 2, 3].iter().zip(x..).filter(|(a, _)| **a != 2).map(|(a, b)| a ^ next::call(inner, b)).take(3).fold(0, |a, b| a ^ b)
        }",
    ),
    Construct::new(
        "iterators_of_functions",
        "pub struct State(next::State);
        pub fn make() -> State { State(next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let mut left = 2_u32;
            let inner = &mut state.0;
            let first = std::iter::from_fn(|| { left = left.checked_sub(1)?; Some(next::call(inner, left)) }).max().unwrap_or(0);
            let inner = &mut state.0;
            let second = std::iter::successors(Some(x), |x| (*x % 3 != 0).then(|| next::call(inner, x - x % 3) / 3 * 3)).take(2).last();
            let third: [u32; 2] = std::array::from_fn(|at| next::call(&mut state.0, at as u32));
            first ^ second.unwrap_or(1) ^ third[1]
        }",
    ),
    Construct::new(
        "iterators_that_end_early",
        "pub struct State(next::State);
        pub fn make() -> State { State(next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let inner = &mut state.0;
            let found = (x..x.saturating_add(4)).rev().flat_map(|x| [x, x ^ 1]).try_fold(0_u32, |sum, x| {
                if sum > 0 { std::ops::ControlFlow::Break(sum) } else { std::ops::ControlFlow::Continue(next::call(inner, x) | 1) }
            });
            let inner = &mut state.0;
            let any = (0..2).any(|x| next::call(inner, x) == 0);
            let found = match found { std::ops::ControlFlow::Break(x) | std::ops::ControlFlow::Continue(x) => x };
            found ^ u32::from(any)
        }",
    ),
    Construct::new(
        "iterator_of_objects",
        "struct Counts(next::State, u32);
        impl Iterator for Counts { type Item = (u32, Tag); fn next(&mut self) -> Option<Self::Item> { self.1 = self.1.checked_sub(1)?; Some((next::call(&mut self.0, self.1), TAG)) } }
        pub struct State(Vec<Box<dyn Iterator<Item = (u32, Tag)>>>);
        pub fn make() -> State { State(vec![Box::new(Counts(next::make(), 2)), Box::new(std::iter::once((1, TAG)))]) }
        pub fn call(state: &mut State, x: u32) -> u32 { state.0.iter_mut().flatten().map(|(x, _)| x).fold(x, |a, b| a ^ b) }",
    ),
    Construct::new(
        "sorting",
        "pub struct State(next::State, Vec<u32>);
        pub fn make() -> State { State(next::make(), vec![3, 1, 2, 2]) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let (inner, list) = (&mut state.0, &mut state.1);
            list.sort_by(|a, b| { next::call(inner, *a); a.cmp(b) });
            list.sort_unstable_by_key(|a| !next::call(inner, *a) | 1);
            list.dedup_by_key(|a| next::call(inner, *a));
            list.retain(|a| next::call(inner, *a) != 77);
            list.binary_search_by(|a| a.cmp(&next::call(inner, *a))).unwrap_or(1) as u32 ^ x
        }",
    ),
    Construct::new(
        "growing",
        "pub struct State(next::State, Vec<u32>, VecDeque<u32>);
        pub fn make() -> State { State(next::make(), Vec::new(), VecDeque::new()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let inner = &mut state.0;
            let len = state.1.len();
            state.1.resize_with(len + 2, || next::call(inner, x));
            state.2.resize_with(2, || next::call(inner, x));
            state.1.last().copied().unwrap_or(x) ^ state.2.front().copied().unwrap_or(0)
        }",
    ),
    Construct::new(
        "clone",
        "struct Copied(Rc<RefCell<next::State>>, Tag);
        impl Clone for Copied { fn clone(&self) -> Self { next::call(&mut self.0.borrow_mut(), 1); Self(Rc::clone(&self.0), self.1) } }
        pub struct State(Copied, Vec<Copied>, Rc<Copied>, Rc<Copied>);
        pub fn make() -> State {
            let copied = || Copied(Rc::new(RefCell::new(next::make())), TAG);
            let shared = Rc::new(copied());
            State(copied(), Vec::new(), Rc::clone(&shared), shared)
        }
        pub fn call(state: &mut State, x: u32) -> u32 {
            state.1.resize(2, state.0.clone());
            state.1.extend_from_slice(std::slice::from_ref(&state.0));
            let kept = Rc::make_mut(&mut state.2).1[0];
            let all = state.1.to_vec();
            x ^ u32::from(kept) ^ all.len() as u32
        }",
    ),
    Construct::new(
        "clone_by_make_mut",
        "struct Copied(Rc<RefCell<next::State>>, Tag);
        impl Clone for Copied { fn clone(&self) -> Self { next::call(&mut self.0.borrow_mut(), 1); Self(Rc::clone(&self.0), self.1) } }
        pub struct State(Rc<Copied>, Rc<Copied>);
        pub fn make() -> State { let shared = Rc::new(Copied(Rc::new(RefCell::new(next::make())), TAG)); State(Rc::clone(&shared), shared) }
        pub fn call(state: &mut State, x: u32) -> u32 { x ^ u32::from(Rc::make_mut(&mut state.0).1[0]) }",
    ),
    Construct::new(
        "clone_to_grow",
        "struct Copied(Rc<RefCell<next::State>>, Tag);
        impl Clone for Copied { fn clone(&self) -> Self { next::call(&mut self.0.borrow_mut(), 1); Self(Rc::clone(&self.0), self.1) } }
        pub struct State(Option<Copied>, Vec<Copied>);
        pub fn make() -> State { State(Some(Copied(Rc::new(RefCell::new(next::make())), TAG)), Vec::new()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            if let Some(copied) = state.0.take() { state.1.resize(3, copied); }
            x ^ state.1.len() as u32
        }",
    ),
    Construct::new(
        "ordered_collections",
        "struct Key(Rc<RefCell<next::State>>, u32, Tag);
        impl Ord for Key { fn cmp(&self, other: &Self) -> std::cmp::Ordering { next::call(&mut self.0.borrow_mut(), self.1); self.1.cmp(&other.1) } }
        impl PartialOrd for Key { fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> { Some(self.cmp(other)) } }
        impl PartialEq for Key { fn eq(&self, other: &Self) -> bool { self.1 == other.1 } }
        impl Eq for Key {}
        pub struct State(Rc<RefCell<next::State>>, BTreeMap<Key, u32>);
        pub fn make() -> State { State(Rc::new(RefCell::new(next::make())), BTreeMap::new()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            for at in 0..2 { state.1.insert(Key(Rc::clone(&state.0), at, TAG), x); }
            state.1.values().fold(x, |a, b| a ^ b)
        }",
    ),
    Construct::new(
        "heap",
        "struct Key(Rc<RefCell<next::State>>, u32, Tag);
        impl Ord for Key { fn cmp(&self, other: &Self) -> std::cmp::Ordering { next::call(&mut self.0.borrow_mut(), self.1); self.1.cmp(&other.1) } }
        impl PartialOrd for Key { fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> { Some(self.cmp(other)) } }
        impl PartialEq for Key { fn eq(&self, other: &Self) -> bool { self.1 == other.1 } }
        impl Eq for Key {}
        pub struct State(Rc<RefCell<next::State>>, BinaryHeap<Key>);
        pub fn make() -> State { State(Rc::new(RefCell::new(next::make())), BinaryHeap::new()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            for at in 0..2 { state.1.push(Key(Rc::clone(&state.0), at, TAG)); }
            x ^ state.1.len() as u32
        }",
    ),
    Construct::new(
        "hashed_collections",
        "struct Key(Rc<RefCell<next::State>>, u32, Tag);
        impl Hash for Key { fn hash<H: Hasher>(&self, to: &mut H) { next::call(&mut self.0.borrow_mut(), 1); to.write_u32(self.1); } }
        impl PartialEq for Key { fn eq(&self, other: &Self) -> bool { self.1 == other.1 } }
        impl Eq for Key {}
        #[derive(Default)]
        struct Simple(u64);
        impl Hasher for Simple { fn finish(&self) -> u64 { self.0 } fn write(&mut self, bytes: &[u8]) { self.0 = self.0.wrapping_mul(31) ^ bytes.len() as u64; } }
        type Map = HashMap<Key, u32, std::hash::BuildHasherDefault<Simple>>;
        pub struct State(Rc<RefCell<next::State>>, Map);
        pub fn make() -> State { State(Rc::new(RefCell::new(next::make())), Map::default()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            for at in 0..2 { state.1.insert(Key(Rc::clone(&state.0), at, TAG), x); }
            *state.1.entry(Key(Rc::clone(&state.0), 1, TAG)).or_insert(1)
        }",
    ),
    Construct::new(
        "maps_of_objects",
        "trait Step { fn step(&mut self, x: u32) -> u32; }
        struct GoesOn(next::State);
        impl Step for GoesOn { fn step(&mut self, x: u32) -> u32 { next::call(&mut self.0, x) } }
        pub struct State(BTreeMap<u32, Box<dyn Step>>, HashMap<&'static str, fn(&mut next::State, Tag) -> Out>, next::State);
        fn goes_on(state: &mut next::State, _: Tag) -> Out { out(next::call(state, 1)) }
        pub fn make() -> State { State(BTreeMap::from([(1, Box::new(GoesOn(next::make())) as Box<dyn Step>)]), HashMap::from([(\"a\", goes_on as fn(&mut next::State, Tag) -> Out)]), next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let mut sum = state.0.get_mut(&1).map_or(0, |step| step.step(x));
            for (_, step) in &mut state.0 { sum ^= step.step(x); }
            if let Some(f) = state.1.get(\"a\") { sum ^= f(&mut state.2, TAG).0; }
            sum
        }",
    ),
    Construct::new(
        "options",
        "pub struct State(next::State, Option<u32>);
        pub fn make() -> State { State(next::make(), None) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let inner = &mut state.0;
            let first = *state.1.get_or_insert_with(|| next::call(inner, x));
            let second = Some(x).filter(|x| *x == 3_000_000_001).map_or_else(|| next::call(inner, x), |x| x);
            let third: Result<u32, u32> = Err(x).or_else(|x: u32| Ok(next::call(inner, x)));
            first ^ second ^ third.unwrap_or_else(|x: u32| x)
        }",
    ),
    Construct::new(
        "cells_made_once",
        "pub struct State(std::cell::OnceCell<u32>, std::cell::LazyCell<u32, Box<dyn FnOnce() -> u32>>, next::State);
        pub fn make() -> State {
            let mut inner = next::make();
            let makes: Box<dyn FnOnce() -> u32> = Box::new(move || next::call(&mut inner, 1));
            State(std::cell::OnceCell::new(), std::cell::LazyCell::new(makes), next::make())
        }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let inner = &mut state.2;
            *state.0.get_or_init(|| next::call(inner, x)) ^ *state.1
        }",
    ),
    Construct::new(
        "thread_local",
        "thread_local! {
            static KEPT: RefCell<Option<Box<dyn FnMut(Tag, u32) -> u32>>> = RefCell::new(None);
            static NUMBER: Cell<u32> = const { Cell::new(1) };
        }
        pub struct State;
        pub fn make() -> State {
            let mut inner = next::make();
            KEPT.with(|kept| *kept.borrow_mut() = Some(Box::new(move |_, x| next::call(&mut inner, x))));
            State
        }
        pub fn call(_: &mut State, x: u32) -> u32 {
            KEPT.with_borrow_mut(|kept| kept.as_mut().map_or(x, |f| f(TAG, x))) ^ NUMBER.get()
        }",
    ),
    Construct::new(
        "thread_local_made_when_used",
        "thread_local! { static MADE: Cell<u32> = { let mut state = next::make(); Cell::new(next::call(&mut state, 1)) }; }
        pub struct State;
        pub fn make() -> State { State }
        pub fn call(_: &mut State, x: u32) -> u32 { MADE.get() ^ x }",
    ),
    Construct::new(
        "thread_local_by_pointer",
        "thread_local! { static MADE: Cell<(u32, Tag)> = { let mut state = next::make(); Cell::new((next::call(&mut state, 1), TAG)) }; }
        type Key = std::thread::LocalKey<Cell<(u32, Tag)>>;
        pub struct State(fn(&'static Key) -> (u32, Tag));
        pub fn make() -> State { State(opaque(Key::get)) }
        pub fn call(state: &mut State, x: u32) -> u32 { (state.0)(&MADE).0 ^ x }",
    ),
    Construct::new(
        "thread_local_by_closure",
        "thread_local! { static MADE: (u32, Tag) = { let mut state = next::make(); (next::call(&mut state, 1), TAG) }; }
        type Key = std::thread::LocalKey<(u32, Tag)>;
        pub struct State(Box<dyn Fn(&'static Key, Tag) -> u32>);
        pub fn make() -> State { State(Box::new(|key: &'static Key, _| key.with(|made| made.0))) }
        pub fn call(state: &mut State, x: u32) -> u32 { (state.0)(&MADE, TAG) ^ x }",
    ),
    Construct::new(
        "locks_that_are_tried",
        "trait Step { fn step(&mut self, x: u32) -> u32; }
        struct GoesOn(next::State, Tag);
        impl Step for GoesOn { fn step(&mut self, x: u32) -> u32 { next::call(&mut self.0, x) } }
        pub struct State(Arc<Mutex<Box<dyn Step>>>, RwLock<Option<GoesOn>>);
        pub fn make() -> State { State(Arc::new(Mutex::new(Box::new(GoesOn(next::make(), TAG)))), RwLock::new(Some(GoesOn(next::make(), TAG)))) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let mut sum = x;
            if let Ok(mut step) = state.0.try_lock() { sum ^= step.step(x); }
            if let Ok(mut step) = state.1.try_write() && let Some(step) = step.as_mut() { sum ^= step.step(x); }
            sum
        }",
    ),
    Construct::new(
        "shared_and_weak",
        "trait Step { fn step(&self, x: u32) -> u32; }
        struct GoesOn(RefCell<next::State>, std::rc::Weak<dyn Step>);
        impl Step for GoesOn { fn step(&self, x: u32) -> u32 { if let Some(other) = self.1.upgrade() { return other.step(x); } next::call(&mut self.0.borrow_mut(), x) } }
        pub struct State(Rc<dyn Step>, Rc<dyn Step>);
        pub fn make() -> State {
            let none: std::rc::Weak<dyn Step> = std::rc::Weak::<GoesOn>::new();
            let first: Rc<dyn Step> = Rc::new(GoesOn(RefCell::new(next::make()), none));
            let second: Rc<dyn Step> = Rc::new(GoesOn(RefCell::new(next::make()), Rc::downgrade(&first)));
            State(first, second)
        }
        pub fn call(state: &mut State, x: u32) -> u32 { state.1.step(x) }",
    ),
    Construct::new(
        "conversions_that_allocate",
        "struct Bytes(next::State);
        impl From<Bytes> for Vec<u8> { fn from(mut bytes: Bytes) -> Self { vec![next::call(&mut bytes.0, 1) as u8 | 1] } }
        pub struct State(Option<Bytes>);
        pub fn make() -> State { State(Some(Bytes(next::make()))) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let bytes = state.0.take();
            x ^ bytes.map_or(0, |bytes| std::ffi::CString::new(bytes).is_ok() as u32)
        }",
    ),
    Construct::new(
        "made_in_a_circle",
        "struct Circle(std::rc::Weak<Circle>, u32);
        pub struct State(next::State, Option<Rc<Circle>>);
        pub fn make() -> State { State(next::make(), None) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let inner = &mut state.0;
            let made = Rc::new_cyclic(|weak| Circle(weak.clone(), next::call(inner, x)));
            let seen = made.1;
            state.1 = Some(made);
            seen
        }",
    ),
    Construct::new(
        "borrowed_or_owned",
        "struct Own(Rc<RefCell<next::State>>, Tag);
        impl Clone for Own { fn clone(&self) -> Self { next::call(&mut self.0.borrow_mut(), 1); Self(Rc::clone(&self.0), self.1) } }
        pub struct State(Own);
        pub fn make() -> State { State(Own(Rc::new(RefCell::new(next::make())), TAG)) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let cow: std::borrow::Cow<'_, Own> = std::borrow::Cow::Borrowed(&state.0);
            x ^ u32::from(cow.into_owned().1[0])
        }",
    ),
];
