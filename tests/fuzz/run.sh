#!/usr/bin/env bash
# Fuzzing.  First every kept input is run once by the plain programs of BUILD_DIR, then each
# target is fuzzed for some seconds, two at a time (needs clang).
#
#   tests/fuzz/run.sh BUILD_DIR [TARGET...]      BUILD_DIR: build/dev or build/asan
#
# TASKSEQ_FUZZ_SECONDS=N  seconds for each target (10, and 4 for what only we write or what is
#                         small; 600 with TASKSEQ_NIGHTLY=1; 0: only the kept inputs)
# TASKSEQ_FUZZ_SEED=N     of the random numbers (1; the date with TASKSEQ_NIGHTLY=1)
# TASKSEQ_FUZZ_KEEP=1     keep new inputs in build/fuzz/corpus, where later runs begin
set -u
cd "$(dirname "$0")/../.." || exit 2
plain=$(realpath "${1:?Use: tests/fuzz/run.sh BUILD_DIR [TARGET...]}") || exit 2
shift
here=tests/fuzz
night=${TASKSEQ_NIGHTLY:-0}
seconds=${TASKSEQ_FUZZ_SECONDS:-$([ "$night" = 1 ] && echo 600 || echo 10)}
short="argv attributes conditiondata events facts logfile machine path pattern pe position
request smbios stored values vars wql"
seed=${TASKSEQ_FUZZ_SEED:-$([ "$night" = 1 ] && date +%Y%m%d || echo 1)}
keep=${TASKSEQ_FUZZ_KEEP:-0}
found=build/fuzz/found
top=/dev/shm
[ -w "$top" ] || top=${TMPDIR:-/tmp}
work=$(mktemp -d) && scratch=$(mktemp -d "$top/taskseq-fuzz-XXXXXX") || exit 2
trap 'rm -rf "$work" "$scratch"' EXIT
trap 'exit 130' INT TERM
export TASKSEQ_FUZZ_SCRATCH=$scratch
leaks=1
options() { # LEAKS
  ASAN_OPTIONS="detect_leaks=$1:quarantine_size_mb=32"
  export ASAN_OPTIONS
}
options 1

targets="$*"
[ "$targets" ] || targets=$(cd $here && for f in *_fuzz.c; do echo "${f%_fuzz.c}"; done)
for t in $targets; do
  [ -f "$here/${t}_fuzz.c" ] || { echo "not ok there is no target $t"; exit 1; }
done
bad=0

# Where a process may not be looked at (some containers) leaks cannot be found.
no_leaks() { # PROGRAM ARGUMENT...
  "$@" >/dev/null 2>&1 && return
  options 0
  if "$@" >/dev/null 2>&1; then
    leaks=0
    echo "SKIPPED leaks: LeakSanitizer does not work on this system"
  else
    options 1
  fi
}

# ---- the kept inputs ----

