#!/usr/bin/env bash
# The main job, played: two computers are refreshed with hard links by one sequence, one
# started from the full OS (online), one from WinPE (offline).  Installs what is missing,
# builds, makes the machines, runs, and measures what came back.  Exit status 0 only if
# every row of the table held.
set -u
cd "$(dirname "$0")/.." || exit 2
# shellcheck source=cmake/install-packages.sh
. cmake/install-packages.sh
# shellcheck disable=SC2086
need_packages $BUILD_PACKAGES bsdextrautils || exit 2

echo "Building (preset release)" >&2
if ! { cmake --preset release && cmake --build build/release; } >build-release.log 2>&1; then
  tail -n 40 build-release.log >&2
  exit 2
fi
rm -f build-release.log
taskseq=$PWD/build/release/taskseq
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT
bad=0

# Real files of this computer for one user: the first of these folders that is not tiny.
real=""
for dir in /usr/share/doc /usr/share/perl /usr/include /etc; do
  if [ -d "$dir" ] && [ "$(find "$dir" -type f 2>/dev/null | head -n 300 | wc -l)" -ge 200 ]; then
    real=$dir
    break
  fi
done

make_machine() { # NAME
  "$taskseq" lab --new "$work/$1" --seed 2026 ${real:+--from "Real Files=$real"} 2>/dev/null
}

# What stands below a folder, one NUL-ended record an object, sorted, in three files.
snapshot() { # FOLDER OUT
  (cd "$1" && find . -mindepth 1 -type f -printf '%P\t%i\0' | sort -z) >"$2.ids"
  (cd "$1" && find . -mindepth 1 -printf '%P\t%y %m %U %G %T@ %l\0' | sort -z) >"$2.meta"
  (cd "$1" && find . -mindepth 1 -type f -print0 | sort -z |
    xargs -0 -r sha256sum -z) >"$2.sums"
  sort -z -o "$2.sums" "$2.sums"
  (cd "$1" && find . -mindepth 1 -type f -printf '%s\n') |
    awk '{ n++; b += $1 } END { printf "%d %d\n", n, b }' >"$2.size"
}

# Everything in the first list stands in the second too?
kept() { [ -z "$(comm -z -23 "$1" "$2" | head -c 1)" ] && echo yes || echo NO; }

ms_of() { date -d "$1" +%s%3N; }

# "FullOS 1.2 s" for every stretch between a start and a restart or the end.
phase_times() { # EVENTS
  grep -E '"event":"(run.started|run.resumed|restart.requested|run.finished)"' "$1" |
    sed -E 's/.*"event":"([a-z.]+)".*"time":"([^"]+)".*/\1 \2 &/' |
    while read -r event time rest; do
      case $event in
        run.started | run.resumed)
          began=$(ms_of "$time")
          phase=$(printf '%s' "$rest" | sed -E 's/.*"phase":"([A-Za-z]+)".*/\1/')
          ;;
        *) awk -v p="$phase" -v a="$began" -v b="$(ms_of "$time")" \
          'BEGIN { printf "%s %.2f s  ", p, (b - a) / 1000 }' ;;
      esac
    done
}

refresh() { # NAME BOOT EXTRA...
  name=$1 boot=$2
  shift 2
  machine=$work/$name
  make_machine "$name" || { echo "the machine could not be made" >&2; exit 2; }
  mkdir -p "$work/before-$name" "$work/after-$name"
  for profile in "$machine"/C/Users/*/; do
    profile=$(basename "$profile")
    [ "$profile" = Default ] && continue
    snapshot "$machine/C/Users/$profile" "$work/before-$name/$profile"
  done
  echo "== $name: sequences/refresh-hardlink.lua, started from $boot"
  "$taskseq" lab sequences/refresh-hardlink.lua --machine "$machine" --boot "$boot" \
    --events "$work/$name.events" "$@"
  code=$?
  [ "$code" -eq 0 ] || bad=$((bad + 1))
  restarts=$(grep -c '"event":"restart.requested"' "$work/$name.events")
  printf '%s\n' "$name|$boot|$code|$restarts|$(phase_times "$work/$name.events")" >>"$work/runs"
  for before in "$work/before-$name"/*.size; do
    profile=$(basename "$before" .size)
    b="$work/before-$name/$profile" a="$work/after-$name/$profile"
    if [ ! -d "$machine/C/Users/$profile" ]; then
      printf '%s|%s|LOST\n' "$name" "$profile" >>"$work/rows"
      bad=$((bad + 1))
      continue
    fi
    snapshot "$machine/C/Users/$profile" "$a"
    content=$(kept "$b.sums" "$a.sums") ids=$(kept "$b.ids" "$a.ids")
    meta=$(kept "$b.meta" "$a.meta")
    case "$content$ids$meta" in *NO*) bad=$((bad + 1)) ;; esac
    read -r files bytes <"$b.size"
    linked=$(comm -z -12 "$b.ids" "$a.ids" | tr -dc '\0' | wc -c)
    extra=$(comm -z -13 <(cut -z -f1 "$b.meta" | sort -z) <(cut -z -f1 "$a.meta" | sort -z) |
      tr -dc '\0' | wc -c)
    printf '%s|%s|%d|%d|%d|%s|%s|%s|%d\n' "$name" "$profile" "$files" "$bytes" "$linked" \
      "$content" "$ids" "$meta" "$extra" >>"$work/rows"
  done
  # The operating system is the new one, nothing of the old is left, the store is gone, the
  # logs were saved.
  new=$(grep -c 'New Windows' "$machine/C/Windows/edition.txt" 2>/dev/null)
  old=$(find "$machine/C/Program Files" -name 'Old Application' 2>/dev/null | wc -l)
  store=$(find "$machine/C" -maxdepth 1 -iname 'StateStore' | wc -l)
  logs=$(find "$machine/C/Windows/Logs/taskseq" -name 'smsts*.log' 2>/dev/null | wc -l)
  printf '%s|%s|%s|%s|%s\n' "$name" "$new" "$old" "$store" "$logs" >>"$work/machines"
  [ "$new" = 1 ] && [ "$old" = 0 ] && [ "$store" = 0 ] && [ "$logs" -ge 1 ] ||
    bad=$((bad + 1))
}

refresh online FullOS
refresh offline WinPE --hold 'C:\StateStore\data'
# The offline machine's store could not be removed at once: a third restart is expected.
grep -q '^online|FullOS|0|2|' "$work/runs" || bad=$((bad + 1))
grep -q '^offline|WinPE|0|2|' "$work/runs" || bad=$((bad + 1))

echo
echo "What was measured on the machines' own disks, before and after:"
{
  echo "machine|profile|files|bytes|same file|content equal|file ids unchanged|metadata equal|added beside"
  cat "$work/rows"
} | column -t -s '|'
echo
{
  echo "machine|started in|exit code|restarts|time in each phase"
  cat "$work/runs"
} | column -t -s '|'
echo
{
  echo "machine|new Windows there|old files left|stores left|logs saved"
  cat "$work/machines"
} | column -t -s '|'
echo
if [ "$bad" -eq 0 ]; then
  echo "Every row held: nothing was copied, nothing was lost."
else
  echo "$bad checks did NOT hold."
fi
[ "$bad" -eq 0 ]
