#!/usr/bin/env bash
# Sequences in other forms: the command itself, equal plans over many variables, and whole
# runs in the lab that cannot be told apart.  The second half needs the corpus of real
# sequences beside the project.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"
corpus=$root/../shared/corpus
refresh=$root/sequences/refresh-hardlink.lua

# ---- the command ---------------------------------------------------------------------------

run convert "$refresh" refresh.json; expect "Lua becomes JSON" 0
run convert refresh.json again.lua; expect "JSON becomes Lua" 0
echo '{"taskseq": 1, "steps": [], "inputs": {"B": {}, "A": {}}}' >order.json
run convert order.json order.lua; expect "what Lua cannot say is listed" 0 "warning" "order in which the inputs are asked"
run convert again.lua again.json; expect "and JSON again" 0
that "nothing is lost on the way" cmp refresh.json again.json
run check again.lua; expect "what was written has no findings" 0
run convert "$refresh" refresh.json; expect "an existing file is left alone" 2 "refresh.json exists already" "--force"
echo old >refresh.json
run convert "$refresh" refresh.json --force; expect "--force writes over it" 0
that "completely" cmp refresh.json again.json
run convert "$refresh" - --to json; expect "a dash is standard output" 0 '"taskseq": 1'
run convert "$refresh" -; expect "which has no ending" 2 "--to"
run convert "$refresh" out.txt; expect "an ending that tells nothing" 2 "out.txt" "--to"
run convert "$refresh" out --to yaml; expect "a form that there is not" 2 "lua, json or xml"
run convert "$refresh"; expect "no file to write" 2 "the file to write"
run convert nowhere.lua out.json; expect "no file to read" 2 "nowhere.lua"
echo 'return sequence { steps = { Sett {} } }' >bad.lua
run convert bad.lua out.json; expect "no sequence" 2 "bad.lua:1" "Sett"
that "nothing was written" test ! -e out.json -a ! -e out.txt -a ! -e out
run convert "$refresh" no/such/out.json; expect "no folder to write to" 2 "no/such"
run convert "$refresh" refresh.xml
expect "what XML cannot say is listed" 0 "nothing like WipeVolume" "finally" "OSImage"
run check refresh.xml; expect "and it is a sequence" 0
mkdir packages
echo 'return sequence { packages = { P = { source = "p" } }, Fail {} }' >packages/with.lua
run convert packages/with.lua moved.json; expect "what is beside the file is not moved" 0 "package P"

cat >child.lua <<'END'
return sequence { name = "Child", variables = { A = "child" },
  SetVariable "Inner" { variable = "B", value = "%A%" } }
END
cat >parent.lua <<'END'
return sequence { name = "Parent", variables = { A = "parent" },
  RunTaskSequence { sequence = "child.lua", condition = "not exists B" },
  RunTaskSequence "Twice" { sequence = "child.lua", condition = "not exists B" } }
END
run run parent.lua --state s1; expect "a sequence runs another one" 0 "Inner" "Twice"
run convert parent.lua whole.lua; expect "whose steps are written in its place" 0
run run whole.lua --state s2; expect "and run from there" 0 "Inner" "Twice"
echo 'return sequence { RunTaskSequence { sequence = "circle.lua" } }' >circle.lua
run check circle.lua; expect "none runs itself" 2 "circle"

# ---- a letter for a folder -----------------------------------------------------------------

mkdir -p share/sub
echo content >share/sub/file.txt
cat >net.lua <<END
return sequence {
  ConnectNetworkFolder { path = "$work/share", drive = "Q:" },
  CopyFiles { from = [[Q:\\SUB\\file.txt]], to = "$work/copy.txt" },
}
END
run run net.lua --state s3; expect "a folder is connected under a letter" 0
that "and found there" cmp share/sub/file.txt copy.txt

if [ ! -d "$corpus/mdt" ]; then
  echo "SKIPPED: equal plans and runs of real sequences: there is no corpus beside the project"
  finish
  exit
fi

# ---- equal plans ---------------------------------------------------------------------------

cat >plans.py <<'END'
import json, os, random, subprocess, sys
taskseq, corpus, work = sys.argv[1:]
choices = {
    "PHASE": ["VALIDATION", "STATECAPTURE", "PREINSTALL", "INSTALL", "POSTINSTALL", "STATERESTORE"],
    "DeploymentType": ["NEWCOMPUTER", "REFRESH", "REPLACE", "UPGRADE"],
    "IsUEFI": ["True", "False"], "DoCapture": ["YES", "NO", "PREPARE", "SYSPREP"],
    "USMTOfflineMigration": ["TRUE", "FALSE"], "BdeInstallSuppress": ["YES", "NO"],
    "ApplyGPOPack": ["NO", "YES"], "OSDStateStorePath": [r"C:\StateStore"], "SkipWizard": ["YES"],
    "OSDBitLockerMode": ["TPM"], "ImageBuild": ["6.1.7601", "10.0.19041", "5.1"], "Make": ["Dell Inc.", "HP"],
    "OSCurrentVersion": ["6.1", "10.0"], "USMTLOCAL": ["True"], "IsLaptop": ["True", "False"],
}
def plan(file, options):
    done = subprocess.run([taskseq, "plan", file, "--json", *options], capture_output=True, text=True)
    return done.returncode, done.stdout
