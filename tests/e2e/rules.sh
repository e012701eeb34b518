#!/usr/bin/env bash
# Facts, queries and rules files, through the commands and in a run.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

run facts --text; expect "what this machine is" 0 "Memory=" "IsLaptop=" "Win32_Processor"
run facts
printf '%s' "$out" >here.json
that "the facts are JSON" python3 -m json.tool here.json
run facts --facts here.json --json
expect "facts are read back" 0 '"taskseqFacts": 1'
that "and are the same" diff here.json <(printf '%s' "$out")
run facts --query "SELECT Name FROM Win32_Processor WHERE NumberOfCores > 0"
expect "a query over this machine" 0 "Name = "
run facts --query "SELECT Name FROM"; expect "a query that is none" 2 "expected the name of a class"
run facts --query "SELECT * FROM Win32_Nope"; expect "an unknown class" 0 "warning: the facts know no class Win32_Nope"
run facts here.json; expect "facts takes no arguments" 2 "facts takes no arguments"

cat >dell.json <<'END'
{ "taskseqFacts": 1,
  "classes": {
    "Win32_ComputerSystem": [{ "Manufacturer": "Dell Inc.", "Model": "Latitude E7270" }],
    "Win32_BIOS": [{ "SerialNumber": "ABC1234" }],
    "Win32_SystemEnclosure": [{ "ChassisTypes": [9] }],
    "Win32_NetworkAdapterConfiguration": [
      { "IPEnabled": true, "MACAddress": "00:15:5D:85:6B:00", "DefaultIPGateway": ["10.18.192.1"] }] } }
END
sed 's/$/\r/' >CustomSettings.ini <<'END'
[Settings]
Priority=DefaultGateway,ByType,Default
Properties=Site
[DefaultGateway]
10.18.192.1=HQ
[HQ]
Site=Headquarters
[ByType]
Subsection=Laptop-%IsLaptop%
[Laptop-True]
OSDComputerName=LT-#Left("%SerialNumber%",4)#
[Default]
OSDComputerName=PC
UserExit=x.vbs
AdminPassword=geheim1
END
run gather --rules CustomSettings.ini --facts dell.json
expect "each variable with the line that set it" 0 \
  "OSDComputerName=LT-ABC1   (CustomSettings.ini:11 [Laptop-True])" \
  "Site=Headquarters   (CustomSettings.ini:7 [HQ])" "CustomSettings.ini:14: [Default] the script x.vbs is not run" \
  "AdminPassword=*****"
if grep -q geheim1 <<<"$out"; then not_ok "secrets are hidden"; else ok "secrets are hidden"; fi
run gather --rules CustomSettings.ini --facts dell.json --set OSDComputerName=MINE --json
expect "what is set before wins" 0 "OSDComputerName has a value already"
run gather --rules CustomSettings.ini --facts dell.json --set IsLaptop=False
expect "a fact can be set" 0 "OSDComputerName=PC   (CustomSettings.ini:13 [Default])"
"$taskseq" gather --rules CustomSettings.ini --facts dell.json --json >gather.json 2>/dev/null
that "the result is JSON" python3 -m json.tool gather.json
run gather; expect "gather without rules" 2 "gather wants --rules FILE"
run gather --rules nowhere.ini; expect "rules that are not there" 2 "nowhere.ini"
run gather --rules CustomSettings.ini --facts nowhere.json; expect "facts that are not there" 2 "nowhere.json"
printf '[Settings]\nA=\0b\n' >nul.ini
run gather --rules nul.ini; expect "an INI with zero bytes" 2 "nul.ini" "zero bytes"
printf '{"taskseqFacts":1,"vars":{}}' >bad.json
run gather --rules CustomSettings.ini --facts bad.json; expect "facts that are wrong" 2 "bad.json:1:" "vars is not known"
head -c 5000000 /dev/zero | tr '\0' x >big.ini
run gather --rules big.ini; expect "an INI that is too big" 2 "big.ini"

cat >s.lua <<'END'
return sequence { name = "facts", steps = {
  Gather "Gather" { rulesFile = "CustomSettings.ini" },
  SetDynamicVariables "Names" { rules = {
    { condition = "_SMSTSModel like 'Latitude*'", variables = { Kind = "%SerialNumber%" } },
    { condition = "wmi('SELECT * FROM Win32_Nope')", variables = { Kind = "wrong" } } } },
  Validate "Fit" { minMemory = 1 },
  group "Laptops" { condition = "wmi('SELECT * FROM Win32_SystemEnclosure WHERE ChassisTypes = 9') and IsLaptop = 'True'",
    SetVariable "Name" { variable = "Result", value = "%OSDComputerName%/%Kind%/%Site%/%_SMSTSBootUEFI%" } },
  SetVariable "Desktops" { variable = "Result", value = "desktop", condition = "IsDesktop = 'True'" },
  Fail "Show" { message = "Result=%Result%", condition = "not Result = 'LT-ABC1/ABC1234/Headquarters/true'" },
} }
END
run check s.lua; expect "the sequence is fine" 0 "no errors or warnings"
run plan s.lua --facts dell.json; expect "a plan over facts" 0 "+ Laptops" "- Desktops" "it finds 1 object"
"$taskseq" lab --new pc --seed 1 >/dev/null
python3 - <<'END'
import json
m = json.load(open("pc/machine.json"))
f = json.load(open("dell.json"))
f["variables"] = {"IsUEFI": True}
m["facts"] = f
json.dump(m, open("pc/machine.json", "w"))
END
run lab s.lua --machine pc; expect "a run on a machine with these facts" 0 "The sequence succeeded"
that "a machine in the lab keeps its facts" grep -q "Latitude E7270" pc/machine.json
"$taskseq" lab --new pc2 --seed 1 >/dev/null
cat >w.lua <<'END'
return sequence { name = "disks", steps = {
  Fail "no NTFS" { message = "x", condition =
    [[not wmi('select * from Win32_LogicalDisk where DriveType=3 and DeviceID != "X:" and FileSystem = "NTFS"')]] },
  Fail "no laptop" { message = "x", condition = "not wmi('SELECT * FROM Win32_Battery')" },
  RestartComputer "pe" { target = "WinPE" },
  Fail "no RAM drive" { message = "x", condition = [[not wmi('select * from Win32_LogicalDisk where DeviceID = "X:"')]] },
  Fail "other namespace" { message = "x",
    condition = [[not wmi('SELECT * FROM Win32_Tpm WHERE SpecVersion LIKE "2%"', 'root\cimv2\Security\MicrosoftTpm')]] },
} }
END
run lab w.lua --machine pc2; expect "a new machine has facts, and drives as its phase shows them" 0 "The sequence succeeded"

corpus=$root/../shared/corpus/customsettings
if [ -d "$corpus" ]; then
  files=0 bad=0 variables=0
  for file in "$corpus"/*; do
    files=$((files + 1))
    if "$taskseq" gather --rules "$file" --facts dell.json >o 2>e; then
      variables=$((variables + $(wc -l <o)))
    else
      bad=$((bad + 1))
      cat e
    fi
  done
  out="$files files, $bad failed, $variables variables"
  echo "# rules files of the corpus: $out"
  if [ "$bad" -eq 0 ] && [ "$files" -ge 90 ] && [ "$variables" -gt 1000 ]; then
    ok "every rules file of the corpus is worked through ($out)"
  else
    not_ok "every rules file of the corpus is worked through"
  fi
else
  echo "# SKIPPED: no corpus of rules files beside the project"
fi
finish
