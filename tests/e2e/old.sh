#!/usr/bin/env bash
# Runs that an earlier program left behind: those of this format are read, gone on with and
# put aside; those of another are refused in plain words and not touched.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"
fixtures=$root/tests/fixtures/state-1
export XDG_STATE_HOME="$work/xdg"

# machine NAME FIXTURE: a lab machine in $work/NAME that holds the run, as root finds it
machine() {
  rm -rf "${work:?}/$1"
  mkdir -p "$work/$1/C/Windows/System32" "$work/$1/X"
  sed 's/"phase": "FullOS"/"phase": "WinPE"/' "$fixtures/machine.json" >"$work/$1/machine.json"
  cp -r "$fixtures/$2" "$work/$1/C/_TaskSequence"
  chmod -R go= "$work/$1/C/_TaskSequence"
  state=$work/$1/C/_TaskSequence
}
# All names and contents of a folder in one line.
hash_of() { (cd "$1" && find . | sort && find . -type f -print0 | sort -z | xargs -0 sha256sum) | sha256sum; }
json() {
  local name=$1
  printf '%s' "$out" >doc.json
  that "$name" python3 -c 'import json, sys
d = json.load(open("doc.json"))
exec(sys.argv[1])' "$2"
}
cat >ok.lua <<'L'
return sequence { name = "Fine", steps = { SetVariable "Name it" { variable = "Who", value = "Ann" } } }
L

