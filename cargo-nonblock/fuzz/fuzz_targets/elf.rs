//! Small ELF files and archives that are almost right.
#![no_main]

use cargo_nonblock_fuzz::file::File;

libfuzzer_sys::fuzz_target!(|file: File| cargo_nonblock_fuzz::check(&file.bytes()));
