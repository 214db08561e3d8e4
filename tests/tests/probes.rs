//! Sections as tracepoints: the notes in the program's file, which perf, bpftrace and gdb find them by.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use object::read::elf::{ElfFile64, ProgramHeader as _};
use object::{Endianness, Object as _, ObjectSection as _};

/// A note: the provider, the name and the arguments of a tracepoint, and where it is.
#[derive(Debug)]
struct Probe {
    address: u64,
    provider: String,
    name: String,
    arguments: String,
}

/// Reads the notes of this program.
fn probes(file: &[u8]) -> Vec<Probe> {
    let elf = ElfFile64::<Endianness>::parse(file).expect("this program is an ELF file");
    let section = elf.section_by_name(".note.stapsdt").expect("there are tracepoints");
    let mut rest = section.data().expect("it is in the file");
    let mut probes = Vec::new();
    while let Some((header, behind)) = rest.split_at_checked(12) {
        let word = |at: usize| {
            u32::from_ne_bytes(header[at..at + 4].try_into().expect("four bytes")) as usize
        };
        let (name, description) = (word(0).next_multiple_of(4), word(4));
        assert_eq!(&behind[..7], b"stapsdt", "the notes are of this kind only");
        let text = &behind[name..name + description];
        let address = u64::from_ne_bytes(text[..8].try_into().expect("eight bytes"));
        // Behind the addresses of the probe, of a base, and of a semaphore: three texts, each with a nul.
        let mut texts = text[24..].split(|byte| *byte == 0);
        let mut next = || String::from_utf8_lossy(texts.next().unwrap_or(&[])).into_owned();
        let (provider, name_of, arguments) = (next(), next(), next());
        probes.push(Probe { address, provider, name: name_of, arguments });
        rest = &behind[name + description.next_multiple_of(4)..];
    }
    probes
}

#[test]
fn sections_have_a_tracepoint_at_each_end() {
    nonblock::non_block(|_nb| std::hint::black_box(1));
    let path = std::env::current_exe().expect("a test knows its own path");
    let file = std::fs::read(path).expect("it can be read");
    let probes = probes(&file);
    let elf = ElfFile64::<Endianness>::parse(&*file).expect("this program is an ELF file");
    for (name, arguments) in [("section_begin", 4), ("section_end", 1)] {
        let ours = |probe: &&Probe| probe.provider == "nonblock" && probe.name == name;
        // lld keeps the notes of functions that it removed. They lie outside the code.
        let in_code = probes.iter().filter(ours).filter(|probe| {
            elf.elf_program_headers().iter().any(|header| {
                let start = header.p_vaddr(Endianness::Little);
                let len = header.p_memsz(Endianness::Little);
                header.p_flags(Endianness::Little).0 & object::elf::PF_X.0 != 0
                    && (start..start + len).contains(&probe.address)
            })
        });
        let in_code: Vec<_> = in_code.collect();
        assert!(!in_code.is_empty(), "no {name} in {probes:?}");
        for probe in in_code {
            assert_eq!(probe.arguments.split(' ').count(), arguments, "{probe:?}");
        }
    }
}
