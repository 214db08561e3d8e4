# Sourced by every script of this folder: a temporary folder, programs in it, and the verdict.
# A script says what was `guessed`, runs the software, and names with `holds` the lines that it found.

for tool in mktemp grep uname ldd; do
  command -v "$tool" >/dev/null || { echo "missing: $tool" >&2; exit 1; }
done

# What the caller set for other builds stays out of these.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET CARGO_BUILD_RUSTFLAGS RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export CARGO_TARGET_DIR=$dir/target CARGO_TERM_COLOR=never RUST_BACKTRACE=0 LC_ALL=C
cd "$dir"

needs() { # needs COMMAND HINT
  command -v "$1" >/dev/null || { echo "missing: $1 ($2)" >&2; exit 1; }
}

needs_root() { # needs_root WHY
  [[ $(id -u) == 0 ]] || { echo "must run as root: $1" >&2; exit 1; }
}

guessed() { printf 'guessed: %s\n' "$1"; }

# A crate named `probe` whose dependencies are the arguments and whose main.rs is the standard input. The modules of this
# folder lie beside it.
rust() { # rust 'crate = "=1.2.3"' … <main.rs
  needs cargo "a Rust toolchain"
  mkdir -p src
  {
    printf '[package]\nname = "probe"\nversion = "0.0.0"\nedition = "2024"\n\n[profile.dev]\ndebug = false\n\n[dependencies]\n'
    printf '%s\n' "$@"
  } >Cargo.toml
  cat >src/main.rs
  cp "$here"/*.rs src/
  cargo build --quiet
  versions "$@"
}

versions() { # versions NAME-AND-VERSION …
  printf 'with:    %s\n' "$@"
  printf 'on:      %s, %s, Linux %s\n' \
    "$(rustc --version 2>/dev/null || echo 'no rustc')" "$(ldd --version 2>&1 | sed -n 1p)" "$(uname -r)"
}

# Runs a command, shows what it writes, and keeps it for `holds`.
seen=$dir/seen
look() { # look COMMAND …
  "$@" >"$seen" || { cat "$seen"; echo "failed: $*" >&2; exit 1; }
  sed 's/^/seen:    /' "$seen"
}

holds() { # holds LINE …: each is a whole line of what was seen, as an extended regular expression
  local line
  for line in "$@"; do
    grep -Eqx -- "$line" "$seen" || { echo "the behaviour has changed: no line is '$line'" >&2; exit 1; }
  done
}
