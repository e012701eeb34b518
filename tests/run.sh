#!/usr/bin/env bash
# All tests: installs what is missing, builds, runs every level, prints counts by level and
# the slowest tests.  Exit status 0 only if everything passed.
#
#   tests/run.sh                       everything (see docs/testing.md for what that is)
#   tests/run.sh LEVEL...              only these levels: unit asan windows lint stdlib e2e
#                                      model fuzz crash uml
#   tests/run.sh --nightly [LEVEL...]  the long modes: hours instead of minutes
set -u
cd "$(dirname "$0")/.." || exit 2
# shellcheck source=cmake/install-packages.sh
. cmake/install-packages.sh
# shellcheck disable=SC2086
need_packages $BUILD_PACKAGES $TEST_PACKAGES || exit 2

export TASKSEQ_NIGHTLY="${TASKSEQ_NIGHTLY:-}"
if [ "${1:-}" = --nightly ]; then
  TASKSEQ_NIGHTLY=1
  shift
fi
all_levels="unit asan windows lint stdlib e2e model fuzz crash uml"
levels="${*:-$all_levels}"
for level in $levels; do
  case " $all_levels " in
    *" $level "*) ;;
    *) echo "tests/run.sh: there is no level $level; there are: $all_levels" >&2; exit 2 ;;
  esac
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
: >"$work/times"

wanted() { case " $levels " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

# count LEVEL NAME PASSED FAILED SECONDS
count() {
  passed=$((passed + $3))
  failed=$((failed + $4))
  printf '%-8s %-28s %5d passed %3d failed  %6.1f s\n' "$1" "$2" "$3" "$4" "$5"
  printf '%.1f s  %s/%s\n' "$5" "$1" "$2" >>"$work/times"
}

seconds_since() { awk -v a="$1" -v b="$(date +%s.%N)" 'BEGIN { print b - a }'; }

build() { # PRESET: configure and build, quietly unless it fails
  if ! { cmake --preset "$1" && cmake --build "build/$1"; } >"$work/build.log" 2>&1; then
    tail -n 60 "$work/build.log"
    echo "the build of preset $1 failed"
    return 1
  fi
}

# Run every Criterion program of a build folder.  The closing line of each is parsed; a
# program that ends without one has failed.
unit_programs() { # LEVEL BUILD_DIR
  for program in "$2"/tests/test_*; do
    [ -x "$program" ] || continue
    name=$(basename "$program")
    start=$(date +%s.%N)
    rm -f "$work"/asan.*
    ASAN_OPTIONS="log_path=$work/asan:detect_leaks=${LEAKS:-0}" \
      timeout 900 "$program" --jobs 2 --verbose >"$work/out" 2>&1
    status=$?
    line=$(grep -a 'Synthesis: Tested:' "$work/out" | tail -n 1)
    ok=$(printf '%s' "$line" | sed -n 's/.*Passing: \([0-9]*\).*/\1/p')
    tested=$(printf '%s' "$line" | sed -n 's/.*Tested: \([0-9]*\).*/\1/p')
    bad=$(( ${tested:-0} - ${ok:-0} ))
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    if ls "$work"/asan.* >/dev/null 2>&1; then
      bad=$((bad + 1))
      cat "$work"/asan.* | head -n 60
    fi
    count "$1" "$name" "${ok:-0}" "$bad" "$(seconds_since "$start")"
    [ "$bad" -eq 0 ] || grep -a -v -E '^\[(RUN|PASS|SKIP)' "$work/out" | tail -n 40
    skipped=$((skipped + $(grep -a -c '^\[SKIP\]' "$work/out")))
    sed -n 's/^\[SKIP\]/SKIPPED/p' "$work/out" | sort
  done
}

one() { # LEVEL NAME COMMAND...: one check that passes or fails
  level=$1 name=$2
  shift 2
  start=$(date +%s.%N)
  if "$@" >"$work/out" 2>&1; then
    count "$level" "$name" 1 0 "$(seconds_since "$start")"
  else
    count "$level" "$name" 0 1 "$(seconds_since "$start")"
    tail -n 60 "$work/out"
  fi
}

# Scripts that print "ok NAME" and "not ok NAME" lines and "SKIPPED why".
play() { # LEVEL NAME COMMAND...: in the background; report shows how it went
  local to="$work/played/$1.$2"
  mkdir -p "$work/played"
  shift 2
  {
    local start
    start=$(date +%s.%N)
    timeout "$limit" "$@" >"$to.out" 2>&1 </dev/null
    echo $? >"$to.status"
    seconds_since "$start" >"$to.time"
  } &
}
report() { # LEVEL NAME
  local from="$work/played/$1.$2" status ok bad
  status=$(cat "$from.status")
  ok=$(grep -a -c '^ok ' "$from.out")
  bad=$(grep -a -c '^not ok ' "$from.out")
  if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || ! grep -a -q -E '^(ok|SKIPPED) ' "$from.out"; }; then
    bad=1
  fi
  skipped=$((skipped + $(grep -a -c '^SKIPPED' "$from.out")))
  grep -a '^SKIPPED' "$from.out"
  count "$1" "$2" "$ok" "$bad" "$(cat "$from.time")"
  if [ "$bad" -ne 0 ]; then
    grep -a -v '^ok ' "$from.out" | tail -n 60
  elif [ "$2" = run ]; then # figures
    grep -a -v '^SKIPPED' "$from.out" | sed 's/^/    /'
  fi
}
limit=1800 # seconds
[ -z "$TASKSEQ_NIGHTLY" ] || limit=36000

