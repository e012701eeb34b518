#!/usr/bin/env bash
# Scenarios: what passes, what fails and how it says so, bad input, reports, coverage, and
# that nothing of this computer is touched.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"
export TMPDIR="$work/tmp"
mkdir "$TMPDIR"
no_temp() { that "$1 leaves no temporary files" sh -c "! ls -A '$TMPDIR' | grep -q ."; }

# ---- the manual's example ---------------------------------------------------------------
mkdir manual
awk -v dir=manual '/^```lua$/ { getline name; sub(/^-- /, "", name); file = dir "/" name; next }
  /^```$/ { file = "" } file { print > file }' "$root/docs/scenarios.md"
that "the manual has a sequence and scenarios" test -s manual/usmt.lua -a -s manual/usmt.scenario.lua
run test manual; expect "the manual's example passes" 0 "1..5" "ok 1 - manual/usmt.scenario.lua: captured in the full OS"
no_temp "a test"

# ---- the sequences that come with it ----------------------------------------------------
run test "$root/sequences" --coverage --coverage-json coverage.json
expect "the shipped sequences pass and are covered" 0 ": full"
cat >full.py <<'P'
import glob, json, sys
c = json.load(open("coverage.json"))
assert c["full"] is True, c
have = {s["sequence"].split("/")[-1] for s in c["sequences"]}
want = {f.split("/")[-1] for f in glob.glob(sys.argv[1] + "/*.lua") if not f.endswith(".scenario.lua")}
assert have == want, (have, want)
for s in c["sequences"]:
    for k in ("steps", "conditions", "results"):
        assert s[k]["seen"] == s[k]["total"] > 0, (s["sequence"], k, s[k])
    assert s["full"] and not s["missing"] and s["scenarios"] > 40
P
that "every shipped sequence reaches full coverage" python3 full.py "$root/sequences"

# ---- a sequence with all kinds of steps -------------------------------------------------
cat >s.lua <<'L'
return sequence {
  name = "S", inputs = { Pin = { prompt = "PIN", secret = true, default = "geheim-4711" } },
  variables = { Where = [[C:\Data]] },
  steps = {
    SetVariable "Name" { variable = "Who", value = "Ann" },
    RunCommandLine "Install" {
      command = [["C:\Program Files\setup.exe" /q /pin:%Pin% %Where%]],
      successCodes = { 0, 7 }, restartCodes = { 3010 }, timeout = "5m", outputVariable = "Said",
      retry = { attempts = 3, delay = "10m", on = { 1618 } },
    },
    WriteFile "Tell" { path = [[%Where%\told.txt]], text = "code %_SMSTSLastActionRetCode% %Who%" },
    group "Only with a flag" {
      condition = "file('C:\\flag') and not folder('C:\\Old')",
      DeleteFiles "Delete" { path = [[C:\Data\*.tmp]] },
      CopyFiles "Copy" { from = [[C:\Data]], to = [[D:\Copy]] },
    },
    RestartComputer "Restart" { target = "WinPE", condition = "Who = 'Bob'" },
    SetVariable "Off" { variable = "No", value = "1", disabled = true },
    Fail "Wrong machine" { message = "wrong", code = 9, condition = [[wmi('SELECT * FROM Win32_ComputerSystem WHERE Model = "Bad"')]] },
    RunCommandLine "Key" { command = "reg.exe import x", condition = "registry('HKLM\\Software\\X', 'V' = '1')" },
  },
}
L
cat >s.scenario.lua <<'L'
local facts = { classes = { Win32_ComputerSystem = { { Model = "Good" } } } }
local key = on "registry('HKLM\\Software\\X'*" { holds = false }
local function files() return { [ [[C:\flag]] ] = "", [ [[C:\Data\a.tmp]] ] = "x", [ [[C:\Data\b.txt]] ] = "12345" } end
return {
  scenario "all" {
    files = files(), facts = facts, key,
    on "setup.exe" { exit = 3010, output = "done\n" },
    expect = {
      result = "succeeded", boots = 2, restarts = { "FullOS" },
      commands = { [["C:\Program Files\setup.exe" /q /pin:geheim-4711 C:\Data]] },
      ran = { "Name", "Install", "Tell", "Delete", "Copy" },
      skipped = { "Restart", "Wrong machine: condition", "Off: disabled", "Key" },
      variables = { Who = "Ann", Said = "done", No = false, Pin = true },
      files = { [ [[C:\Data\told.txt]] ] = "code 3010 Ann", [ [[d:/copy/B.TXT]] ] = "12345", [ [[C:\Data\a.tmp]] ] = false },
      log = { "done", "Copied C:\\Data" },
    },
  },
  scenario "tried again, and again" {
    files = {}, facts = facts, key,
    on "*setup.exe* /q*" { { exit = 1618 }, { exit = 1618 }, { exit = 7 } },
    expect = { result = "succeeded", ran = { "Name", "Install", "Install", "Install", "Tell" }, skipped = { ["Only with a flag"] = "condition" } },
  },
  scenario "the time limit" {
    files = {}, on "Install" { timeout = true },
    expect = { result = "failed", code = -2147023436, error = "time limit of 5m" },
  },
  scenario "a program that is not there" {
    files = {}, on "setup.exe" { error = "no such program" },
    expect = { result = "failed", error = "no such program", notRan = { "Tell" } },
  },
  scenario "cancelled" {
    files = {}, on "setup.exe" { cancel = true }, expect = { result = "cancelled" },
  },
  scenario "power in a program" {
    files = {}, on "setup.exe" { powerCut = true }, expect = { result = "failed", boots = 2, error = "stopped while" },
  },
  scenario "Bob, restarted into the wrong system" {
    files = {}, arrive = { "FullOS" },
    on "type:SetVariable" { set = { Who = "Bob" } }, on "Install" {},
    expect = { result = "failed", restarts = { "WinPE" }, error = "should have started WinPE" },
  },
  scenario "a bad machine with a key" {
    files = {}, facts = { classes = { Win32_ComputerSystem = { { Model = "Bad" } } } },
    on "Install" {},
    expect = { result = "failed", inOrder = { "Name", "Tell" } },
  },
}
L
run test s.scenario.lua; expect "steps, commands, files, facts, restarts" 0 "1..8" "ok 8"
run test s.scenario.lua --filter "*cut*"; expect "a filter that fits nothing" 2 "no scenario has a name"
run test s.scenario.lua --filter "power*" -v; expect "one of them, with its log" 0 "1..1" "# The task execution engine started execution"
if grep -q geheim <<<"$out"; then not_ok "secrets are hidden"; else ok "secrets are hidden"; fi
run test s.scenario.lua --coverage --coverage-json coverage.json
expect "coverage that is not full" 0 ": not full" 's.lua:5: step "Name" never fails' \
  's.lua:20: step "Key" never runs' 's.lua:20: step "Key" condition is never true' \
  's.lua:14: step "Delete" never fails'
that "coverage as JSON" python3 - <<'P'
import json
c = json.load(open("coverage.json"))
s, = c["sequences"]
assert c["full"] is False and s["scenarios"] == 8 and [d["name"] for d in s["disabled"]] == ["Off"]
assert s["steps"] == {"total": 8, "seen": 7}, s["steps"]
# Name Install Tell Delete Copy Restart Key 2 each, Fail 1; 0 7 3010 1618 of Install
assert s["results"]["total"] == 19, s["results"]
missing = {(m["line"], m["name"], m["missing"]) for m in s["missing"]}
assert (6, "Install", "never ends with code 0 (successCodes)") not in missing
assert (19, "Wrong machine", "never succeeds") not in missing
assert (20, "Key", "never succeeds") in missing and (20, "Key", "never fails") in missing
assert all(m["file"] == "s.lua" for m in s["missing"])
P
no_temp "a coverage run"

# ---- other forms of sequences, step types of one's own ----------------------------------
mkdir forms
for form in json xml; do
  run convert manual/usmt.lua forms/usmt.$form
  sed "s/^  scenario .* {\$/& sequence = \"usmt.$form\",/" manual/usmt.scenario.lua >forms/$form.scenario.lua
done
run test forms/json.scenario.lua; expect "a sequence in JSON" 0 "ok 5"
run test forms/xml.scenario.lua --filter "captured in*"; expect "a sequence in XML" 0 "1..2" "ok 2"
mkdir -p own/steps
cat >own/steps/Mine.lua <<'L'
local M = { summary = "Mine", onInterrupt = "rerun", params = { { name = "drive", type = "string", doc = "Drive" } } }
function M.run(p, host)
  local volume, err, code = host.volume(p.drive)
  if not volume then return nil, err, code end
  local done
  done, err, code = host.store.wipe { drive = p.drive, store = [[C:\S]] }
  if not done then return nil, err .. " (" .. tostring(code) .. ")" end
  host.log(("%d files on %s"):format(done.files, volume.fstype))
  return true, host.system.memory_mb
end
return M
L
echo 'return sequence { name = "own", steps = { Mine "It" { drive = "C:", successCodes = { 512 } } } }' >own/own.lua
cat >own/own.scenario.lua <<'L'
local machine = { on "volume" { result = { fstype = "ntfs" } }, on "system" { result = { memory_mb = 512 }, optional = true } }
return {
  scenario "answers with values" { machine, on "store.wipe" { result = { files = 7 } }, expect = { result = "succeeded", log = "7 files on ntfs" } },
  scenario "answers with errors" { machine, on "store.wipe" { error = "it is in use", code = "in use" }, expect = { result = "failed", error = "it is in use (in use)" } },
  scenario "power and rerun" { machine, machine, on "store.*" { { powerCut = true }, { result = { files = 1 } } }, expect = { result = "succeeded", ran = { "It", "It" } } },
}
L
run test own/; expect "effects answered by name" 1 "ok 1" "ok 2" "not ok 3" 'on \"volume\" (line 1) was never used'
sed -i 's/machine, machine, on/machine, on/' own/own.scenario.lua
run test own/; expect "a step type of one's own" 0 "ok 3"
ln -s own link; run test link; expect "a link to a folder" 0 "ok 3 - link/own.scenario.lua"

# ---- failures ---------------------------------------------------------------------------
mkdir bad
cp s.lua bad/s.lua
cat >bad/s.scenario.lua <<'L'
return {
  scenario "not the end it was told # <to> have & more" {
    files = {}, on "Install" { exit = 5, error = "line 1\nbell \7 <b>" },
    expect = { result = "succeeded", code = 0, ran = { "Name", "Tell" }, variables = { Who = "Bob", Pin = "x" }, boots = 2, restarts = { "WinPE" }, commands = {}, log = "never said", files = { [ [[C:\x]] ] = true } },
  },
  scenario "an effect nobody prepared" { on "Install" {}, expect = { result = "succeeded" } },
  scenario "a command nobody prepared" { files = {}, expect = { result = "succeeded" } },
  scenario "a fact nobody prepared" { files = {}, on "Install" {}, expect = { result = "succeeded" } },
  scenario "an on that is not used" { files = {}, on "Install" { exit = 5 }, on "Nothing *" {}, expect = { result = "failed" } },
  scenario "an answer that is not used" { files = {}, on "Install" { { exit = 5 }, {} }, expect = { result = "failed" } },
  scenario "a step that is not there" { files = {}, on "Install" { exit = 5 }, expect = { notRan = { "Instal" }, skipped = { "Coppy" } } },
  scenario "an answer of the wrong kind" { files = {}, on "Install" { holds = true }, expect = { result = "failed" } },
  scenario "one step more than expected" { files = {}, on "Install" { exit = 5 }, expect = { ran = { "Name" } } },
  scenario "one step less than expected" { files = {}, on "Install" { exit = 5 }, expect = { ran = { "Name", "Install", "Tell" } } },
  scenario "this one passes" { files = {}, on "Install" { exit = 5 }, expect = { result = "failed", code = 5 } },
}
L
"$taskseq" test bad --junit junit.xml >out.tap 2>err; code=$?; out=$(cat out.tap err)
expect "failures have exit code 1" 1 "10 of 11 scenarios failed" "ok 11"
expect "what was expected and what came" 1 'message: "result"' 'expected: "succeeded"' 'came: "failed: step \"Install\"' \
  'message: "ran: \"Tell\" was expected, \"Install\" came"' 'message: "variables: Who"' 'expected: "*****"' \
  'message: "boots"' 'log: \"never said\" is not in it' 'message: "files: C:\\x"' '"Install: failed, 5'
expect "an effect names itself" 1 'step \"Tell\": fs.write C:\\Data\\told.txt code 0 Ann is not prepared; add on \"Tell\"'
expect "a command names itself" 1 'step \"Install\": the command \"*****\" is not prepared'
expect "a fact names itself" 1 'condition of \"Wrong machine\": wmi('
expect "what is not used" 1 'on \"Nothing *\" (line 9) was never used' 'only 1 of its 2 answers were used'
expect "names that fit nothing" 1 'notRan: the sequence has no step or group like \"Instal\"' 'skipped: the sequence has no step or group like \"Coppy\"'
expect "steps too many and too few" 1 'ran: \"Install\" came and was not expected' 'ran: \"Tell\" was expected, nothing came'
expect "answers of the wrong kind" 1 'it has `holds`, which only a fact of a condition has'
cat >tap.py <<'P'
import re, sys
lines = open(sys.argv[1], encoding="utf-8").read().split("\n")
assert lines[0] == "TAP version 14" and lines[1] == "1..%s" % sys.argv[2], lines[:2]
n = failed = i = 0
lines = lines[2:]
while i < len(lines):
    line = lines[i]
    m = re.fullmatch(r"(not )?ok (\d+) - (.*)", line)
    if m:
        n += 1
        assert int(m[2]) == n and not re.search(r"(?<!\\)#", m[3]), line
        failed += bool(m[1])
        if m[1]:
            assert lines[i + 1] == "  ---", lines[i + 1]
            i += 2
            while lines[i] != "  ...":
                assert re.fullmatch(r'  (file|line|failures|steps):.*|    - (message: )?"([^"\\]|\\.)*"|      (expected|came): "([^"\\]|\\.)*"', lines[i]), lines[i]
                i += 1
    else:
        assert line == "" or line.startswith("# "), line
    i += 1
assert (n, failed) == (int(sys.argv[2]), int(sys.argv[3])), (n, failed)
P
that "standard output is TAP" python3 tap.py out.tap 11 10
that "also with coverage and log" sh -c "'$taskseq' test bad --coverage -v >v.tap 2>/dev/null; python3 tap.py v.tap 11 10"
that "JUnit is XML with everything in it" python3 - <<'P'
import xml.etree.ElementTree as E
r = E.parse("junit.xml").getroot()
assert r.tag == "testsuites" and r.get("tests") == "11" and r.get("failures") == "10"
s, = r
cases = s.findall("testcase")
assert s.get("name") == "bad/s.scenario.lua" and s.get("tests") == "11" and len(cases) == 11
assert cases[0].get("name") == "not the end it was told # <to> have & more"
text = cases[0].find("failure").text
assert "bell \ufffd <b>" in text and "line 1" in text and "expected: succeeded" in text, text
assert cases[10].find("failure") is None and float(cases[10].get("time")) >= 0
P
"$taskseq" test bad --json --coverage >bad.json 2>/dev/null
that "everything as JSON" python3 - <<'P'
import json
d = json.load(open("bad.json"))
assert d["passed"] == 1 and d["failed"] == 10 and len(d["scenarios"]) == 11 and d["coverage"]["full"] is False
assert d["scenarios"][10]["passed"] and d["scenarios"][10]["result"] == "failed" and d["scenarios"][0]["line"] == 2
missing = {(m["name"], m["missing"]) for m in d["coverage"]["sequences"][0]["missing"]}
assert ("Wrong machine", "condition is never true") in missing, missing # it could not be asked
P
no_temp "a test that fails"

# ---- bad input --------------------------------------------------------------------------
wrong() { # NAME PATTERN...: after a scenario file from standard input
  local name=$1
  shift
  cat >s.wrong.lua
  run test s.wrong.lua
  expect "$name" 2 "$@"
  if grep -q "TAP version" <<<"$out"; then not_ok "$name: something was played"; fi
}
wrong "an unknown key" 's.wrong.lua:1: scenario "x": unknown key phse; did you mean phase?' <<<'return scenario "x" { phse = "WinPE", expect = { result = "failed" } }'
wrong "an unknown expectation" 'unknown key expect.reslt; did you mean result?' <<<'return scenario "x" { expect = { reslt = "failed" } }'
wrong "an unknown key of an answer" 's.wrong.lua:2: on "a": unknown key exitcode' <<<'return scenario "x" { sequence = "s.lua", expect = { result = "failed" },
  on "a" { exitcode = 3 } }'
wrong "a wrong kind" 'expect.boots must be a whole number, but is a string' <<<'return scenario "x" { expect = { boots = "2" } }'
wrong "no expectation" 'it expects nothing' <<<'return scenario "x" { sequence = "s.lua" }'
wrong "no name" 'a name is missing' <<<'return scenario { expect = { boots = 1 } }'
wrong "nothing returned" 's.wrong.lua: the file must return scenario "NAME"' <<<'local x = 1'
wrong "no sequence told" 'say sequence = "FILE"' <<<'return scenario "x" { expect = { boots = 1 } }'
wrong "a sequence that is not there" 'nope.lua' 's.wrong.lua:1' <<<'return scenario "x" { sequence = "nope.lua", expect = { boots = 1 } }'
wrong "a wrong phase" 'phase is WinPE or FullOS, not "DOS"' <<<'return scenario "x" { sequence = "s.lua", phase = "DOS", expect = { boots = 1 } }'
wrong "a function for a text" 's.wrong.lua:1: expect.log: expect.log cannot be a function' <<<'return scenario "x" { sequence = "s.lua", expect = { log = function() end } }'
wrong "Lua that cannot be read" 's.wrong.lua:2:' <<<'return scenario "x" {'
wrong "Lua that runs for ever" 's.wrong.lua:1:' 'stopped after' <<<'while true do end'
wrong "no way out of the sandbox" 'cannot use `os`' <<<'os.exit(0)'
wrong "an unknown name" 'unknown name scenrio; did you mean scenario?' <<<'return scenrio "x" {}'
wrong "two scenarios with one name" 'is given twice' <<<'return { scenario "x" { sequence = "s.lua", expect = { boots = 1 } }, scenario "x" { sequence = "s.lua", expect = { boots = 1 } } }'
wrong "facts that are wrong" 'facts: ' <<<'return scenario "x" { sequence = "s.lua", facts = { what = 1 }, expect = { boots = 1 } }'
printf 'return sequence { name = "x", steps = { Nope "A" {} } }' >broken.lua
wrong "a sequence that is wrong" 'broken.lua:1' 'Nope' <<<'return scenario "x" { sequence = "broken.lua", expect = { boots = 1 } }'
printf 'return sequence { name = "x", inputs = { Ask = { prompt = "?" } }, steps = {} }' >input.lua
wrong "an input without a value" 'needs a value for Ask' <<<'return scenario "x" { sequence = "input.lua", expect = { boots = 1 } }'
run test; expect "no file" 2 "test wants scenario files"
run test nowhere; expect "a path that is not there" 2 "nowhere"
mkdir empty; run test empty; expect "a folder without scenarios" 2 "there is no *.scenario.lua in empty"
mkfifo pipe.scenario.lua; mkdir dangling && ln -s /nonexistent dangling/d.scenario.lua
run test pipe.scenario.lua; expect "a pipe is not waited for" 2 "not a plain file"
run test dangling; expect "a link to nothing" 2 "d.scenario.lua"
rm -r pipe.scenario.lua dangling
run test s.scenario.lua --junit no/such/folder.xml; expect "a report that cannot be written" 3 "no/such"
mkfifo reports && echo old >behind.xml && ln -s behind.xml link.xml
cat reports >from-reports & run test s.scenario.lua --junit reports; expect "a report into a pipe" 0
wait
that "is written, the pipe stays one" sh -c "grep -q '<testsuite' from-reports && test -p reports"
run test s.scenario.lua --junit link.xml; expect "a report behind a link" 0
that "is written there, the link stays one" sh -c "grep -q '<testsuite' behind.xml && test -L link.xml"
no_temp "bad input"

# ---- nothing of this computer is touched ------------------------------------------------
mkdir touch
echo keep >touch/keep
cat >touch/t.lua <<L
return sequence { name = "T", variables = { SMSTSPostAction = "touch $work/touch/post" }, steps = {
  RunCommandLine "Run" { command = "touch $work/touch/ran" },
  RunScript "Script" { inline = "echo x >$work/touch/script", interpreter = "sh" },
  WriteFile "Write" { path = "$work/touch/written", text = "x" },
  DeleteFiles "Delete" { path = "$work/touch/keep" },
  CopyFiles "Copy" { from = "/etc", to = "$work/touch/etc" },
  CopyLogs "Logs" { to = "$work/touch/logs" },
  RestartComputer "Restart" { target = "FullOS" },
  Fail "Real files" { condition = "file('/etc/passwd') or folder('/etc')" },
  Fail "Environment" { condition = "'%HOME%' = '$HOME' or '%PATH%' = '$PATH'" },
} }
L
sed -i '/Environment/d' touch/t.lua
cat >touch/t.scenario.lua <<L
return scenario "nothing" {
  files = { ["$work/touch/keep"] = "", ["/etc/x"] = "" }, folders = { [[C:\\_TaskSequence\\logs]] },
  on "touch *" {}, on "Script" {}, on "file('/etc/passwd')" { holds = false }, on "folder('/etc')" { holds = false },
  expect = { result = "succeeded", variables = { _SMSTSMachineName = "SCENARIO" },
    commands = { "touch $work/touch/ran", "touch $work/touch/post" },
    files = { ["$work/touch/keep"] = false, ["$work/touch/written"] = "x", ["$work/touch/etc/x"] = "" } } }
L
run test touch; expect "effects on told files" 0 "ok 1"
that "none of it is on this computer" sh -c "cd touch && [ \"\$(ls)\" = \"\$(printf 'keep\nt.lua\nt.scenario.lua')\" ] && grep -qx keep keep"

# Every step type there is, with nothing prepared: it is harmless or names its effect.
"$taskseq" steps --json >steps.json
mkdir types
python3 - "$work" <<'P'
import json, sys
steps = json.load(open("steps.json"))
steps = steps["steps"] if isinstance(steps, dict) and "steps" in steps else steps
values = {"string": '"x"', "path": '"%s/types/victim"' % sys.argv[1], "integer": "1", "boolean": "true", "list": '{ "x" }',
          "command": '"touch types/ran"', "duration": '"1s"', "map": '{ A = "x" }', "condition": '"A = \'1\'"',
          "rules": '{ { variables = { A = "1" } } }'}
names = []
for t in steps:
    params = [p for p in t["params"] if p.get("required")]
    text = ", ".join("%s = %s" % (p["name"], '"%s"' % p["choices"][0] if p.get("choices") else values[p["type"]]) for p in params)
    if t["name"] == "RunTaskSequence":
        continue
    open("types/%s.lua" % t["name"], "w").write('return sequence { name = "x", steps = { %s "The step" { %s } } }' % (t["name"], text))
    open("types/%s.scenario.lua" % t["name"], "w").write('return scenario "%s" { phase = "WinPE", expect = { boots = 1 } }' % t["name"])
    names.append(t["name"])
assert len(names) >= 20, names
P
echo victim >types/victim
before=$(cd types && find . -type f -exec sha256sum {} + | sort)
run test types --json
printf '%s' "$out" | sed '/^taskseq: /d' >types.json
that "every step type is harmless or names its effect" python3 - <<'P'
import json
d = json.load(open("types.json"))
named = {}
for s in d["scenarios"]:
    for f in s["failures"]:
        if "is not prepared" in f["message"]:
            assert f["message"].startswith('step "The step": '), f
            named[s["name"]] = f["message"]
        else:
            assert f["message"] == "boots", (s["name"], f)
for must in ("RunCommandLine", "DeleteFiles", "WriteFile", "CopyFiles"):
    assert must in named, (must, named)
assert len(named) >= 8, named
P
that "and this computer is as before" test "$before" = "$(cd types && find . -type f -exec sha256sum {} + | sort)"

# ---- cancelling -------------------------------------------------------------------------
cat >long.scenario.lua <<'L'
local list = {}
for i = 1, 3000 do list[i] = scenario("number " .. i) { sequence = "s.lua", files = {}, on "Install" { exit = 5 }, expect = { result = "failed" } } end
return list
L
"$taskseq" test long.scenario.lua >long.tap 2>&1 </dev/null &
pid=$!
for _ in $(seq 200); do grep -q '^ok 2 ' long.tap && break; sleep 0.05; done
kill -TERM $pid
wait $pid; code=$?
out=$(tail -n 3 long.tap)
expect "a test can be cancelled" 11 "Bail out! cancelled"
no_temp "a cancelled test"
finish
