#!/bin/sh
# Random sequences, played by the engine and by the model; they must agree.
#
#   tests/model/run.sh BUILD_DIR                2,000 of them, after those in kept/
#   TASKSEQ_NIGHTLY=1 tests/model/run.sh ...    100,000; TASKSEQ_MODEL_CASES=N: as many as that
#   TASKSEQ_MODEL_SHOWN=N tests/...             stop after so many disagreements (3)
#   TASKSEQ_SEED=N tests/model/run.sh ...       the same as in the run that printed that seed
#   tests/model/run.sh BUILD_DIR --case N       one of them again, with all it says
#   tests/model/run.sh BUILD_DIR --file FILE    a case from a file
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ $# -ne 1 ] && [ $# -ne 3 ]; then
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
driver=$1/tests/model/model_driver
if [ ! -x "$driver" ]; then
    echo "$driver is not there: build the target model_driver first" >&2
    exit 2
fi
driver=$(cd "$(dirname "$driver")" && pwd)/model_driver
lua=$(command -v lua5.4 || command -v lua)
cases=2000
[ "${TASKSEQ_NIGHTLY:-0}" = 1 ] && cases=100000
cases=${TASKSEQ_MODEL_CASES:-$cases}
seed=${TASKSEQ_SEED:-$(date +%Y%m%d)}

# In memory where that is possible: a commit costs next to nothing there.
scratch=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/taskseq-model-XXXXXX")
keep=$1/model
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$keep"
keep=$(cd "$keep" && pwd)

case ${2:-} in
'') "$lua" "$here/main.lua" "$here" "$driver" "$scratch" "$keep" "$cases" "$seed" ;;
--case) "$lua" "$here/main.lua" "$here" "$driver" "$scratch" "$keep" 1 "$seed" case "$3" ;;
--file) "$lua" "$here/main.lua" "$here" "$driver" "$scratch" "$keep" 1 "$seed" file "$3" ;;
*)
    echo "tests/model/run.sh: $2 is neither --case nor --file" >&2
    exit 2
    ;;
esac
