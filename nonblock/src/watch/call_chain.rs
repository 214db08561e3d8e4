//! The chain of calls at an event: from the copied stack to addresses, and from addresses to names. After the section only.

#![cfg_attr(
    target_arch = "x86_64",
    expect(
        clippy::cast_possible_truncation,
        reason = "an address of a 64-bit processor, which the unwinder and the loader give in 64 bits"
    )
)]

use core::ffi::{CStr, c_int, c_void};
use core::ops::Range;
use std::borrow::ToOwned as _;
use std::format;
use std::path::Path;
use std::string::String;
#[cfg(target_arch = "x86_64")]
use std::sync::Mutex;
use std::vec::Vec;

#[cfg(target_arch = "x86_64")]
use framehop::Unwinder as _;
#[cfg(target_arch = "x86_64")]
use framehop::x86_64::{CacheX86_64, UnwindRegsX86_64, UnwinderX86_64};

use crate::violation::Frame;

use super::captured_stack::{CapturedStack, Registers};

/// How long a chain gets at most.
const MAX_FRAMES: usize = 96;

/// Returns the addresses of the chain's instructions, the innermost first. For a call it is an address within the call.
#[cfg(target_arch = "x86_64")]
pub(super) fn addresses(registers: Registers, stack: &CapturedStack) -> Vec<usize> {
    if registers.instruction == 0 {
        return Vec::new();
    }
    // A child of a process with threads may find it locked for ever.
    match TABLES.try_lock() {
        Ok(mut tables) => {
            tables.get_or_insert_with(Tables::new).up_to_date().chain(registers, stack)
        }
        Err(_) => Tables::new().up_to_date().chain(registers, stack),
    }
}

/// What the chains of calls are found by, kept for the next time.
#[cfg(target_arch = "x86_64")]
static TABLES: Mutex<Option<Tables>> = Mutex::new(None);

#[cfg(target_arch = "x86_64")]
struct Tables {
    unwinder: UnwinderX86_64<&'static [u8]>,
    cache: CacheX86_64,
    /// How many objects have been loaded and unloaded when the tables were made.
    changes: Option<(u64, u64)>,
}

#[cfg(target_arch = "x86_64")]
impl Tables {
    fn new() -> Self {
        Self { unwinder: UnwinderX86_64::new(), cache: CacheX86_64::new(), changes: None }
    }

    /// Makes the tables anew if objects were loaded or unloaded.
    fn up_to_date(&mut self) -> &mut Self {
        let changes = changes();
        if changes.is_none() || changes != self.changes {
            *self = Self { changes, ..Self::new() };
            for module in modules() {
                self.unwinder.add_module(module);
            }
        }
        self
    }

    fn chain(&mut self, registers: Registers, stack: &CapturedStack) -> Vec<usize> {
        let at = registers.stack;
        let mut read = |address: u64| stack.word(at, address as usize).ok_or(());
        let start = UnwindRegsX86_64::new(
            registers.instruction as u64,
            registers.stack as u64,
            registers.frame as u64,
        );
        let ip = registers.instruction as u64;
        let mut frames = self.unwinder.iter_frames(ip, start, &mut self.cache, &mut read);
        let mut addresses = Vec::new();
        while let Ok(Some(frame)) = frames.next() {
            addresses.push(frame.address_for_lookup() as usize);
            if addresses.len() == MAX_FRAMES {
                break;
            }
        }
        addresses
    }
}

/// Returns how many objects have been loaded and unloaded, if the loader counts them.
#[cfg(target_arch = "x86_64")]
fn changes() -> Option<(u64, u64)> {
    unsafe extern "C" fn note(
        info: *mut libc::dl_phdr_info,
        size: usize,
        changes: *mut c_void,
    ) -> c_int {
        if size >= size_of::<libc::dl_phdr_info>() {
            // SAFETY: the loader hands over such a structure of that size.
            let info = unsafe { &*info };
            // SAFETY: `changes` is what was passed with this.
            let changes = unsafe { &mut *changes.cast::<Option<(u64, u64)>>() };
            *changes = Some((info.dlpi_adds, info.dlpi_subs));
        }
        // The first object tells all.
        1
    }

    let mut changes = None::<(u64, u64)>;
    // SAFETY: the function takes the variable that is passed with it.
    unsafe { libc::dl_iterate_phdr(Some(note), (&raw mut changes).cast()) };
    changes
}

/// Returns nothing: on this architecture only the section is known.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn addresses(_registers: Registers, _stack: &CapturedStack) -> Vec<usize> {
    Vec::new()
}

/// What the unwinder is to know of each loaded object.
#[cfg(target_arch = "x86_64")]
fn modules() -> Vec<framehop::Module<&'static [u8]>> {
    unsafe extern "C" fn add(
        info: *mut libc::dl_phdr_info,
        _size: usize,
        modules: *mut c_void,
    ) -> c_int {
        // SAFETY: it is what `dl_iterate_phdr` was called with.
        let modules = unsafe { &mut *modules.cast::<Vec<framehop::Module<&'static [u8]>>>() };
        // SAFETY: the loader hands over such a structure.
        let info = unsafe { &*info };
        // SAFETY: the loader goes through the objects that are loaded. When one is unloaded, the tables are made anew.
        modules.extend(unsafe { module(info) });
        0
    }

    let mut modules = Vec::new();
    // SAFETY: the function takes the vector that is passed with it.
    unsafe { libc::dl_iterate_phdr(Some(add), (&raw mut modules).cast()) };
    modules
}

