"""clade-record.service under a real systemd, which is the first process of a container that has this machine's files: off until it is started,
recording, protected, hardened, started again when it is killed, and stopped cleanly."""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

from lib import HERE, PATH, Scene, Skip, children_of, clade, is_alive, main, ok, read, remove_cgroup_trees, skip, wait_for

sys.path.insert(0, os.path.dirname(HERE))
from record import follow, lines_of, whole  # noqa: E402

PROGRAM = os.path.abspath(os.environ.get("CLADE") or os.path.join(HERE, "..", "..", "build", "clade"))
UNIT = os.path.join(os.path.dirname(PROGRAM), "contrib", "clade-record.service")
TAPE = "var/lib/clade/recording.ndjson.zst"
BOOT_S = 40

# Its files are those of the machine, and what is written to them is gone with it.
SETUP = """
set -e
mount -t tmpfs -o size=256m none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
cd "$1/root"
rm -rf etc/systemd/system
mkdir -p etc/systemd/system
mkdir -p "$(dirname "./$4")"
cp "$2" "./$4"
cp "$3" etc/systemd/system/clade-record.service
printf '[Unit]\\nRequires=basic.target\\nAfter=basic.target\\n' > etc/systemd/system/lab.target
ln -s lab.target etc/systemd/system/default.target
: > etc/fstab
for unit in docker.socket ssh.socket docker.service ssh.service cron.service systemd-udevd.service systemd-networkd.service systemd-resolved.service; do
	ln -sf /dev/null "etc/systemd/system/$unit"
done
exec systemd-nspawn --register=no --keep-unit --quiet --private-network --link-journal=no \
	--capability=CAP_IPC_LOCK,CAP_SYS_RESOURCE,CAP_SYS_NICE,CAP_BPF,CAP_PERFMON -M cladelab -D "$1/root" --boot
"""


