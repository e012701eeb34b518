#!/usr/bin/env bash
# The shipped refresh on lab machines, and what must stop it: nothing is lost.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"
refresh=$root/sequences/refresh-hardlink.lua

# NAME [OPTIONS]: a new machine, and a list of what its users have
machine() {
  local name=$1
  shift
  "$taskseq" lab --new "$name" "$@" >/dev/null 2>&1 || { echo "no machine"; exit 2; }
  content "$name" >"$name.before"
}
content() { # every file of a user with its bytes' sum, without what the new system brings
  (cd "$1/C/Users" && find . -path ./Default -prune -o -type f -print0 | sort -z | xargs -0 sha256sum -z)
}
# Every file of before is there now?
all_kept() {
  local name=$1
  content "$name" >"$name.after"
  [ -z "$(comm -z -23 <(sort -z "$name.before") <(sort -z "$name.after"))" ]
}

machine online
run lab "$refresh" --machine online --boot FullOS --events online.events
expect "online" 0 "Capture User Files and Settings - FullOS"
that "online: every file is back" all_kept online
that "online: the operating system is new" grep -q 'New Windows' online/C/Windows/edition.txt
that "online: nothing old is left" test ! -e "online/C/Program Files/Old Application"
that "online: the store is gone" test ! -e online/C/StateStore
that "online: the logs are saved" test -s online/C/Windows/Logs/taskseq/smsts.log
that "online: two restarts" sh -c 'test "$(grep -c restart.requested online.events)" = 2'
that "online: the older desktop.ini was kept beside" sh -c \
  'find online/C/Users/Public/Desktop -name "desktop.ini (before restore)*" | grep -q .'

machine offline
run lab "$refresh" --machine offline --boot WinPE --events offline.events
expect "offline" 0 "Capture User Files and Settings - WinPE"
that "offline: every file is back" all_kept offline
that "offline: one restart" sh -c 'test "$(grep -c restart.requested offline.events)" = 1'

for boot in FullOS WinPE; do
  machine "swap$boot" --swap-letters
  run lab "$refresh" --machine "swap$boot" --boot $boot
  expect "other letters in WinPE, started from $boot" 0
  that "other letters, $boot: every file is back" all_kept "swap$boot"
done

machine held
run lab "$refresh" --machine held --boot FullOS --events held.events --hold 'C:\StateStore\data'
expect "a store in use is removed after one more restart" 0 "code 2"
that "held: every file is back" all_kept held
that "held: three restarts" sh -c 'test "$(grep -c restart.requested held.events)" = 3'
that "held: the store is gone" test ! -e held/C/StateStore

# A sequence with a disturbance between the capture and the wipe: WHAT is a shell command
# that runs with $C as the system drive.
disturbed() { # NAME COMMAND UPDATE(true|false)
  cat >"$1.lua" <<L
return sequence { name = "Disturbed", steps = {
  SetVariable "P" { variable = "WindowsPartition", value = "%_OSDDetectedWinDrive%" },
  RequestStateStore "Store" { path = [[C:\\StateStore]] },
  CaptureUserState "Capture" { store = [[C:\\StateStore]], drive = "C:" },
  RunCommandLine "Disturb" { command = { "sh", "-c", [==[$2]==] } },
  CaptureUserState "Update" { store = [[C:\\StateStore]], drive = "C:", update = true, disabled = $( [ "$3" = true ] && echo false || echo true) },
  WipeVolume "Wipe" { drive = "C:", store = [[C:\\StateStore]] },
  ApplyImage "Image" { source = "%OSImage%", target = "C:" },
  RestoreUserState "Restore" { store = [[C:\\StateStore]], drive = "C:" },
  ReleaseStateStore "Release" { store = [[C:\\StateStore]] },
} }
L
}
refused() { # NAME COMMAND WHAT
  machine "$1"
  disturbed "$1" "$2" false
  run lab "$1.lua" --machine "$1" --boot WinPE
  expect "$3: the wipe is refused" 1 "Wipe" "update = true"
  that "$3: nothing was deleted" test -e "$1/C/Program Files/Old Application/app.ini"
}
accepted() {
  machine "$1"
  disturbed "$1" "$2" true
  run lab "$1.lua" --machine "$1" --boot WinPE
  expect "$3: after an update all goes well" 0
}
ann='"$TASKSEQ_DRIVE_C"/Users/Ann/Documents'
refused changed "echo more >> $ann/'two names.txt'" "a file changed after the capture"
accepted changed2 "echo more >> $ann/'two names.txt'" "a file changed after the capture"
that "the change is there" grep -q more "changed2/C/Users/Ann/Documents/two names.txt"
refused added "echo new > $ann/new.txt" "a file added after the capture"
accepted added2 "echo new > $ann/new.txt" "a file added after the capture"
that "the new file is there" grep -q new added2/C/Users/Ann/Documents/new.txt
refused renamed "cp $ann/'two names.txt' $ann/t.tmp && echo v2 >> $ann/t.tmp && mv $ann/t.tmp $ann/'two names.txt'" \
  "a file saved by rename after the capture"
