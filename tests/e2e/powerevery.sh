#!/usr/bin/env bash
# The power goes once at every point of a run: what is safe passes, what is not is found with
# its point and step, users' files are counted after each cut, nothing is left behind.
# TASKSEQ_NIGHTLY=1: every point of the shipped refresh, from both starts, with other letters
# and with a file that is held open.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"
# A small machine, so that a run with every point does not take long.
machine() {
  rm -rf pc
  mkdir -p pc/X pc/C/Windows/System32/config pc/C/Users/Ann/Documents/deep
  cat >pc/machine.json <<'J'
{ "taskseqLab": 1, "id": "power-every", "phase": "FullOS", "nextBoot": "any",
  "volumes": [ { "id": "system", "folder": "C", "FullOS": "C", "WinPE": "C", "fixed": true },
               { "id": "ram", "folder": "X", "WinPE": "X", "ram": true } ] }
J
  echo hive >pc/C/Users/Ann/NTUSER.DAT
  echo regf >pc/C/Windows/System32/config/SYSTEM
  # The head of a system file for x64, so that a Windows is found.
  python3 -c 'import sys; b = bytearray(512); b[0:2] = b"MZ"; b[60] = 128; b[128:134] = b"PE\0\0\x64\x86"
sys.stdout.buffer.write(b)' | tee pc/C/Windows/System32/ntdll.dll pc/C/Windows/explorer.exe >pc/C/Windows/System32/ntoskrnl.exe
  echo one >pc/C/Users/Ann/Documents/one.txt
  echo two >pc/C/Users/Ann/Documents/deep/two.txt
  ln pc/C/Users/Ann/Documents/one.txt "pc/C/Users/Ann/Documents/second name"
  ln -s Documents/one.txt pc/C/Users/Ann/link
  chmod 555 pc/C/Users/Ann/Documents/deep
  before=$(find pc -printf '%p %i %s %m %T@ %n %l\n' | sort | sha256sum)
}
machine

# every SEQUENCE OPTIONS...: $out is the JSON document, $words what a person sees
every() {
  local sequence=$1
  shift
  out=$(timeout 7200 "$taskseq" lab "$sequence" --machine pc --json "$@" 2>words </dev/null)
  code=$?
  words=$(cat words)
  printf '%s' "$out" >every.json
}
# json NAME PYTHON: the expression holds; j is the document, f its failures
json() {
  that "$1" python3 -c "
import json
j = json.load(open('every.json'))
f = j.get('failures')
assert ($2), {k: v for k, v in j.items() if k != 'failures'} | {'failures': (f or [])[:3]}"
}
figure() { # NAME
  python3 - "$1" <<'P'
import json, sys
j = json.load(open('every.json'))
print(f"# {sys.argv[1]}: {j['tried']} of {j['points']} points, {j['milliseconds'] / 1000:.1f} s, "
      f"{j['userFiles']} users' files counted after each, {j['compared']} entries compared, "
      f"{j['differByNature']} differ by nature")
P
}
nothing_left() { # NAME
  that "$1: the machine is as it was" test "$before" = \
    "$(find pc -printf '%p %i %s %m %T@ %n %l\n' | sort | sha256sum)"
  that "$1: no copy is left" sh -c '! ls -d pc.cuts-* taskseq-cuts-* 2>/dev/null'
}

# ---- a sequence that is safe: every point ----------------------------------------------
cat >safe.lua <<'L'
return sequence { name = "Safe", steps = {
  CopyFiles "Keep a copy" { from = [[C:\Users\Ann\Documents]], to = [[C:\Kept]] },
  WriteFile "Say so" { path = [[C:\Users\Ann\kept.txt]], text = "there is a copy\n" },
  RestartComputer "Restart in WinPE" { target = "WinPE" },
  RunCommandLine "List" {
    command = { "sh", "-c", "ls Documents >list.new && mv list.new list.txt" },
    startIn = [[C:\Users\Ann]], onInterrupt = "rerun" },
} }
L
every safe.lua --power-cut every --keep-going
expect "a safe sequence" 0
figure "a small sequence"
json "every point was tried, and the files were counted" \
  'j["tried"] == j["points"] > 60 and not f and j["userFiles"] == 5 and j["goneUncut"] == 0'
that "progress in plain lines" grep -q "^the uncut run has [0-9]* effects" words
nothing_left "a safe sequence"
every safe.lua --power-cut every:20
json "each 20th point" 'j["tried"] == (j["points"] + 19) // 20'

