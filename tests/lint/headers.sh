#!/usr/bin/env bash
# Every header compiles alone.
set -u
cd "$(dirname "$0")/../.." || exit 2
bad=0 n=0
while IFS= read -r header; do
  n=$((n + 1))
  printf '#include "%s"\n' "${header#runtime/}" |
    gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -Iruntime \
      -I/usr/include/lua5.4 -I/usr/include/cjson -x c - || bad=$((bad + 1))
done < <(find runtime -name '*.h' | sort)
echo "$n headers, $bad do not stand alone"
[ "$bad" -eq 0 ] && [ "$n" -gt 30 ]
