#!/usr/bin/env bash
# The environment that the other scripts share: where the tools are, and which compiler builds WebAssembly.
#
# Sourced, it sets PATH and defines the functions below. Run, it calls its arguments in that
# environment, so that a script in another language can use it:
#
#   scripts/env.sh wasm_env cargo build --target wasm32-unknown-unknown
#
# It installs nothing; scripts/setup.sh does.

ONCEWARD_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Outside the clone, so that a second clone on the same machine does not build the tools again.
ONCEWARD_TOOLS=${ONCEWARD_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/onceward-tools}

WASM_TARGET=wasm32-unknown-unknown
# What the Debian fallback of setup.sh is called in rustup, and where it lives.
DEBIAN_TOOLCHAIN=debian
DEBIAN_RUSTC=/usr/bin/rustc
DEBIAN_WASM_LIB=/usr/lib/rustlib/$WASM_TARGET/lib

# The generator must be of the same version as the crate, so the crate's pin is the only place that says it.
WASM_BINDGEN_VERSION=$(sed -n 's/^wasm-bindgen = .*version = "=\([0-9.]*\)".*/\1/p' "$ONCEWARD_ROOT/Cargo.toml")
WASM_PACK_VERSION=0.15.1
CARGO_FUZZ_VERSION=0.13.2

wasm_bindgen_dir=$ONCEWARD_TOOLS/wasm-bindgen-$WASM_BINDGEN_VERSION
wasm_pack_dir=$ONCEWARD_TOOLS/wasm-pack-$WASM_PACK_VERSION
cargo_fuzz_dir=$ONCEWARD_TOOLS/cargo-fuzz-$CARGO_FUZZ_VERSION
export PATH="$ONCEWARD_ROOT/node_modules/.bin:$wasm_bindgen_dir/bin:$wasm_pack_dir/bin:$cargo_fuzz_dir/bin:$PATH"

# compiles_wasm RUSTC: whether this compiler has a standard library for WebAssembly that fits it.
# Asking the compiler also catches a library that an older compiler built.
compiles_wasm() {
  local probe
  probe=$(mktemp -d) || return 1
  echo 'pub fn probe() -> Option<u8> { None }' |
    "$1" --target "$WASM_TARGET" --crate-type lib --crate-name probe --emit metadata \
      --out-dir "$probe" - >/dev/null 2>&1
  local result=$?
  rm -rf "$probe"
  return $result
}

# debian_compiles_wasm: the same for the Debian fallback, which needs the test library as well.
debian_compiles_wasm() {
  ls "$DEBIAN_WASM_LIB"/libtest-*.rlib >/dev/null 2>&1 && compiles_wasm "$DEBIAN_RUSTC"
}

# wasm_linker: prints a linker for WebAssembly, since Debian's compiler comes without one.
wasm_linker() {
  local host candidate
  host=$(rustc -vV | sed -n 's/^host: //p')
  for candidate in \
    "$(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld" \
    "$(command -v rust-lld)" "$(command -v wasm-ld)" "$(command -v wasm-ld-19)"; do
    if [[ -x $candidate ]]; then
      echo "$candidate"
      return 0
    fi
  done
  return 1
}

# wasm_env COMMAND ARGS...: runs a command that builds for WebAssembly.
# Native builds do not go through it, and keep the toolchain that the user chose.
wasm_env() {
  if compiles_wasm rustc; then
    "$@"
  elif debian_compiles_wasm; then
    local linker
    linker=$(wasm_linker) || {
      echo "No linker for WebAssembly was found. Run scripts/setup.sh build." >&2
      return 1
    }
    RUSTUP_TOOLCHAIN=$DEBIAN_TOOLCHAIN CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linker "$@"
  else
    echo "No compiler here has the standard library for $WASM_TARGET. Run scripts/setup.sh build." >&2
    return 1
  fi
}

# find_chromedriver: prints the WebDriver server for Chrome or Chromium that the browser tests use.
find_chromedriver() {
  if [[ -n ${CHROMEDRIVER:-} ]]; then
    [[ -x $CHROMEDRIVER ]] && echo "$CHROMEDRIVER"
  else
    command -v chromedriver
  fi
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  "$@"
fi
