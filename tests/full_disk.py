"""A recorder on a machine of its own that is always the same, on a disk that is small: what is bounded, dropped and lost."""
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time

from record import PATIENCE_S, follow, files_of, lines_of, recorder, size_of, wait_for, whole
from tap import Skip, main, note, ok

# In its namespaces: the disk, other processes whose arguments nothing can pack, what was there before, and then the recorder.
SETUP = """
import os, resource, subprocess, sys
directory, size, others, random_bytes, file_limit, before = sys.argv[1:7]
subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "none", directory], check=True)
for _ in range(int(others)):
    subprocess.Popen(["sleep-" + os.urandom(int(random_bytes)).hex(), "600"], executable="/bin/sleep")
for name in before.split():
    with open(f"{directory}/{name}", "wb") as file:
        file.write(bytes(4096))
if int(file_limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(file_limit), int(file_limit)))
os.execv(sys.argv[7], sys.argv[7:])
"""


class Machine:
    """A recorder that sees itself and `others`, on a disk of `size` bytes."""

    def __init__(self, size, *arguments, others=3, random_bytes=10, file_limit=0, before=""):
        self.directory = tempfile.mkdtemp(prefix="clade-test-")
        self.said = tempfile.TemporaryFile()
        user = () if os.geteuid() == 0 else ("--user", "--map-root-user")
        apart = ("unshare", *user, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
        if subprocess.run([*apart, "mount", "-t", "tmpfs", "none", self.directory], stderr=subprocess.DEVNULL).returncode != 0:
            os.rmdir(self.directory)
            raise Skip("no namespaces of our own")
        setup = (sys.executable, "-c", SETUP, self.directory, str(size), str(others), str(random_bytes), str(file_limit), before)
        self.process = recorder(f"{self.directory}/tape", *arguments, wrapper=(*apart, *setup), stderr=self.said)
        self.pid = None
        wait_for("a recorder", self.has_begun)
        self.inside = f"/proc/{self.pid}/root{self.directory}"
        self.path = f"{self.inside}/tape"
        wait_for("its file", lambda: os.path.exists(self.path))

    def has_begun(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            pids = file.read().split()
        self.pid = int(pids[0]) if pids else None
        return pids

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.said.close()
        os.rmdir(self.directory)

    def end(self):
        """Returns the exit status and what was said."""
        os.kill(self.pid, signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_S), self.text()

    def text(self):
        return os.pread(self.said.fileno(), 1 << 16, 0).decode()

    def newest(self):
        """What changes with each sample, also where each has a file of its own."""
        try:
            stat = os.stat(self.path)
        except FileNotFoundError:  # between two files
            return None
        return stat.st_ino, stat.st_size

    def wait_for_samples(self, count):
        seen = {self.newest()}

        def have_come():
            seen.add(self.newest())
            return len(seen - {None}) > count
        wait_for("samples", have_come)

    def resize(self, size):
        user = () if os.geteuid() == 0 else ("-U", "--preserve-credentials")
        subprocess.run(["nsenter", "-t", str(self.pid), *user, "-m", "mount", "-o", f"remount,size={size}", self.directory], check=True)

    def fill_until(self, condition):
        """Somebody else takes all room that there is, and that there comes to be."""
        end_s = time.monotonic() + PATIENCE_S
        with open(f"{self.inside}/other", "wb", buffering=0) as other:
            while not condition():
                if time.monotonic() > end_s:
                    raise TimeoutError("the disk is full and nothing is dropped")
                try:
                    other.write(bytes(4096))
                except OSError:
                    time.sleep(0.001)

    def judge_files(self):
        """Each file can be read alone, as far as it is whole; the recorder stands still meanwhile. Returns how many samples each has."""
        counts = []
        os.kill(self.pid, signal.SIGSTOP)
        for file in files_of(self.path):
            data, rows, rest = whole(file)
            counts.append(len(rows))
            good = not rows or rows[0][3] & 1 and len(list(follow(lines_of(data[:len(data) - rest])))) == len(rows)
            ok(good, f"{os.path.basename(file)} can be read alone", rows, rest)
        os.kill(self.pid, signal.SIGCONT)
        return counts


def it_is_bounded():
    with Machine("4M", "--keep", "64K") as machine:
        largest = 0
        seen = set()
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s and (len(seen) < 6 or os.path.exists(min(seen))):
            largest = max(largest, size_of(machine.path))
            seen |= set(files_of(machine.path)[:-1])
            time.sleep(0.01)
        files = files_of(machine.path)
        machine.judge_files()
        status, said = machine.end()
    ok(status == 0 and not said, "a bound that is kept is no trouble", status, said)
    ok(len(seen) >= 6, "files are turned", sorted(seen))
    ok(largest <= 64 << 10, "it never takes more than it may", largest)
    ok(len(files) > 2 and not os.path.exists(min(seen)), "the oldest is dropped", files)


def a_full_disk_costs_the_oldest():
    for title, size, random_bytes in (("many samples a file", "128k", 10), ("one sample a file", "256k", 16000)):
        with Machine(size, "--keep", "24h", random_bytes=random_bytes) as machine:
            wait_for("older files", lambda: len(files_of(machine.path)) > 3)
            machine.fill_until(lambda: not os.path.exists(f"{machine.path}.000001"))
            machine.wait_for_samples(4)
            ok(machine.process.poll() is None, f"{title}: it goes on")
            samples = machine.judge_files()[:-1]
            ok((set(samples) == {1}) == (title == "one sample a file"), f"{title}: so it is", samples)
            status, said = machine.end()
        ok(status == 0, f"{title}: it ends well", status)
        ok("the disk is full: dropped the oldest, 1 file with" in said, f"{title}: it says what it dropped", said)
        ok(said.count("\n") < 6, f"{title}: and does not say it all the time", said)


def what_would_make_no_room_is_not_dropped():
    with Machine(16 << 10, "--keep", "24h", random_bytes=16000, before="tape.000007") as machine:
        wait_for("a failure", machine.text)
        ok(files_of(machine.path) == [f"{machine.path}.000007", machine.path], "what is older stays", files_of(machine.path))
        machine.resize("1M")
        machine.wait_for_samples(4)
        ok(os.path.exists(f"{machine.path}.000007"), "also when there is room again")
        status, said = machine.end()
    ok(status == 0, "it ends well", status)
    ok("what could be dropped makes no room; samples are lost until there is some" in said, "it says that samples are lost", said)
    ok("goes on" in said and said.count("\n") == 2, "and that it goes on", said)


def a_file_that_may_not_grow_is_followed_by_another():
    with Machine("4M", file_limit=8 << 10) as machine:
        wait_for("two more files", lambda: len(files_of(machine.path)) > 2)
        machine.wait_for_samples(2)
        machine.judge_files()
        status, said = machine.end()
    ok(status == 0, "it ends well", status)
    ok("File too large" in said and "goes on" in said, "it says what was lost", said)


def memory_does_not_grow():
    with Machine("4M", "--keep", "64K") as machine:
        def resident():
            with open(f"/proc/{machine.pid}/statm") as file:
                return int(file.read().split()[1]) * 4

        def least(seconds):
            """The least of so many seconds: what a moment needs comes and goes."""
            end_s = time.monotonic() + seconds
            found = []
            while time.monotonic() < end_s:
                found.append(resident())
                time.sleep(0.02)
            return min(found)

        wait_for("a start", lambda: len(files_of(machine.path)) > 1)
        before = least(2)
        time.sleep(4)
        after = least(2)
        machine.end()
    ok(after - before < 4096, "sixty samples later it is as small as it was", f"{before} kB, {after} kB")


def without_memory_samples_are_lost_and_nothing_else():
    """Whatever allocation it is that finds none: the limit goes up step by step."""
    with Machine("4M") as machine:
        machine.wait_for_samples(5)
        with open(f"/proc/{machine.pid}/status") as file:
            size = next(int(line.split()[1]) for line in file if line.startswith("VmSize")) << 10
        if size > 1 << 40:
            raise Skip("a sanitizer has taken the address space, and ends the program without memory")
        limits = resource.prlimit(machine.pid, resource.RLIMIT_AS, (size, resource.getrlimit(resource.RLIMIT_AS)[1]))
        large = "import os, subprocess\nfor _ in range(20): subprocess.Popen(['x' + os.urandom(50000).hex(), '60'], executable='/bin/sleep')"
        user = () if os.geteuid() == 0 else ("-U", "--preserve-credentials")
        subprocess.run(["nsenter", "-t", str(machine.pid), *user, "-p", "-m", sys.executable, "-c", large], check=True)
        for more in range(16):  # each finds another place where there is not enough
            resource.prlimit(machine.pid, resource.RLIMIT_AS, (size + more * (256 << 10), limits[1]))
            time.sleep(0.4)
        resource.prlimit(machine.pid, resource.RLIMIT_AS, limits)
        had = machine.text()
        machine.wait_for_samples(5)
        machine.judge_files()
        note(*sorted(set(had.splitlines())))
        ok(machine.process.poll() is None, "it is the same process, and goes on", had)
        status, said = machine.end()
    ok(status == 0, "it ends well", status)
    ok("memory" in said, "it says that there was no memory", said)


if __name__ == "__main__":
    main(it_is_bounded, a_full_disk_costs_the_oldest, what_would_make_no_room_is_not_dropped,
         a_file_that_may_not_grow_is_followed_by_another, without_memory_samples_are_lost_and_nothing_else, memory_does_not_grow)
