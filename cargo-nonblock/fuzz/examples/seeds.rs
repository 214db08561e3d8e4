//! Writes the files that the target `elf` made of its corpus, for the target `bytes` and the tests:
//! `cargo run --example seeds -- FROM TO`. Without FROM, some are made up.

use std::path::Path;
use std::{env, fs, io};

use arbitrary::{Arbitrary as _, Unstructured};
use cargo_nonblock_fuzz::file::File;

fn main() -> io::Result<()> {
    let folders: Vec<String> = env::args().skip(1).collect();
    let (inputs, to) = match &folders[..] {
        [to] => (made_up(), to),
        [from, to] => (read(Path::new(from))?, to),
        _ => panic!("one or two folders"),
    };
    fs::create_dir_all(to)?;
    for (number, bytes) in inputs.iter().enumerate() {
        if let Ok(file) = File::arbitrary_take_rest(Unstructured::new(bytes)) {
            fs::write(Path::new(to).join(format!("{number:03}")), file.bytes())?;
        }
    }
    Ok(())
}

fn read(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut paths =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    paths.iter().map(fs::read).collect()
}

fn made_up() -> Vec<Vec<u8>> {
    let mut state = 1_u64;
    let mut byte = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    (0..48).map(|_| (0..700).map(|_| byte()).collect()).collect()
}