began=$(date +%s.%N)
if [ "$levels" != windows ] && [ "$levels" != asan ]; then
  build dev || exit 1
fi
wanted unit && unit_programs unit build/dev
if wanted asan; then
  build asan || exit 1
  unit_programs asan build/asan
  play asan fuzz-inputs env TASKSEQ_FUZZ_SECONDS=0 tests/fuzz/run.sh build/asan
  wait
  report asan fuzz-inputs
fi
if wanted windows; then
  one windows syntax tests/lint/windows-syntax.sh
fi
if wanted lint; then
  one lint layers tests/lint/layers.lua
  one lint headers tests/lint/headers.sh
  one lint luacheck luacheck -q stdlib sequences examples tests
  one lint shellcheck tests/lint/shell.sh
  one lint mutants sh -c 'tests/crash/mutants.sh --fit && tests/model/mutants.sh --fit'
  one lint docs tests/lint/docs.sh build/dev/taskseq
fi
if wanted stdlib; then
  start=$(date +%s.%N)
  lua5.4 tests/stdlib/run.lua . >"$work/out" 2>&1
  status=$?
  ok=$(grep -c '^ok ' "$work/out")
  bad=$(grep -c '^not ok ' "$work/out")
  if [ "$status" -ne 0 ] && [ "${bad:-0}" -eq 0 ]; then bad=1; fi
  count stdlib steps "${ok:-0}" "${bad:-0}" "$(seconds_since "$start")"
  [ "${bad:-0}" -eq 0 ] || tail -n 40 "$work/out"
fi
if wanted e2e; then
  for script in tests/e2e/*.sh; do # two at a time
    while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
    play e2e "$(basename "$script" .sh)" "$script" build/dev/taskseq
  done
  wait
  for script in tests/e2e/*.sh; do
    report e2e "$(basename "$script" .sh)"
  done
fi
for level in model fuzz crash uml; do # each of these uses both processors
  if wanted $level; then
    play $level run "tests/$level/run.sh" build/dev
    wait
    report $level run
  fi
done

echo
echo "Slowest:"
sort -rn "$work/times" | head -n 8 | sed 's/^/  /'
printf 'All tests took %.0f s\n\n' "$(seconds_since "$began")"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
