//! What the decision has to ask the kernel.

use core::mem::MaybeUninit;

/// Makes a system call and returns what the kernel did: the result, or an error's number below zero.
pub(crate) type RawSyscall = unsafe extern "C" fn(
    number: usize,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> isize;

/// Whom the decision asks about what the arguments stand for.
pub(crate) trait Ask {
    /// The flags of an open file, as `fcntl` with `F_GETFL` tells them.
    fn descriptor_flags(&self, descriptor: i32) -> Option<i32>;

    /// What is open there.
    fn descriptor_kind(&self, descriptor: i32) -> Option<DescriptorKind>;

    /// Copies memory of this process. Where there is none, or not all of it, the answer is `None`.
    fn read<const N: usize>(&self, address: usize) -> Option<[u8; N]>;

    /// Whether the kernel has gathered enough for random numbers. From then on it always has.
    fn random_ready(&self) -> bool;
}

/// What a descriptor stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DescriptorKind {
    /// A file in a file system, on a disk or elsewhere.
    File,
    Directory,
    SymbolicLink,
    BlockDevice,
    CharacterDevice,
    Pipe,
    Socket,
    /// What has no file: an `eventfd`, a `timerfd`, an `epoll` instance and such.
    Anonymous,
}

impl DescriptorKind {
    /// The kind that a file's mode names.
    fn of_mode(mode: u32) -> Option<Self> {
        Some(match mode & libc::S_IFMT {
            libc::S_IFREG => Self::File,
            libc::S_IFDIR => Self::Directory,
            libc::S_IFLNK => Self::SymbolicLink,
            libc::S_IFBLK => Self::BlockDevice,
            libc::S_IFCHR => Self::CharacterDevice,
            libc::S_IFIFO => Self::Pipe,
            libc::S_IFSOCK => Self::Socket,
            0 => Self::Anonymous,
            _ => return None,
        })
    }

    /// Whether reads and writes fail instead of waiting where the descriptor has `O_NONBLOCK`.
    ///
    /// The drivers of character devices decide for themselves: terminals, sound and input do heed it.
    pub(super) fn heeds_nonblock(self) -> bool {
        match self {
            Self::CharacterDevice | Self::Pipe | Self::Socket | Self::Anonymous => true,
            Self::File | Self::Directory | Self::SymbolicLink | Self::BlockDevice => false,
        }
    }
}

/// The kernel itself, asked by system calls that a signal handler may make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kernel {
    syscall: RawSyscall,
}

/// `struct statx` up to the mode, and the rest of it.
#[repr(C)]
struct Statx {
    before_mode: [u32; 7],
    mode: u16,
    spare: u16,
    rest: [u64; 28],
}

/// `struct iovec`.
#[repr(C)]
struct IoVector {
    base: usize,
    length: usize,
}

impl Kernel {
    /// Asks the kernel by these means.
    ///
    /// # Safety
    ///
    /// The function must do what the kernel's system call does, with all six arguments, and do nothing else that a signal
    /// handler must not do.
    pub(crate) const unsafe fn new(syscall: RawSyscall) -> Self {
        Self { syscall }
    }

    /// # Safety
    ///
    /// As for the call itself, which must be one that only looks.
    #[expect(clippy::many_single_char_names, reason = "they are arguments of any call")]
    unsafe fn call(self, number: usize, [a, b, c, d, e, f]: [usize; 6]) -> isize {
        // SAFETY: the function makes a system call, and the caller vouches for it.
        unsafe { (self.syscall)(number, a, b, c, d, e, f) }
    }

    /// Copies the text at an address, up to its zero byte: as much as is there and has room. Returns its length too.
    ///
    /// A signal handler may call it.
    pub(crate) fn read_text<const N: usize>(self, address: usize) -> ([u8; N], usize) {
        let mut bytes = [0; N];
        let first = N.min(PAGE - address % PAGE);
        let copied = self.copy(address, [first, N - first], &mut bytes);
        let length = bytes.iter().take(copied).position(|byte| *byte == 0).unwrap_or(copied);
        (bytes, length)
    }

    /// Copies memory of this process in two parts, of which the second may be missing. Returns how much was copied.
    ///
    /// A plain load would die of a bad address. This call fails, or copies less. It takes the lock of the address space for
    /// reading, as a page fault does.
    fn copy<const N: usize>(self, from: usize, parts: [usize; 2], bytes: &mut [u8; N]) -> usize {
        let [first, second] = parts;
        let to = IoVector { base: (&raw mut *bytes).expose_provenance(), length: N };
        let from = [
            IoVector { base: from, length: first },
            IoVector { base: from.wrapping_add(first), length: second },
        ];
        // SAFETY: it takes no pointer.
        let process = unsafe { self.call(GETPID, [0; 6]) };
        let arguments = [
            process.cast_unsigned(),
            (&raw const to).expose_provenance(),
            1,
            (&raw const from).expose_provenance(),
            from.len(),
            0,
        ];
        // SAFETY: there are one vector and two, and the kernel writes into `bytes` only, as many as there are.
        let copied = unsafe { self.call(PROCESS_VM_READV, arguments) };
        usize::try_from(copied).unwrap_or(0)
    }
}

/// Where memory may end: the smallest page there is.
const PAGE: usize = 4096;

/// The numbers of the calls that are made.
const FCNTL: usize = number(libc::SYS_fcntl);
const GETPID: usize = number(libc::SYS_getpid);
const GETRANDOM: usize = number(libc::SYS_getrandom);
const PROCESS_VM_READV: usize = number(libc::SYS_process_vm_readv);
const STATX: usize = number(libc::SYS_statx);

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of calls are small, and none is below zero"
)]
const fn number(constant: libc::c_long) -> usize {
    constant as usize
}

/// An `int` as an argument.
const fn int(value: i32) -> usize {
    value.cast_unsigned() as usize
}

impl Ask for Kernel {
    fn descriptor_flags(&self, descriptor: i32) -> Option<i32> {
        let arguments = [int(descriptor), int(libc::F_GETFL), 0, 0, 0, 0];
        // SAFETY: it takes no pointer.
        let flags = unsafe { self.call(FCNTL, arguments) };
        i32::try_from(flags).ok().filter(|flags| *flags >= 0)
    }

    /// `statx` can be told not to ask a file system's server. `fstat` cannot, and might block.
    fn descriptor_kind(&self, descriptor: i32) -> Option<DescriptorKind> {
        let mut about = MaybeUninit::<Statx>::uninit();
        let arguments = [
            int(descriptor),
            c"".as_ptr().addr(),
            int(libc::AT_EMPTY_PATH | libc::AT_STATX_DONT_SYNC),
            libc::STATX_TYPE as usize,
            about.as_mut_ptr().expose_provenance(),
            0,
        ];
        // SAFETY: the path is a C string, and what the call writes has room in `about`.
        if unsafe { self.call(STATX, arguments) } != 0 {
            return None;
        }
        // SAFETY: the kernel has written all of it.
        let about = unsafe { about.assume_init_ref() };
        DescriptorKind::of_mode(u32::from(about.mode))
    }

    fn read<const N: usize>(&self, address: usize) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        (self.copy(address, [N, 0], &mut bytes) == N).then_some(bytes)
    }

    /// Asks for no bytes, and not to wait.
    fn random_ready(&self) -> bool {
        let arguments = [0, 0, libc::GRND_NONBLOCK as usize, 0, 0, 0];
        // SAFETY: it writes no bytes.
        unsafe { self.call(GETRANDOM, arguments) == 0 }
    }
}
