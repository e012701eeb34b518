#!/usr/bin/env bash
# The commands as a new user meets them, with wrong words too.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

run --version; expect "the version" 0 "taskseq "
run; expect "nothing at all shows the commands" 2 "run" "resume" "lab"
run help; expect "help lists the commands" 0 "check" "plan" "Exit codes"
run --help; expect "--help is help" 0 "usage: taskseq COMMAND"
for command in run resume status check plan lab steps vars convert schema get set facts gather; do
  run "$command" --help
  expect "$command --help" 0 "usage: taskseq $command" "options:"
  run help "$command"
  expect "help $command" 0 "usage: taskseq $command"
done
run chekc; expect "an unknown command has a suggestion" 2 "unknown command chekc" "did you mean check?"
run explore; expect "a command that is not there yet is unknown" 2 "unknown command explore"
run run; expect "run without a sequence" 2 "run wants one sequence"
run run a.lua --stat x; expect "an unknown option has a suggestion" 2 "did you mean --state?"
run run nowhere.lua; expect "a file that is not there" 2 "nowhere.lua"
run run nowhere.lua --phase DOS; expect "a phase that is none" 2 "WinPE or FullOS"
run status --state "$work/none"; expect "status without a run" 2 "$work/none"
run resume --state "$work/none"; expect "resume with nothing to go on with" 2
run get Foo; expect "get outside a run" 2

run schema
expect "the schema" 0 "2020-12"
printf '%s' "$out" >schema.json
that "the schema is JSON" python3 -m json.tool schema.json
run steps --json
printf '%s' "$out" >steps.json
that "the step reference is JSON" python3 -m json.tool steps.json
run steps; expect "the step types are listed" 0 SetVariable RunCommandLine RunScript RestartComputer \
  CheckReadiness RequestStateStore CaptureUserState RestoreUserState ReleaseStateStore WipeVolume \
  ApplyImage CopyFiles DeleteFiles WriteFile CopyLogs Fail
run steps WipeVolume; expect "one step type" 0 "withoutStore"
run steps WipVolume; expect "a step type misspelt" 2 "did you mean WipeVolume?"
run vars; expect "the variables" 0 _SMSTSInWinPE _SMSTSLastActionRetCode OSDStateStorePath
run vars --json
printf '%s' "$out" >vars.json
that "the variables are JSON" python3 -m json.tool vars.json

run check "$root/sequences/refresh-hardlink.lua"
expect "the shipped refresh has no findings" 0 "no errors or warnings"
run plan "$root/sequences/refresh-hardlink.lua" --set OSImage=E:\\os --phase WinPE
expect "its plan from WinPE" 0 "Capture User Files and Settings - WinPE" "Wipe the Windows partition"
run plan "$root/sequences/refresh-hardlink.lua" --set OSImage=E:\\os --phase FullOS \
  --result "Cleanup State Store Location=2" --json
printf '%s' "$out" >plan.json
that "a plan is JSON" python3 -m json.tool plan.json
run plan "$root/sequences/refresh-hardlink.lua" --set OSImage=E:\\os --result Cleanup
expect "an assumed result without a code" 2 "STEP=CODE"
run plan "$root/sequences/refresh-hardlink.lua" --set OSImage=x --result "No such step=1"
expect "an assumed result of no step" 2 "No such step"
run run a.lua --discard --archive; expect "two ways to make room" 2 "exclude each other"
run run "$root/sequences/refresh-hardlink.lua" --state "$work/s"
expect "an input that nobody answers" 2 "OSImage" "--set NAME=VALUE"
finish
