//! What stands at the end of all calls: something that blocks, or something that does not.

use super::Construct;

pub(super) const HARMLESS: &[Construct] = &[
    Construct::new(
        "arithmetic",
        "pub struct State(u32);
        pub fn make() -> State { State(1) }
        pub fn call(state: &mut State, x: u32) -> u32 { state.0 = state.0.wrapping_mul(3) ^ x; [state.0, x].iter().sum::<u32>() / 3 }",
    )
    .leaf(),
    Construct::new(
        "atomics",
        "static COUNT: AtomicU32 = AtomicU32::new(0);
        pub struct State;
        pub fn make() -> State { State }
        pub fn call(_: &mut State, x: u32) -> u32 { COUNT.fetch_add(1, Ordering::Relaxed) ^ x }",
    )
    .leaf(),
    Construct::new(
        "lock_that_is_tried",
        "static LOCK: Mutex<u32> = Mutex::new(0);
        pub struct State;
        pub fn make() -> State { State }
        pub fn call(_: &mut State, x: u32) -> u32 { match LOCK.try_lock() { Ok(mut held) => { *held ^= x; *held } Err(_) => x } }",
    )
    .leaf(),
    Construct::new(
        "allocation",
        "pub struct State(Vec<u32>);
        pub fn make() -> State { State(Vec::new()) }
        pub fn call(state: &mut State, x: u32) -> u32 { state.0.push(x); state.0.truncate(3); *Box::new(state.0[0]) }",
    )
    .leaf(),
    Construct::new(
        "clock",
        "pub struct State(Instant);
        pub fn make() -> State { State(Instant::now()) }
        pub fn call(state: &mut State, x: u32) -> u32 { x ^ u32::from(Instant::now() > state.0) }",
    )
    .leaf(),
    Construct::new(
        "turn_of_the_processor",
        "pub struct State;
        pub fn make() -> State { State }
        pub fn call(_: &mut State, x: u32) -> u32 { std::thread::yield_now(); x }",
    )
    .leaf(),
];

pub(super) const BLOCKING: &[Construct] = &[
    Construct::new(
        "sleep",
        "pub struct State;
        pub fn make() -> State { State }
        pub fn call(_: &mut State, x: u32) -> u32 { std::thread::sleep(Duration::from_micros(1)); x }",
    )
    .leaf()
    .blocks(),
    Construct::new(
        "pipe",
        "pub struct State(std::io::PipeReader, std::io::PipeWriter);
        pub fn make() -> State { let (reader, writer) = std::io::pipe().expect(\"a pipe\"); State(reader, writer) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let mut byte = [0];
            let written = state.1.write(&[1]).unwrap_or(0);
            let read = state.0.read(&mut byte).unwrap_or(0);
            x ^ (written + read) as u32
        }",
    )
    .leaf()
    .blocks(),
    Construct::new(
        "file",
        "pub struct State;
        pub fn make() -> State { State }
        pub fn call(_: &mut State, x: u32) -> u32 { x ^ std::fs::read(\"/proc/self/comm\").map_or(0, |bytes| bytes.len() as u32) }",
    )
    .leaf()
    .blocks(),
    Construct::new(
        "folder",
        "pub struct State;
        pub fn make() -> State { State }
        pub fn call(_: &mut State, x: u32) -> u32 { x ^ u32::from(std::env::current_dir().is_ok()) }",
    )
    .leaf()
    .blocks(),
    Construct::new(
        "own_path",
        "pub struct State;
        pub fn make() -> State { State }
        pub fn call(_: &mut State, x: u32) -> u32 { x ^ u32::from(std::env::current_exe().is_ok()) }",
    )
    .leaf()
    .blocks(),
    Construct::new(
        "print",
        "pub struct State;
        pub fn make() -> State { State }
        pub fn call(_: &mut State, x: u32) -> u32 { println!(\"{x}\"); x }",
    )
    .leaf()
    .blocks(),
    Construct::new(
        "lock",
        "static LOCK: Mutex<u32> = Mutex::new(0);
        pub struct State;
        pub fn make() -> State { State }
        pub fn call(_: &mut State, x: u32) -> u32 { match LOCK.lock() { Ok(mut held) => { *held ^= x; *held } Err(_) => x } }",
    )
    .leaf()
    .blocks(),
    Construct::new(
        "condition",
        "pub struct State(Mutex<u32>, Condvar);
        pub fn make() -> State { State(Mutex::new(0), Condvar::new()) }
        pub fn call(state: &mut State, x: u32) -> u32 {
            let Ok(held) = state.0.lock() else { return x };
            x ^ u32::from(state.1.wait_timeout(held, Duration::from_micros(1)).is_ok())
        }",
    )
    .leaf()
    .blocks(),
    Construct::new(
        "channel",
        "pub struct State(mpsc::Receiver<u32>, mpsc::SyncSender<u32>);
        pub fn make() -> State { let (sender, receiver) = mpsc::sync_channel(1); State(receiver, sender) }
        pub fn call(state: &mut State, x: u32) -> u32 { x ^ state.0.recv_timeout(Duration::from_micros(1)).unwrap_or(1) }",
    )
    .leaf()
    .blocks(),
    Construct::new(
        "park",
        "pub struct State;
        pub fn make() -> State { State }
        pub fn call(_: &mut State, x: u32) -> u32 { std::thread::park_timeout(Duration::from_micros(1)); x }",
    )
    .leaf()
    .blocks(),
    Construct::new(
        "c_function",
        "pub struct State;
        pub fn make() -> State { State }
        pub fn call(_: &mut State, x: u32) -> u32 { unsafe { c_waits(x) } }",
    )
    .leaf()
    .blocks(),
];
