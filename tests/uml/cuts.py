"""The tests of tests/uml/run.sh.  Use: cuts.py SOURCE_DIR BUILD_DIR"""

import concurrent.futures
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from machine import Broken, Lab, Machine, Off, copy

NIGHTLY = os.environ.get("TASKSEQ_NIGHTLY") == "1"
CUTS = int(os.environ.get("TASKSEQ_UML_CUTS", "500" if NIGHTLY else "20"))
OFFLINE_CUTS = 60 if NIGHTLY else 3
NTFS_CUTS = 60 if NIGHTLY else 2
SEED = int(os.environ.get("TASKSEQ_UML_SEED", str(int(time.time()) % 1000000)))
AT_ONCE = 2
NTFS = "ntfs ntfs_options=permissions"  # owners and modes are kept
PEOPLE = """{ "users": [
  { "name": "Ann", "files": 300, "folders": 40, "largest": 60000 },
  { "name": "Bob", "files": 150, "folders": 20 },
  { "name": "Cleo", "files": 60, "folders": 10 } ] }"""

failures = 0


def ok(name):
    print("ok " + name, flush=True)


def not_ok(name, detail):
    global failures
    failures += 1
    print("not ok " + name)
    for line in str(detail).splitlines()[-25:]:
        print("    " + line.encode("utf-8", "replace").decode())
    sys.stdout.flush()


def check(name, good, detail=""):
    if good:
        ok(name)
    else:
        not_ok(name, detail)
    return good


# ---- making it ------------------------------------------------------------------------


def build_lab(lab, source, build):
    """The folder that all machines see: program, init, media, what is on the first disk."""
    here = os.path.join(source, "tests", "uml")
    os.makedirs(lab.path("bin"))
    os.makedirs(lab.path("out"))
    shutil.copy2(os.path.join(build, "taskseq"), lab.path("bin", "taskseq"))
    shutil.copy2(os.path.join(here, "init"), lab.path("init"))
    with open(os.path.join(source, "docs", "restarts.md")) as file:
        lines = re.search(r"^```sh\n(.*?)^```$", file.read(), re.S | re.M).group(1)
    with open(lab.path("go-on"), "w") as file:  # what the manual shows for an init
        file.write(lines)
    shutil.copy2(os.path.join(source, "sequences", "refresh-hardlink.lua"),
                 lab.path("refresh.lua"))
    for command in (["-o", lab.path("bin", "guest"), os.path.join(here, "guest.c")],
                    ["-shared", "-fPIC", "-o", lab.path("bin", "nosync.so"),
                     os.path.join(here, "nosync.c")]):
        subprocess.run(["cc", "-O2", "-Wall"] + command, check=True)
    with open(lab.path("people.json"), "w") as file:
        file.write(PEOPLE)
    subprocess.run([lab.path("bin", "taskseq"), "lab", "--new", lab.path("pc"), "--profile",
                    lab.path("people.json"), "--seed", "3"],
                   check=True, stderr=subprocess.DEVNULL)
    os.rename(lab.path("pc", "C"), lab.path("system"))
    os.rename(lab.path("pc", "E"), lab.path("media"))


def make_disk(lab, path, folder=None):
    with open(path, "wb") as file:
        file.truncate(600 << 20)
    command = ["mke2fs", "-q", "-t", "ext4"] + (["-d", folder] if folder else []) + [path]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def starts(lab):
    """Can a User-mode Linux kernel run here at all?  The reason why not, or None."""
    make_disk(lab, lab.path("empty.img"))
    m = Machine(lab, "try", lab.path("empty.img"))
    try:
        m.look()
        return None
    except (Broken, Off, OSError) as wrong:
        m.cut()
        if m.boots:  # its userland ran: that is no reason to leave the tests out
            raise
        return "%s: %s" % (type(wrong).__name__, wrong or m.seen[-3:])


# ---- what it looks like afterwards ----------------------------------------------------


