#!/usr/bin/env bash
# tests/crash/run.sh BUILD_DIR - the crash loops of a build: every scenario and every
# operation on user state with the power cut at every call of the platform.
# TASKSEQ_NIGHTLY=1: 500 pairs of cuts for each, more ways in which disks come back, every
# fault with every error, and mutants of the runtime that the loops must notice.
set -u

build=${1:?"usage: $0 BUILD_DIR"}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
began=$(date +%s)
failed=0

for program in scenario_loop migrate_loop program_loop; do
    if [ ! -x "$build/tests/crash/crash_$program" ]; then
        echo "not ok $program: it is not built in $build"
        exit 1
    fi
done

# start NAME PROGRAM ARGUMENT... - in the background; its output waits in a file.
names=()
pids=()
start() {
    local name=$1 program=$2
    shift 2
    "$build/tests/crash/crash_$program" "$@" >"$work/$name" 2>&1 &
    names+=("$name")
    pids+=($!)
}

# finish all|last - wait for what was started and show its output, or its last line only.
finish() {
    local i status
    for i in "${!pids[@]}"; do
        wait "${pids[$i]}"
        status=$?
        if [ "$status" != 0 ]; then
            failed=1
        fi
        if [ "$1" = last ] && [ "$status" = 0 ]; then
            tail -n 1 "$work/${names[$i]}"
        else
            cat "$work/${names[$i]}"
        fi
        if [ "$status" -gt 1 ]; then
            echo "not ok ${names[$i]}: ended with $status"
        fi
    done
    names=()
    pids=()
}

# total NAME... - the sums of their last lines.
total() {
    sed -n 's/^# total: //p' "${@/#/$work/}" | awk '{
        for (i = 1; i <= NF; i++) { gsub(/[(,]/, "", $i) }
        calls += $1; points += $4; machines += $7
        for (i = 2; i <= NF; i++) {
            if ($i == "pairs") pairs += $(i - 1)
            if ($i == "faults") faults += $(i - 1)
        }
    } END {
        printf "%d calls cut, %d crash points (%d different machines), ", calls, points,
               machines
        printf "%d pairs of cuts, %d calls failed\n", pairs, faults
    }'
}

start scenarios-1 scenario_loop --part 0/2
start scenarios-2 scenario_loop --part 1/2
finish all
start migrate-1 migrate_loop --part 0/2
start migrate-2 migrate_loop --part 1/2
start program-1 program_loop --part 0/2
start program-2 program_loop --part 1/2
finish all

# The loops see: a disk that lies makes them fail.
start lie-wal scenario_loop --lie wal --pairs 0 --only interrupt-rerun
start lie-files scenario_loop --lie files --pairs 0 --only interrupt-rerun
finish last
start lie-folders scenario_loop --lie folders --pairs 0 --only interrupt-rerun
start lie-database migrate_loop --lie database --pairs 0 --only wipe
finish last
start lie-store-folders migrate_loop --lie folders --pairs 0
start lie-volumes migrate_loop --lie volumes --pairs 0 --only update
finish last

echo "crash: $(total scenarios-1 scenarios-2 migrate-1 migrate-2 program-1 program-2) in" \
    "$(($(date +%s) - began)) s"
if [ "${TASKSEQ_NIGHTLY:-0}" = 1 ]; then
    "$here/mutants.sh" || failed=1
fi
exit "$failed"
