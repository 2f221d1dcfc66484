#!/usr/bin/env bash
# Installs what this repository needs and what is missing; with nothing missing it only looks.
#
#   scripts/setup.sh build   what a build needs
#   scripts/setup.sh test    that, and what the tests need: wasm-pack, browsers, other runtimes, bundlers
#   scripts/setup.sh matrix  that, and what the long run of the matrix needs: Next.js, wrangler, older tools
#   scripts/setup.sh www     what a build needs, and what the pages are built with
#   scripts/setup.sh bench   what a build needs, and what the benchmark compares with
#   scripts/setup.sh docs    what the API pages need, and nothing else
#   scripts/setup.sh fuzz    cargo-fuzz, and nothing else
#
# Why it is not `wasm-pack` and `rustup target add` alone: both download prebuilt files, which some
# networks do not let through. Everything here can also be had from package registries:
# the tools are built from crates, and on Debian the standard library is built from Debian's sources.
#
# The tools go to ${ONCEWARD_TOOLS:-~/.cache/onceward-tools}, one folder a version. Two runs at once are safe:
# the second waits for the first. The output of a step that fails is printed.

set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$ONCEWARD_ROOT"

NODE_MAJOR_MIN=20

# --- Words ---------------------------------------------------------------------------------------

stop() {
  printf '\nsetup: %s\n' "$*" >&2
  exit 1
}

milliseconds() {
  # Bash before version 5 has no clock finer than a second.
  if [[ -n ${EPOCHREALTIME:-} ]]; then
    echo $((${EPOCHREALTIME/[.,]/} / 1000))
  else
    echo $((SECONDS * 1000))
  fi
}

# step NAME FUNCTION: runs one step, and prints its name, its note and how long it took.
# A step leaves its note, such as "built with Debian's compiler", in $note.
step() {
  local name=$1 started spent
  shift
  started=$(milliseconds)
  note="present"
  printf '==> %s … ' "$name"
  "$@"
  spent=$(($(milliseconds) - started))
  printf '%s, %d.%d s\n' "$note" $((spent / 1000)) $((spent % 1000 / 100))
}

# quietly WHAT COMMAND...: runs a long command, and shows its output only if it fails.
quietly() {
  local what=$1
  shift
  printf '%s … ' "$what"
  # The lock is not handed down: a process that outlives the set-up must not hold it.
  if ! "$@" </dev/null >"$log" 2>&1 9>&-; then
    printf 'failed\n\n' >&2
    # The cause stands at the start of what npm prints, and at the end of what cargo prints.
    head -n 10 "$log" >&2
    echo '[…]' >&2
    tail -n 40 "$log" >&2
    stop "this failed: $*"
  fi
}

# --- Debian packages -----------------------------------------------------------------------------

can_use_apt() {
  [[ -r /etc/debian_version ]] && command -v apt-get >/dev/null && [[ $(id -u) == 0 ]]
}

apt_lists_are_fresh=
apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  if [[ -z $apt_lists_are_fresh ]]; then
    quietly "package lists" apt-get update
    apt_lists_are_fresh=yes
  fi
  quietly "$1" apt-get install -y --no-install-recommends "${@:2}"
}

# --- Steps ---------------------------------------------------------------------------------------

check_cargo() {
  command -v cargo >/dev/null && command -v rustc >/dev/null ||
    stop "cargo and rustc are missing. Install Rust: the rustup of your system, or https://rustup.rs"
  note=$(rustc --version | cut -d ' ' -f 2)
}

check_node() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    stop "node and npm are missing. Install Node.js $NODE_MAJOR_MIN or newer: the nodejs of your system, or https://nodejs.org"
  note=$(node --version)
  local major=${note#v}
  ((${major%%.*} >= NODE_MAJOR_MIN)) || stop "Node.js $NODE_MAJOR_MIN or newer is needed; here is $note."
}

# The standard library for WebAssembly, the first way that works: it is there, rustup fetches it,
# or Debian's sources are built.
install_wasm_target() {
  if compiles_wasm rustc; then
    return
  fi
  # Debian's is asked first: where it was needed once, rustup would only be waited for again.
  if debian_compiles_wasm; then
    note="present in Debian's compiler"
  elif fetch_wasm_target; then
    note="fetched by rustup"
    return
  else
    build_debian_wasm_target
    note="built from Debian's sources"
  fi
  connect_debian_compiler
}