def differences(wanted, seen):
    out = []
    for name in ("tree", "content", "times", "extra"):
        a, b = wanted[name].splitlines(), seen[name].splitlines()
        lost, new = set(a) - set(b), set(b) - set(a)
        out += ["%s: - %s" % (name, line) for line in sorted(lost)[:8]]
        out += ["%s: + %s" % (name, line) for line in sorted(new)[:8]]
    return "\n".join(out)


def result(picture):
    try:
        return json.loads(picture["status"])["run"]["status"]
    except ValueError:
        return "no status: " + picture["status"]


def damaged(disk, fstype="ext4"):
    """What the checker of the file system finds; None if the disk is clean."""
    checker = ["ntfsfix", "-n"] if fstype.startswith("ntfs") else ["e2fsck", "-fn"]
    done = subprocess.run(checker + [disk], capture_output=True, text=True)
    return None if done.returncode == 0 else done.stdout + done.stderr


def arrangement(picture):
    """What would go on with the run that has ended; None if nothing does."""
    return "next-boot is still there" if "next-boot" in picture["listing"] else None


def judge(wanted, machine, code, fstype="ext4"):
    """The machine has ended its run and lost its power: was anything lost?  None if not."""
    picture = machine.look(fstype)
    fsck = damaged(machine.disk, fstype)
    why = (("exit code %d" % code if code != 0 else None) or
           ("the run has " + result(picture) if result(picture) != "succeeded" else None) or
           differences(wanted, picture) or arrangement(picture) or fsck)
    if not why:
        return None
    return "%s\n%s" % ("\n".join(machine.seen[-40:]), why)


# ---- the uncut run --------------------------------------------------------------------


class Uncut:
    """The run that nothing disturbs: its end, a copy of the disk at each of its starts,
    and how long each start worked."""

    def __init__(self, lab, name, fstype, disk, flags=""):
        self.lab, self.name, self.fstype = lab, name, fstype
        self.disks, self.seconds, self.lead, self.phases = [], [], [], []
        self.order = "go %s %s" % (fstype, flags)
        machine = Machine(lab, name, lab.path(name + ".img"))
        copy(disk, machine.disk)
        began = time.monotonic()
        self.code = machine.run(self.order, on_boot=self._started)
        self._worked(machine)
        self.took = time.monotonic() - began
        machine.cut()
        self.boots = machine.boots
        self.machine = machine
        self.picture = machine.look(fstype)

    def _worked(self, machine):
        if machine.started:
            self.seconds.append(machine.heard - machine.began)
            self.lead.append(machine.began - machine.started)
            self.phases.append(machine.phase)

    def _started(self, machine):
        self._worked(machine)
        path = self.lab.path("%s.start%d" % (self.name, len(self.disks)))
        copy(machine.disk, path)
        self.disks.append(path)

    def instant(self, dice):
        """A start, an instant in it, and whether that is one before the run goes on: every
        instant of work as likely as any other, and one cut of eight comes early."""
        early = dice.random() < 0.125
        lasts = self.lead if early else self.seconds
        at = dice.uniform(0, sum(lasts))
        for start, seconds in enumerate(lasts):
            if at < seconds or start == len(lasts) - 1:
                return start, at, early
            at -= seconds


def one_cut(uncut, number, dice_seed):
    """Cut the power once, sometimes twice, and let the run end.  (why it is wrong or None,
    where the cut fell, boots)"""
    dice = random.Random(dice_seed)
    lab = uncut.lab
    name = "%s-cut%d" % (uncut.name, number)
    machine = Machine(lab, name, lab.path(name + ".img"))
    try:
        while True:
            start, seconds, early = uncut.instant(dice)
            copy(uncut.disks[start], machine.disk)
            if machine.run_until_cut(uncut.order, seconds, early):
                break
        where = [(machine.phase, machine.step or "before the first step")]
        order = uncut.order
        if number % 2:  # firmware that has used up the entry for one start
            order += " firmware=forgets"
        if number % 4 == 3:  # and once more, early, while the machine recovers
            machine.run_until_cut(order, dice.uniform(0, 0.3), early=True)
            where.append((machine.phase, machine.step or "before the first step"))
        code = machine.run(uncut.order, order)
        machine.cut()  # and once more, when everything has been promised
        why = judge(uncut.picture, machine, code, uncut.fstype)
    except (Broken, Off) as wrong:
        why = "\n".join(machine.seen[-40:] + [str(wrong)])
        where = [("", "")]
    finally:
        machine.cut()
        if os.path.exists(machine.disk):
            os.unlink(machine.disk)
    return why, where, machine.boots


