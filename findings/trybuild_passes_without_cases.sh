#!/usr/bin/env bash
# A compile-fail test whose pattern matches no file passes.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "a pattern that matches nothing fails, as a file name that does not exist does"

rust 'trybuild = "=1.0.122"' <<'RUST'
fn main() {}
RUST
mkdir -p tests ui
cat >tests/pattern.rs <<'RUST'
#[test]
fn cases() {
    trybuild::TestCases::new().compile_fail("ui/mistkes/*.rs");
}
RUST
cat >tests/name.rs <<'RUST'
#[test]
fn cases() {
    trybuild::TestCases::new().compile_fail("ui/mistke.rs");
}
RUST

tests() {
  local test
  for test in pattern name; do
    if cargo test --quiet --test "$test" >"$test.log" 2>&1; then echo "$test: passes"; else echo "$test: fails"; fi
  done
  sed -n 's/^.*\(There are no trybuild tests enabled yet\.\).*$/pattern says: \1/p' pattern.log
  sed -n 's/^.*\(No such file or directory\).*$/name says: \1/p' name.log
}
look tests
holds 'pattern: passes' 'name: fails' 'pattern says: There are no trybuild tests enabled yet\.' 'name says: No such file or directory'
echo "found:   a folder renamed or mistyped turns the whole suite off, green: count the cases in the test that names the pattern"