/// # Safety
///
/// The object is loaded, and stays so.
#[cfg(target_arch = "x86_64")]
unsafe fn module(info: &libc::dl_phdr_info) -> Option<framehop::Module<&'static [u8]>> {
    let base = info.dlpi_addr;
    // SAFETY: the loader has so many headers there.
    let headers =
        unsafe { core::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    let range = |header: &libc::Elf64_Phdr| header.p_vaddr..header.p_vaddr + header.p_memsz;
    let loaded = || headers.iter().filter(|header| header.p_type == libc::PT_LOAD);
    let whole = loaded().map(range).reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))?;
    let text = range(loaded().find(|header| header.p_flags & libc::PF_X != 0)?);
    let index = range(headers.iter().find(|header| header.p_type == libc::PT_GNU_EH_FRAME)?);
    // SAFETY: the program headers say that this is mapped, and mapped things that are loaded stay as they are.
    let bytes = |range: &Range<u64>| unsafe {
        core::slice::from_raw_parts(
            core::ptr::with_exposed_provenance::<u8>((base + range.start) as usize),
            (range.end - range.start) as usize,
        )
    };
    let index_bytes = bytes(&index);
    // Version 1, and a distance from the field itself in four bytes: what every linker makes.
    let [1, 0x1b, _, _, distance @ ..] = index_bytes else { return None };
    let distance = i32::from_ne_bytes(distance.get(..4)?.try_into().ok()?);
    let start = (index.start + 4).checked_add_signed(distance.into())?;
    let segment = loaded().map(range).find(|segment| segment.contains(&start))?;
    let table = start..segment.end;
    // SAFETY: the loader's name ends in a nul.
    let name = unsafe { CStr::from_ptr(info.dlpi_name) };
    let sections = framehop::ExplicitModuleSectionInfo {
        base_svma: 0,
        text: Some(bytes(&text)),
        text_svma: Some(text),
        eh_frame: Some(bytes(&table)),
        eh_frame_svma: Some(table),
        eh_frame_hdr: Some(index_bytes),
        eh_frame_hdr_svma: Some(index),
        ..Default::default()
    };
    Some(framehop::Module::new(
        name.to_string_lossy().into_owned(),
        base + whole.start..base + whole.end,
        base,
        sections,
    ))
}

/// Returns the functions at these addresses, the innermost first, with those that were inlined. Ends where a program begins, or a
/// thread.
pub(super) fn frames(addresses: &[usize]) -> Vec<Frame> {
    let mut frames = Vec::new();
    for &address in addresses {
        let before = frames.len();
        backtrace::resolve(core::ptr::without_provenance_mut(address), |symbol| {
            frames.push(Frame {
                address,
                function: symbol.name().map(|name| without_hash(&format!("{name:#}"))),
                file: symbol.filename().map(|file| file.to_string_lossy().into_owned()),
                line: symbol.lineno(),
            });
        });
        if frames.len() == before {
            frames.push(Frame { address, function: None, file: None, line: None });
        }
    }
    // The watch's own frames, and what leads from an allocation to it.
    let is_inner = |frame: &Frame| {
        let name = function(frame).trim_start_matches('<');
        INNER.iter().any(|inner| name.starts_with(inner))
    };
    let begin = frames.iter().take_while(|frame| is_inner(frame)).count();
    frames.drain(..begin);
    let is_outer = |frame: &Frame| {
        let name = function(frame);
        OUTER.iter().any(|outer| name.starts_with(outer))
    };
    if let Some(end) = frames.iter().position(is_outer) {
        frames.truncate(end);
    }
    frames
}

/// How the names of functions begin at which a chain of calls is not looked at yet.
const INNER: [&str; 4] = ["nonblock::watch::", "__rustc", "alloc::alloc::", "alloc::raw_vec::"];

/// How the names of functions begin at which a chain of calls has come to the beginning of the section, or of the thread.
const OUTER: [&str; 3] = [
    "nonblock::section::Section::run",
    "std::sys::backtrace::__rust_begin_short_backtrace",
    "nonblock::private::prologue",
];

fn function(frame: &Frame) -> &str {
    frame.function.as_deref().unwrap_or("")
}

/// Returns a name without the hash that rustc puts at its end.
fn without_hash(name: &str) -> String {
    match name.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            name.to_owned()
        }
        _ => name.to_owned(),
    }
}

/// Returns the place of the innermost frame that is the program's own.
pub(super) fn user_frame(frames: &[Frame]) -> Option<usize> {
    // The standard library's files, those of packages that it is built with, and those of other packages.
    let of_others =
        ["/rustc/", "/rust/deps/", "/.cargo/registry/", "/.cargo/git/", "/lib/rustlib/src/"];
    // The library's own, in a workspace. And what the compiler makes of the line that names a global allocator.
    let own_or_made = ["nonblock::", "<nonblock::", "__rustc::"];
    let is_others = |frame: &Frame, file: &str| {
        of_others.iter().any(|part| file.contains(part))
            || own_or_made.iter().any(|name| function(frame).starts_with(name))
            || is_own_file(file)
            || file.starts_with("./") && Path::new(file).extension().is_none_or(|is| is != "rs")
    };
    frames.iter().position(|frame| {
        frame.line.is_some() && frame.file.as_deref().is_some_and(|file| !is_others(frame, file))
    })
}

/// Returns whether a file is one of the library's. The names of its functions do not always tell: where a program has tables of
/// lines only, a function that was inlined has no path.
fn is_own_file(file: &str) -> bool {
    let Some(folder) = file!().strip_suffix("watch/call_chain.rs") else { return false };
    match file.rfind(folder) {
        Some(0) => true,
        Some(at) => folder.starts_with('/') || file[..at].ends_with('/'),
        None => false,
    }
}
