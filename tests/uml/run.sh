#!/usr/bin/env bash
# A real kernel: taskseq as the runtime of a User-mode Linux machine with a real disk.
# Restarts are real, a power cut is kill -9 of the kernel at a random instant.
#
#   tests/uml/run.sh BUILD_DIR
#
# TASKSEQ_UML_CUTS: how many cuts (default 20).  TASKSEQ_UML_SEED: which instants.
# TASKSEQ_NIGHTLY=1: 500 cuts, more on NTFS, and a boot of an emulated PC.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(realpath "${1:?use: $0 BUILD_DIR}")
[ -d "$build" ] || build=$(dirname "$build")
# shellcheck source=cmake/install-packages.sh
. "$root/cmake/install-packages.sh"
if ! need_packages user-mode-linux ntfs-3g e2fsprogs systemd attr python3; then
  echo "SKIPPED the machine: its packages (user-mode-linux ...) cannot be had"
  exit 0
fi
status=0
python3 -B "$root/tests/uml/cuts.py" "$root" "$build" || status=1
if [ "${TASKSEQ_NIGHTLY:-}" = 1 ]; then
  "$root/tests/uml/pc.sh" "$build/taskseq" || status=1
fi
exit $status