class Machine:
    """A container whose first process is systemd."""

    def __init__(self, scene):
        for program in ("systemd-nspawn", "nsenter", "unshare"):
            if not shutil.which(program, path=PATH):
                raise Skip(f"no {program}")
        if os.geteuid() != 0 or not os.path.exists(UNIT) or not os.path.exists("/lib/systemd/systemd"):
            raise Skip("needs root, systemd, and a unit beside the program under test")
        self.pid = None
        place = next(line for line in read(UNIT).splitlines() if line.startswith("ExecStart=")).split()[0].partition("=")[2]
        self.directory = tempfile.mkdtemp(prefix="clade-service-")
        self.log = open(f"{self.directory}.log", "w+b")
        self.process = scene.popen(["unshare", "--mount", "sh", "-c", SETUP, "sh", self.directory, PROGRAM, UNIT, place], {"PATH": PATH, "TERM": "dumb"},
                                   stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def __enter__(self):
        try:
            self.pid = wait_for("a first process", self.find_first, BOOT_S)
            wait_for("the machine to be up", lambda: self.systemctl("is-system-running") in ("running", "degraded"), BOOT_S)
        except (TimeoutError, RuntimeError) as error:
            self.end()
            raise Skip(f"systemd does not boot in a container here: {error}: {self.said()[-300:]}") from error
        return self

    def __exit__(self, *_):
        self.end()

    def find_first(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"it ended with {self.process.returncode}")
        return next((pid for pid in children_of(self.process.pid) if read(f"/proc/{pid}/comm").strip() == "systemd"), None)

    def said(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def end(self):
        if self.pid and is_alive(self.pid):
            os.kill(self.pid, 9)  # nspawn reaps it and ends
        elif self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=20)
        wait_for("the end of the machine", self.is_gone)
        self.log.close()
        os.unlink(self.log.name)
        os.rmdir(self.directory)

    @staticmethod
    def is_gone():
        """nspawn makes its control groups beside all others, and leaves them."""
        for name in ("payload", "supervisor"):
            remove_cgroup_trees(name)
        return not glob.glob("/sys/fs/cgroup/*/payload") + glob.glob("/sys/fs/cgroup/payload")

    def run(self, *argv):
        result = subprocess.run(["nsenter", "-t", str(self.pid), "-m", "-p", "-i", "-u", "-n", *argv], env={"PATH": PATH, "LANG": "C.UTF-8"},
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
        return result.stdout.strip()

    def systemctl(self, *words):
        return self.run("systemctl", *words)

    def show(self, name):
        return self.systemctl("show", "--value", "-p", name, "clade-record")

    def recorder(self):
        """The recorder's pid as this machine has it, or None."""
        inner = self.show("MainPID")
        for pid in children_of(self.pid):
            if inner != "0" and read(f"/proc/{pid}/status").partition("NSpid:")[2].split("\n")[0].split()[-1:] == [inner]:
                return pid
        return None

    def tape(self):
        return f"/proc/{self.pid}/root/{TAPE}"

    def samples(self):
        return len(whole(self.tape())[1]) if os.path.exists(self.tape()) else 0


def status_of(pid, name):
    return read(f"/proc/{pid}/status").partition(f"\n{name}:")[2].split("\n")[0].strip()


def may_be_killed_last():
    return subprocess.run(["sh", "-c", "echo -900 > /proc/self/oom_score_adj"], stderr=subprocess.DEVNULL).returncode == 0


def the_unit_records_under_a_real_systemd():
    with Scene() as scene, Machine(scene) as machine:
        ok(machine.systemctl("is-enabled", "clade-record") == "disabled" and machine.show("ActiveState") == "inactive", "it is off")
        said = machine.systemctl("start", "clade-record")
        ok(not said and machine.show("ActiveState") == "active", "it starts", said, machine.systemctl("status", "clade-record"))
        wait_for("samples", lambda: machine.samples() >= 3)
        pid = machine.recorder()
        directory = os.stat(os.path.dirname(machine.tape()))
        ok(directory.st_mode & 0o777 == 0o700 and os.stat(machine.tape()).st_mode & 0o777 == 0o600, "nobody else reads it")

        if may_be_killed_last():
            ok(read(f"/proc/{pid}/oom_score_adj").strip() == "-900", "it is killed last", read(f"/proc/{pid}/oom_score_adj"))
        else:
            skip("it is killed last", "this kernel takes no oom_score_adj below 0, from root outside of any container")
        ok(os.getpriority(os.PRIO_PROCESS, pid) == -10, "it comes before others", os.getpriority(os.PRIO_PROCESS, pid))
        ok(int(status_of(pid, "VmLck").split()[0]) > 1000, "its memory stays", status_of(pid, "VmLck"))

        ok(status_of(pid, "NoNewPrivs") == "1" and status_of(pid, "Seccomp") == "2", "it is confined by system call")
        bounding = int(status_of(pid, "CapBnd"), 16)
        ok(bounding & ~(1 << 2 | 1 << 12 | 1 << 14 | 1 << 19 | 1 << 23 | 1 << 24 | 1 << 38 | 1 << 39) == 0, "it has the capabilities that it needs", hex(bounding))
        mounts = [line.split() for line in read(f"/proc/{pid}/mountinfo").splitlines()]
        writable = [row[4] for row in mounts if "rw" in row[5].split(",") and row[4] in ("/", "/usr", "/etc", "/var", "/home", "/root", "/var/lib/clade")]
        ok(writable == ["/var/lib/clade"], "it can write where it records and nowhere else", writable)

        count = machine.samples()
        os.kill(pid, 9)  # the scene's own
        wait_for("another", lambda: machine.recorder() not in (None, pid))
        wait_for("more samples", lambda: machine.samples() >= count + 2)
        ok(machine.show("NRestarts") == "1", "killed, it comes back and goes on in the same file", machine.show("NRestarts"))

        machine.systemctl("stop", "clade-record")
        ok((machine.show("ActiveState"), machine.show("Result"), machine.show("ExecMainStatus")) == ("inactive", "success", "0"), "it stops cleanly",
           machine.systemctl("status", "clade-record"))
        data, rows, torn = whole(machine.tape())
        ok(torn == 0 and len(list(follow(lines_of(data)))) == len(rows), "what it wrote is whole", torn, len(rows))
        result = clade("diff", machine.tape())
        ok(result.returncode in (0, 1), "and opens outside", result)


if __name__ == "__main__":
    main(the_unit_records_under_a_real_systemd)
