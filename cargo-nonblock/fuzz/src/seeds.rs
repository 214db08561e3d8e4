//! Writes the first files of the corpus: `cargo run --bin seeds -- FOLDER`.

use arbitrary::{Arbitrary as _, Unstructured};
use cargo_nonblock_fuzz::file::File;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).expect("a folder");
    let folder = std::path::Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let mut state = 1_u64;
    for number in 0..48 {
        let mut bytes = vec![0; 700];
        for byte in &mut bytes {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 33) as u8;
        }
        let file = File::arbitrary(&mut Unstructured::new(&bytes)).expect("it takes any bytes");
        std::fs::write(folder.join(format!("seed-{number:02}")), file.bytes())?;
    }
    Ok(())
}
