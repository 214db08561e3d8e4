//! Many sections with system calls of all kinds: each result is what it is in the same run unwatched.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::mem::MaybeUninit;
use std::ptr;
use std::time::Duration;

use nix::libc;
use nonblock::watch::{Layers, Watch};
use nonblock::{Policy, raw, set_policy};
use nonblock_tests::process;

/// Numbers that look random, the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }

    fn index(&mut self, below: u64) -> usize {
        usize::try_from(self.next(below)).unwrap()
    }
}

/// What the calls of a run work on.
struct Scene {
    pipe: [i32; 2],
    file: i32,
    futex: u32,
    memory: Vec<u8>,
}

impl Scene {
    fn new() -> Self {
        let mut pipe = [0; 2];
        // SAFETY: there is room for two descriptors.
        assert_eq!(unsafe { libc::pipe2(pipe.as_mut_ptr(), libc::O_NONBLOCK) }, 0);
        // SAFETY: the name is a text.
        let file = unsafe { libc::memfd_create(c"soak".as_ptr(), 0) };
        Self { pipe, file, futex: 0, memory: vec![0; 8192] }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for descriptor in [self.pipe[0], self.pipe[1], self.file] {
            // SAFETY: it is this one's own.
            unsafe { libc::close(descriptor) };
        }
    }
}

extern "C" fn nothing(_: i32) {}

/// Makes one call, and returns what it did.
#[expect(clippy::multiple_unsafe_ops_per_block, reason = "each call has memory of its own scene")]
fn call(scene: &mut Scene, random: &mut Random) -> (i64, i64) {
    let number = random.next(24);
    let few = random.next(7);
    let length = usize::try_from(few).unwrap();
    let byte = u8::try_from(few).unwrap();
    let mut word = 0u64;
    let mut bytes = [byte; 16];
    // SAFETY: what the calls read and write is there, and belongs to this function or to the scene.
    let result = unsafe {
        *libc::__errno_location() = 0;
        match number {
            0 => libc::write(scene.pipe[1], bytes.as_ptr().cast(), length) as i64,
            1 => libc::read(scene.pipe[0], bytes.as_mut_ptr().cast(), length) as i64,
            2 => libc::syscall(libc::SYS_futex, &raw mut scene.futex, 1 | 128, 1),
            3 => libc::syscall(libc::SYS_futex, &raw mut scene.futex, 128, 1 + few, 0),
            4 => {
                let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
                let at = libc::mmap(ptr::null_mut(), 4096, libc::PROT_READ, flags, -1, 0);
                word = u64::from(*at.cast::<u8>());
                i64::from(libc::munmap(at, 4096))
            }
            5 => libc::getrandom(bytes.as_mut_ptr().cast(), 16, 0) as i64,
            6 => {
                let new = libc::dup(scene.file);
                i64::from(libc::close(new))
            }
            7 => i64::from(libc::fcntl(scene.pipe[length % 2], libc::F_GETFL)),
            8 => libc::lseek(scene.file, few.cast_signed() - 2, i32::from(byte % 3)),
            9 => libc::pwrite(scene.file, bytes.as_ptr().cast(), 16, few.cast_signed()) as i64,
            10 => {
                let set = 1u64 << (9 + few);
                libc::syscall(libc::SYS_rt_sigprocmask, few % 4, &raw const set, &raw mut word, 8)
            }
            11 => {
                let mut old: libc::stack_t = MaybeUninit::zeroed().assume_init();
                let done = libc::sigaltstack(ptr::null(), &raw mut old);
                word = old.ss_size as u64;
                i64::from(done)
            }
            12 => {
                let mut new: libc::sigaction = MaybeUninit::zeroed().assume_init();
                let mut old: libc::sigaction = MaybeUninit::zeroed().assume_init();
                new.sa_sigaction = nothing as *const () as usize;
                let signal = [10, 12, 64, 9, 17, 23, 65][length];
                let done = libc::sigaction(signal, &raw const new, &raw mut old);
                word = (old.sa_sigaction == new.sa_sigaction).into();
                i64::from(done)
            }
            13 => {
                let mut timer: libc::itimerval = MaybeUninit::zeroed().assume_init();
                let done = libc::syscall(libc::SYS_getitimer, i32::from(byte), &raw mut timer);
                word = timer.it_value.tv_sec.cast_unsigned();
                done
            }
            14 => libc::syscall(libc::SYS_clock_getres, few.cast_signed() * 5, &raw mut bytes),
            15 => i64::from(libc::prctl(libc::PR_SET_NAME, [byte + 65, 0].as_ptr())),
            16 => i64::from(libc::prctl(libc::PR_GET_NAME, bytes.as_mut_ptr())),
            17 => i64::from(libc::getppid()),
            18 => i64::from(libc::close(-1)),
            19 => libc::syscall(libc::SYS_read, scene.file, 8, 100),
            20 => i64::from(libc::ftruncate(scene.file, few.cast_signed())),
            21 => libc::syscall(9999),
            22 => i64::from(libc::raise(libc::SIGUSR1)),
            _ => {
                let at = scene.memory.as_mut_ptr().cast();
                libc::pread(scene.file, at, length, 0) as i64
            }
        }
    };
    let error = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
    if number != 5 {
        let mut text = [0; 8];
        text.copy_from_slice(&bytes[..8]);
        word ^= u64::from_ne_bytes(text);
    }
    (result ^ word.cast_signed() << 1, error.into())
}