# ---- a finished run
machine ended finished
before=$(hash_of "$state")
run status --state "$state" --json; expect "finished: status" 0
json "finished: what status knows" '
r = d["run"]
assert (r["status"], r["name"], r["machine"], r["code"], r["error"]) == ("succeeded", "Fixture", "fixture-machine", 0, ""), r
assert len(r["hash"]) == 64 and r["ended"] > r["started"]
s = {x["step"]: x for x in d["steps"]}
assert s["elsewhere"]["skipped"]["reason"] == "condition" and s["off"]["skipped"]["reason"] == "disabled", s
b = s["breaks"]["attempts"][0]
assert (b["code"], b["ignored"], b["tail"]) == (7, True, "the reason\n"), b
assert s["tell"]["attempts"][0]["succeeded"]
[x] = d["restarts"]
assert (x["by"], x["name"], x["target"], x["phase"], x["at"], x["message"]) == ("step", "To WinPE", "WinPE", "WinPE", "die", "back in a minute"), x'
run status --state "$state"; expect "finished: status as text" 0 "Fixture: succeeded" "failed, ignored  7" 'step "To WinPE" (to-winpe) asked for WinPE'
run explain far --state "$state"; expect "finished: explain" 0 "the group around it was left out" "set by step \"Choose\""
run vars --run --state "$state"; expect "finished: vars" 0 "Where=here  (choose)" "Pin=" "_SMSTSMachineName=fixture"
that "finished: the stream is there" grep -q '"event":"run.finished".*"result":"succeeded"' "$state/events.jsonl"
that "finished: reading changes nothing" test "$before" = "$(hash_of "$state")"
run resume --state "$state"; expect "finished: is not gone on with" 2 "another machine"
TASKSEQ_LAB=$work/ended run resume; expect "finished: nor on its own" 2 "nothing to go on with"
run run ok.lua --state "$state"; expect "finished: run makes room" 0
that "finished: it is in the archive" sh -c "test -f '$state'/archive/*/state.db && test -f '$state'/archive/*/logs/smsts.log"
run explain far --state "$state"/archive/*; expect "finished: and can be read there" 0 "the group around it was left out"

# ---- an interrupted run
machine cut interrupted
run status --state "$state" --json; expect "interrupted: status" 0
json "interrupted: what status knows" '
assert d["run"]["status"] == "running" and d["position"]["at"] == "die" and d["position"]["started"]
s = {x["step"]: x for x in d["steps"]}
assert s["die"]["attempts"][0]["ended"] is None
assert d["restarts"][0]["phase"] == "WinPE" and d["restarts"][0]["count"] == 1
v = {x["name"]: x for x in d["variables"]}
assert v["Pin"]["secret"] and v["Pin"]["value"] == "*****", v["Pin"]'
run explain --state "$state"; expect "interrupted: explain" 0 'Step "Die" (die): it was cut off' "it runs again"
run vars --run --state "$state"; expect "interrupted: vars" 0 "Where=here  (choose)" "Pin=*****"
rm -f "$state/state.db-shm"
before=$(hash_of "$state")
run resume --state "$state"; expect "interrupted: not on another machine" 2 "another machine" "fixture-machine"
run run ok.lua --state "$state"; expect "interrupted: a new run names the choices" 2 "resume" "--discard" "--archive"
machine cut interrupted
export TASKSEQ_LAB=$work/cut
run resume --on-restart exit; expect "interrupted: resume ends well" 0 "Die" "Uses the secret" "succeeded"
unset TASKSEQ_LAB
that "interrupted: with its variables" grep -qx "here 0" "$work/cut/C/told.txt"
run status --state "$state" --json
json "interrupted: the ledger goes on" '
a, b = d["restarts"]
assert a["by"] == "step" and (b["by"], b["interrupted"], b["onInterrupt"], b["count"]) == ("nobody", "die", "rerun", 2), b
assert d["run"]["status"] == "succeeded"'
that "interrupted: its secret is gone" sh -c "! ls '$state' | grep -q '^secrets'"
machine cut interrupted
run run ok.lua --state "$state" --archive; expect "interrupted: put aside" 0
run status --state "$state"/archive/*; expect "interrupted: and read there" 0 "Fixture: cancelled"

# ---- other formats
# patch FILE OFFSET NUMBER: 4 bytes, big-endian
patch() { python3 -c 'import sys
f = open(sys.argv[1], "r+b"); f.seek(int(sys.argv[2])); f.write(int(sys.argv[3]).to_bytes(4, "big"))' "$@"; }
# sql FILE STATEMENT [crash]: with crash it stays in the write-ahead log
sql() { python3 - "$@" <<'P'
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("pragma wal_autocheckpoint=0")
db.execute(sys.argv[2])
db.commit()
if sys.argv[3:]: os._exit(0)
db.execute("pragma wal_checkpoint(truncate)")
db.close()
P
}
# refused NAME PATTERN...: every command refuses $state with these words, and it stays as it is
refused() {
  local name=$1 command before
  shift
  before=$(hash_of "$state")
  for command in "run ok.lua" "run ok.lua --discard" "run ok.lua --archive" resume "resume --from tell" status \
    "status --json" explain "explain far" "vars --run"; do
    # shellcheck disable=SC2086
    run $command --state "$state"
    expect "$name: $command" 2 "$state/state.db" "$@"
    that "$name: $command touches nothing" test "$before" = "$(hash_of "$state")"
  done
}
for kind in finished interrupted; do
  machine other $kind; patch "$state/state.db" 60 2
  refused "newer ($kind)" "a newer version of taskseq" "format 2" "reads format 1" "another --state"
  machine other $kind; patch "$state/state.db" 60 0
  refused "older ($kind)" "an older version of taskseq" "format 0" "reads format 1"
  machine other $kind; patch "$state/state.db" 68 1234
  refused "another program's ($kind)" "a database of another program" "another --state"
done
machine other finished; sql "$state/state.db" "create table future(x)"
refused "a table more" "other tables" "another --state"
machine other interrupted; sql "$state/state.db" "alter table restarts add column who text"
refused "a column more" "other tables"
machine other interrupted; sql "$state/state.db" "create table future(x)" crash; rm -f "$state/state.db-shm"
before=$(cat "$state/state.db" "$state/state.db-wal" | sha256sum)
run resume --state "$state"; expect "a table more in the write-ahead log" 2 "other tables"
that "it is not touched either" test "$before" = "$(cat "$state/state.db" "$state/state.db-wal" | sha256sum)"
machine other finished; echo "not a database" >"$state/state.db"
refused "no database" "is not a state database"
export TASKSEQ_LAB=$work/lab2
machine lab2 interrupted; patch "$state/state.db" 60 2
refused "newer, in its machine" "format 2"
before=$(hash_of "$work/lab2")
run status; expect "newer, found by itself" 2 "format 2"
run run ok.lua; expect "newer, and no other is begun beside it" 2 "format 2"
unset TASKSEQ_LAB

# ---- a lab machine of another format
machine m3 finished; sed -i 's/"taskseqLab": 1/"taskseqLab": 7/' m3/machine.json
before=$(hash_of m3)
run lab ok.lua --machine m3; expect "a newer lab machine" 2 "machine.json" "a newer version" "format 7" "reads format 1"
that "is not touched" test "$before" = "$(hash_of m3)"

# ---- a state store of another format
"$taskseq" lab --new m4 --profile small >/dev/null 2>&1
mkdir -p m4/C
cp -r "$root/tests/fixtures/store-1" m4/C/StateStore
patch m4/C/StateStore/catalog.db 60 2
# a cut left a journal, which only the version that wrote it should roll back
head -c 512 /dev/zero >m4/C/StateStore/catalog.db-journal
store() { # NAME STEP
  echo "return sequence { name = 'S', steps = { $2 } }" >store.lua
  before=$(hash_of m4/C/StateStore)
  rm -rf m4/C/_TaskSequence
  TASKSEQ_LAB=$work/m4 run run store.lua
  expect "a newer state store: $1" 1 "a newer version of taskseq" "format 2" "reads format 1" "not touched"
  that "a newer state store: $1 touches nothing" test "$before" = "$(hash_of m4/C/StateStore)"
}
store capture 'CaptureUserState "x" { store = "C:\\\\StateStore", update = true }'
store restore 'RestoreUserState "x" { store = "C:\\\\StateStore" }'
store release 'ReleaseStateStore "x" { store = "C:\\\\StateStore" }'
sed -i 's/"phase": *"FullOS"/"phase": "WinPE"/' m4/machine.json
letter=$(python3 -c 'import json; print(json.load(open("m4/machine.json"))["volumes"][0]["WinPE"])')
store wipe "WipeVolume 'x' { drive = '$letter:', store = '$letter:\\\\StateStore' }"
finish
