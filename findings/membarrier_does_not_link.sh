#!/usr/bin/env bash
# A program that depends on membarrier, a crate about a system call of Linux, does not link on Linux: it wants a library "windows".
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "a crate for Linux's membarrier builds on Linux; what it has for other systems is left out there"

probe() {
  mkdir -p src
  cat >Cargo.toml <<'TOML'
[package]
name = "probe"
version = "0.0.0"
edition = "2024"

[dependencies]
membarrier = "=0.2.3"
TOML
  printf 'fn main() {\n    membarrier::light();\n}\n' >src/main.rs
  cargo check --quiet && echo "cargo check: passes"
  if cargo build --quiet 2>log; then echo "cargo build: passes"; else echo "cargo build: fails"; fi
  grep -q -- '-lwindows' log && echo "the linker is asked for: -lwindows"
  return 0
}
needs cargo "a Rust toolchain"
versions 'membarrier = "=0.2.3"'
look probe
holds 'cargo check: passes' 'cargo build: fails' 'the linker is asked for: -lwindows'
echo "found:   its dependency windows-sys is there for every target, and brings its import library along, which no check sees"