replay() { # TARGET
  local program=$plain/tests/fuzz/fuzz_$1 corpus=$here/corpus/$1 input
  if [ ! -x "$program" ]; then
    echo "not ok replay/$1: $program is not built"
  elif [ ! -d "$corpus" ]; then
    echo "not ok replay/$1: $corpus is missing"
  elif timeout 300 "$program" "$corpus" >"$work/$1.replay" 2>&1; then
    echo "ok replay/$1: $(tail -n 1 "$work/$1.replay")"
    return 0
  else
    echo "not ok replay/$1"
    for input in "$corpus"/*; do # which one
      timeout 60 "$program" "$input" >"$work/$1.replay" 2>&1 && continue
      echo "$input:"
      tail -n 30 "$work/$1.replay"
      echo "again: $program $input"
    done
  fi
  return 1
}
no_leaks "$plain/tests/fuzz/fuzz_argv"
for t in $targets; do
  replay "$t" || bad=$((bad + 1))
done
finish() {
  [ "$bad" -eq 0 ]
  exit
}
[ "$seconds" -gt 0 ] || finish

# ---- fuzzing ----

has_libfuzzer() {
  command -v clang >/dev/null && printf '%s\n' '#include <stddef.h>' \
    'int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);' \
    'int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n) { return p && n > 9; }' |
    clang -fsanitize=fuzzer,address -x c - -o "$work/try" 2>"$work/try.log"
}
if ! has_libfuzzer; then
  echo "SKIPPED fuzzing: clang with libFuzzer is not there (packages clang and libclang-rt-14-dev)"
  finish
fi
if ! { cmake --preset fuzz && cmake --build build/fuzz; } >"$work/build.log" 2>&1; then
  tail -n 60 "$work/build.log"
  echo "not ok fuzz/build"
  exit 1
fi

[ "$leaks" = 0 ] || no_leaks "$work/try" -runs=1

most_bytes() {
  case $1 in
    xml | zip | lua | sequence) echo 8192 ;;
    state | catalogue) echo 1024 ;;
    *) echo 4096 ;;
  esac
}

number() { # LOG PATTERN: the last number behind it
  grep -a -o "$2 *[0-9]*" "$1" | tail -n 1 | grep -o '[0-9]*$' || echo 0
}

seconds_for() { # TARGET
  case " ${short//$'\n'/ } " in
    *" $1 "*) [ "${TASKSEQ_FUZZ_SECONDS:-}$night" = 0 ] && echo 4 && return ;;
  esac
  echo "$seconds"
}

fuzz() { # TARGET: writes its report to $work/TARGET.report
  local log=$work/$1.log inputs=$work/$1.inputs status runs before after added f
  local most
  most=$(seconds_for "$1")
  local dict='' old=''
  mkdir -p "$inputs" "$work/$1.found" "$scratch/$1"
  [ -f "$here/dict/$1.dict" ] && dict=-dict=$here/dict/$1.dict
  [ -d "build/fuzz/corpus/$1" ] && old=build/fuzz/corpus/$1
  # shellcheck disable=SC2086
  TASKSEQ_FUZZ_SCRATCH=$scratch/$1 timeout $((most + 300)) build/fuzz/tests/fuzz/fuzz_"$1" \
    $dict -seed="$seed" -max_total_time="$most" -max_len="$(most_bytes "$1")" \
    -timeout=20 -rss_limit_mb=2048 -detect_leaks="$leaks" -print_final_stats=1 \
    -artifact_prefix="$work/$1.found/" "$inputs" "$here/corpus/$1" $old >"$log" 2>&1
  status=$?
  runs=$(number "$log" 'stat::number_of_executed_units:')
  added=$(number "$log" 'stat::new_units_added:')
  before=$(grep -a -m 1 'INITED' "$log" | grep -o 'cov: [0-9]*' | grep -o '[0-9]*')
  after=$(number "$log" 'cov:')
  {
    if [ "$status" -eq 0 ]; then
      echo "ok fuzz/$1: $runs executions, $((runs / most))/s in $most s," \
        "$((after - ${before:-0})) new edges (of $after), $added new inputs"
    else
      echo "not ok fuzz/$1: exit code $status after $runs executions"
      grep -a -v -E '^#[0-9]+.*(NEW|REDUCE|pulse)' "$log" | cut -c 1-1000 | tail -n 60
      mkdir -p "$found"
      for f in "$work/$1.found"/*; do
        [ -f "$f" ] || continue
        cp "$f" "$found/$1-$(basename "$f")"
        echo "input, base64: $(base64 -w 0 "$f" | cut -c 1-4000)"
        echo "again: build/fuzz/tests/fuzz/fuzz_$1 $found/$1-$(basename "$f")"
      done
    fi
    if [ "$keep" = 1 ]; then
      mkdir -p "build/fuzz/corpus/$1"
      TASKSEQ_FUZZ_SCRATCH=$scratch/$1 timeout 600 build/fuzz/tests/fuzz/fuzz_"$1" -merge=1 \
        -timeout=20 -rss_limit_mb=2048 "build/fuzz/corpus/$1" "$here/corpus/$1" "$inputs" \
        >"$log.merge" 2>&1 &&
        echo "  kept: $(find "build/fuzz/corpus/$1" -type f | wc -l) inputs in build/fuzz/corpus/$1"
    fi
  } >"$work/$1.report"
}

echo "# each target for $seconds s (the short ones less), seed $seed"
running=0
for t in $targets; do
  fuzz "$t" &
  running=$((running + 1))
  if [ "$running" -ge 2 ]; then
    wait -n
    running=$((running - 1))
  fi
done
wait
total=0
for t in $targets; do
  cat "$work/$t.report"
  grep -q '^ok ' "$work/$t.report" || bad=$((bad + 1))
  total=$((total + $(number "$work/$t.log" 'stat::number_of_executed_units:')))
done
echo "# $total executions in all"
finish
