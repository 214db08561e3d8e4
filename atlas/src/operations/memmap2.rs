use std::fs::File;

use memmap2::{Mmap, MmapMut};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "memmap2",
    operations: &[
        Operation::new(Map, "MmapMut::map_anon", map_anon)
            .instead("a mapping that was made and touched before")
            .paths(&["memmap2::MmapMut::map_anon"]),
        Operation::new(Map, "Mmap::map, of a file", map_file)
            .instead("a mapping that was made and touched before")
            .paths(&["memmap2::Mmap::map"]),
        Operation::new(Map, "MmapMut::flush_async", flush_async)
            .instead("a thread that flushes")
            .paths(&["memmap2::MmapMut::flush_async"]),
        Operation::new(Map, "MmapMut::flush", flush)
            .instead("a thread that flushes")
            .paths(&["memmap2::MmapMut::flush"]),
        Operation::new(Map, "Mmap, dropped", unmap)
            .instead("a thread that drops it"),
        Operation::new(Map, "Mmap, read, touched before", read)
            .note("a page that is not in memory is a page fault, which may wait for a disk"),
    ],
};

fn map_anon(bench: Bench<'_>) {
    let kept = InTurn::new(None);
    bench.after(&|| drop(kept.take())).call(&|| kept.put(MmapMut::map_anon(4096)));
}

/// A file that has no name any more.
fn file() -> File {
    let path = std::env::temp_dir().join(format!("atlas_{}", std::process::id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path);
    let file = file.expect("there is room for a file");
    std::fs::remove_file(path).expect("it was made");
    file.set_len(4096).expect("there is room");
    file
}

fn map_file(bench: Bench<'_>) {
    let file = file();
    let kept = InTurn::new(None);
    bench.after(&|| drop(kept.take())).call(&|| {
        // SAFETY: nobody else has the file.
        kept.put(unsafe { Mmap::map(&file) });
    });
}

fn flush_async(bench: Bench<'_>) {
    let file = file();
    // SAFETY: nobody else has the file.
    let map = InTurn::new(unsafe { MmapMut::map_mut(&file) }.expect("it can be mapped"));
    bench
        .prepare(&|| map.with(|map| map[0] = map[0].wrapping_add(1)))
        .call(&|| map.with(|map| _ = map.flush_async()));
}

fn flush(bench: Bench<'_>) {
    let map = InTurn::new(MmapMut::map_anon(4096).expect("there is memory"));
    bench.call(&|| map.with(|map| _ = map.flush()));
}

fn unmap(bench: Bench<'_>) {
    let kept = InTurn::new(None);
    bench
        .prepare(&|| kept.put(MmapMut::map_anon(4096).expect("there is memory")))
        .call(&|| drop(kept.take()));
}

fn read(bench: Bench<'_>) {
    let file = file();
    // SAFETY: nobody else has the file.
    let map = unsafe { Mmap::map(&file) }.expect("it can be mapped");
    black_box(map[0]);
    bench.call(&|| _ = black_box(map[0]));
}
