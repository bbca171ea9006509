"""A real systemd as process 1 of namespaces of its own, over a copy of this machine's files that is thrown away.

Needs root and an overlay file system. It shares the network, so that servers of a test can be reached on loopback.
Nothing of it touches the machine: mounts live in the namespace, writes in the overlay, kernel settings are not set.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from acceptance.operating import ROOT, until

SYSTEMD = Path("/lib/systemd/systemd")
HIDDEN = ("/home/", "/root/", "/run/user/")  # what ProtectHome= hides from the service

BOOT = r"""
set -e
mount --make-rprivate /
mount -t overlay overlay -o lowerdir=/,upperdir="$1/upper",workdir="$1/work" "$1/root"
cd "$1/root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do touch dev/$node; mount --bind /dev/$node dev/$node; done
mkdir dev/shm dev/pts dev/mqueue dev/hugepages
mount -t tmpfs tmpfs dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t cgroup2 cgroup2 sys/fs/cgroup
mkdir -p .old
pivot_root . .old
umount -l /.old
mount --make-rshared /
exec env -i container=container PATH=/usr/sbin:/usr/bin \
  SYSTEMD_PROC_CMDLINE="systemd.unified_cgroup_hierarchy=1 systemd.unit=sysinit.target" \
  /lib/systemd/systemd --log-target=null --show-status=0
"""

# Of this machine's own start nothing is wanted: no devices, modules, kernel settings, disks.
TARGET = "[Unit]\nDescription=Enough to start services\nDefaultDependencies=no\nWants=systemd-journald.service\n"


class Machine:
    """The booted system. `run` executes inside it."""

    def __init__(self, pid: int, upper: Path) -> None:
        self._enter = ["nsenter", "-t", str(pid), "-m", "-p", "-u", "-i", "-C"]
        self.upper = upper

    def run(self, *command: str | Path, check: bool = True, text: str | None = None) -> str:
        """Run a command inside and return what it printed."""
        done = subprocess.run(
            [*self._enter, *command], capture_output=True, text=True, timeout=60, input=text, env={"PATH": os.defpath}
        )
        words = f"{command} → {done.returncode}: {done.stdout}{done.stderr}\n{'' if not check else self.journal()}"
        assert not check or done.returncode == 0, words
        return done.stdout + ("" if check else done.stderr)

    def journal(self) -> str:
        """The last lines of the journal."""
        command = [*self._enter, "journalctl", "--no-pager", "-n", "60", "-o", "cat"]
        return subprocess.run(command, capture_output=True, text=True).stdout[-5000:]

    def write(self, path: str, text: str, owner: str = "root:root", mode: str = "0644") -> None:
        """Write a file inside, renamed into its place."""
        self.run("mkdir", "-p", os.path.dirname(path))
        self.run("tee", f"{path}.part", text=text)
        self.run("chown", owner, f"{path}.part")
        self.run("chmod", mode, f"{path}.part")
        self.run("mv", f"{path}.part", path)

    def show(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", unit, "-p", name, "--value").strip()

    def wait(self, unit: str, name: str, value: str) -> None:
        """Until a property of a unit has a value."""
        until(f"{unit} {name}={value}\n{self.journal()[-1500:]}", lambda: value in self.show(unit, name))


def reason_not_to() -> str:
    """Why this machine cannot boot one, or ''."""
    if os.geteuid() != 0:
        return "only root can make the namespaces that systemd needs"
    if not SYSTEMD.exists() or not shutil.which("nsenter"):
        return "systemd is not installed"
    if str(Path(sys.executable).resolve()).startswith(HIDDEN):
        return "this Python lies below a home directory, which the service does not see"
    return ""


@contextlib.contextmanager
def machine(place: Path) -> Iterator[Machine | None]:
    """Boot with monitor installed under /opt/monitor; None where the kernel does not let us."""
    for name in ("upper", "work", "root"):
        (place / name).mkdir(parents=True)
    upper = place / "upper"
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "install", "--destdir", upper, "--prefix", "/opt/monitor"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    units = upper / "etc" / "systemd" / "system"
    units.mkdir(parents=True)
    (units / "sysinit.target").write_text(TARGET)
    volatile = upper / "etc" / "systemd" / "journald.conf.d"
    volatile.mkdir()
    (volatile / "volatile.conf").write_text("[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\n")
    # An overlay's way of saying that a directory of the layer below is not there.
    os.mknod(upper / "usr" / "lib" / "systemd" / "system" / "sysinit.target.wants", 0o600 | 0o020000, os.makedev(0, 0))
    os.mknod(units / "sysinit.target.wants", 0o600 | 0o020000, os.makedev(0, 0))
    command = ["unshare", "--fork", "--pid", "--kill-child=KILL", "--mount", "--uts", "--ipc", "--cgroup"]
    process = subprocess.Popen(
        [*command, "sh", "-c", BOOT, "boot", place], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        first = _first_process(process)
        if first is None:
            yield None
            return
        booted = Machine(first, upper)
        until("systemd is up", lambda: "running" in booted.run("systemctl", "is-system-running", check=False))
        booted.run("systemd-tmpfiles", "--create", "--prefix=/run/log/journal")  # the group that may read it
        booted.run("systemd-sysusers", "monitor.conf")
        booted.run("systemd-tmpfiles", "--create", "monitor.conf")
        booted.run("chown", "root:monitor", "/etc/monitor/config.toml")
        yield booted
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        if process.stderr:
            process.stderr.close()


def _first_process(process: subprocess.Popen[str]) -> int | None:
    """Our number of the namespace's process 1, once it is systemd."""
    end = time.monotonic() + 15
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError, IndexError, ValueError):
            first = int(children.read_text().split()[0])
            if Path(f"/proc/{first}/comm").read_text().strip() == "systemd":
                return first
        time.sleep(0.05)
    return None
