#!/usr/bin/env bash
# bindgen gives an empty C struct of an alignment no alignment: what stands after it lies elsewhere in Rust. The layout tests say so
# when they are compiled, and the Linux kernel's build switches them off (6.12, rust/Makefile), where empty structs are common.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs cargo "a Rust toolchain"
needs clang "clang, and libclang"

guessed "a field of a type that C aligns to 64 bytes is aligned to 64 bytes in Rust too, whether the type has members or not"

cargo install --quiet --locked --root "$dir/tools" bindgen-cli@0.73.2
bindgen=$dir/tools/bin/bindgen
cat >layout.h <<'C'
struct empty {} __attribute__((aligned(64)));
struct full { char member; } __attribute__((aligned(64)));
struct with_empty { int before; struct empty statistics; int after; };
struct with_full { int before; struct full statistics; int after; };
C
cat >layout.c <<'C'
#include "layout.h"
#include <stddef.h>
#include <stdio.h>
int main(void) {
    printf("C: with_empty has %zu bytes, after is at %zu; with_full has %zu bytes, after is at %zu\n", sizeof(struct with_empty),
           offsetof(struct with_empty, after), sizeof(struct with_full), offsetof(struct with_full, after));
}
C
clang -o layout_c layout.c
{
  "$bindgen" --no-layout-tests layout.h
  cat <<'RUST'
use std::mem::{offset_of, size_of};
fn main() {
    println!("Rust: with_empty has {} bytes, after is at {}; with_full has {} bytes, after is at {}", size_of::<with_empty>(),
             offset_of!(with_empty, after), size_of::<with_full>(), offset_of!(with_full, after));
}
RUST
} >layout.rs
rustc -A warnings -o layout_rs layout.rs
{
  "$bindgen" layout.h
  echo 'fn main() {}'
} >tested.rs
versions "bindgen-cli 0.73.2" "$(clang --version | sed -n 1p)"

all() {
  ./layout_c
  ./layout_rs
  if rustc -A warnings -o tested tested.rs 2>/dev/null; then echo "layout tests: pass"; else echo "layout tests: do not compile"; fi
}
look all
holds "C: with_empty has 128 bytes, after is at 64; with_full has 192 bytes, after is at 128" \
  "Rust: with_empty has 64 bytes, after is at 4; with_full has 192 bytes, after is at 128" \
  "layout tests: do not compile"
echo "found:   an empty struct loses its alignment, and with the layout tests off nothing says so: read such structs in C"