def cut_matrix(uncut, cuts, seed):
    dice = random.Random(seed)
    fell, boots, bad = {}, 0, 0
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(one_cut, uncut, n, dice.random()) for n in range(cuts)]
        for number, job in enumerate(jobs):
            why, where, more = job.result()
            boots += more
            for place in where:
                fell[place] = fell.get(place, 0) + 1
            if number % 50 == 49:
                print("%s: %d of %d, %.0f s" % (uncut.name, number + 1, cuts,
                                                time.monotonic() - began), flush=True)
            if why:
                bad += 1
                not_ok("%s: cut %d, at %s" % (uncut.name, number, where), why)
    took = time.monotonic() - began
    if cuts and not bad:
        ok("%s: %d runs with power cuts ended as the uncut one, nothing lost" %
           (uncut.name, cuts))
    print("%s: %d runs with %d cuts, %d boots, %.0f s" %
          (uncut.name, cuts, sum(fell.values()), boots, took))
    for (phase, step), count in sorted(fell.items()):
        print("%s:   %3d in %s, %s" % (uncut.name, count, phase, step))
    sys.stdout.flush()


def users_kept(lab, picture):
    """Every file that the users had is there afterwards, with its content.  (The profile
    for new users is the new system's own.)"""
    had = subprocess.run("cd '%s' && find Users -path Users/Default -prune -o -type f -print0 | sort -z | "
                         "xargs -0 sha256sum -z | tr '\\0\\n' '\\n?'" % lab.path("system"),
                         shell=True, capture_output=True, check=True)
    lines = had.stdout.decode("utf-8", "surrogateescape").splitlines()
    has = set(picture["content"].splitlines())
    lost = [line for line in lines if line not in has]
    return len(lines), "\n".join(lost)


def refresh(lab, seed):
    make_disk(lab, lab.path("first.img"), lab.path("system"))
    uncut = Uncut(lab, "ext4", "ext4", lab.path("first.img"))
    good = uncut.code == 0 and result(uncut.picture) == "succeeded"
    check("the refresh ends, its restarts are those of the kernel", good and uncut.boots == 3,
          "\n".join(uncut.machine.seen[-40:]))
    if not good:
        return None
    count, lost = users_kept(lab, uncut.picture)
    check("all %d files of the users are there afterwards" % count, count > 300 and not lost,
          lost)
    check("nothing goes on with a run that has ended", not arrangement(uncut.picture),
          uncut.picture["listing"])
    fsck = damaged(uncut.machine.disk)
    check("the disk is clean after the power went at the end", not fsck, fsck)
    print("ext4: uncut run %.1f s, %d boots, %.1f s a boot; work in them %s s" %
          (uncut.took, uncut.boots, (uncut.took - sum(uncut.seconds)) / uncut.boots,
           " ".join("%s %.2f" % pair for pair in zip(uncut.phases, uncut.seconds))))
    cut_matrix(uncut, CUTS, seed)
    return uncut


def offline(lab, online, seed):
    """The same, started in WinPE: the state moves from the RAM drive to the disk."""
    uncut = Uncut(lab, "offline", "ext4", lab.path("first.img"), "first=WinPE")
    wrong = differences(online.picture, uncut.picture)
    good = check("started in WinPE the refresh ends the same", uncut.code == 0 and not wrong and
                 result(uncut.picture) == "succeeded" and uncut.boots == 2,
                 "\n".join(uncut.machine.seen[-40:] + [wrong]))
    if good:
        cut_matrix(uncut, OFFLINE_CUTS, seed)


# ---- what left-out fsyncs cost --------------------------------------------------------


