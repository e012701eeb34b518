# Sourced by the end-to-end tests.  Each check prints "ok NAME" or "not ok NAME" and what was
# seen.  $taskseq is the program, $work a fresh folder.
# shellcheck shell=bash disable=SC2034
taskseq=$(realpath "${1:?use: $0 PATH/TO/taskseq}")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 2
out="" code=0 failures=0

ok() { echo "ok $*"; }
not_ok() {
  echo "not ok $*"
  printf '%s\n' "$out" | tail -n 25 | sed 's/^/    /'
  echo "    exit code $code"
  failures=$((failures + 1))
}
# run ARGUMENTS...: the program; $out: everything it printed, $code: its exit code
run() {
  out=$(timeout 300 "$taskseq" "$@" 2>&1 </dev/null)
  code=$?
}
# expect NAME CODE PATTERN...: the exit code and every pattern (fixed text) in the output
expect() {
  local name=$1 want=$2 pattern
  shift 2
  if [ "$code" -ne "$want" ]; then
    not_ok "$name (wanted exit code $want)"
    return 1
  fi
  for pattern in "$@"; do
    if ! grep -qF -- "$pattern" <<<"$out"; then
      not_ok "$name (wanted \"$pattern\")"
      return 1
    fi
  done
  ok "$name"
}
# that NAME COMMAND...: the command succeeds
that() {
  local name=$1
  shift
  if out=$("$@" 2>&1); then ok "$name"; else code=$?; not_ok "$name"; fi
}
finish() { [ "$failures" -eq 0 ]; }