# ---- sequences that are not ------------------------------------------------------------
cat >append.lua <<'L'
return sequence { name = "Appends", steps = {
  RunCommandLine "Append a line" {
    command = { "sh", "-c", "echo two >>list.txt" },
    startIn = [[C:\Users\Ann]], onInterrupt = "rerun" },
} }
L
every append.lua --power-cut every:2
expect "appending twice is found" 1
json "with its point, its step, its file" 'len(f) == 1 and f[0]["kind"] == "end"
  and f[0]["step"] == "append-a-line" and f[0]["when"] == "during" and f[0]["exitCode"] == 0
  and [(d["what"], d["path"]) for d in f[0]["differences"]] == [("changed", "C/Users/Ann/list.txt")]
  and 1 < j["tried"] == (f[0]["point"] + 1) / 2 < j["points"]'
out=$words
expect "in words" 1 'during step "Append a line" (append-a-line): the run does not end as the uncut one did' \
  "changed: C/Users/Ann/list.txt: content, 8 bytes, was 4" "what to do: make \"Append a line\"" \
  "play the copy with --power-cut "
point=$(python3 -c 'import json; print(json.load(open("every.json"))["failures"][0]["point"])')
cp -a pc copy
run lab append.lua --machine copy --power-cut "$point" -q
that "that point alone shows it, too" test "$(wc -l <copy/C/Users/Ann/list.txt)" -eq 2
rm -rf copy

cat >move.lua <<'L'
return sequence { name = "Deletes, then copies", steps = {
  RunCommandLine "Put aside" {
    command = { "sh", "-c", "test ! -e NTUSER.DAT || { cp NTUSER.DAT ../../../X/ && rm NTUSER.DAT; }" },
    startIn = [[C:\Users\Ann]], onInterrupt = "rerun" },
  RunCommandLine "Put back" {
    command = { "sh", "-c", "cp ../../../X/NTUSER.DAT ." },
    startIn = [[C:\Users\Ann]], onInterrupt = "rerun" },
} }
L
every move.lua --power-cut every:2 --keep
expect "a user's file that is on the RAM drive only is found" 1
json "as lost, with its step" 'f[0]["kind"] == "lost" and f[0]["step"] == "put-aside"
  and ("lost", "C/Users/Ann/NTUSER.DAT") in [(d["what"], d["path"]) for d in f[0]["differences"]]'
kept=$(python3 -c 'import json; print(json.load(open("every.json"))["failures"][0]["machine"])')
that "the failing machine is kept where it says" test -e "$kept/machine.json" -a ! -e "$kept/C/Users/Ann/NTUSER.DAT"
rm -rf pc.cuts-*
# In the middle of one command: the kernel says what it does (not every kernel can).
cat >rewrite.lua <<'L'
return sequence { name = "One command", steps = {
  RunCommandLine "Rewrite" {
    command = { "sh", "-c", "cp NTUSER.DAT \"$TMP_FILE\" && rm NTUSER.DAT && cp \"$TMP_FILE\" NTUSER.DAT" },
    startIn = [[C:\Users\Ann]], onInterrupt = "rerun", env = { TMP_FILE = "%Away%" } },
} }
L
every rewrite.lua --power-cut every --jobs 1 --set "Away=$work/away"
if [ "$code" -eq 0 ]; then
  echo "SKIPPED a cut in the middle of a command: this kernel does not tell what programs do"
else
  json "a command that deletes, then copies is found" 'f[0]["kind"] == "lost" and f[0]["step"] == "rewrite"
    and f[0]["differences"][0]["path"] == "C/Users/Ann/NTUSER.DAT"'
fi
cat >pack.lua <<'L'
return sequence { name = "Packs", steps = {
  RunCommandLine "Pack" {
    command = { "sh", "-c", "test -e p.gz || { gzip <NTUSER.DAT >p.new && mv p.new p.gz; }; rm -f NTUSER.DAT" },
    startIn = [[C:\Users\Ann]], onInterrupt = "rerun" },
  RunCommandLine "Unpack" {
    command = { "sh", "-c", "test ! -e p.gz || { gunzip <p.gz >NTUSER.new && mv NTUSER.new NTUSER.DAT; }; rm -f p.gz" },
    startIn = [[C:\Users\Ann]], onInterrupt = "rerun" },
} }
L
every pack.lua --power-cut every:2
json "a packed file is in no file, and that is said" 'f[0]["kind"] == "lost" and f[0]["step"] == "pack"'
every pack.lua --power-cut every:2 --files-at-end
expect "looked for at the end only it is there" 0

