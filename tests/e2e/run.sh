#!/usr/bin/env bash
# Running on this computer: exit codes, variables, secrets, restarts left to the caller,
# cancelling, one run at a time, states that cannot be used.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"
export XDG_STATE_HOME="$work/xdg"
state() { echo "$work/state-$1"; }

cat >ok.lua <<'L'
return sequence { name = "Fine", steps = {
  SetVariable "Name it" { variable = "Who", value = "Ann" },
  RunCommandLine "Greet" { command = { "sh", "-c", "echo hello %Who%; echo no end >&2" } },
  RunCommandLine "Not now" { command = "false", condition = "Who = 'Bob'" },
  RunCommandLine "Ignored" { command = [[sh -c "exit 7"]], continueOnError = true },
  WriteFile "Tell" { path = "%Out%/told.txt", text = "code %_SMSTSLastActionRetCode%" },
} }
L
run run ok.lua --state "$(state ok)" --set "Out=$work" --events ok.events -v
expect "a run that succeeds" 0 "hello Ann" "no end" "skipped" "Who = 'Bob'" "failed, ignored"
that "the file tells the ignored code" grep -qx 'code 7' told.txt
that "the log is CMTrace" grep -q '<!\[LOG\[Start executing an instruction. Instruction name: .Greet..  Pointer: 1' \
  "$(state ok)/logs/smsts.log"
that "the log starts with a BOM and ends lines with CR LF" python3 - "$(state ok)/logs/smsts.log" <<'P'
import re, sys
data = open(sys.argv[1], 'rb').read()
assert data.startswith(b'\xef\xbb\xbf') and data.endswith(b'\r\n')
line = re.compile(rb'<!\[LOG\[.*?\]LOG\]!><time="\d\d:\d\d:\d\d\.\d{3}[+-]\d+" date="\d\d-\d\d-\d{4}" '
                  rb'component="[^"]*" context="" type="[0-3]" thread="\d+" file="[^"]*">\r\n', re.S)
at = 3
while at < len(data):
    m = line.match(data, at)
    assert m, data[at:at + 200]
    at = m.end()
P
that "events are complete and in order" python3 - ok.events <<'P'
import json, sys
events = [json.loads(l) for l in open(sys.argv[1])]
assert [e['seq'] for e in events] == sorted({e['seq'] for e in events})
names = [e['event'] for e in events]
assert names[0] == 'run.started' and names[-1] == 'run.finished'
assert events[-1]['result'] == 'succeeded' and events[-1]['code'] == 0
skip = [e for e in events if e['event'] == 'step.skipped']
assert len(skip) == 1 and skip[0]['reason'] == 'condition' and 'Who' in skip[0]['why']
done = [e for e in events if e['event'] == 'step.finished']
assert [(e['code'], e['succeeded'], e.get('ignored', False)) for e in done][2] == (7, False, True), done
assert all(e['event'] and e['time'].endswith('Z') and e['run'] for e in events)
P
run status --state "$(state ok)"; expect "status afterwards" 0 "Fine: succeeded" "Greet"
run status --json --state "$(state ok)"
printf '%s' "$out" >status.json
that "status as JSON" python3 -c 'import json; s = json.load(open("status.json")); assert s["run"]["status"] == "succeeded" and s["steps"]'
run vars --run --state "$(state ok)"; expect "the variables of a run" 0 "Who=Ann"
run resume --state "$(state ok)"; expect "nothing to go on with" 2 "nothing to go on with"
run run ok.lua --state "$(state ok)" --set "Out=$work" -q; expect "a finished run makes room" 0
that "and is kept in the archive" test -d "$(state ok)/archive"

cat >fail.lua <<'L'
return sequence { name = "Bad", steps = {
  group "Outer" {
    RunCommandLine "Breaks" { command = [[sh -c "echo the reason >&2; exit 5"]] },
    RunCommandLine "After" { command = "true" },
    finally = { WriteFile "Clean" { path = "%Out%/cleaned", text = "%_SMSTSLastActionRetCode%" } },
  },
  RunCommandLine "Never" { command = "touch never" },
} }
L
run run fail.lua --state "$(state fail)" --set "Out=$work"
expect "a run that fails" 1 "Breaks" "FAILED" "5"
that "finally ran and saw the code" grep -qx 5 cleaned
that "nothing ran after it" test ! -e never
run resume --state "$(state fail)"; expect "a failed run needs --from" 2 "--from"
run resume --state "$(state fail)" --from nope; expect "an id that is none" 2 "nope"
run resume --state "$(state fail)" --from never; expect "going on with a failed run" 0

