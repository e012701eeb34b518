#!/usr/bin/env bash
# The manual agrees with the program: the generated parts are what the program prints now,
# every command, option and step type is written about, and every page that is named exists.
# Use: docs.sh PATH/TO/taskseq [--update]
set -u
taskseq=$(realpath "$1")
cd "$(dirname "$0")/../.." || exit 2
bad=0
say() { echo "$*"; bad=$((bad + 1)); }
temp=$(mktemp)
trap 'rm -f "$temp" "$temp.2"' EXIT

# Replace what stands between the markers of a page by what a command prints.
generated() { # PAGE NAME COMMAND...
  page=$1 name=$2
  shift 2
  "$@" >"$temp.2" || say "$* failed"
  awk -v name="$name" -v file="$temp.2" '
    $0 == "<!-- begin generated: " name " -->" {
      print; while ((getline line < file) > 0) print line; skip = 1; found = 1 }
    $0 == "<!-- end generated: " name " -->" { skip = 0 }
    !skip { print }
    END { if (!found || skip) exit 1 }' "$page" >"$temp" ||
    { say "$page has no markers for $name"; return; }
  if [ "${update:-}" ]; then
    cp "$temp" "$page"
  else
    cmp -s "$temp" "$page" || say "$page: the part $name is out of date; run tests/lint/docs.sh $taskseq --update"
  fi
}
[ "${2:-}" = --update ] && update=yes
generated docs/steps.md steps "$taskseq" steps --markdown
generated docs/variables.md variables "$taskseq" vars --markdown

commands=$("$taskseq" help | awk '/^  [a-z]+ /{ print $1 }')
[ -n "$commands" ] || say "taskseq help lists no commands"
for command in $commands; do
  [ "$command" = help ] || grep -rqs "taskseq $command" docs README.md || say "no page shows taskseq $command"
  [ "$command" = help ] || "$taskseq" help "$command" >/dev/null || say "help $command fails"
done
for page in $(grep -oh '([a-z-]*\.md)' docs/*.md README.md | tr -d '()' | sort -u); do
  [ -e "docs/$page" ] || say "a page links to docs/$page, which is not there"
done
[ "$bad" -eq 0 ]
