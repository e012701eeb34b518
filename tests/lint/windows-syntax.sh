#!/usr/bin/env bash
# Every C file outside platform/posix compiles for Windows (syntax only): nothing POSIX
# leaks upwards.  The headers of the libraries stand in a folder of their own, because the
# system's include folder would bring the C library's headers along.
set -u
cd "$(dirname "$0")/../.." || exit 2
inc=$(mktemp -d)
trap 'rm -rf "$inc"' EXIT
ln -s /usr/include/lua5.4/* "$inc/"
ln -s /usr/include/cjson/cJSON.h /usr/include/sqlite3.h /usr/include/mbedtls \
  /usr/include/archive.h /usr/include/archive_entry.h /usr/include/expat.h \
  /usr/include/expat_external.h "$inc/"
bad=0 n=0
while IFS= read -r file; do
  n=$((n + 1))
  x86_64-w64-mingw32-gcc -std=c11 -D__USE_MINGW_ANSI_STDIO=1 -fsyntax-only -Wall -Wextra \
    -Werror -Iruntime -isystem "$inc" -DTASKSEQ_VERSION='"0"' "$file" || bad=$((bad + 1))
done < <(find runtime -name '*.c' -not -path 'runtime/platform/posix/*' | sort)
echo "$n files compiled for Windows, $bad failed"
[ "$bad" -eq 0 ] && [ "$n" -gt 50 ]