fetch_wasm_target() {
  command -v rustup >/dev/null || return 1
  printf 'rustup target add … '
  # A network that drops packets must not hold the set-up for long.
  RUSTUP_MAX_RETRIES=1 RUSTUP_DOWNLOAD_TIMEOUT=60 \
    rustup target add "$WASM_TARGET" </dev/null >"$log" 2>&1 9>&- &&
    compiles_wasm rustc && return
  printf 'not to be had; '
  return 1
}

build_debian_wasm_target() {
  can_use_apt || stop "the standard library for $WASM_TARGET is missing, and rustup could not fetch it.
Do one of these, then run this script again:
  - with rustup and a network that lets it through: rustup target add $WASM_TARGET
  - on Debian: run this script once as root; it builds the library from Debian's sources."
  apt_install "Debian's compiler" rustc-web cargo-web rust-web-src libstd-rust-web-dev rust-web-llvm
  build_debian_wasm_std
}

# Debian's compiler is called by wasm_env, which needs a linker for it, and a name in rustup.
connect_debian_compiler() {
  if ! wasm_linker >/dev/null; then
    can_use_apt || stop "a linker for WebAssembly is missing. Install lld; its command is wasm-ld."
    apt_install "linker" lld-19
  fi
  # Without rustup, Debian's compiler is the only one there is.
  if command -v rustup >/dev/null; then
    rustup toolchain link "$DEBIAN_TOOLCHAIN" /usr >"$log" 2>&1 || stop "rustup toolchain link failed: $(cat "$log")"
  fi
}

