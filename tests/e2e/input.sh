#!/usr/bin/env bash
# Bad sequences: a clear error with its place, exit code 2, nothing done.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

# bad NAME FILE PATTERN...: check and run both say it, and no state is made
bad() {
  local name=$1 file=$2
  shift 2
  run check "$file"; expect "check: $name" 2 "$@"
  run run "$file" --state "$work/never"; expect "run: $name" 2 "$@"
  [ ! -e "$work/never" ] || { not_ok "$name made a state"; rm -rf "$work/never"; }
}
lua() { cat >"$1"; }

lua type.lua <<'L'
return sequence { name = "x", steps = {
  RunComandLine "Go" { command = "true" } } }
L
bad "a step type misspelt" type.lua "type.lua:2" "RunCommandLine"
lua key.lua <<'L'
return sequence { name = "x", steps = {
  RunCommandLine "Go" { comand = "true" } } }
L
bad "a property misspelt" key.lua "key.lua:2" "command"
lua wrong.lua <<'L'
return sequence { name = "x", steps = {
  RunCommandLine "Go" { command = "true", retry = { attempts = "many" } } } }
L
bad "a wrong type" wrong.lua "wrong.lua:2" "retry.attempts"
lua missing.lua <<'L'
return sequence { name = "x", steps = { SetVariable "Both missing" {} } }
L
bad "everything that is missing is named" missing.lua variable value
lua scope.lua <<'L'
return sequence { name = "x", variables = { _SMSTSInWinPE = "TRUE" }, steps = {} }
L
bad "a variable that only the runtime sets" scope.lua "_SMSTSInWinPE"
lua condition.lua <<'L'
return sequence { name = "x", steps = {
  RunCommandLine "Go" { command = "true", condition = "A = = 'x'" } } }
L
bad "a condition that is none" condition.lua "condition.lua:2" "condition"
lua ids.lua <<'L'
return sequence { name = "x", steps = {
  RunCommandLine "A" { id = "same", command = "true" },
  RunCommandLine "B" { id = "same", command = "true" } } }
L
bad "two steps with one id" ids.lua "same"
lua loop.lua <<'L'
while true do end
L
bad "a sequence that never ends" loop.lua "loop.lua"
lua memory.lua <<'L'
local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1e6) .. i end
L
bad "a sequence that grabs memory" memory.lua "memory.lua"
lua pattern.lua <<'L'
return ("a"):rep(60):find(("a?"):rep(60) .. ("a"):rep(60) .. ".-.-.-.-.-.-.-.-b")
L
bad "a pattern that takes for ever" pattern.lua "pattern.lua"
lua rep.lua <<'L'
return ("x"):rep(1e12)
L
bad "a string of a terabyte" rep.lua "rep.lua"
lua caught.lua <<'L'
while true do pcall(function() while true do end end) end
L
bad "a bound that pcall would catch" caught.lua "caught.lua"
for name in io os package debug load dofile loadstring setmetatable coroutine collectgarbage; do
  printf 'local x = %s.y\nreturn x' "$name" >"sandbox-$name.lua"
  bad "no $name" "sandbox-$name.lua" "sandbox-$name.lua:1"
done
luac5.4 -o code.lua type.lua 2>/dev/null || printf '\033LuaS\0\x19\x93\r\n' >code.lua
bad "bytecode" code.lua "code.lua"
lua a.lua <<'L'
return sequence { name = "a", steps = { { include = "b.lua" } } }
L
lua b.lua <<'L'
return sequence { name = "b", steps = { { include = "a.lua" } } }
L
bad "an include that comes back to itself" a.lua "a.lua" "b.lua"
lua r1.lua <<'L'
return require "r2"
L
lua r2.lua <<'L'
return require "r1"
L
bad "a require that comes back to itself" r1.lua "r1"
lua climb.lua <<'L'
return require "../secret"
L
bad "a require that climbs out" climb.lua "climb.lua"
lua nothing.lua <<'L'
local x = 1
L
bad "a file that returns no sequence" nothing.lua "nothing.lua" "sequence"

printf '{ "taskseq": 1, "name": "x", "steps": [ { "type": "Fail", "mesage": "m" } ] }' >key.json
bad "JSON: a property misspelt" key.json "key.json:1:" "message"
printf '{\n  "taskseq": 1,\n  "steps": [ }\n' >broken.json
bad "JSON: broken" broken.json "broken.json:3:"
printf '{ "taskseq": 2, "name": "x", "steps": [] }' >version.json
bad "JSON: a format that is newer" version.json "version.json:1:" "taskseq"
python3 - <<'P'
deep = '{"type":"Group","name":"g","steps":[' * 150 + ']}' * 150
open('deep.json', 'w').write('{"taskseq":1,"name":"x","steps":[' + deep + ']}')
open('deeper.json', 'w').write('[' * 200000)
open('nul.json', 'wb').write(b'{"taskseq":1,"name":"a\x00b","steps":[]}')
open('utf8.json', 'wb').write(b'{"taskseq":1,"name":"a\xff\xfe","steps":[]}')
P
bad "groups nested 150 deep" deep.json "100"
bad "brackets 200,000 deep" deeper.json "deeper.json"
bad "a NUL in JSON" nul.json "nul.json"
bad "JSON that is not UTF-8" utf8.json "utf8.json"
: >empty.json
bad "an empty file" empty.json "empty.json"
mkdir folder.lua
bad "a folder" folder.lua "folder.lua"
finish