files = [os.path.join(d, f) for d in ("mdt", "configmgr") for f in sorted(os.listdir(os.path.join(corpus, d)))]
plans = steps = 0
for number, name in enumerate(files):
    path, lua = os.path.join(corpus, name), os.path.join(work, "plan.lua")
    # a sequence without a name of its own is called like its file: both are
    xml = os.path.join(work, "plan.xml")
    with open(path, "rb") as f, open(xml, "wb") as g:
        g.write(f.read())
    subprocess.run([taskseq, "convert", xml, lua, "--force"], check=True, capture_output=True)
    for seed in range(4):
        random.seed(number * 100 + seed)
        options = ["--phase", random.choice(["WinPE", "FullOS"])]
        for variable, values in choices.items():
            if random.random() < 0.6:
                options += ["--set", f"{variable}={random.choice(values)}"]
        if random.random() < 0.5 and plan(xml, options + ["--result", "*a*=1"])[0] == 0:
            options += ["--result", "*a*=1"]  # where a step has such a name
        a, b = plan(xml, options), plan(lua, options)
        assert a[0] == 0, f"{name}: no plan"
        assert a == b, f"{name}: other plans with {' '.join(options)}"
        plans += 1
        steps += a[1].count('"runs": true')
assert steps > 1000, "hardly anything is planned to run"
print(f"{plans} plans of {len(files)} sequences are equal, with {steps} steps that run")
END
if out=$(python3 plans.py "$taskseq" "$corpus" "$work" 2>&1); then
  echo "# $out"
  ok "a converted sequence has the same plans"
else
  not_ok "a converted sequence has the same plans"
fi

# ---- equal runs ----------------------------------------------------------------------------
# What Linux lacks are fakes: scripts by the names of the programs, early in PATH.

mkdir fakes
for program in cscript.exe wscript.exe powershell.exe powershell pwsh cmd.exe cmd reg.exe reg powercfg.exe \
  net.exe net wusa.exe msiexec.exe dism.exe; do
  # what they are called with, without the run's own temporary files
  # shellcheck disable=SC2016
  printf '#!/bin/sh\necho "${0##*/} $*" | sed "s/[^ ]*taskseq-[^ ]*/FILE/g"\nexit 0\n' >"fakes/$program"
  chmod +x "fakes/$program"
done
"$taskseq" lab --new template --seed 7 >/dev/null 2>&1
rm -rf template/*/Users

cat >events.py <<'END'
# The event stream without what differs between any two runs.
import json, re, sys
for line in open(sys.argv[1]):
    e = json.loads(line)
    for key in ("time", "run", "elapsed", "elapsedMs", "duration", "durationMs"):
        e.pop(key, None)
    if e.get("name") == "_TSRunId":
        e["value"] = ""
    text = json.dumps(e, sort_keys=True)
    text = re.sub(r"played\.(xml|lua)", "played", text)
    text = re.sub(r"[^ \"']*/(temp|tmp)[^ \"']*", "FILE", text)
    print(re.sub(r"\b\d+(\.\d+)? (ms|s)\b", "TIME", text))
END

played=0
play() { # FORM: run played.FORM on a new machine, events in events.FORM
  rm -rf machine
  cp -a template machine
  PATH=$work/fakes:$PATH timeout 120 "$taskseq" lab "played.$1" --machine machine --boot FullOS --quiet \
    --set PHASE=VALIDATION --set DeploymentType=REFRESH --set OSDisk=C: --set 'OSDStateStorePath=C:\StateStore' \
    --events "raw.$1" >"out.$1" 2>&1
  code=$?
  python3 events.py "raw.$1" >"seen.$1"
}
both() { # FILE LEAST-STEPS LEAST-RESTARTS
  local steps restarts name
  name=$(basename "$1")
  rm -f raw.* seen.* played.*
  cp "$corpus/$1" played.xml
  "$taskseq" convert played.xml played.lua 2>/dev/null
  play xml
  out=$(cat out.xml)
  if [ "$code" -ne 0 ]; then not_ok "$name runs to its end"; return; fi
  steps=$(grep -c '"event": "step.finished"' seen.xml)
  restarts=$(grep -c '"event": "restart.arrived"' seen.xml)
  if [ "$steps" -lt "$2" ] || [ "$restarts" -lt "$3" ]; then
    not_ok "$name runs to its end (only $steps steps and $restarts restarts)"
    return
  fi
  play lua
  if out=$(diff seen.xml seen.lua) && [ "$code" -eq 0 ]; then
    ok "$name runs the same as Lua: $steps steps, $restarts restarts, $(wc -l <seen.xml) events"
    played=$((played + 1))
  else
    not_ok "$name runs the same as Lua"
  fi
}
both mdt/hpmillaard__MDT__XMLs__Client.xml 30 2
both mdt/erikpt__Modern-Deployment-Toolkit__DeployXMLExamples__002__ts.xml 30 2
both mdt/dansonnenburg__CaptureShare__Control__WS2012R2D__ts.xml 30 2
both mdt/keithga__DeployShared__Source__MDT.8443__Templates__Client.xml 30 2
both mdt/keithga__DeployShared__Source__MDT.8443__Templates__ClientReplace.xml 10 1
both mdt/keithga__DeployShared__Source__MDT2013__Templates__StateRestore.xml 10 0
both mdt/DeploymentResearch__DRFiles__Scripts__MDT-BIOSandEUFITaskSequences__CONVERT__ts.xml 5 2
both configmgr/DeploymentResearch__DRFiles__Misc__Windows10UpgradeTS.zip__zip__SMS_TaskSequencePackage__PS10000E__object.xml 2 0
both configmgr/gwblok__garytown__OSD__ModelSupportTS-CM2103.zip__zip__SMS_TaskSequencePackage__PS2009DD__object.xml 4 0
both configmgr/microsoft__configmgr-hub-selfhost__objects__TaskSequence__2107_2107_TS.xml 2 1
both configmgr/gwblok__garytown__OSD__LanguagePackModule-TS.zip__zip__SMS_TaskSequencePackage__MEM00022__object.xml 2 0
[ "$played" -ge 10 ] || not_ok "ten real sequences were played"
finish