def promised(lab, flags):
    """Let the capture end and be recorded, cut the power, and see what the disk knows of
    it: (files in the store, what the state says)."""
    machine = Machine(lab, "promise", lab.path("promise.img"))
    copy(lab.path("first.img"), machine.disk)
    machine.power_on()
    # The journal's timer would save now and then what nobody has asked to save.
    machine.ready("go ext4 commit=300 " + flags)
    machine.listen(lambda line: '"step.started"' in line and '"Restart in WinPE"' in line)
    machine.cut()
    picture = machine.look()
    try:
        steps = json.loads(picture["status"])["steps"]
        captured = [one for step in steps for one in step.get("attempts", [])
                    if one.get("code") == 0 and
                    step["name"] == "Capture User Files and Settings - FullOS"]
        state = "captured" if captured else "not captured"
    except ValueError:
        state = "no run"
    return sum("StateStore/" in line for line in picture["tree"].splitlines()), state


def image_promised(lab, online):
    """An image that was recorded as applied is on the disk."""
    machine = Machine(lab, "image", lab.path("image.img"))
    copy(online.disks[1], machine.disk)
    machine.power_on()
    machine.ready("go ext4 commit=300")
    machine.listen(lambda line: '"step.started"' in line and
                   '"Restart in the new operating system"' in line)
    machine.cut()
    new = "Users/Default/NTUSER.DAT"
    wanted, seen = ([line for line in picture["content"].splitlines() if line.endswith(new)]
                    for picture in (online.picture, machine.look()))
    check("an image that was recorded as applied survives the power cut",
          wanted and wanted == seen, "%s is %s, not %s" % (new, seen, wanted))


def proof(lab):
    files, state = promised(lab, "")
    check("a capture that was recorded survives the power cut", files > 500 and
          state == "captured", "%d files in the store, state: %s" % (files, state))
    lost_files, lost_state = promised(lab, "nosync=1")
    check("the same without its fsyncs is lost: the machine tells the difference",
          lost_files == 0 and lost_state == "no run",
          "%d files in the store, state: %s" % (lost_files, lost_state))
    print("power cut after the capture was recorded: %d files in the store, %s; without "
          "fsync: %d files, %s" % (files, state, lost_files, lost_state))


# ---- systemd --------------------------------------------------------------------------

# The first start of "Long" lasts until the power goes.
UNDER_SYSTEMD = {
    "taskseq": 1, "name": "Under systemd",
    "variables": {"SMSTSPostAction":
                  'sh -c "while [ -e /etc/systemd/system/taskseq-resume.service ]; do '
                  'sleep 0.1; done; sync; sleep 1; echo @@ END 0 >/dev/console"'},
    "steps": [
        {"type": "RunCommandLine", "name": "Before",
         "command": ["sh", "-c", "echo before >>/run/disk/trace"]},
        {"type": "RestartComputer", "name": "Restart", "target": "FullOS"},
        {"type": "RunCommandLine", "name": "Long", "onInterrupt": "rerun",
         "command": ["sh", "-c", "echo long >>/run/disk/trace; sync; "
                     "[ $(grep -c long /run/disk/trace) = 2 ] && exit; "
                     "echo @@ LONG >/dev/console; sleep 1000"]},
        {"type": "RunCommandLine", "name": "After",
         "command": ["sh", "-c", "echo after >>/run/disk/trace"]},
    ],
}


