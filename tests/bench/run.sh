#!/bin/sh
# Build the benchmarks as Release and run them.  Options go to bench_migrate:
#   tests/bench/run.sh                       200,000 files, then the memory for 1,000,000
#   tests/bench/run.sh --files 20000         a quick look
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${BENCH_BUILD:-$root/build/bench}
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$build" --target bench_migrate >/dev/null
"$build/tests/bench/bench_migrate" "$@"
if [ $# -eq 0 ]; then
    "$build/tests/bench/bench_migrate" --files 1000000 --runs 1 --only capture
fi
