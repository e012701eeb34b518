#!/usr/bin/env bash
# Why a step ran or not, and what every restart was: explain, the ledger in status, log and
# events, the loop breaker.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"
state() { echo "$work/state-$1"; }
# json CHECK...: Python lines about d, the document in $out
json() {
  local name=$1
  shift
  printf '%s' "$out" >doc.json
  that "$name" python3 -c 'import json, sys
d = json.load(open("doc.json"))
exec(sys.argv[1])' "$*"
}

cat >e.lua <<'L'
return sequence { name = "Explained", variables = { Kind = "refresh" },
  inputs = { Pin = { prompt = "PIN", secret = true } },
  steps = {
  SetVariable "Choose" { variable = "Where", value = "here", condition = "Kind = 'refresh'" },
  group "Elsewhere" { condition = "Where = 'there' and Mode = 'x'",
    RunCommandLine "Far" { command = "true" } },
  RunCommandLine "Breaks softly" { command = [[sh -c "echo one; echo two; exit 7"]], continueOnError = true },
  RunCommandLine "After seven" { command = "true", condition = "_SMSTSLastActionRetCode = 7 and Pin = 'no'" },
  RunCommandLine "Off" { command = "true", disabled = true },
  group "Tidy" { RunCommandLine "Body" { command = [[sh -c "exit 6"]], successCodes = { 6 } },
    finally = { RunCommandLine "Sweep" { command = "true" } } },
  RunCommandLine "Sees body" { command = "true", condition = "_SMSTSLastActionRetCode = 6 and _SMSTSInWinPE = 'false'" },
  RestartComputer "Back" { target = "FullOS", message = "back soon" },
  RunCommandLine "Cut" { command = [[sh -c "test -e mark && exit 0; touch mark; kill -9 $PPID"]], startIn = "%Out%", onInterrupt = "rerun" },
  group "Work" {
    group "Inner" { RunCommandLine "Breaks" { command = [[sh -c "echo the reason >&2; exit 5"]] }, RunCommandLine "Never" { command = "true" } },
    RunCommandLine "Neither" { command = "true" },
    finally = { SetVariable "Clean" { variable = "Cleaned", value = "%_SMSTSLastActionRetCode%" } } },
  RunCommandLine "Last" { command = "true" },
} }
L
s=$(state e)
TASKSEQ_VAR_Pin=s3cr3t-value run run e.lua --state "$s" --set Mode=y --set "Out=$work" --events e.events
expect "the run restarts" 10
run explain --state "$s"; expect "without a name: where the run goes on" 0 'Step "Cut" (cut)' "goes on with"
run status --state "$s"
expect "status of a restart under way" 0 "goes on   cut" 'step "Back" (back) asked for FullOS, to go on at "Cut"' \
  "not started again yet; restart 1 of at most 5" "restarting"
run resume --state "$s" --events e.events
expect "the machine dies" 137
run explain --state "$s"; expect "without a name: the step that was cut off" 0 'Step "Cut" (cut): it was cut off' '"Explained", interrupted' "has not ended" "it runs again (its onInterrupt says so)"
run status --state "$s"; expect "status of an interrupted run" 0 ": interrupted" "taskseq resume goes on" "at        cut" "FullOS came up at"
run status --follow --state "$s"; expect "which nobody waits for" 0 ": interrupted"
run explain last --state "$s"; expect "not yet" 0 "has not come to it yet" 'it stands at "Cut"'
run resume --state "$s" --events e.events; expect "the run fails" 1

