//! Trait objects: closures in boxes, traits of all kinds, upcasts, destructors, futures.

use super::Construct;

pub(super) const LIST: &[Construct] = &[
    Construct::new(
        "one_of_many",
        "trait Step { fn name(&self) -> &str; fn step(&mut self, x: u32) -> u32; }
        struct Adds(u32);
        struct Nothing;
        struct GoesOn(next::State);
        impl Step for Adds { fn name(&self) -> &str { \"adds\" } fn step(&mut self, x: u32) -> u32 { self.0 = self.0.wrapping_add(x); self.0 } }
        impl Step for Nothing { fn name(&self) -> &str { \"nothing\" } fn step(&mut self, x: u32) -> u32 { x } }
        impl Step for GoesOn { fn name(&self) -> &str { \"on\" } fn step(&mut self, x: u32) -> u32 { next::call(&mut self.0, x) } }
        pub struct State(Vec<Box<dyn Step>>);
        pub fn make() -> State { State(vec![Box::new(Adds(1)), Box::new(GoesOn(next::make())), Box::new(Nothing)]) }
        pub fn call(state: &mut State, x: u32) -> u32 { state.0.iter_mut().fold(x, |x, step| step.step(x)) }",
    ),
    Construct::new(
        "trait_with_arguments",
        "struct GoesOn(next::State);
        impl Visit<Tag> for GoesOn { fn visit(&mut self, _with: &Tag, x: u32) -> u32 { next::call(&mut self.0, x) } }
        struct Quiet;
        impl Visit<Tag> for Quiet { fn visit(&mut self, with: &Tag, x: u32) -> u32 { x + with.len() as u32 } }
        pub struct State([Option<Box<dyn Visit<Tag>>>; 3]);
        pub fn make() -> State { State([None, Some(Box::new(Quiet)), Some(Box::new(GoesOn(next::make())))]) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let mut sum = x;
            for visit in state.0.iter_mut().flatten() { sum ^= visit.visit(&TAG, x); }
            sum
        }",
    ),
    Construct::new(
        "trait_with_a_constant_argument",
        "trait Fixed<const N: usize, const B: bool> { fn fixed(&mut self, x: [u32; N]) -> u32; }
        struct GoesOn(next::State);
        impl<const B: bool> Fixed<3, B> for GoesOn { fn fixed(&mut self, x: [u32; 3]) -> u32 { next::call(&mut self.0, x[2]) } }
        impl Fixed<4, true> for GoesOn { fn fixed(&mut self, x: [u32; 4]) -> u32 { x[3] } }
        pub struct State(Box<dyn Fixed<3, true>>, Box<dyn Fixed<4, true>>);
        pub fn make() -> State { State(Box::new(GoesOn(next::make())), Box::new(GoesOn(next::make()))) }
        pub fn call(state: &mut State, x: u32) -> u32 { state.0.fixed([x; 3]) ^ state.1.fixed([x; 4]) }",
    ),
    Construct::new(
        "default_method",
        "trait Step { fn inner(&mut self) -> &mut next::State; fn step(&mut self, x: u32) -> u32 { next::call(self.inner(), x) } fn sized(&self) -> u32 where Self: Sized { 1 } fn last(&mut self, x: u32) -> u32 { self.step(x) } }
        struct Own(next::State, Tag);
        impl Step for Own { fn inner(&mut self) -> &mut next::State { &mut self.0 } }
        pub struct State(Rc<RefCell<dyn Step>>);
        pub fn make() -> State { State(Rc::new(RefCell::new(Own(next::make(), TAG)))) }
        pub fn call(state: &mut State, x: u32) -> u32 { state.0.borrow_mut().last(x) }",
    ),
    Construct::new(
        "blanket_implementations",
        "trait Step { fn step(&mut self, x: u32) -> u32; }
        impl<F: FnMut(Tag, u32) -> u32> Step for F { fn step(&mut self, x: u32) -> u32 { self(TAG, x) } }
        struct Twice<T: ?Sized>(u8, T);
        trait Outer { fn outer(&mut self, x: u32) -> u32; }
        impl<T: Step + ?Sized> Outer for Twice<Box<T>> { fn outer(&mut self, x: u32) -> u32 { (*self.1).step(x) ^ (*self.1).step(x) } }
        pub struct State(Box<dyn Outer>);
        pub fn make() -> State {
            let mut inner = next::make();
            let step: Box<dyn Step> = Box::new(move |_: Tag, x: u32| next::call(&mut inner, x));
            State(Box::new(Twice(1, step)))
        }
        pub fn call(state: &mut State, x: u32) -> u32 { state.0.outer(x) }",
    ),
    Construct::new(
        "upcast",
        "trait First { fn first(&mut self, x: u32) -> u32; }
        trait Second { fn second(&mut self, x: u32) -> u32; }
        trait Third<T>: Second { fn third(&mut self, x: u32) -> u32; }
        trait All: First + Visit<Tag> + Third<Tag> { fn all(&self) -> u32 { 1 } }
        struct GoesOn(next::State);
        impl First for GoesOn { fn first(&mut self, x: u32) -> u32 { x } }
        impl Second for GoesOn { fn second(&mut self, x: u32) -> u32 { next::call(&mut self.0, x) } }
        impl Third<Tag> for GoesOn { fn third(&mut self, x: u32) -> u32 { x } }
        impl Visit<Tag> for GoesOn { fn visit(&mut self, _: &Tag, x: u32) -> u32 { next::call(&mut self.0, x) } }
        impl All for GoesOn {}
        pub struct State(Box<dyn All>);
        pub fn make() -> State { State(Box::new(GoesOn(next::make()))) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let first: &mut dyn First = &mut *state.0;
            let mut sum = first.first(x);
            let visit: &mut dyn Visit<Tag> = &mut *state.0;
            sum ^= visit.visit(&TAG, x);
            let third: &mut dyn Third<Tag> = &mut *state.0;
            sum ^= third.third(x);
            let second: &mut dyn Second = third;
            sum ^ second.second(x) ^ state.0.all()
        }",
    ),
    Construct::new(
        "upcast_in_a_box",
        "trait Base { fn base(&mut self, x: u32) -> u32; }
        trait Derived: Base { fn derived(&self) -> u32 { 1 } }
        struct GoesOn(next::State);
        struct Quiet;
        impl Base for GoesOn { fn base(&mut self, x: u32) -> u32 { next::call(&mut self.0, x) } }
        impl Base for Quiet { fn base(&mut self, x: u32) -> u32 { x } }
        impl Derived for GoesOn {}
        pub struct State(Option<Box<dyn Derived>>, Box<dyn Base>);
        pub fn make() -> State { State(Some(Box::new(GoesOn(next::make()))), Box::new(Quiet)) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            if let Some(derived) = state.0.take() { state.1 = derived; }
            state.1.base(x)
        }",
    ),
    Construct::new(
        "boxed_closures",
        "type Mut = Box<dyn FnMut(Tag, u32) -> u32>;
        pub struct State(Mut, Option<Box<dyn FnOnce(u32, Tag) -> u32>>, Rc<dyn Fn(&Tag, u32) -> u32>);
        pub fn make() -> State {
            let (mut first, mut second, third) = (next::make(), next::make(), RefCell::new(next::make()));
            State(
                Box::new(move |_, x| next::call(&mut first, x)),
                Some(Box::new(move |x, _| next::call(&mut second, x))),
                Rc::new(move |_, x| next::call(&mut third.borrow_mut(), x)),
            )
        }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let mut sum = (state.0)(TAG, x);
            if let Some(once) = state.1.take() { sum ^= once(x, TAG); }
            let other = Rc::clone(&state.2);
            sum ^ other(&TAG, x)
        }",
    ),
    Construct::new(
        "closures_that_return_closures",
        "type Inner = Box<dyn FnOnce(Tag) -> u32>;
        pub struct State(Arc<dyn Fn(u32, Tag) -> Inner>);
        pub fn make() -> State {
            State(Arc::new(|x, _| { let mut state = next::make(); Box::new(move |_: Tag| next::call(&mut state, x)) as Inner }))
        }
        pub fn call(state: &mut State, x: u32) -> u32 { (state.0)(x, TAG)(TAG) }",
    ),
    Construct::new(
        "closures_that_are_given_closures",
        "type Outer = dyn Fn(&mut dyn FnMut(u32, &Tag) -> u32, Tag) -> u32;
        pub struct State(Box<Outer>, next::State);
        pub fn make() -> State { State(Box::new(|inner, tag| inner(7, &tag)), next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let inner = &mut state.1;
            (state.0)(&mut |y, _| next::call(inner, x ^ y), TAG)
        }",
    ),
    Construct::new(
        "functions_as_objects",
        "fn goes_on(state: &mut next::State, _: Tag, x: u32) -> Out { out(next::call(state, x)) }
        type Object = dyn Fn(&mut next::State, Tag, u32) -> Out;
        pub struct State(Box<Object>, &'static Object, next::State);
        pub fn make() -> State {
            let pointer: fn(&mut next::State, Tag, u32) -> Out = opaque(goes_on);
            State(Box::new(pointer), &goes_on, next::make())
        }
        pub fn call(state: &mut State, x: u32) -> u32 { (state.0)(&mut state.2, TAG, x).0 ^ (state.1)(&mut state.2, TAG, x).0 }",
    ),
    Construct::new(
        "objects_in_statics",
        "trait Step: Sync { fn step(&self, state: &mut next::State, x: u32) -> u32; }
        struct Empty;
        struct Number(u64);
        impl Step for Empty { fn step(&self, state: &mut next::State, x: u32) -> u32 { next::call(state, x) } }
        impl Step for Number { fn step(&self, _: &mut next::State, x: u32) -> u32 { x ^ self.0 as u32 } }
        static STEP: &dyn Step = &Empty;
        static STEPS: [(&str, &dyn Step); 2] = [(\"a\", &Number(1)), (\"b\", &Empty)];
        static ONCE: OnceLock<Box<dyn Step + Send>> = OnceLock::new();
        pub struct State(next::State);
        pub fn make() -> State { ONCE.get_or_init(|| Box::new(Empty)); State(next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let mut sum = STEP.step(&mut state.0, x);
            for (_, step) in &STEPS { sum ^= step.step(&mut state.0, x); }
            sum ^ STEPS[opaque(1)].1.step(&mut state.0, x) ^ ONCE.get().map_or(0, |step| step.step(&mut state.0, x))
        }",
    ),
    Construct::new(
        "enumeration_of_boxes",
        "trait Step { fn step(&mut self, x: u32) -> u32; }
        struct GoesOn(next::State);
        impl Step for GoesOn { fn step(&mut self, x: u32) -> u32 { next::call(&mut self.0, x) } }
        enum Node { Object(Box<dyn Step>), Number(u64, u64), Pointer(fn(&mut next::State, Tag, u32) -> Out, next::State), Many(Vec<Node>), Own(next::State) }
        fn goes_on(state: &mut next::State, _: Tag, x: u32) -> Out { out(next::call(state, x)) }
        impl Node {
            fn run(&mut self, x: u32) -> u32 {
                match self {
                    Self::Object(object) => object.step(x),
                    Self::Number(a, b) => (*a ^ *b) as u32,
                    Self::Pointer(f, state) => f(state, TAG, x).0,
                    Self::Many(list) => list.iter_mut().fold(x, |x, node| node.run(x)),
                    Self::Own(state) => next::call(state, x),
                }
            }
        }
        pub struct State(Node);
        pub fn make() -> State {
            State(Node::Many(vec![Node::Number(1, 2), Node::Object(Box::new(GoesOn(next::make()))), Node::Pointer(goes_on, next::make()), Node::Own(next::make())]))
        }
        pub fn call(state: &mut State, x: u32) -> u32 { state.0.run(x) }",
    ),
    Construct::new(
        "either_of_two_objects",
        "trait Good { fn good(&mut self, x: u32) -> u32; }
        trait Bad { fn bad(&mut self, x: u32) -> u32; }
        struct GoesOn(next::State);
        struct Quiet(u32);
        impl Good for Quiet { fn good(&mut self, x: u32) -> u32 { self.0 ^ x } }
        impl Bad for GoesOn { fn bad(&mut self, x: u32) -> u32 { next::call(&mut self.0, x) } }
        pub struct State(Result<Box<dyn Good>, Box<dyn Bad>>);
        pub fn make() -> State { if opaque(1) == 1 { State(Err(Box::new(GoesOn(next::make())))) } else { State(Ok(Box::new(Quiet(1)))) } }
        pub fn call(state: &mut State, x: u32) -> u32 {
            match &mut state.0 { Ok(good) => good.good(x), Err(bad) => bad.bad(x) }
        }",
    ),
    Construct::new(
        "downcast",
        "struct GoesOn(fn(&mut next::State, Tag, u32) -> Out, next::State);
        fn goes_on(state: &mut next::State, _: Tag, x: u32) -> Out { out(next::call(state, x)) }
        pub struct State(HashMap<u32, Box<dyn Any>>);
        pub fn make() -> State {
            let mut map: HashMap<u32, Box<dyn Any>> = HashMap::new();
            map.insert(1, Box::new(7_u64));
            map.insert(2, Box::new(GoesOn(goes_on, next::make())));
            State(map)
        }
        pub fn call(state: &mut State, x: u32) -> u32 {
            match state.0.get_mut(&2).and_then(|any| any.downcast_mut::<GoesOn>()) { Some(GoesOn(f, state)) => f(state, TAG, x).0, None => x }
        }",
    ),
    Construct::new(
        "destructor",
        "struct OnDrop(next::State, u32);
        impl Drop for OnDrop { fn drop(&mut self) { KEPT.with(|kept| kept.set(next::call(&mut self.0, self.1))); } }
        thread_local! { static KEPT: Cell<u32> = const { Cell::new(0) }; }
        struct Around { before: String, inner: Option<OnDrop>, after: Vec<u8> }
        pub struct State(Option<Around>);
        pub fn make() -> State { State(Some(Around { before: String::new(), inner: Some(OnDrop(next::make(), 1)), after: vec![1] })) }
        pub fn call(state: &mut State, x: u32) -> u32 { drop(state.0.take()); x ^ KEPT.get() }",
    ),
    Construct::new(
        "destructor_of_an_object",
        "trait Marker { fn mark(&self) -> u32; }
        struct OnDrop(next::State);
        impl Marker for OnDrop { fn mark(&self) -> u32 { 1 } }
        impl Drop for OnDrop { fn drop(&mut self) { next::call(&mut self.0, 1); } }
        struct Plain(Tag);
        impl Marker for Plain { fn mark(&self) -> u32 { self.0[0].into() } }
        pub struct State(Vec<Box<dyn Marker>>, Rc<dyn Marker>, Option<Box<dyn Any + Send>>, VecDeque<Arc<dyn Marker>>);
        pub fn make() -> State {
            State(vec![Box::new(Plain(TAG)), Box::new(OnDrop(next::make()))], Rc::new(OnDrop(next::make())), None, VecDeque::from([Arc::new(OnDrop(next::make())) as Arc<dyn Marker>]))
        }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let seen = state.0.last().map_or(0, |marker| marker.mark());
            state.0.clear();
            state.1 = Rc::new(Plain(TAG));
            state.2 = None;
            state.3.pop_front();
            x ^ seen
        }",
    ),
    Construct::new(
        "guard",
        "struct Guard<F: FnMut()>(F);
        impl<F: FnMut()> Drop for Guard<F> { fn drop(&mut self) { (self.0)() } }
        pub struct State(next::State, u32);
        pub fn make() -> State { State(next::make(), 0) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let (inner, seen) = (&mut state.0, &mut state.1);
            { let _guard = Guard(|| *seen ^= next::call(inner, x)); }
            let replaced = std::mem::replace(&mut state.1, x);
            replaced ^ x
        }",
    ),
    Construct::new(
        "async_functions",
        "async fn inner(state: &mut next::State, x: u32) -> u32 { next::call(state, x) }
        async fn outer(state: &mut next::State, x: u32) -> u32 {
            let kept = TAG;
            std::future::ready(()).await;
            let sum = inner(state, x).await;
            sum ^ inner(state, u32::from(kept[0])).await
        }
        pub struct State(next::State);
        pub fn make() -> State { State(next::make()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let mut context = Context::from_waker(Waker::noop());
            match pin!(outer(&mut state.0, x)).poll(&mut context) { Poll::Ready(x) => x, Poll::Pending => 0 }
        }",
    ),
    Construct::new(
        "boxed_futures",
        "struct Twice(bool);
        impl Future for Twice {
            type Output = ();
            fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
                if std::mem::replace(&mut self.0, true) { return Poll::Ready(()); }
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
        pub struct State(Vec<Pin<Box<dyn Future<Output = (u32, Tag)>>>>);
        pub fn make() -> State {
            let mut inner = next::make();
            State(vec![Box::pin(async move { Twice(false).await; let x = next::call(&mut inner, 1); (x, TAG) }), Box::pin(std::future::ready((1, TAG)))])
        }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let mut context = Context::from_waker(Waker::noop());
            let mut sum = x;
            for _ in 0..2 { state.0.retain_mut(|future| match future.as_mut().poll(&mut context) { Poll::Ready((y, _)) => { sum ^= y; false } Poll::Pending => true }); }
            sum
        }",
    ),
    Construct::new(
        "wakers",
        "struct Wakes(Mutex<Option<next::State>>, Tag);
        impl Wake for Wakes { fn wake(self: Arc<Self>) { if let Ok(mut state) = self.0.try_lock() { if let Some(state) = state.as_mut() { next::call(state, 1); } } } }
        unsafe impl Send for Wakes {}
        unsafe impl Sync for Wakes {}
        pub struct State(Waker);
        pub fn make() -> State { State(Waker::from(Arc::new(Wakes(Mutex::new(Some(next::make())), TAG)))) }
        pub fn call(state: &mut State, x: u32) -> u32 { state.0.wake_by_ref(); x }",
    ),
    Construct::new(
        "objects_of_std",
        "struct Source(next::State, Tag);
        impl std::io::Read for Source { fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> { to[0] = next::call(&mut self.0, 1) as u8; Ok(1) } }
        struct Hashes(next::State);
        impl Hasher for Hashes { fn finish(&self) -> u64 { 1 } fn write(&mut self, bytes: &[u8]) { next::call(&mut self.0, bytes.len() as u32); } }
        struct Counts(next::State, u32);
        impl Iterator for Counts { type Item = (u32, Tag); fn next(&mut self) -> Option<Self::Item> { self.1 = self.1.checked_sub(1)?; Some((next::call(&mut self.0, self.1), TAG)) } }
        pub struct State(Box<dyn std::io::Read>, Box<dyn Hasher>, Box<dyn Iterator<Item = (u32, Tag)>>);
        pub fn make() -> State { State(Box::new(Source(next::make(), TAG)), Box::new(Hashes(next::make())), Box::new(Counts(next::make(), 2))) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let mut byte = [0];
            let read = state.0.read(&mut byte).unwrap_or(0) as u32;
            state.1.write(&byte);
            read ^ x ^ state.2.next().map_or(0, |(x, _)| x)
        }",
    ),
    Construct::new(
        "many_methods",
        "trait Wide { fn a(&self) -> u32 { 1 } fn b(&self) -> u32 { 2 } fn c(&self) -> u32 where Self: Sized { 3 } fn d(&self) -> u32 { 4 } fn e(&self) -> u32 { 5 } fn f(&mut self, x: u32) -> u32; fn g(&self) -> u32 { 6 } }
        struct Zero;
        struct GoesOn(next::State);
        impl Wide for Zero { fn f(&mut self, x: u32) -> u32 { x } }
        impl Wide for GoesOn { fn f(&mut self, x: u32) -> u32 { next::call(&mut self.0, x) } fn g(&self) -> u32 { 7 } }
        struct Tail<T: ?Sized> { number: u64, tag: Tag, tail: T }
        pub struct State(Box<Tail<dyn Wide>>, Vec<Rc<RefCell<Tail<dyn Wide>>>>);
        pub fn make() -> State {
            State(Box::new(Tail { number: 1, tag: TAG, tail: GoesOn(next::make()) }), vec![Rc::new(RefCell::new(Tail { number: 2, tag: TAG, tail: Zero })), Rc::new(RefCell::new(Tail { number: 2, tag: TAG, tail: GoesOn(next::make()) }))])
        }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let mut sum = state.0.tail.f(x) ^ state.0.tail.d();
            for tail in &state.1 { let mut tail = tail.borrow_mut(); sum ^= tail.tail.f(x) ^ tail.number as u32; }
            sum
        }",
    ),
];