# Debian ships the sources of the standard library, and no build of it for WebAssembly. An empty crate
# makes cargo build it; its parts are then put where the compiler looks for them.
build_debian_wasm_std() {
  local crate=$scratch/std parts
  mkdir -p "$crate/src"
  echo '#![no_std]' >"$crate/src/lib.rs"
  printf '[package]\nname = "std_builder"\nversion = "0.0.0"\nedition = "2021"\n' >"$crate/Cargo.toml"
  # RUSTC_BOOTSTRAP allows the unstable -Zbuild-std, here only. `test` is what the tests link to.
  # Without the embedded bitcode, link-time optimisation fails later. The mapping keeps the folders of
  # this machine out of the panic messages.
  local flags="-Cembed-bitcode=yes --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"
  quietly "standard library, about a minute" env \
    RUSTC=$DEBIAN_RUSTC RUSTC_BOOTSTRAP=1 RUSTFLAGS="$flags" CARGO_TARGET_DIR="$crate/target" \
    /usr/bin/cargo build --release --manifest-path "$crate/Cargo.toml" --target "$WASM_TARGET" \
    -Zbuild-std=std,panic_abort,proc_macro,test
  rm -f "$crate/target/$WASM_TARGET/release/deps/"libstd_builder-*
  parts=("$crate/target/$WASM_TARGET/release/deps/"*.rlib)
  mkdir -p "$DEBIAN_WASM_LIB"
  # Parts that an older compiler built would be found as well, and do not fit.
  rm -f "$DEBIAN_WASM_LIB"/*.rlib "$DEBIAN_WASM_LIB"/*.rmeta
  cp "${parts[@]}" "$DEBIAN_WASM_LIB/"
  debian_compiles_wasm || stop "Debian's compiler does not accept the standard library that was just built."
}

# cargo_install CRATE VERSION FOLDER COMMAND: builds a tool, unless its folder has it.
# A debug build is three times as quick to make, and quick enough at what it does here.
cargo_install() {
  local crate=$1 version=$2 folder=$3 command=$4
  if [[ ! -x $folder/bin/$command ]]; then
    quietly "building $version, some minutes" env CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR="$scratch/$crate" \
      cargo install "$crate" --version "$version" --locked --debug --no-default-features --root "$folder"
    note="built $version"
    rm -rf "${scratch:?}/$crate"
  fi
}

install_wasm_bindgen() {
  [[ -n $WASM_BINDGEN_VERSION ]] || stop "Cargo.toml does not pin wasm-bindgen as version = \"=X.Y.Z\"."
  cargo_install wasm-bindgen-cli "$WASM_BINDGEN_VERSION" "$wasm_bindgen_dir" wasm-bindgen
}

install_wasm_pack() {
  cargo_install wasm-pack "$WASM_PACK_VERSION" "$wasm_pack_dir" wasm-pack
}

install_cargo_fuzz() {
  command -v c++ >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null ||
    stop "a C++ compiler is missing: libFuzzer is built with it. On Debian: apt-get install g++"
  cargo_install cargo-fuzz "$CARGO_FUZZ_VERSION" "$cargo_fuzz_dir" cargo-fuzz
}

has_browser() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
    command -v "$name" >/dev/null && return 0
  done
  [[ -d "/Applications/Google Chrome.app" ]]
}

install_browser() {
  if find_chromedriver >/dev/null && { [[ -n ${CHROMEDRIVER:-} ]] || has_browser; }; then
    return
  fi
  [[ -z ${CHROMEDRIVER:-} ]] || stop "CHROMEDRIVER is set to $CHROMEDRIVER, which is no program."
  can_use_apt || stop "Chromium (or Chrome) and its chromedriver are missing. Install both in the same version;
on Debian: apt-get install chromium chromium-driver, or run this script as root.
If chromedriver is not in PATH, set CHROMEDRIVER to it."
  apt_install "Debian's packages" chromium chromium-driver
  note="installed"
}

install_firefox() {
  if [[ -n ${FIREFOX:-} ]]; then
    [[ -x $FIREFOX ]] || stop "FIREFOX is set to $FIREFOX, which is no program."
  elif ! command -v firefox-esr >/dev/null && ! command -v firefox >/dev/null; then
    can_use_apt || stop "Firefox is missing. Install it; on Debian: apt-get install firefox-esr, or run this script as root.
If it is not in PATH, set FIREFOX to it."
    apt_install "Debian's packages" firefox-esr
    note="installed"
  fi
}

# install_node_modules FOLDER: installs what the folder's lockfile names.
# The copy of the lockfile says what node_modules was made from; file times would not survive a checkout.
install_node_modules() {
  local lock=$1/package-lock.json made_from=$1/node_modules/.made-from-package-lock.json
  if [[ ! -e $made_from ]] || ! cmp -s "$lock" "$made_from"; then
    quietly "npm ci" npm ci --no-audit --no-fund --prefix "$1"
    cp "$lock" "$made_from"
    note="installed"
  fi
}

# --- The run -------------------------------------------------------------------------------------

purpose=${1:-}
[[ $purpose =~ ^(build|test|www|matrix|bench|docs|fuzz)$ ]] || {
  echo "usage: scripts/setup.sh build|test|www|matrix|bench|docs|fuzz" >&2
  exit 2
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log

mkdir -p "$ONCEWARD_TOOLS"
# macOS has no flock; there it is up to the user not to run two at once.
if command -v flock >/dev/null; then
  exec 9>"$ONCEWARD_TOOLS/lock"
  flock 9
fi

if [[ $purpose == docs ]]; then
  step "node" check_node
  step "node_modules of the API pages" install_node_modules docs/api-tools
  exit
fi
step "cargo" check_cargo
if [[ $purpose == fuzz ]]; then
  step "cargo-fuzz" install_cargo_fuzz
  exit
fi
step "node" check_node
step "wasm target" install_wasm_target
step "wasm-bindgen" install_wasm_bindgen
if [[ $purpose == test || $purpose == matrix ]]; then
  step "wasm-pack" install_wasm_pack
  step "browser" install_browser
  step "Firefox" install_firefox
fi
step "node_modules" install_node_modules .
if [[ $purpose == test || $purpose == matrix ]]; then
  step "node_modules of the matrix" install_node_modules matrix
fi
if [[ $purpose == test || $purpose == www ]]; then
  step "node_modules of the pages" install_node_modules www
fi
if [[ $purpose == matrix ]]; then
  step "node_modules of its long run" install_node_modules matrix/long
fi
if [[ $purpose == bench ]]; then
  step "node_modules of the benchmark" install_node_modules bench
fi