def systemd(lab):
    """The unit that taskseq writes goes on after a restart and after a power cut."""
    if not os.path.exists("/lib/systemd/systemd"):
        print("SKIPPED a machine with systemd: it is not installed here")
        return
    with open(lab.path("systemd.json"), "w") as file:
        json.dump(UNDER_SYSTEMD, file)
    machine = Machine(lab, "systemd", lab.path("systemd.img"))
    make_disk(lab, machine.disk)
    began = time.monotonic()
    machine.power_on()
    for _ in range(2):
        machine.ready("systemd ext4")
    machine.listen(lambda line: line.startswith("@@ LONG"))
    machine.cut()
    code = machine.run("systemd ext4")
    machine.cut()
    took, boots = time.monotonic() - began, machine.boots
    picture = machine.look()
    listing = picture["listing"].splitlines()
    check("systemd: the unit goes on after a restart and after a power cut",
          code == 0 and boots == 3 and result(picture) == "succeeded" and
          [line for line in listing if line.startswith(("before", "long", "after"))] ==
          ["before", "long", "long", "after"],
          "\n".join(machine.seen[-30:]) + picture["listing"] + picture["status"])
    check("systemd: the unit is gone when the run has ended",
          "by-hand.service" in listing and "taskseq-resume.service" not in
          picture["listing"] + picture["tree"], picture["listing"])
    print("systemd: %d boots in %.0f s" % (boots, took))


# ---- NTFS -----------------------------------------------------------------------------


def ntfs(lab, seed):
    """The same refresh on a volume of Windows, through ntfs-3g."""
    empty = lab.path("filled.img")
    with open(empty, "wb") as file:
        file.truncate(600 << 20)
    subprocess.run(["mkntfs", "-F", "-Q", "-q", empty], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    machine = Machine(lab, "fill", empty)
    machine.power_on()
    machine.ready("fill " + NTFS)
    machine.listen(lambda line: line.startswith("@@ END"))
    machine.wait_off()
    odd = sum(line.startswith("cp: cannot create") for line in machine.seen)
    print("ntfs: %d names cannot be there (not UTF-8)" % odd)
    before = machine.look(NTFS)
    uncut = Uncut(lab, "ntfs", NTFS, empty)
    good = uncut.code == 0 and result(uncut.picture) == "succeeded"
    check("NTFS: the refresh ends", good, "\n".join(uncut.machine.seen[-40:]))
    if good:
        had = [line for line in before["content"].splitlines()
               if "  Users/" in line and "/Default/" not in line]
        lost = set(had) - set(uncut.picture["content"].splitlines())
        check("NTFS: all %d files of the users are there afterwards" % len(had),
              len(had) > 300 and not lost, "\n".join(sorted(lost)))
        print("ntfs: uncut run %.1f s, %d boots" % (uncut.took, uncut.boots))
        cut_matrix(uncut, NTFS_CUTS, seed)


def part(lab, name, tests, *arguments):
    try:
        return tests(lab, *arguments)
    except (Broken, Off) as wrong:
        seen = [line for machine in lab.on for line in machine.seen[-30:]]
        lab.power_off()
        not_ok("%s: %s" % (name, wrong or "the machine went off"), "\n".join(seen))
        return None


def remove(work):
    for _ in range(5):  # somebody may still be writing there
        subprocess.run(["chmod", "-R", "u+rwx", work], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(work, ignore_errors=True)
        if not os.path.exists(work):
            break
        time.sleep(0.2)


def main():
    source, build = sys.argv[1:3]
    work = tempfile.mkdtemp(prefix="taskseq-uml-")
    print("seed %d (TASKSEQ_UML_SEED gives the same instants)" % SEED)
    began = time.monotonic()
    lab = Lab(work)

    def stop(number, _):
        lab.close()
        remove(work)
        os._exit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        build_lab(lab, source, build)
        why = starts(lab)
        if why:
            print("SKIPPED the machine: User-mode Linux does not start here (%s)" % why)
            return 0
        online = part(lab, "the refresh", refresh, SEED)
        if online:
            part(lab, "the refresh from WinPE", offline, online, SEED)
            part(lab, "the image", image_promised, online)
        part(lab, "the proof", proof)
        part(lab, "NTFS", ntfs, SEED)
        part(lab, "systemd", systemd)
        if lab.stayed_off:
            print("%d kernels ended at a restart and were switched on again: %s" %
                  (len(lab.stayed_off), lab.stayed_off))
            check("that is seldom", len(lab.stayed_off) <= 1 + lab.boots // 100)
        print("%d boots in %.0f s" % (lab.boots, time.monotonic() - began))
    finally:
        lab.close()
        remove(work)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
