//! Ways of calling a function: by its name, by a pointer, as a closure, from C.

use super::Construct;

pub(super) const LIST: &[Construct] = &[
    Construct::new(
        "direct",
        "pub struct State(next::State);
        pub fn make() -> State { State(next::make()) }
        #[inline(never)] fn relay(state: &mut State, x: u32) -> u32 { next::call(&mut state.0, x.wrapping_add(1)) }
        pub fn call(state: &mut State, x: u32) -> u32 { relay(state, x) }",
    ),
    Construct::new(
        "generic",
        "pub struct State(next::State);
        pub fn make() -> State { State(next::make()) }
        trait Run { fn run(&mut self, x: u32) -> u32; }
        impl Run for next::State { fn run(&mut self, x: u32) -> u32 { next::call(self, x) } }
        impl<T: Run> Run for (T, Tag) { fn run(&mut self, x: u32) -> u32 { self.0.run(x) } }
        impl<T: Run + ?Sized> Run for &mut T { fn run(&mut self, x: u32) -> u32 { (**self).run(x) } }
        fn apply<R: Run>(mut run: R, x: u32) -> u32 { run.run(x) }
        pub fn call(state: &mut State, x: u32) -> u32 { apply((&mut state.0, TAG), x) }",
    ),
    Construct::new(
        "closure",
        "pub struct State(next::State);
        pub fn make() -> State { State(next::make()) }
        fn with<R>(x: u32, f: impl FnOnce(u32) -> R) -> R { f(x ^ 1) }
        fn twice(mut f: impl FnMut() -> u32) -> u32 { f().wrapping_add(f()) }
        pub fn call(state: &mut State, x: u32) -> u32 { with(x, |x| twice(|| next::call(&mut state.0, x))) }",
    ),
    Construct::new(
        "recursion",
        "pub struct State(next::State);
        pub fn make() -> State { State(next::make()) }
        fn down(state: &mut State, depth: u32, x: u32) -> u32 {
            if depth == 0 { next::call(&mut state.0, x) } else { up(state, depth - 1, x) }
        }
        fn up(state: &mut State, depth: u32, x: u32) -> u32 { down(state, depth, x.rotate_left(1)) }
        pub fn call(state: &mut State, x: u32) -> u32 { down(state, 3, x) }",
    ),
    Construct::new(
        "pointer_in_field",
        "pub struct State { before: u8, f: fn(&mut next::State, Tag, u32) -> Out, next: next::State }
        fn harmless(_: &mut next::State, _: Tag, x: u32) -> Out { out(x) }
        fn goes_on(state: &mut next::State, _tag: Tag, x: u32) -> Out { out(next::call(state, x)) }
        pub fn make() -> State {
            let f = if opaque(true) { goes_on } else { harmless as fn(&mut next::State, Tag, u32) -> Out };
            State { before: 1, f, next: next::make() }
        }
        pub fn call(state: &mut State, x: u32) -> u32 { (state.f)(&mut state.next, TAG, x).0 }",
    ),
    Construct::new(
        "pointer_in_static_table",
        "pub struct State(next::State);
        type F = fn(&mut next::State, Tag, u32) -> Out;
        fn harmless(_: &mut next::State, _: Tag, x: u32) -> Out { out(x) }
        fn goes_on(state: &mut next::State, tag: Tag, x: u32) -> Out { out(next::call(state, x + u32::from(tag[0]))) }
        static TABLE: [[F; 2]; 3] = [[harmless, harmless], [harmless, goes_on], [harmless, harmless]];
        pub fn make() -> State { State(next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 { TABLE[opaque(1)][opaque(1)](&mut state.0, TAG, x).0 }",
    ),
    Construct::new(
        "pointers_in_a_slice_of_structures",
        "#[derive(Clone, Copy)]
        struct Slot { number: u16, f: Option<fn(&mut next::State, Tag, u32) -> Out> }
        pub struct State(Vec<Slot>, next::State);
        fn goes_on(state: &mut next::State, _: Tag, x: u32) -> Out { out(next::call(state, x)) }
        pub fn make() -> State {
            let mut slots = vec![Slot { number: 1, f: None }; 5];
            slots[3].f = Some(goes_on);
            State(slots, next::make())
        }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let (_, right) = state.0.split_at(2);
            let mut sum = x;
            for slot in right { if let Some(f) = slot.f { sum ^= f(&mut state.1, TAG, x).0; } }
            for at in 0..state.0.len() { if let Some(f) = state.0[at].f { sum ^= f(&mut state.1, TAG, x).0; } }
            if let [.., Slot { f: Some(f), .. }, _] = state.0[..] { sum ^= f(&mut state.1, TAG, x).0; }
            sum
        }",
    ),
    Construct::new(
        "closure_as_pointer",
        "type F = fn(&mut next::State, (u8, Tag), u32) -> Out;
        pub struct State(F, next::State);
        pub fn make() -> State {
            let f: F = |state, (small, _tag), x| out(next::call(state, x + u32::from(small)));
            State(opaque(f), next::make())
        }
        pub fn call(state: &mut State, x: u32) -> u32 { (state.0)(&mut state.1, (0, TAG), x).0 }",
    ),
    Construct::new(
        "returned_pointer",
        "type F = fn(&mut next::State, u16, Tag, &u32) -> Out;
        pub struct State(next::State);
        fn goes_on(state: &mut next::State, _: u16, _: Tag, &x: &u32) -> Out { out(next::call(state, x)) }
        fn choose(x: u32) -> (f64, Option<F>) { if x == 3_000_000_001 { (1.0, None) } else { (0.5, Some(goes_on)) } }
        fn many() -> ([u8; 40], F, u64) { ([0; 40], goes_on, 1) }
        pub fn make() -> State { State(next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let first = choose(x).1.map_or(0, |f| f(&mut state.0, 1, TAG, &x).0);
            let (_, second, _) = many();
            first ^ second(&mut state.0, 2, TAG, &x).0
        }",
    ),
    Construct::new(
        "pointer_in_constants",
        "type F = fn(&mut next::State, Tag, u32) -> Out;
        struct Ops { name: &'static str, run: F }
        fn goes_on(state: &mut next::State, _: Tag, x: u32) -> Out { out(next::call(state, x)) }
        const OPS: &Ops = &Ops { name: \"ops\", run: goes_on };
        static ALL: &[&Ops] = &[OPS, &Ops { name: \"other\", run: goes_on }];
        trait HasOps { const RUN: F; }
        impl HasOps for Tag { const RUN: F = goes_on; }
        pub struct State(next::State);
        pub fn make() -> State { State(next::make()) }
        fn by_type<T: HasOps>(state: &mut next::State, x: u32) -> u32 { (T::RUN)(state, TAG, x).0 }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let mut sum = (OPS.run)(&mut state.0, TAG, x).0;
            for ops in ALL { sum = sum.wrapping_add((ops.run)(&mut state.0, TAG, ops.name.len() as u32).0); }
            sum ^ by_type::<Tag>(&mut state.0, x)
        }",
    ),
    Construct::new(
        "pointer_in_cells",
        "type F = fn(&mut next::State, Tag, u32) -> Out;
        fn goes_on(state: &mut next::State, _: Tag, x: u32) -> Out { out(next::call(state, x)) }
        static ONCE: OnceLock<F> = OnceLock::new();
        thread_local! { static CELL: Cell<Option<F>> = const { Cell::new(None) }; }
        pub struct State(Cell<F>, next::State);
        pub fn make() -> State {
            ONCE.get_or_init(|| goes_on);
            CELL.set(Some(goes_on));
            State(Cell::new(goes_on), next::make())
        }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let mut sum = (state.0.get())(&mut state.1, TAG, x).0;
            if let Some(f) = ONCE.get() { sum ^= f(&mut state.1, TAG, x).0; }
            if let Some(f) = CELL.get() { sum ^= f(&mut state.1, TAG, x).0; }
            sum
        }",
    ),
    Construct::new(
        "pointer_in_atomic",
        "fn goes_on(state: &mut next::State, _: Tag, x: u32) -> Out { out(next::call(state, x)) }
        static HOOK: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
        pub struct State(next::State);
        pub fn make() -> State {
            HOOK.store(goes_on as fn(&mut next::State, Tag, u32) -> Out as *mut (), Ordering::Relaxed);
            State(next::make())
        }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let hook: fn(&mut next::State, Tag, u32) -> Out = unsafe { std::mem::transmute(HOOK.load(Ordering::Relaxed)) };
            hook(&mut state.0, TAG, x).0
        }",
    ),
    Construct::new(
        "pointer_in_writable_static",
        "static mut HOOK: fn(&mut next::State, Tag, u32) -> Out = harmless;
        fn harmless(_: &mut next::State, _: Tag, x: u32) -> Out { out(x) }
        fn goes_on(state: &mut next::State, _: Tag, x: u32) -> Out { out(next::call(state, x)) }
        pub struct State(next::State);
        pub fn make() -> State { unsafe { HOOK = goes_on }; State(next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 { unsafe { HOOK(&mut state.0, TAG, x).0 } }",
    ),
    Construct::new(
        "pointer_as_generic_function",
        "type F = fn(&mut next::State, Tag, u32) -> Out;
        fn goes_on(state: &mut next::State, _: Tag, x: u32) -> Out { out(next::call(state, x)) }
        fn run<G>(g: &G, state: &mut next::State, x: u32) -> u32 where G: Fn(&mut next::State, Tag, u32) -> Out { g(state, TAG, x).0 }
        fn compose(f: impl Fn(&mut next::State, Tag, u32) -> Out) -> impl Fn(&mut next::State, Tag, u32) -> Out {
            move |state, tag, x| f(state, tag, x.wrapping_add(1))
        }
        pub struct State(F, next::State);
        pub fn make() -> State { State(opaque(goes_on), next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            run(&state.0, &mut state.1, x) ^ run(&goes_on, &mut state.1, x) ^ run(&compose(state.0), &mut state.1, x)
        }",
    ),
    Construct::new(
        "function_that_is_told_its_caller",
        "trait Told { fn told(&mut self, x: u32) -> Out; }
        impl Told for next::State { #[track_caller] fn told(&mut self, x: u32) -> Out { out(next::call(self, x ^ std::panic::Location::caller().line())) } }
        type F = fn(&mut next::State, u32) -> Out;
        pub struct State(F, Box<dyn Told>, next::State);
        pub fn make() -> State { State(opaque(<next::State as Told>::told), Box::new(next::make()), next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 { (state.0)(&mut state.2, x).0 ^ state.1.told(x).0 }",
    ),
    Construct::new(
        "pointer_of_another_type",
        "use std::{mem::transmute, ptr::NonNull};
        fn goes_on(state: &mut next::State, _: Tag, x: u32) -> Out { out(next::call(state, x)) }
        fn by_box(state: Box<next::State>, _: Tag, x: u32) -> (Box<next::State>, Out) {
            let mut state = state;
            let out = out(next::call(&mut state, x));
            (state, out)
        }
        #[repr(transparent)] struct Handle<T>(NonNull<T>);
        struct Erased;
        type F = fn(&mut next::State, Tag, u32) -> Out;
        type Boxed = fn(Box<next::State>, Tag, u32) -> (Box<next::State>, Out);
        pub struct State {
            by_unit: unsafe fn(*mut (), Tag, u32) -> Out,
            by_bytes: fn(NonNull<u8>, Tag, i32) -> Out,
            by_handle: Option<fn(Handle<Erased>, Tag, u32) -> Out>,
            by_number: fn(usize, Tag, u32) -> Out,
            by_box: fn(*mut u8, Tag, u32) -> (*mut u8, Out),
            next: next::State,
            boxed: Option<Box<next::State>>,
        }
        pub fn make() -> State {
            let f: F = opaque(goes_on);
            unsafe {
                State {
                    by_unit: transmute(f), by_bytes: transmute(f), by_handle: Some(transmute(f)), by_number: transmute(f),
                    by_box: transmute(by_box as Boxed), next: next::make(), boxed: Some(Box::new(next::make())),
                }
            }
        }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let at = NonNull::from(&mut state.next);
            let mut sum = unsafe { (state.by_unit)(at.as_ptr().cast(), TAG, x) }.0;
            sum ^= (state.by_bytes)(at.cast(), TAG, 1).0;
            if let Some(f) = state.by_handle { sum ^= f(Handle(at.cast()), TAG, x).0; }
            sum ^= (state.by_number)(at.as_ptr().expose_provenance(), TAG, x).0;
            if let Some(boxed) = state.boxed.take() {
                let (boxed, out) = (state.by_box)(Box::into_raw(boxed).cast(), TAG, x);
                sum ^= out.0;
                state.boxed = Some(unsafe { Box::from_raw(boxed.cast()) });
            }
            sum
        }",
    ),
    Construct::new(
        "pointer_to_one_with_patterns",
        "struct Pair(u64, u16);
        type F = fn((u64, u32), &mut next::State, Pair, (u8, Tag), [u8; 2], &&u32) -> Out;
        fn goes_on((a, b): (u64, u32), state: &mut next::State, Pair(c, _): Pair, whole @ (d, _): (u8, Tag), [e, _]: [u8; 2], &&x: &&u32) -> Out {
            out(next::call(state, x ^ b ^ (a + c) as u32 ^ u32::from(whole.0 + d + e)))
        }
        pub struct State(F, next::State);
        pub fn make() -> State { State(opaque(goes_on), next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 { (state.0)((1, 2), &mut state.1, Pair(1, 2), (1, TAG), [1, 2], &&x).0 }",
    ),
    Construct::new(
        "closures_that_return_something",
        "pub struct Nothing;
        type Next = Box<dyn FnMut(&mut next::State, u32) -> Out + Send>;
        pub struct State {
            number: Box<dyn FnMut(&mut next::State, u32) -> u32 + Send>,
            out: Next,
            nothing: Box<dyn Fn(&mut next::State, u32) -> Nothing + Send>,
            unit: Box<dyn Fn(&mut next::State, u32) + Send>,
            maker: Box<dyn Fn() -> Next + Send>,
            of_trait: Box<dyn Fn(<Tag as Named>::In) -> Option<<Tag as Named>::Out> + Send>,
            next: next::State,
        }
        trait Named { type In; type Out; }
        impl Named for Tag { type In = (u32, Tag); type Out = Result<Out, String>; }
        pub fn make() -> State {
            let seed = opaque(1);
            State {
                number: Box::new(move |state, x| next::call(state, x ^ seed)),
                out: Box::new(move |state, x| out(next::call(state, x ^ seed))),
                nothing: Box::new(|state, x| { next::call(state, x); Nothing }),
                unit: Box::new(|state, x| { next::call(state, x); }),
                maker: Box::new(|| Box::new(|state, x| out(next::call(state, x)))),
                of_trait: Box::new(|(x, tag)| Some(Ok(Out(x, tag)))),
                next: next::make(),
            }
        }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let next = &mut state.next;
            let sum = (state.number)(next, x) ^ (state.out)(next, x).0;
            let Nothing = (state.nothing)(next, x);
            (state.unit)(next, x);
            let last = (state.of_trait)((x, TAG)).map_or(0, |out| out.map_or(0, |out| out.0));
            sum ^ (state.maker)()(next, x).0 ^ last
        }",
    ),
    Construct::new(
        "called_from_c",
        "extern \"C\" fn back(data: *mut std::ffi::c_void, x: u32) -> u32 { next::call(unsafe { &mut *data.cast::<next::State>() }, x) }
        pub struct State(next::State);
        pub fn make() -> State { State(next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 { unsafe { c_calls_back(back, (&raw mut state.0).cast(), x) } }",
    ),
    Construct::new(
        "called_from_c_by_a_table",
        "extern \"C\" fn back(data: *mut std::ffi::c_void, x: u32) -> u32 { next::call(unsafe { &mut *data.cast::<next::State>() }, x) }
        extern \"C\" fn harmless(_: *mut std::ffi::c_void, x: u32) -> u32 { x }
        pub struct State(COps, next::State);
        pub fn make() -> State { State(COps { number: 1, first: harmless, second: back }, next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let data = (&raw mut state.1).cast();
            unsafe { c_calls_by_table(&state.0, data, x) ^ (state.0.second)(data, x) }
        }",
    ),
    Construct::new(
        "caught_panic",
        "pub struct State(next::State);
        pub fn make() -> State { State(next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| next::call(&mut state.0, x))).unwrap_or(1)
        }",
    ),
    Construct::new(
        "branch",
        "pub struct State(next::State, other::State);
        pub fn make() -> State { State(next::make(), other::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            match opaque(x) {
                3_000_000_001 => other::call(&mut state.1, x),
                3_000_000_002..=3_000_000_009 => x,
                _ => next::call(&mut state.0, x),
            }
        }",
    ),
    Construct::new(
        "both",
        "pub struct State(next::State, other::State);
        pub fn make() -> State { State(next::make(), other::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 { next::call(&mut state.0, x) ^ other::call(&mut state.1, x) }",
    ),
    Construct::new(
        "error_conversion",
        "struct Failed(u32);
        struct Converted(u32);
        thread_local! { static KEPT: RefCell<Option<next::State>> = const { RefCell::new(None) }; }
        impl From<Failed> for Converted {
            fn from(failed: Failed) -> Self {
                let mut kept = KEPT.take();
                let made = kept.as_mut().map_or(0, |state| next::call(state, failed.0));
                KEPT.set(kept);
                Self(made)
            }
        }
        fn fails(x: u32) -> Result<u32, Failed> { Err(Failed(x)) }
        fn converts(x: u32) -> Result<u32, Converted> { Ok(fails(x)?) }
        pub struct State;
        pub fn make() -> State { KEPT.set(Some(next::make())); State }
        pub fn call(_: &mut State, x: u32) -> u32 { match converts(x) { Ok(x) => x, Err(converted) => converted.0 } }",
    ),
    Construct::new(
        "operators",
        "struct Number(next::State, u32);
        impl std::ops::AddAssign<u32> for Number { fn add_assign(&mut self, x: u32) { self.1 ^= next::call(&mut self.0, x); } }
        impl std::ops::Deref for Number { type Target = u32; fn deref(&self) -> &u32 { &self.1 } }
        impl std::ops::IndexMut<Tag> for Number { fn index_mut(&mut self, _: Tag) -> &mut u32 { *self += 1; &mut self.1 } }
        impl std::ops::Index<Tag> for Number { type Output = u32; fn index(&self, _: Tag) -> &u32 { &self.1 } }
        pub struct State(Number);
        pub fn make() -> State { State(Number(next::make(), 0)) }
        pub fn call(state: &mut State, x: u32) -> u32 { state.0[TAG] = x; state.0 += x; *state.0 }",
    ),
];

pub(super) const FUNCTIONS_OF_STD: Construct = Construct::new(
        "functions_of_std_as_pointers",
        "type F = fn(Duration);
        fn ignores(_: Duration) {}
        static BOTH: [F; 2] = [ignores, std::thread::sleep];
        static mut ONE: F = std::thread::sleep;
        thread_local! { static HOOK: Cell<F> = const { Cell::new(std::thread::sleep) }; }
        pub struct State(Vec<F>, Option<fn()>, Box<dyn Fn(Duration)>, next::State);
        pub fn make() -> State { State(vec![ignores, std::thread::sleep], Some(std::thread::yield_now), Box::new(std::thread::sleep), next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let moment = Duration::from_micros(1);
            match x % 6 {
                0 => HOOK.get()(moment),
                1 => state.0.iter().for_each(|f| f(moment)),
                2 => BOTH[opaque(1)](moment),
                3 => unsafe { ONE(moment) },
                4 => (state.2)(moment),
                _ => state.1.map_or((), |f| f()),
            }
            next::call(&mut state.3, x)
        }",
    )
    .blocks();