cat >once.lua <<'L'
return sequence { name = "Not twice", steps = {
  SetVariable "Begin" { variable = "A", value = "B" },
  RunCommandLine "Only once" { command = "true" },
} }
L
every once.lua --power-cut every:2
expect "a step that must not run twice is no safe end" 1
json "it is a stop of its own kind" 'f[0]["kind"] == "stopped" and f[0]["step"] == "only-once"
  and j["stopped"] == 1 and f[0]["differenceCount"] == 0'
out=$words
expect "with what to do" 1 "interrupted, it must not run twice (onInterrupt = fail); the users' files are there" 'onInterrupt = "rerun"'

cat >delete.lua <<'L'
return sequence { name = "Deletes", steps = { DeleteFiles "Delete" { path = [[C:\Users\Ann\NTUSER.DAT]] } } }
L
every delete.lua --power-cut every:5
expect "what the sequence itself deletes is no loss" 0
json "but it is said" 'j["goneUncut"] == 1'
that "in words" grep -q "the sequence itself takes away or changes 1 contents" words

# ---- all processes of the machine end at the cut ---------------------------------------
mkdir out
cat >daemons.lua <<'L'
return sequence { name = "Leaves programs behind", steps = {
  RunCommandLine "Start them" { onInterrupt = "rerun", env = { OUT = "%Out%" },
    command = { "sh", "-c", [[
      beat='echo $$ >"$OUT/$how"; for i in $(seq 400); do sleep 0.05; done'
      how=child OUT=$OUT sh -c "$beat" &
      how=session OUT=$OUT setsid sh -c "$beat" &
      how=orphan OUT=$OUT setsid sh -c "(setsid sh -c '$beat' &)"
      until [ -s "$OUT/child" ] && [ -s "$OUT/session" ] && [ -s "$OUT/orphan" ]; do sleep 0.01; done]] } },
  WriteFile "Between" { path = [[C:\between.txt]], text = "x" },
  RunCommandLine "Who lives" { onInterrupt = "rerun", env = { OUT = "%Out%" },
    command = { "sh", "-c", [[
      for how in child session orphan; do
        kill -0 "$(cat "$OUT/$how")" 2>/dev/null && echo "$how lives"; done >"$OUT/alive"; true]] } },
} }
L
run lab daemons.lua --machine pc --set "Out=$work/out" -q --json
points=$(sed -n 's/.*"powerPoints": \([0-9]*\).*/\1/p' <<<"$out")
that "without a cut the programs live on" test "$(wc -l <out/alive)" -eq 3
sleep 0.2
that "and end with the machine" sh -c "! kill -0 \$(cat out/child) \$(cat out/session) \$(cat out/orphan) 2>/dev/null"
found=
for ((n = points; n > 1 && ! ${#found}; n--)); do
  rm -f out/*
  run lab daemons.lua --machine pc --discard --set "Out=$work/out" -q --json --power-cut "$n"
  if grep -q '"step": "between"' <<<"$out" && grep -q '"when": "during"' <<<"$out"; then found=$n; fi
done
that "a cut between two steps ends them before the next start" test -n "$found" -a -e out/alive -a ! -s out/alive
that "no counter of the lab is left in the machine" test ! -e pc/.power

cat >inner.lua <<'L'
return sequence { name = "Inner", steps = { WriteFile "Write" { path = [[C:\inner.txt]], text = "x" } } }
L
cat >outer.lua <<'L'
return sequence { name = "Outer", steps = {
  RunCommandLine "Run inside" { command = { "%Taskseq%", "run", "%Work%/inner.lua", "--state", "inner", "-q" },
    startIn = [[C:\Windows]] } } }
L
machine
every outer.lua --power-cut every:4 --keep-going --set "Taskseq=$taskseq" --set "Work=$work"
expect "a cut inside a taskseq that a step runs" 1
json "is a cut of the whole machine" 'f and all(x["kind"] == "stopped" for x in f) and len(f) > 3'

# ---- bad usage, a run that fails, being stopped ----------------------------------------
for bad in every: every:0 every:x every:-1 random:0 0 nth; do
  run lab safe.lua --machine pc --power-cut "$bad"
  expect "--power-cut $bad" 2 "--power-cut wants"
done
run lab safe.lua --machine pc --power-cut every --events x.events; expect "events of many replays" 2 "--events does not go with"
run lab safe.lua --machine pc --power-cut every --jobs 0; expect "no jobs" 2 "--jobs wants"
run lab safe.lua --machine pc --keep; expect "--keep alone" 2 "--keep goes with --power-cut every"
run lab safe.lua --machine none --power-cut every; expect "no machine" 2 "taskseq lab --new"
run lab safe.lua --machine pc --power-cut every --work none; expect "no folder to work in" 2 "none"
run lab none.lua --machine pc --power-cut every; expect "no sequence" 2 "none.lua" "fails without any power cut"
cat >broken.lua <<'L'
return sequence { name = "Broken", steps = { RunCommandLine "Break" { command = "false" } } }
L
run lab broken.lua --machine pc --power-cut every; expect "the uncut run fails" 1 "fails without any power cut" "Break"
nothing_left "bad usage"

for signal in TERM INT; do
  mkdir "stop-$signal"
  python3 - "$signal" "$taskseq" lab safe.lua --machine pc --power-cut every --work "stop-$signal" >said 2>&1 <<'P'
import glob, signal, subprocess, sys, time
p = subprocess.Popen(sys.argv[2:])
work = sys.argv[-1]
end = time.time() + 120
while not glob.glob(work + '/*/cut-[0-9]*/C') and time.time() < end and p.poll() is None:
    time.sleep(0.01)
p.send_signal(getattr(signal, 'SIG' + sys.argv[1]))
sys.exit(p.wait(120))
P
  code=$?
  out=$(cat said)
  expect "stopped by SIG$signal" 11
  that "SIG$signal: nothing is left" sh -c "test -z \"\$(ls stop-$signal)\""
done
nothing_left "stopped"

# Somebody who is not the administrator, and whose machine has read-only folders.
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
  machine
  chmod 755 "$work"
  cp "$taskseq" program
  chown -R 65534:65534 pc && mkdir -m 777 user-work
  out=$(setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$work" \
    ./program lab safe.lua --machine pc --power-cut every:40 --work user-work 2>&1)
  code=$?
  expect "not as the administrator" 0 "0 did not"
  that "not as the administrator: nothing is left" rmdir user-work
fi

# ---- the shipped refresh ---------------------------------------------------------------
if [ "${TASKSEQ_NIGHTLY:-}" = 1 ]; then each=1; else each=70; fi
each=every:${TASKSEQ_CUT_STEP:-$each}
cat >people.json <<'J'
{ "users": [ { "name": "Ann", "files": 40, "folders": 6, "largest": 20000 },
             { "name": "Bob", "files": 20, "folders": 3 } ] }
J
new_machine() { # OPTIONS...
  rm -rf pc
  "$taskseq" lab --new pc --profile people.json --seed 3 "$@" >/dev/null 2>&1 || exit 2
}
refresh() { # NAME OPTIONS...
  local name=$1
  shift
  every "$root/sequences/refresh-hardlink.lua" --power-cut "$each" --keep-going "$@"
  figure "$name"
  if [ "$code" -ne 0 ]; then out=$words; not_ok "$name"; else ok "$name"; fi
  json "$name: points and files" 'j["points"] > 200 and j["userFiles"] > 20 and j["goneUncut"] == 0'
}
new_machine
refresh "the refresh from the full OS" --boot FullOS
refresh "the refresh from WinPE" --boot WinPE
if [ "${TASKSEQ_NIGHTLY:-}" = 1 ]; then
  # A capture that was cut off cannot begin anew while what it left is in use, and says so.
  every "$root/sequences/refresh-hardlink.lua" --power-cut "$each" --keep-going --boot FullOS --hold 'C:\StateStore\data'
  figure "a folder of the store is held"
  json "a folder of the store is held: nothing is lost, and what stops is the capture" 'all(x["kind"] == "end"
    and x["step"].startswith("capture-user-files") and "in use by another program" in x["error"] for x in f)'
  new_machine --swap-letters
  refresh "other letters in WinPE" --boot FullOS
  refresh "other letters, from WinPE" --boot WinPE
fi
rm -rf pc
cuts=0
for seed in 2 4 6 8; do
  new_machine
  run lab "$root/sequences/refresh-hardlink.lua" --machine pc --boot FullOS -q --check-files --json --power-cut random:$seed
  n=$(grep -c '"effect"' <<<"$out")
  cuts=$((cuts + n))
  expect "random cuts, seed $seed ($n of them): all files there after each and at the end" 0 '"displaced": []'
done
that "there were random cuts" test "$cuts" -gt 3
finish