before=$(cat "$s"/state.db* "$s"/logs/* | sha256sum)
run explain --state "$s"; expect "without a name: what failed the run" 0 'Step "Breaks" (breaks): it failed' "the reason" 'in "Work" > "Inner"'
run explain choose --state "$s"
expect "a step that ran" 0 "it ran and succeeded" "was true" "(Kind is 'refresh')" "a default of the sequence" "Where = 'here'"
run explain Far --state "$s"
expect "a step in a group that was left out, by its name" 0 "it was not reached" 'group "Elsewhere" (elsewhere): its condition was false' \
  "(Where is 'here')" 'set by step "Choose" (choose)' "Mode = 'y', given at the start"
run explain "after-seven" --state "$s"
expect "a condition that was false" 0 "its condition was false" 'set by step "Breaks softly" (breaks-softly)' "Pin = '*****'"
run explain off --state "$s"; expect "disabled" 0 "it is disabled"
run explain never --state "$s"; expect "behind a failure" 0 'step "Breaks" (breaks) failed with 5'
run explain neither --state "$s"; expect "behind a failure in a group inside" 0 'step "Breaks" (breaks) failed with 5'
run explain last --state "$s"; expect "behind the end of the run" 0 "the run ended before it" 'step "Breaks" (breaks) failed with 5'
run explain work --state "$s"; expect "a group that failed" 0 'Group "Work" (work): it failed' 'step "Breaks" (breaks) failed'
run explain cut --state "$s"
expect "a step that was cut off" 0 "cut off, 0x8007042B" "succeeded, 0" "nobody asked (crash, power cut or somebody else)" \
  "was interrupted and runs again (its onInterrupt says so)"
run explain back --state "$s"
expect "a step that asked for a restart" 0 'asked for FullOS, to go on at "Cut"' "FullOS came up at" "s later"
run explain sees-body --state "$s" --json; expect "as JSON" 0
json "what a finally list did is not the last action" '
v = {x["name"]: x for x in d["condition"]["variables"]}
assert d["state"] == "succeeded" and d["condition"]["result"] == "true", d
assert v["_SMSTSLastActionRetCode"]["step"] == "body" and v["_SMSTSLastActionRetCode"]["value"] == "6", v
assert v["_SMSTSInWinPE"]["by"] == "runtime", v'
run explain breaks-softly --state "$s" --json
json "attempts as JSON" '
assert d["state"] == "ignored" and d["attempts"][0]["code"] == 7 and "two" in d["attempts"][0]["tail"], d'
run explain brakes --state "$s"; expect "no such step" 2 "did you mean breaks?"
run explain a b --state "$s"; expect "one step only" 2 "one step"
run explain x --state "$work/none"; expect "no run" 2 "no run is recorded"
that "nothing was changed" test "$before" = "$(cat "$s"/state.db* "$s"/logs/* | sha256sum)"
that "the secret is nowhere" sh -c "! grep -raq s3cr3t-value '$s' e.events"
run status --json --state "$s"
json "the ledger as JSON" '
a, b = d["restarts"]
assert (a["by"], a["name"], a["target"], a["phase"], a["at"], a["count"], a["limit"]) == ("step", "Back", "FullOS", "FullOS", "cut", 1, 5), a
assert a["ms"] >= 0 and a["message"] == "back soon"
assert (b["by"], b["was"], b["interrupted"], b["onInterrupt"], b["onInterruptFrom"], b["count"]) == ("nobody", "FullOS", "cut", "rerun", "step", 2), b
assert b["requested"] is None and b["arrived"]'
that "the events say the same" python3 - <<'P'
import json
e = [json.loads(l) for l in open("e.events")]
asked = [x for x in e if x["event"] == "restart.requested"][0]
came = [x for x in e if x["event"] == "restart.arrived"]
assert (asked["by"], asked["step"], asked["at"], asked["count"], asked["limit"]) == ("step", "back", "cut", 1, 5), asked
assert (came[0]["by"], came[0]["expected"], came[0]["step"]) == ("step", True, "back"), came
assert (came[1]["by"], came[1]["expected"], came[1]["interrupted"]) == ("nobody", False, "cut"), came
started = [x for x in e if x["event"] == "run.started"][0]
assert len(started["hash"]) == 64, started
why = [x["why"] for x in e if x["event"] == "step.started" and "why" in x]
assert len(why) == 2 and "Kind is 'refresh'" in why[0], why
P
that "the log says the same" sh -c "grep -q 'The step (Back) asked for a restart to FullOS; the run goes on at (Cut)' '$s/logs/smsts.log' &&
  grep -q 'Nobody asked for this restart .*The action (Cut) was interrupted. Restart 2 of at most 5' '$s/logs/smsts.log'"
run run e.lua --state "$s" --set Mode=y --set "Out=$work" --set Pin=x --from last; expect "another run" 0
run explain far --state "$s"; expect "left out by --from" 0 "--from"
run explain --state "$s"; expect "a run that succeeded names no step" 2 "say which step"
run explain far --state "$s"/archive/*; expect "an archived run" 0 "its condition was false"

cat >loop.lua <<'L'
return sequence { name = "Loop", variables = { TSRestartLimit = "2" }, steps = {
  RestartComputer "Once" { target = "FullOS" },
  RunCommandLine "Dies" { command = [[sh -c "kill -9 $PPID"]], onInterrupt = "rerun" } } }
L
s=$(state loop)
run run loop.lua --state "$s"; expect "first a restart that was asked for" 10
for _ in 1 2; do run resume --state "$s"; done
run status --state "$s"; expect "one more is allowed" 0 "restarts  2 of at most 2 without a step being finished (TSRestartLimit)"
run resume --state "$s"
expect "too many restarts end the run" 1 'step "Dies"' "restarted 3 times without a step being finished" "at most 2 are allowed" \
  "TSRestartLimit" 'step "Once" asked for FullOS, FullOS came up; not asked for, FullOS came up (2 times)'
run status --state "$s"
expect "and status shows it" 0 "at most 2 are allowed (variable TSRestartLimit)" "restart 3 (2 are allowed)" "fails (too many restarts)"
run explain --state "$s"; expect "and explain" 0 'Step "Dies" (dies): it failed' "restarted 3 times"

cat >slow.lua <<'L'
return sequence { name = "Slow", steps = {
  SetVariable "First" { variable = "A", value = "1" },
  RunCommandLine "Waits" { command = { "sh", "-c", "touch %Out%/waits; sleep 985" }, condition = "A = 1" } } }
L
s=$(state slow)
"$taskseq" run slow.lua --state "$s" --set "Out=$work" >slow.out 2>&1 </dev/null &
pid=$!
for _ in $(seq 200); do [ -e waits ] && break; sleep 0.05; done
run explain --state "$s"; expect "while the run goes on" 0 'Step "Waits" (waits): it is under way' "(A is '1')" 'set by step "First"'
kill -TERM $pid
wait $pid

cat >cm.xml <<'X'
<sequence version="3.00">
 <step type="SMS_TaskSequence_RunCommandLineAction" name="Typed" description="" timeout="900">
  <condition><expression type="SMS_TaskSequence_VariableConditionExpression">
    <variable name="Operator">equals</variable><variable name="Value">no</variable><variable name="Variable">Gate</variable></expression></condition>
  <action>smsswd.exe /run: true</action>
  <defaultVarList><variable name="CommandLine" property="CommandLine" hidden="true">true</variable></defaultVarList>
 </step>
</sequence>
X
run run cm.xml --state "$(state cm)"; expect "a run from XML" 0
run explain Typed --state "$(state cm)"; expect "is explained too" 0 "its condition was false" "Gate had no value, set by nobody"

cat >w.lua <<'L'
return sequence { name = "W", steps = {
  WriteFile "w" { path = "/proc/none/x", text = "a", continueOnError = true },
  DeleteFiles "d" { path = "/proc/1/exe", continueOnError = true } } }
L
run run w.lua --state "$(state w)"
that "an error says once what could not be done" sh -c "! printf '%s' \"\$1\" | grep -q 'cannot \\(write\\|delete\\) .*cannot \\(write\\|delete\\)'" sh "$out"
finish
