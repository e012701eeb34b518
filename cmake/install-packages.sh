#!/usr/bin/env bash
# Sourced by examples/run.sh and tests/run.sh: install what is missing, saying so first.
# Use: need_packages PACKAGE...
need_packages() {
  missing=""
  for package in "$@"; do
    if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
      missing="$missing $package"
    fi
  done
  [ -n "$missing" ] || return 0
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "These packages are needed and this system has no apt-get:$missing" >&2
    return 2
  fi
  as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo"
    if ! command -v sudo >/dev/null 2>&1; then
      echo "These packages are needed; install them as root:$missing" >&2
      return 2
    fi
  fi
  echo "Installing with apt-get:$missing" >&2
  log=$(mktemp)
  # shellcheck disable=SC2086
  if ! { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "apt-get could not install:$missing" >&2
    return 2
  fi
  rm -f "$log"
}

# What the program is built from.
# shellcheck disable=SC2034
BUILD_PACKAGES="build-essential cmake ninja-build pkg-config lua5.4 liblua5.4-dev libcjson-dev
libsqlite3-dev libmbedtls-dev libarchive-dev libexpat1-dev"
# What the tests use besides.
# shellcheck disable=SC2034
TEST_PACKAGES="libcriterion-dev gcc-mingw-w64-x86-64 lua-check shellcheck wimtools python3
attr acl clang libclang-rt-14-dev systemd"
