#!/bin/sh
# Do the random sequences find faults?  Puts each fault of mutants.lua into a copy of the source, builds
# the driver and runs until the first disagreement: `ok FAULT: found in case N`.
#
#   tests/model/mutants.sh [NUMBER...]     all, or these; TASKSEQ_MODEL_CASES=N: give up after N cases
#   tests/model/mutants.sh --fit           only: does every fault still fit the source?
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
lua=$(command -v lua5.4 || command -v lua)
if [ "${1:-}" = --fit ]; then
    exec "$lua" - "$here/mutants.lua" "$source/runtime" <<'END'
local bad = false
for _, m in ipairs(dofile(arg[1])) do
  local f = assert(io.open(arg[2] .. "/" .. m[2]))
  local text = f:read("a")
  f:close()
  local first, last = text:find(m[3], 1, true)
  if not first or text:find(m[3], last + 1, true) then
    print(("not ok %s: its text is not once in %s: %s"):format(m[1], m[2], m[3]))
    bad = true
  end
end
os.exit(not bad)
END
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/taskseq-mutants-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

(cd "$source" && tar cf - --exclude=./build --exclude=./.git .) | (mkdir "$work/src" && cd "$work/src" && tar xf -)
build() {
    cmake -S "$work/src" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Debug &&
        cmake --build "$work/build" --target model_driver
}
if ! build > "$work/log" 2>&1; then
    tail -20 "$work/log"
    echo "not ok the driver can be built"
    exit 1
fi

# Put fault number $1 in, or (from the other side) take it out.  Prints its name.
apply() {
    "$lua" - "$here/mutants.lua" "$work/src/runtime" "$1" "$2" <<'END'
local m = dofile(arg[1])[tonumber(arg[3])]
if not m then os.exit(1) end
local path = arg[2] .. "/" .. m[2]
local function read(name)
  local f = assert(io.open(name))
  local text = f:read("a")
  f:close()
  return text
end
local function write(name, text)
  local f = assert(io.open(name, "w"))
  f:write(text)
  f:close()
end
if arg[4] == "out" then
  return write(path, read(path .. ".kept")) -- written anew, or nobody sees that it changed
end
local text = read(path)
local first, last = text:find(m[3], 1, true)
assert(first and not text:find(m[3], last, true), m[1] .. ": its text is not there once: " .. m[3])
write(path .. ".kept", text)
write(path, text:sub(1, first - 1) .. m[4] .. text:sub(last + 1))
print(m[1])
END
}

failed=0
one() {
    name=$(apply "$1" in) || return 1
    result="not ok $name: not found"
    if ! cmake --build "$work/build" --target model_driver > "$work/log" 2>&1; then
        tail -20 "$work/log"
        result="not ok $name: cannot be built"
    elif ! TASKSEQ_SEED=1 TASKSEQ_MODEL_SHOWN=1 "$work/src/tests/model/run.sh" "$work/build" > "$work/out" 2>&1; then
        case_=$(sed -n 's/^not ok case 1\([0-9]\{6\}\)$/\1/p' "$work/out" | sed 's/^0*\(.\)/\1/' | head -n 1)
        kept=$(sed -n 's/^not ok kept //p' "$work/out" | head -n 1)
        why=$(sed -n 's/^  {"about":"\([^"]*\)".*/\1/p' "$work/out" | head -n 1)
        if [ -n "$case_" ]; then
            result="ok $name: found in case $((case_ + 1))${kept:+ (and in $kept)}; $why"
        fi
    fi
    echo "$result"
    case $result in
    ok*) ;;
    *)
        failed=1
        tail -5 "$work/out"
        ;;
    esac
    apply "$1" out
}

if [ $# -gt 0 ]; then
    for i in "$@"; do one "$i"; done
else
    i=1
    while one $i 2> "$work/err"; do i=$((i + 1)); done
    if [ -s "$work/err" ]; then cat "$work/err"; failed=1; fi
fi
exit $failed