cat >missing.lua <<'L'
return sequence { name = "x", steps = { RunCommandLine "Go" { command = "no-such-program --x" } } }
L
run run missing.lua --state "$(state missing)"
expect "a program that is not there lists where it was looked for" 1 "0x80070002 (2147942402)" "/bin"

cat >restart.lua <<'L'
return sequence { name = "Restarts", steps = {
  RestartComputer "First" { target = "FullOS" },
  SetVariable "After" { variable = "Came", value = "back" },
  RestartComputer "Second" { target = "WinPE", condition = "Came = 'back'" },
  WriteFile "End" { path = "%Out%/end", text = "%Came% %_SMSTSInWinPE%" },
} }
L
run run restart.lua --state "$(state re)" --set "Out=$work" --phase FullOS --events re.events
expect "a restart is left to the caller" 10
run run restart.lua --state "$(state re)"
expect "an unfinished run stops a new one" 2 "resume" "--discard" "--archive"
run resume --state "$(state re)" --phase FullOS --events re.events; expect "the second restart" 10
run resume --state "$(state re)" --phase WinPE --events re.events; expect "the end after two restarts" 0
that "in the right phase" grep -qix 'back true' end
that "numbers go on across restarts" python3 - re.events <<'P'
import json
seq = [json.loads(l)['seq'] for l in open('re.events')]
assert all(a < b for a, b in zip(seq, seq[1:])), seq
P
run run restart.lua --state "$(state re)" --set "Out=$work" --phase FullOS; expect "again" 10
run run ok.lua --state "$(state re)" --set "Out=$work" --discard; expect "an unfinished run is given up" 0

cat >why.lua <<'L'
return sequence { name = "Why", steps = { SetVariable "Ask" { variable = "SMSTSRebootRequested", value = "maybe" } } }
L
run run why.lua --state "$(state why)" -q
expect "the last line says why a run failed" 1 "The sequence failed: " "WinPE or HD was expected"

cat >secret.lua <<'L'
return sequence { name = "Secret", inputs = { Pin = { prompt = "PIN", secret = true } }, steps = {
  SetVariable "Copy" { variable = "Other", value = "pre-%Pin%-post" },
  RunCommandLine "Show" { command = { "sh", "-c", "cat; echo arg %Other%; echo env $P" }, input = "%Pin%\n", env = { P = "%Pin%" } },
  RestartComputer "Restart" { target = "FullOS", message = "The PIN is %Pin%" },
  RunCommandLine "Still there" { command = { "sh", "-c", "test \"$(wc -c)\" -eq 12" }, input = "%Pin%" },
} }
L
TASKSEQ_VAR_Pin=s3cr3t-value run run secret.lua --state "$(state secret)" --events secret.events -v
expect "a run with a secret" 10 "*****"
that "the secret is in no file" sh -c "! grep -raq s3cr3t-value '$(state secret)' secret.events"
if grep -qF s3cr3t-value <<<"$out"; then not_ok "the secret was shown"; else ok "the secret is not shown"; fi
that "others cannot read the state" sh -c "test \$(stat -c %a '$(state secret)') = 700"
run resume --state "$(state secret)" --events secret.events; expect "the secret survives a restart" 0
that "and is gone afterwards" sh -c "! ls '$(state secret)' | grep -q '^secrets'"
run run secret.lua --state "$(state secret2)" --set Pin=s3cr3t-value
expect "--set of a secret works and warns" 10 "others on this machine can see"

cat >secretenv.lua <<'L'
return sequence { name = "Secret", variables = { X = "a" }, steps = {
  SetVariable "Runs" { variable = "Y", value = "b", condition = "X != '%DB_PASSWORD%'" },
  SetVariable "Skipped" { variable = "Y", value = "c", condition = "X = '%DB_PASSWORD%'" },
} }
L
DB_PASSWORD=env-s3cr3t run run secretenv.lua --state "$(state se)" --events secretenv.events -v
expect "a condition with a secret of the environment" 0
that "it is in no file" sh -c "! grep -raq env-s3cr3t '$(state se)' secretenv.events"
if grep -qF env-s3cr3t <<<"$out"; then not_ok "it was shown"; else ok "it is not shown"; fi

