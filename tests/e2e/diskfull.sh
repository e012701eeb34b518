#!/usr/bin/env bash
# The disk is full during the capture (copies, so that it needs room) and during the writes
# of the state: a clear message, the right exit code, nothing lost.  Needs to mount a small
# file system; where that is not allowed the test says so.
self=$(realpath "$0")
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"
if [ "${2:-}" != inside ]; then
  if ! unshare -m true 2>/dev/null; then
    echo "SKIPPED diskfull: this user may not mount"
    exit 0
  fi
  exec unshare -m "$self" "$taskseq" inside
fi
mkdir small
mount -t tmpfs -o size=24m tmpfs small || { echo "SKIPPED diskfull: cannot mount"; exit 0; }

mkdir -p small/c/Users/Ann small/c/Windows/System32
head -c 10000000 /dev/urandom >small/c/Users/Ann/big
echo x >small/c/Users/Ann/NTUSER.DAT
sum=$(sha256sum <small/c/Users/Ann/big)
cat >copy.lua <<'L'
return sequence { name = "Copy", steps = {
  CaptureUserState "Capture" { store = [[C:\StateStore]], drive = "C:", copy = true } } }
L
head -c 9000000 /dev/zero >small/filler
run run copy.lua --drive C=small/c --state "$work/s1"
expect "no room for the copies" 1 "no space" "Capture"
that "the user's file is untouched" sh -c "test \"\$(sha256sum <small/c/Users/Ann/big)\" = '$sum'"
that "the room was given back" sh -c 'test "$(du -sm small/c/StateStore 2>/dev/null | cut -f1 || echo 0)" -le 1 2>/dev/null || test ! -e small/c/StateStore'
rm small/filler
run run copy.lua --drive C=small/c --state "$work/s2"
expect "with room it works" 0

cat >many.lua <<'L'
local steps = {}
for i = 1, 3000 do
  steps[i] = SetVariable("Set " .. i) { variable = "V" .. i, value = ("x"):rep(2000) }
end
return sequence { name = "Many", steps = steps }
L
mkdir small/state
run run many.lua --state "$work/small/state" -q
expect "no room for the state" 3 "no space"
umount small
finish
