#!/usr/bin/env bash
# Every shell script passes the linter.
cd "$(dirname "$0")/../.." || exit 2
find examples tests .ci cmake -name '*.sh' -print0 | xargs -0 shellcheck -S warning -x .ci/run