accepted renamed2 "cp $ann/'two names.txt' $ann/t.tmp && echo v2 >> $ann/t.tmp && mv $ann/t.tmp $ann/'two names.txt'" \
  "a file saved by rename after the capture"
that "the new version is there" grep -q v2 "renamed2/C/Users/Ann/Documents/two names.txt"

spoilt() { # NAME COMMAND WHAT: the store itself was touched
  machine "$1"
  disturbed "$1" "$2" false
  run lab "$1.lua" --machine "$1" --boot WinPE
  expect "$3: the wipe is refused" 1 "Wipe"
  that "$3: nothing was deleted" all_kept "$1"
}
one='f=$(find "$TASKSEQ_DRIVE_C"/StateStore/data -type f -size +1k | head -n 1);'
spoilt gone "$one rm \"\$f\"" "an entry of the store is missing"
spoilt other "$one cp \"\$f\" /tmp/ts-x.\$\$ && rm \"\$f\" && mv /tmp/ts-x.\$\$ \"\$f\"" \
  "an entry of the store is another file"
spoilt short "$one cp \"\$f\" /tmp/ts-x.\$\$; rm \"\$f\"; head -c 10 /tmp/ts-x.\$\$ > \"\$f\"; rm /tmp/ts-x.\$\$" \
  "an entry of the store has another size"

cat >nostore.lua <<'L'
return sequence { name = "No store", steps = { WipeVolume "Wipe" { drive = "C:" } } }
L
machine nostore
run lab nostore.lua --machine nostore --boot WinPE
expect "a wipe without a store is refused where people have profiles" 1 "withoutStore"
that "nothing was deleted" all_kept nostore

# A restore that fails, then a release: the store stays.
cat >failed.lua <<'L'
return sequence { name = "Failed restore", steps = {
  RequestStateStore "Store" { path = [[C:\StateStore]] },
  CaptureUserState "Capture" { store = [[C:\StateStore]], drive = "C:" },
  WipeVolume "Wipe" { drive = "C:", store = [[C:\StateStore]] },
  ApplyImage "Image" { source = "%OSImage%", target = "C:" },
  RunCommandLine "Break" { command = { "sh", "-c", [[ rm -rf "$TASKSEQ_DRIVE_C/Users/Ann"; echo x > "$TASKSEQ_DRIVE_C/Users/Ann"; f=$(find "$TASKSEQ_DRIVE_C"/StateStore/data -type f -size +1k | head -n 1); rm "$f" ]] } },
  RestoreUserState "Restore" { store = [[C:\StateStore]], drive = "C:", continueOnError = true },
  ReleaseStateStore "Release" { store = [[C:\StateStore]] },
} }
L
machine failed
run lab failed.lua --machine failed --boot WinPE
expect "a store whose restore failed is not released" 1 "Release" "FAILED"
that "the store is there" test -e failed/C/StateStore/catalog.db
finish
