#!/usr/bin/env bash
# A program that was linked with --emit-relocs, as tools want it that read its calls from the relocations. There is a relocation for a call of
# __tls_get_addr, which may allocate, in the middle of an instruction that calls nothing: with GNU ld, lld and mold. With lld and mold there
# are also relocations of loads through the GOT where nothing is loaded.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[[ $(uname -m) == x86_64 ]] || { echo "needs x86-64: it looks for the relocations of that processor" >&2; exit 1; }
needs gcc "apt-get install gcc"
needs objdump "apt-get install binutils"
needs ld.lld "apt-get install lld"
needs mold "apt-get install mold"

guessed "what --emit-relocs keeps describes the instructions as they are in the program: a relocation of a call stands at a call"

cat >library.c <<'C'
extern int answer;
__thread int counter;
int *count(void) { counter++; return &counter; }
int look(void) { return answer; }
int same(void) { return answer; }
int (*choose(void))(void) { return same; }
C
cat >main.c <<'C'
int answer = 42;
int *count(void);
int look(void);
int (*choose(void))(void);
int main(void) { return *count() + look() - choose()() - 1; }
C
# As a library is compiled that any program may use.
gcc -O2 -fPIC -c library.c main.c
versions "$(gcc --version | sed -n 1p)" "$(ld --version | sed -n 1p)" "$(ld.lld --version)" "$(mold --version)"

# What a program or an object file has in the four functions of the library.
describe() { # describe NAME FILE
  local relocations code
  relocations=$(objdump --reloc --section=.text "$2")
  code=$(objdump --disassemble --no-show-raw-insn "$2" | awk '/^[0-9a-f]+ <(count|look|same|choose)>:/, /^$/')
  echo "$1: $(grep -Ec 'PLT32 +__tls_get_addr' <<<"$relocations" || true) relocation of a call of __tls_get_addr," \
    "$(grep -Ecw call <<<"$code" || true) calls"
  echo "$1: $(grep -Ec 'GOTPCRELX +(answer|same)' <<<"$relocations" || true) relocations of loads through the GOT," \
    "$(grep -Ec 'mov +0x[0-9a-f]+\(%rip\),%r' <<<"$code" || true) loads"
}

every() {
  local linker
  describe "as compiled" library.o
  for linker in bfd lld mold; do
    gcc "-fuse-ld=$linker" -Wl,--emit-relocs -pie -o "by_$linker" library.o main.o
    "./by_$linker"
    describe "by $linker" "by_$linker"
  done
}
look every
holds 'as compiled: 1 relocation of a call of __tls_get_addr, 1 calls' 'as compiled: 3 relocations of loads through the GOT, 3 loads' \
  'by bfd: 1 relocation of a call of __tls_get_addr, 0 calls' 'by bfd: 0 relocations of loads through the GOT, 0 loads' \
  'by lld: 1 relocation of a call of __tls_get_addr, 0 calls' 'by lld: 3 relocations of loads through the GOT, 0 loads' \
  'by mold: 1 relocation of a call of __tls_get_addr, 0 calls' 'by mold: 3 relocations of loads through the GOT, 0 loads'
echo "found:   a linker that knows where the variable lies writes other instructions in the place of the call and of the load, and hands on the \
relocations that were for the old ones: who reads them must look whether a call is there"
