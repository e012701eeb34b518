#!/usr/bin/env bash
# tests/crash/mutants.sh [NAME...] - breaks commit points of the runtime one after the other,
# in a copy of the tree, and wants the crash loops to notice each.  A mutant that survives,
# and an edit that does not fit the source any more, is a failure.
#
#   tests/crash/mutants.sh --fit   only: does every edit still fit the source?
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

# NAME | FILE | EDIT (perl, on the whole file) | LOOP ARGUMENTS
scenario="scenario_loop --pairs 10 --only interrupt-rerun"
mutants=$(
    cat <<LIST
a replaced file is not synced | runtime/platform/posix/path.c | s/if \(os == 0 && fsync\(fd\) != 0\)/if (false)/ | $scenario
new folders of a state are not synced | runtime/platform/posix/path.c | s/return make_folders\(path, mode, true, err\)/return make_folders(path, mode, false, err)/ | $scenario
the state is not synced | runtime/state/db.c | s/synchronous=FULL/synchronous=OFF/ | $scenario
a step is not recorded before it runs | runtime/engine/step.c | s/(e->started = true;\s+rc = )ts_engine_commit\(e, err\)/\${1}TS_OK/ | $scenario
a step is recorded after it ran | runtime/engine/step.c | s/(e->started = true;\s+)rc = ts_engine_commit\(e, err\);(.*?)(if \(rc == TS_OK\) \{\s+e->started = false;)/\$1\$2if (rc == TS_OK \&\& e->started) rc = ts_engine_commit(e, err);\n\$3/s | $scenario
the end of a step is recorded by the next one | runtime/engine/step.c | s/(ts_requests_clear\(e\);\s+return )ts_engine_commit\(e, err\);\s+\}\s+enum ts_code ts_step_execute/\${1}TS_OK;\n}\nenum ts_code ts_step_execute/ | $scenario
a refused step counts as started | runtime/engine/step.c | s/if \(!v->refused\) \{ \/\*/if (true) { \/*/ | scenario_loop --pairs 0 --only condition-error-rerun
secrets are saved after the commit | runtime/state/record.c | s/if \(ts_secrets_dirty\(s->secrets\) &&\s+\(rc = ts_secrets_save\(s->secrets, s->dir, err\)\) != TS_OK\) \{\s+return rc;\s+\}(.*?rc = ts_db_run\(s, ts_db_stmt\(s, TS_Q_COMMIT\), "written", err\);)/\$1 if (rc == TS_OK && ts_secrets_dirty(s->secrets)) rc = ts_secrets_save(s->secrets, s->dir, err);/s | scenario_loop --pairs 0 --only secrets
imported names are forgotten at a restart | runtime/engine/resume.c | s/    ts_start_names\(e\);\n// | scenario_loop --pairs 0 --only configmgr-local
the catalogue gets its name before the files are durable | runtime/migrate/capture.c | s/\(rc = mig_parts_sync\(s, err\)\) != TS_OK/TS_OK != TS_OK/ | migrate_loop --pairs 0 --only capture
the folder of a new catalogue is not synced | runtime/migrate/capture.c | s/\(rc = ts_dir_sync\(s->dir, err\)\) != TS_OK/TS_OK != TS_OK/ | migrate_loop --pairs 0 --only capture
wiping is not said before the first name goes | runtime/migrate/wipe.c | s/store.state == TS_STORE_COMPLETE &&/false \&\&/ | migrate_loop --pairs 0 --only wipe
wiping may be taken back by a crash | runtime/migrate/catalog.c | s/synchronous=EXTRA/synchronous=FULL/ | migrate_loop --nightly --pairs 0 --only wipe
an update commits before its files are durable | runtime/migrate/update.c | s/if \(rc == TS_OK && \(rc = mig_parts_sync\(s, err\)\) == TS_OK\)/if (rc == TS_OK)/ | migrate_loop --pairs 0 --only update
an update forgets names that may come back | runtime/migrate/update.c | s/(for good \*\/\s+rc = )mig_parts_sync\(s, err\)/\${1}TS_OK/ | migrate_loop --pairs 0 --only update
a restore is recorded before it is durable | runtime/migrate/restore.c | s/return ts_volume_sync\(scope->p\[i\].dir, err\)/return TS_OK/ | migrate_loop --pairs 0 --only restore
a removal does not say that it began | runtime/migrate/remove.c | s/state != TS_STORE_REMOVING\)/false)/ | migrate_loop --pairs 0 --only removal
an applied image is not synced | runtime/steps/target.c | s/\(rc = ts_volume_sync\(t->levels\[0\].dir, err\)\) != TS_OK/false/ | program_loop --pairs 0 --part 0/2
a moved state is not synced | runtime/state/move.c | s/rc = ts_volume_sync\(to, err\)/rc = TS_OK/ | program_loop --pairs 0 --part 1/2
LIST
)

trim() {
    local text=$1
    text=${text#"${text%%[![:space:]]*}"}
    printf '%s' "${text%"${text##*[![:space:]]}"}"
}

build() {
    cmake --build "$work/build" -j2 --target crash_scenario_loop crash_migrate_loop \
        crash_program_loop >"$work/build.log" 2>&1
}

# run LOOP ARGUMENTS - exit status of the loop; its output waits in $work/out.
run() {
    local words
    read -ra words <<<"$1"
    TASKSEQ_NIGHTLY=0 timeout 900 "$work/build/tests/crash/crash_${words[0]}" \
        "${words[@]:1}" >"$work/out" 2>&1
}

# What --fit asks: the file of an edit, and a copy that it does not change.
if [ "${1:-}" = --fit ]; then
    while IFS='|' read -r name file edit _; do
        file=$root/$(trim "$file")
        cp "$file" "$work/copy"
        perl -0pi -e "$(trim "$edit")" "$work/copy"
        if cmp -s "$file" "$work/copy"; then
            echo "not ok $(trim "$name"): the edit does not fit $file any more"
            failed=1
        fi
    done <<<"$mutants"
    exit "$failed"
fi

mkdir "$work/tree" "$work/build"
(cd "$root" && tar --exclude=./build --exclude=./.git -cf - .) | tar -xf - -C "$work/tree"
export CCACHE_BASEDIR=$work CCACHE_NOHASHDIR=1
if ! cmake -S "$work/tree" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Debug \
    >"$work/build.log" 2>&1 || ! build; then
    echo "not ok the tree without a mutant does not build"
    tail -n 5 "$work/build.log"
    exit 1
fi

count=0
began=$(date +%s)
declare -A clean
while IFS='|' read -r name file edit loop; do
    name=$(trim "$name")
    file=$work/tree/$(trim "$file")
    edit=$(trim "$edit")
    loop=$(trim "$loop")
    loop=${loop%%;*}
    if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then
        continue
    fi
    count=$((count + 1))
    cp "$file" "$work/original"
    # What is to notice the mutant must have nothing to say without it.
    if [ -z "${clean[$loop]:-}" ]; then
        if ! run "$loop"; then
            echo "not ok $loop fails without a mutant"
            tail -n 3 "$work/out" | sed 's/^/# /'
            failed=1
            continue
        fi
        clean[$loop]=1
    fi
    perl -0pi -e "$edit" "$file"
    if cmp -s "$file" "$work/original"; then
        echo "not ok $name: the edit does not fit ${file#"$work/tree/"} any more"
        failed=1
        continue
    fi
    if ! build; then
        echo "not ok $name: it does not build"
        grep -m 3 error "$work/build.log" | sed 's/^/# /'
        failed=1
    elif run "$loop"; then
        echo "not ok $name: it survives ($loop)"
        failed=1
    else
        echo "ok $name: noticed$(sed -n 's/^# total:.* \([0-9]* failures\)$/, \1/p' "$work/out")"
    fi
    cp "$work/original" "$file"
    build || { echo "not ok the tree does not build any more" && exit 1; }
done <<<"$mutants"
echo "mutants: $count tried in $(($(date +%s) - began)) s"
exit "$failed"
