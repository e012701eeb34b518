#!/usr/bin/env bash
# The power goes in the middle of the shipped refresh, at many points: every run ends as the
# uncut one did, and every file of every user is there.
# TASKSEQ_CUTS: how many points to try (default 12).
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"
cuts=${TASKSEQ_CUTS:-12}
cat >people.json <<'J'
{ "users": [ { "name": "Ann", "files": 40, "folders": 6, "largest": 20000 },
             { "name": "Bob", "files": 20, "folders": 3 } ] }
J
# What the machine looks like afterwards, without what differs by nature (logs, ids).
picture() {
  (cd "$1/C" && find . \( -path ./_TaskSequence -o -path ./Windows/Logs \) -prune -o \
    -printf '%P\t%y %m %U %G %s %l\0' | sort -z | tr '\0\n' '\n?' | grep -av '^Windows	\|^	' |
    sed -E 's/	d ([0-7]+) ([0-9]+) ([0-9]+) [0-9]+/	d \1 \2 \3/')
  (cd "$1/C/Users" && find . -type f -print0 | sort -z | xargs -0 sha256sum -z | tr '\0\n' '\n?')
}
play() { # NAME OPTIONS...: a machine from the same seed, refreshed
  local name=$1
  shift
  "$taskseq" lab --new "$name" --profile people.json --seed 3 >/dev/null 2>&1 || return 2
  run lab "$root/sequences/refresh-hardlink.lua" --machine "$name" --boot FullOS --json --check-files "$@"
}
play uncut
expect "uncut" 0
points=$(sed -n 's/.*"powerPoints": \([0-9]*\).*/\1/p' <<<"$out")
picture uncut >uncut.picture
[ "${points:-0}" -gt 200 ] || not_ok "the run has ${points:-no} effects"
echo "# the uncut run has $points effects"

good=0
i=0
while [ $i -lt "$cuts" ]; do
  n=$((1 + i * points / cuts + i % 7))
  i=$((i + 1))
  rm -rf cut
  play cut --power-cut $n
  picture cut >cut.picture
  if [ "$code" -ne 0 ]; then
    not_ok "power cut at $n of $points"
  elif ! cmp -s uncut.picture cut.picture; then
    out=$(diff uncut.picture cut.picture | head -n 20)
    not_ok "power cut at $n of $points: another end"
  else
    good=$((good + 1))
  fi
done
[ "$good" -eq "$cuts" ] && ok "$good power cuts, one at a time, all ended as the uncut run"

rm -rf cut
play cut --power-cut "$points"
expect "power cut at the last effect, after the end was recorded" 0

good=0
for seed in 1 2 3 4 5 6; do
  rm -rf cut
  play cut --power-cut random:$seed
  picture cut >cut.picture
  if [ "$code" -ne 0 ]; then
    not_ok "random power cuts, seed $seed"
  elif ! cmp -s uncut.picture cut.picture; then
    out=$(diff uncut.picture cut.picture | head -n 20)
    not_ok "random power cuts, seed $seed: another end"
  else
    good=$((good + 1))
  fi
done
[ "$good" -eq 6 ] && ok "6 runs with random power cuts ended as the uncut run"
finish