cat >secretfail.lua <<'L'
return sequence { name = "Secret", inputs = { Pin = { prompt = "PIN", secret = true } }, steps = {
  RunCommandLine "Breaks" { command = "false" },
  RunCommandLine "Uses it" { command = { "sh", "-c", "test \"$(wc -c)\" -eq 12" }, input = "%Pin%" },
} }
L
TASKSEQ_VAR_Pin=s3cr3t-value run run secretfail.lua --state "$(state sf)"; expect "a run with a secret fails" 1
run resume --state "$(state sf)" --from uses-it
expect "its secret is asked for again" 2 "keeps no secrets" "TASKSEQ_VAR_NAME"
TASKSEQ_VAR_Pin=s3cr3t-value run resume --state "$(state sf)" --from uses-it; expect "and taken again" 0

cat >child.lua <<'L'
return sequence { name = "Child", variables = { Folder = "/tmp" }, steps = {
  RunCommandLine "Ask" { command = { "sh", "-c", "test \"$($T get Folder)\" = /tmp && $T set Answer=42 && $T get _SMSTSCurrentActionName" }, env = { T = "%Program%" } },
  RunCommandLine "Not allowed" { command = { "sh", "-c", "$T set _SMSTSInWinPE=TRUE; test $? -eq 2 && exit 9" }, env = { T = "%Program%" }, continueOnError = true },
  RunCommandLine "Check" { command = { "test", "%Answer%", "=", "42" } },
} }
L
run run child.lua --state "$(state child)" --set "Program=$taskseq" -v
expect "programs read and set variables" 0 "Ask" "failed, ignored  9"
run run child.lua --state "$(state named)" --set _SMSTSInWinPE=TRUE
expect "a name of the runtime is bad input" 2 "set by the runtime only"

cat >slow.lua <<'L'
return sequence { name = "Slow", steps = {
  group "G" {
    RunCommandLine "Waits" { command = { "sh", "-c", "setsid sleep 987 & sleep 987" } },
    finally = { WriteFile "Clean" { path = "%Out%/cancelled", text = "x" } },
  } } }
L
"$taskseq" run slow.lua --state "$(state slow)" --set "Out=$work" >slow.out 2>&1 </dev/null &
pid=$!
for _ in $(seq 100); do pgrep -f 'sleep 987' >/dev/null && break; sleep 0.1; done
run run ok.lua --state "$(state slow)"; expect "another run holds the state" 12
kill -TERM $pid # a shell starts background jobs with SIGINT ignored
wait $pid
code=$?
out=$(cat slow.out)
expect "SIGTERM cancels in order" 11 "cancelled"
that "finally ran" test -e cancelled
that "no process is left" sh -c '! pgrep -f "sleep 98[7]"'

cat >timeout.lua <<'L'
return sequence { name = "Timeout", steps = {
  RunCommandLine "Too long" { command = { "sh", "-c", "setsid sleep 986 & sleep 986" }, timeout = "300ms" } } }
L
run run timeout.lua --state "$(state timeout)"; expect "a time limit" 1 "0x800705B4 (2147943860)"
that "the whole tree ended" sh -c '! pgrep -f "sleep 98[6]"'

# States that cannot be used: nothing is changed in them.
"$taskseq" run restart.lua --state "$(state base)" --set "Out=$work" --phase FullOS >/dev/null 2>&1
broken() { # NAME CODE PATTERN: after the state in $(state bad) was spoilt
  local before
  before=$(cat "$(state bad)"/state.db* | sha256sum)
  run resume --state "$(state bad)"; expect "$1" "$2" "$3"
  [ "$before" = "$(cat "$(state bad)"/state.db* | sha256sum)" ] || not_ok "$1: the state was changed"
  rm -rf "$(state bad)"
}
cp -a "$(state base)" "$(state bad)"; rm -f "$(state bad)"/state.db-*; head -c 3000 /dev/urandom >"$(state bad)/state.db"
broken "a damaged state" 2 "state.db"
cp -a "$(state base)" "$(state bad)"; python3 - "$(state bad)/state.db" <<'P'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1]); db.execute('pragma user_version=99'); db.commit(); db.execute('pragma wal_checkpoint(truncate)')
P
broken "a state of a newer version" 2 "format 99"
cp -a "$(state base)" "$(state bad)"; python3 - "$(state bad)/state.db" <<'P'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1]); db.execute("update runs set machine='another'"); db.commit(); db.execute('pragma wal_checkpoint(truncate)')
P
broken "a state of another machine" 2 "another machine"
: >file; run run ok.lua --state "$work/file/x"; expect "a state folder that cannot be" 3 "$work/file"
finish