/// Runs so many sections, and returns a hash of all that came of them, or all if there are few.
fn run(sections: u64) -> (u64, Vec<(i64, i64)>) {
    let mut scene = Scene::new();
    let mut random = Random(88_172_645_463_325_252);
    let (mut hash, mut all) = (0u64, Vec::new());
    for signal in [10, 12, 64, 17, 23] {
        // SAFETY: it is as at the program's start.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // SAFETY: the name is a text.
    unsafe { libc::prctl(libc::PR_SET_NAME, c"soak".as_ptr()) };
    // SAFETY: the handler does nothing.
    unsafe { libc::signal(libc::SIGUSR1, nothing as *const () as usize) };
    let none = 0u64;
    // SAFETY: the set has eight bytes.
    unsafe { libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &raw const none, 0, 8) };
    for _ in 0..sections {
        let calls = random.index(4);
        let mut results = [(0, 0); 4];
        raw::non_block(|_| {
            for result in results.iter_mut().take(calls) {
                *result = call(&mut scene, &mut random);
            }
        });
        for (result, error) in results {
            hash = hash.rotate_left(5).wrapping_mul(0x9E37_79B9)
                ^ result.cast_unsigned()
                ^ error.cast_unsigned();
        }
        if sections < 10_000 {
            all.extend(results);
        }
    }
    (hash, all)
}

#[test]
fn results_are_those_of_the_run_unwatched() {
    let many = std::env::var("NONBLOCK_SOAK").ok().and_then(|text| text.parse().ok());
    let many = many.unwrap_or(30_000);
    // Such a section takes up to a hundred microseconds in a build without optimization, and is run thrice.
    let patience = Duration::from_mins(1) + Duration::from_micros(300) * many;
    process::own_within("results_are_those_of_the_run_unwatched", &[], patience, || {
        set_policy(Policy::Ignore);
        run(100);
        for sections in [5_000, many.into()] {
            let unwatched = run(sections);
            for quick in [false, true] {
                let layers = Layers::TRAP | Layers::SCHEDULE | Layers::BUDGET;
                let watch =
                    Watch::builder().layers(layers).quick_trap(quick).start().expect("it is here");
                let watched = run(sections);
                for (at, (one, other)) in unwatched.1.iter().zip(&watched.1).enumerate() {
                    assert_eq!(one, other, "call {at}, quick: {quick}");
                }
                assert_eq!(unwatched.0, watched.0, "quick: {quick}");
                drop(watch);
            }
        }
    })
    .assert_success();
}
