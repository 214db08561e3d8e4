//! The chain of calls at an event: from the copied stack to addresses, and from addresses to names. After the section only.

#![cfg_attr(
    target_arch = "x86_64",
    expect(
        clippy::cast_possible_truncation,
        reason = "an address of a 64-bit processor, which the unwinder and the loader give in 64 bits"
    )
)]

use core::ffi::{CStr, c_int, c_void};
#[cfg(target_arch = "x86_64")]
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
#[cfg(target_arch = "x86_64")]
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
pub(super) fn changes() -> Option<(u64, u64)> {
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
                is_own: false,
            });
        });
        if frames.len() == before {
            frames.push(Frame { address, function: None, file: None, line: None, is_own: false });
        }
        if let [frame] = &mut frames[before..]
            && frame.function.is_none()
        {
            frame.function = place_in_object(address);
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
    for frame in &mut frames {
        frame.is_own = owner(frame) == Owner::Program;
    }
    frames
}

/// Returns where in a loaded object an address lies, as in `libjack.so.0.1.0+0x1f2c4`: what is known of a library without symbols.
fn place_in_object(address: usize) -> Option<String> {
    // SAFETY: every value of its words is one of the structure.
    let mut info = unsafe { core::mem::zeroed::<libc::Dl_info>() };
    // SAFETY: the loader only looks the address up, and fills the structure.
    let found = unsafe { libc::dladdr(core::ptr::without_provenance(address), &raw mut info) };
    if found == 0 || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the loader's name ends in a nul, and is there as long as the object is loaded.
    let path = unsafe { CStr::from_ptr(info.dli_fname) }.to_string_lossy();
    let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
    Some(format!("{name}+{:#x}", address.wrapping_sub(info.dli_fbase.addr())))
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

/// Whose code a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// The program's own.
    Program,
    /// A package's, of a registry or a repository.
    Package,
    /// The standard library's, this library's, or the C library's.
    Runtime,
    /// That is not known: there is no debug information.
    Unknown,
}

fn owner(frame: &Frame) -> Owner {
    let (Some(file), Some(_line)) = (frame.file.as_deref(), frame.line) else {
        return Owner::Unknown;
    };
    // The standard library's files, with those of the packages in it, and what calls the global allocator: that has the place of
    // the `#[global_allocator]`.
    let runtime = ["/rustc/", "/rust/deps/", "/lib/rustlib/src/"];
    let functions = ["nonblock::", "<nonblock::", "__rustc::"];
    if runtime.iter().any(|part| file.contains(part))
        || functions.iter().any(|own| function(frame).starts_with(own))
        || is_own_file(file)
        || file.starts_with("./") && Path::new(file).extension().is_none_or(|is| is != "rs")
    {
        return Owner::Runtime;
    }
    let packages = ["/.cargo/registry/", "/.cargo/git/"];
    if packages.iter().any(|part| file.contains(part)) || is_generated(file) {
        return Owner::Package;
    }
    Owner::Program
}

/// Returns whether a build script wrote the file: it is in a folder `build/NAME-HASH/out`.
fn is_generated(file: &str) -> bool {
    let is_folder = |folder: &str| match folder.rsplit_once('-') {
        Some((_name, hash)) => hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()),
        None => false,
    };
    file.split_once("/build/")
        .and_then(|(_before, after)| after.split_once("/out/"))
        .is_some_and(|(folder, _file)| is_folder(folder))
}

/// Returns the place of the innermost frame that is the program's own.
pub(super) fn user_frame(frames: &[Frame]) -> Option<usize> {
    frames.iter().position(|frame| frame.is_own)
}

/// Returns the function of a package that the program's own code called into, if there is one: the innermost, which did what was
/// seen.
pub(super) fn package_function(frames: &[Frame]) -> Option<&str> {
    frames
        .iter()
        .take_while(|frame| !frame.is_own)
        .find(|frame| owner(frame) == Owner::Package)
        .and_then(Frame::function)
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

#[cfg(test)]
mod tests {
    use std::borrow::ToOwned as _;

    use super::{Frame, Owner, owner, package_function, user_frame};

    fn frame(function: &str, file: &str) -> Frame {
        let mut frame = Frame {
            address: 1,
            function: Some(function.to_owned()),
            file: Some(file.to_owned()),
            line: Some(1),
            is_own: false,
        };
        frame.is_own = owner(&frame) == Owner::Program;
        frame
    }

    const REGISTRY: &str = "/home/x/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f";

    #[test]
    fn the_line_of_the_global_allocator_is_not_who_called() {
        let frames = [
            frame("__GI___mmap64", "./misc/mmap64.c"),
            frame("__rustc::__rust_alloc", "/home/x/program/src/main.rs"),
            frame("alloc::alloc::alloc", "/rustc/59807616e1/library/alloc/src/alloc.rs"),
            frame(
                "hashbrown::raw::alloc::inner::do_alloc",
                "/rust/deps/hashbrown-0.16.1/src/raw.rs",
            ),
            frame("program::work", "/home/x/program/src/work.rs"),
        ];
        assert_eq!(user_frame(&frames), Some(4));
        assert_eq!(package_function(&frames), None);
    }

    #[test]
    fn what_a_build_script_wrote_is_a_packages_and_not_the_programs() {
        let generated =
            "/home/x/program/target/debug/build/jack-sys-90431490ae201a50/out/functions.rs";
        let frames = [
            frame("jack_sys::jack_connect", generated),
            frame("jack::Client::connect", &std::format!("{REGISTRY}/jack-0.13.5/src/client.rs")),
            frame("program::main", "/home/x/program/src/main.rs"),
        ];
        assert_eq!(user_frame(&frames), Some(2));
        assert_eq!(package_function(&frames), Some("jack_sys::jack_connect"));
        let own = [frame("program::build::out", "/home/x/build/tool/out/main.rs")];
        assert_eq!(user_frame(&own), Some(0));
    }

    #[test]
    fn a_package_that_calls_back_into_the_program_did_not_do_it() {
        let frames = [
            frame("program::callback", "/home/x/program/src/main.rs"),
            frame("rodio::Mixer::next", &std::format!("{REGISTRY}/rodio-0.23.0/src/mixer.rs")),
            frame("program::main", "/home/x/program/src/main.rs"),
        ];
        assert_eq!(user_frame(&frames), Some(0));
        assert_eq!(package_function(&frames), None);
    }

    #[test]
    fn an_address_without_a_symbol_says_in_which_library_it_is() {
        // SAFETY: it only looks a name up.
        let at = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"getpid".as_ptr()) }.addr();
        let name = super::place_in_object(at).expect("libc is loaded");
        assert!(name.starts_with("libc.so") && name.contains("+0x"), "{name}");
        assert_eq!(super::place_in_object(1), None);
    }
}
