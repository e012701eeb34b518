#!/usr/bin/env bash
# An emulated PC: taskseq from a RAM disk on the kernel of Debian's cloud images, with an NVMe
# disk and a restart that is a reset of the machine.
# Use: pc.sh PATH/TO/taskseq
set -u
taskseq=$(realpath "${1:?use: $0 PATH/TO/taskseq}")
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=cmake/install-packages.sh
. "$here/../../cmake/install-packages.sh"
if ! need_packages qemu-system-x86 busybox-static cpio e2fsprogs; then
  echo "SKIPPED the emulated PC: its packages (qemu-system-x86 ...) cannot be had"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
chmod 755 . # apt-get's own user downloads into it

package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image-/ { print $2 }')
if [ -z "$package" ] || ! apt-get download "$package" >download.log 2>&1 ||
  ! dpkg-deb -x linux-image-*.deb kernel; then
  echo "SKIPPED the emulated PC: its kernel cannot be had"
  exit 0
fi

mkdir -p ram/bin ram/proc ram/sys ram/dev ram/disk ram/tmp
cp "$(command -v busybox)" ram/bin/busybox
for tool in sh mount umount cat echo poweroff grep; do ln -s busybox ram/bin/$tool; done
cp "$taskseq" ram/bin/taskseq
ldd "$taskseq" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "ram$(dirname "$library")"
  cp -L "$library" "ram$library"
done
# The lines that the manual shows for the init of a machine.
sed -n '/^```sh$/,/^```$/{/^```/d;p}' "$here/../../docs/restarts.md" >ram/go-on
cat >ram/pc.json <<'J'
{ "taskseq": 1, "name": "On a PC", "steps": [
  { "type": "RunCommandLine", "name": "Before", "phase": "FullOS",
    "command": ["sh", "-c", "echo before >>/disk/trace"] },
  { "type": "RestartComputer", "name": "Restart", "target": "WinPE" },
  { "type": "RunCommandLine", "name": "After", "phase": "WinPE",
    "command": ["sh", "-c", "echo after >>/disk/trace"] } ] }
J
cat >ram/init <<'I'
#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
disk=/disk
mount -t ext4 /dev/nvme0n1 $disk || poweroff -f
echo "start" >>/disk/starts
. /go-on
[ -e $disk/_TaskSequence ] || taskseq run /pc.json --state $disk/_TaskSequence --phase FullOS \
  --drive C=$disk --on-restart reboot
umount $disk
poweroff -f
I
chmod +x ram/init
(cd ram && find . | cpio -o -H newc --quiet) >ram.cpio
truncate -s 64M disk.img
mke2fs -q -t ext4 disk.img

began=$(date +%s)
timeout 600 qemu-system-x86_64 -accel tcg -nodefaults -display none -monitor none -serial stdio \
  -m 512 -kernel kernel/boot/vmlinuz-* -initrd ram.cpio -append "console=ttyS0 quiet panic=-1" \
  -drive file=disk.img,if=none,id=d,format=raw -device nvme,drive=d,serial=1 \
  </dev/null >console 2>&1
code=$?
took=$(($(date +%s) - began))
mkdir disk
debugfs -R "rdump / disk" disk.img 2>/dev/null
status=$("$taskseq" status --state disk/_TaskSequence --json 2>&1)
if [ $code -eq 0 ] && [ "$(cat disk/trace)" = "$(printf 'before\nafter')" ] &&
  grep -q '"status": "succeeded"' <<<"$status" && [ ! -e disk/_TaskSequence/next-boot ]; then
  echo "ok an emulated PC is reset and goes on"
else
  echo "not ok an emulated PC is reset and goes on"
  { tail -n 40 console; echo "exit code $code"; cat disk/trace; echo "$status"; } | sed 's/^/    /'
  exit 1
fi
echo "emulated PC: $(wc -l <disk/starts) boots in $took s"
