"""A machine that is a User-mode Linux kernel: started, watched through its console, and
cut off from power by kill -9."""

import json
import os
import select
import shutil
import signal
import subprocess
import time

# Two thirds of a start are spent on measuring which checksum is fastest, and on 256
# terminals of the old kind.
FASTER = ["initcall_blacklist=raid6_select_algo,calibrate_xor_blocks", "pty.legacy_count=0"]
PATIENCE = 120  # seconds without a word from the machine after which it hangs


class Broken(Exception):
    """The machine or the program did what it must not do."""


class Off(Exception):
    """The machine went off."""


class Lab:
    """What all machines share: the folder with the program, the init and the media."""

    def __init__(self, work):
        self.work = work
        self.kernel = shutil.which("linux.uml")
        self.boots = 0
        self.stayed_off = []  # exit codes of kernels that did not come up after a restart
        self.on = set()
        self.closed = False

    def close(self):
        """No machine outlives its tests, and no other is started."""
        self.closed = True
        self.power_off()

    def power_off(self):
        for machine in list(self.on):
            machine.cut()

    def path(self, *names):
        return os.path.join(self.work, *names)


def copy(source, target):
    subprocess.run(["cp", "--sparse=always", source, target], check=True)


class Machine:
    """One disk and what happens to it.  `seen` has every line of the console; `where` is
    the phase and the step that the machine was last heard of in."""

    def __init__(self, lab, name, disk):
        self.lab = lab
        self.name = name
        self.disk = disk
        self.process = None
        self.seen = []
        self.rest = b""
        self.boots = 0
        self.phase = self.step = ""
        # When userland began, the run's first event in it, the last event.
        self.started = self.began = self.heard = 0.0
        os.makedirs(lab.path("out", name), exist_ok=True)

    # ---- power ----

    def power_on(self):
        if self.lab.closed:
            raise Broken("the tests were stopped")
        home = self.lab.path("uml", self.name)
        os.makedirs(home, exist_ok=True)
        self.rest = b""
        self.lab.on.add(self)
        self.process = subprocess.Popen(
            [self.lab.kernel, "mem=192M", "ubd0=" + self.disk, "root=/dev/root",
             "rootfstype=hostfs", "rootflags=/", "ro", "init=" + self.lab.path("init"),
             "con=null", "con0=fd:0,fd:1", "quiet", "panic=-1", "uml_dir=" + home] +
            FASTER + [
             "UML_WORK=" + self.lab.work, "UML_NAME=" + self.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True, env={"HOME": home, "PATH": os.environ["PATH"]})

    def cut(self):
        """The power goes."""
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None
        self.lab.on.discard(self)

    # ---- console ----

    def tell(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def _line(self, until):
        """The next line of the console, None at the instant `until`."""
        while b"\n" not in self.rest:
            left = until - time.monotonic()
            ready, _, _ = select.select([self.process.stdout], [], [], max(left, 0))
            if not ready:
                return None
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                self._went_off()
                continue
            self.rest += piece
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode("utf-8", "replace").strip("\r")

    def _went_off(self):
        """Off, or on again: the kernel restarts by executing itself, and now and then a
        signal kills it on the way.  For the run that is a power cut between two starts."""
        code = self.process.wait()
        if not self.seen or not self.seen[-1].startswith("reboot: Restarting system"):
            raise Off()
        self.lab.stayed_off.append(code)
        self.seen.append("(the kernel ended with %d and is switched on again)" % code)
        self.cut()
        self.power_on()

    def _note(self, line):
        self.seen.append(line)
        if line.startswith("@@ START "):
            self.phase, self.step = line.split()[2], ""
            self.started, self.began = time.monotonic(), 0.0
        elif line.startswith("@@ BROKEN"):
            raise Broken(line)
        elif line.startswith("{"):
            try:
                event = json.loads(line)
                self.heard = time.monotonic()
                self.began = self.began or self.heard
            except ValueError:
                return
            if event.get("event") in ("step.started", "step.finished"):
                self.step = "%s %s" % (event["name"], event["event"][5:])
            elif event.get("event") == "run.finished":
                self.step = "after the end"

    def listen(self, wanted, until=None):
        """Read on until `wanted(line)`; None when the instant `until` came first."""
        while True:
            line = self._line(until or time.monotonic() + PATIENCE)
            if line is None and until:
                return None
            if line is None:
                raise Broken("the machine says nothing any more")
            self._note(line)
            if wanted(line):
                return line

    def ready(self, order, until=None):
        """Wait for the next start of userland and say what it is for."""
        line = self.listen(lambda text: text.startswith("@@ READY"), until)
        if line:
            self.boots += 1
            self.lab.boots += 1
            self.tell(order)
        return line

    def wait_off(self):
        try:
            while True:
                self.listen(lambda text: False)
        except Off:
            self.cut()

    # ---- a life ----

    def run(self, order, first_order=None, on_boot=None):
        """From power on to the end of the run; the exit code.  `first_order` is that of the
        first start, on_boot is called at each with the disk at rest."""
        self.power_on()
        for number in range(12):
            line = self.listen(lambda text: text.startswith(("@@ READY", "@@ END")))
            if line.startswith("@@ END"):
                return int(line.split()[2])
            if on_boot:
                on_boot(self)
            self.boots += 1
            self.lab.boots += 1
            self.tell(first_order if first_order and number == 0 else order)
        raise Broken("the machine restarts and restarts")

    def run_until_cut(self, order, seconds, early=False):
        """Let it run and cut the power `seconds` after the run's first event, or, early,
        after the start of its userland.  False: the run had ended before."""
        self.power_on()
        self.ready(order)
        self.listen(lambda text: text.startswith("@@ START"))
        if not early:
            self.listen(lambda text: self.began or text.startswith("@@ END"))
        until = time.monotonic() + seconds
        while True:
            line = self.listen(lambda text: text.startswith(("@@ READY", "@@ END")), until)
            if line is None or line.startswith("@@ END"):
                self.cut()
                return line is None
            self.boots += 1
            self.lab.boots += 1
            self.tell(order)

    def look(self, fstype="ext4"):
        """Start it once more to look at its disk; what was seen, by name."""
        self.power_on()
        self.ready("check " + fstype)
        self.listen(lambda text: text.startswith("@@ END"))
        self.wait_off()
        out = self.lab.path("out", self.name)
        picture = {}
        for name in sorted(os.listdir(out)):
            with open(os.path.join(out, name), errors="surrogateescape") as file:
                picture[name] = file.read()
        shutil.rmtree(out)
        os.makedirs(out)
        return picture
