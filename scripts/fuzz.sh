#!/usr/bin/env bash
# Runs the fuzz targets, one after the other; the first find ends it.
#
#   scripts/fuzz.sh [SECONDS] [TARGET...]    all targets, a minute each, if nothing is said
#
# The first run builds cargo-fuzz. Inputs that reach something new are kept in fuzz/target/found, which is not part
# of the repository; a find is in fuzz/artifacts, and "cargo fuzz" says how to run it again.
#
# Three targets are built with --cfg onceward_unchecked: checksums, tags and chains then count as right, so that
# plain changes of bytes get behind them. The others repair what they change, and have every check on.
#
# There is no sanitizer unless one is asked for: neither the crate nor the targets have any unsafe code, and without
# one several times as many inputs are tried. FUZZ_SANITIZER=address looks at the dependencies as well.

set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$ONCEWARD_ROOT"

TARGETS=(restore merge repaired journal journal_repaired ops notations sequencer)
UNCHECKED=" restore merge journal "

seconds=60
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
  seconds=$1
  shift
fi
if (($# > 0)); then
  TARGETS=("$@")
fi

bash scripts/setup.sh fuzz

# Sanitizers and coverage are unstable: without a nightly compiler the usual one is told to allow them.
cargo=(cargo)
if command -v rustup >/dev/null && rustup toolchain list | grep -q '^nightly'; then
  cargo=(cargo +nightly)
else
  export RUSTC_BOOTSTRAP=1
fi

summary=()
for target in "${TARGETS[@]}"; do
  flags=${RUSTFLAGS:-}
  build=fuzz/target/checked
  if [[ $UNCHECKED == *" $target "* ]]; then
    flags+=" --cfg onceward_unchecked"
    build=fuzz/target/unchecked
  fi
  found=fuzz/target/found/$target
  log=fuzz/target/$target.log
  mkdir -p "$found"
  printf '\n==> %s, %s s\n' "$target" "$seconds"
  # An input may take two seconds and a gigabyte at most.
  if ! RUSTFLAGS=$flags "${cargo[@]}" fuzz run "$target" "$found" "fuzz/corpus/$target" \
    --target-dir "$build" --sanitizer "${FUZZ_SANITIZER:-none}" -- \
    -max_total_time="$seconds" -timeout=2 -rss_limit_mb=1024 -max_len=65536 -print_final_stats=1 \
    2>&1 | tee "$log" | grep -v --line-buffered -E '^(#|"|INFO|\s*NEW_FUNC)'; then
    printf '\nfuzz: %s failed. Where there is an input for it in fuzz/artifacts/%s, this runs it again:\n' "$target" "$target"
    printf '  RUSTFLAGS="%s" %s fuzz run %s --target-dir %s --sanitizer none INPUT\n' "$flags" "${cargo[*]}" "$target" "$build"
    exit 1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  reached=$(sed -n 's/.* cov: \([0-9]*\) ft: \([0-9]*\).*/\1 edges, \2 features/p' "$log" | tail -n 1)
  summary+=("$target: $runs inputs, $reached")
done

printf '\nNothing was found:\n'
printf '  %s\n' "${summary[@]}"
