#!/bin/sh
# Build the benchmarks as Release and run them.
#
#   tests/bench/run.sh                  all: two minutes, then 200,000 files, then the
#                                       memory for 1,000,000
#   tests/bench/run.sh runtime          start and steps only
#   tests/bench/run.sh migrate [OPTION...]   files only; options go to bench_migrate
#   tests/bench/run.sh --files 20000    a quick look at all
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${BENCH_BUILD:-$root/build/bench}
what=all
case ${1:-} in
runtime | migrate | all)
    what=$1
    shift
    ;;
esac
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$build" --target taskseq bench_start bench_runtime bench_migrate >/dev/null
programs=$build/tests/bench

if [ "$what" != migrate ]; then
    echo "load of the machine before: $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) processors"
    "$programs/bench_start" "$build/taskseq"
    "$programs/bench_runtime"
    echo "load of the machine after: $(cut -d' ' -f1-3 /proc/loadavg)"
    echo
fi
if [ "$what" != runtime ]; then
    "$programs/bench_migrate" "$@"
    if [ $# -eq 0 ]; then
        "$programs/bench_migrate" --files 1000000 --runs 1 --only capture
    fi
fi
