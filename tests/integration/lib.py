"""What the integration tests share: TAP, processes that are started and surely ended, and what clade says of them.

    CLADE=/path/to/clade python3 tests/integration/NAME.py [SCENE]...

A test file is a row of scenes: functions that build real processes, then hand `Scene.judge` a table that names the
owner of each. The table must be complete: a process of the scene that is not in it fails the test.
With CLADE=none nothing is asserted and the tables are printed as /proc shows them.

Everything runs in a pids cgroup of its own ("pen") with a cap. It is emptied by the pids in it, never by name, and
also when the test itself is killed. The environment is empty but for what a scene sets, because the shell that runs
the tests may itself belong to an agent.
"""
import atexit
import ctypes
import errno
import glob
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from tap import Skip, find_clade, main, note, ok, skip  # noqa: E402, F401

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NOBODY = 65534
LIFE_S = 150  # an actor ends by itself after that
PIDS_MAX = 1500  # of one pen, threads count
PATIENCE_S = 20
CLAUDE = "node_modules/@anthropic-ai/claude-code-linux-x64/claude"  # where npm puts it, in a scene's directory


# ---- Waiting, and reading /proc -----------------------------------------------------------------------

def wait_for(what, condition, patience_s=PATIENCE_S):
    """Waits until `condition()` is true and returns what it returned."""
    end = time.monotonic() + patience_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise TimeoutError(f"waited {patience_s} s for {what}")
        time.sleep(0.01)


def becomes(name, condition, patience_s=PATIENCE_S):
    """The same as a check: whether it becomes true is what is asked."""
    try:
        wait_for(name, condition, patience_s)
    except TimeoutError as error:
        return ok(False, name, error)
    return ok(True, name)


def read(path):
    """The text of a file, or "" if it is gone or forbidden."""
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def stat_of(pid):
    """Fields of /proc/PID/stat from the third on (state, ppid, pgrp, session, …); [] when it is gone."""
    return read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def start_ticks(pid):
    return int(stat_of(pid)[19])


def is_alive(pid):
    return stat_of(pid)[:1] not in ([], ["Z"], ["X"])


def children_of(pid):
    return [int(child) for child in read(f"/proc/{pid}/task/{pid}/children").split()]


def argv_of(pid):
    return read(f"/proc/{pid}/cmdline").rstrip("\0").replace("\0", " ")


def describe(pid):
    """A process as /proc shows it, on one line, for diagnostics."""
    stat = stat_of(pid)
    if not stat:
        return f"{pid} is gone"
    names = re.findall(r"(?:^|\0)((?:CLAUDE|CODEX|AI_AGENT|AGENT|pm_id|PM2_HOME|TMUX)\w*=[^\0]{0,60})",
                       read(f"/proc/{pid}/environ"))
    cgroup = {line.split(":", 2)[2] for line in read(f"/proc/{pid}/cgroup").split()}
    return (f"{pid} ppid {stat[1]} pgrp {stat[2]} sid {stat[3]} {stat[0]} {read(f'/proc/{pid}/comm').strip()!r} "
            f"{argv_of(pid)[:90]!r} {' '.join(names)} {' '.join(sorted(cgroup))}")


def kill(*pids):
    """Kills processes that a scene started and waits until they are dead."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for pid in pids:
        wait_for(f"the end of {pid}", lambda: not is_alive(pid))


# ---- The machine's own files --------------------------------------------------------------------------

CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 1 << 18
AUDIT = "/var/log/clade/audit.ndjson"


def _hide_log():
    """Whatever is killed here is written down in a /var/log that ends with the test."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0 or libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) != 0 or \
       libc.mount(b"tmpfs", b"/var/log", b"tmpfs", 0, b"mode=755") != 0:
        raise OSError(ctypes.get_errno(), "a /var/log of our own")


if os.geteuid() == 0:
    _hide_log()


# ---- The pen ------------------------------------------------------------------------------------------

def _pids_hierarchy():
    """Where pids cgroups can be made: cgroup v1, hybrid, or v2 with the controller on."""
    if os.path.isdir("/sys/fs/cgroup/pids"):
        return "/sys/fs/cgroup/pids"
    return "/sys/fs/cgroup"


def kill_cgroup(top):
    """Kills all that is in the cgroup and below it, by pidfd so that no later holder of a pid is hit."""
    for _ in range(500):
        files = glob.glob(f"{top}/**/cgroup.procs", recursive=True)
        pids = [int(pid) for file in files for pid in read(file).split()]
        if not pids:
            return
        for pid in pids:
            try:
                pidfd = os.pidfd_open(pid)
                if any(str(pid) in read(file).split() for file in files):
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                os.close(pidfd)
            except OSError as error:
                if error.errno not in (errno.ESRCH, errno.EINVAL):
                    raise
        time.sleep(0.02)


def remove_cgroup_trees(name):
    """A container engine makes the pen's subgroups in each v1 hierarchy."""
    for top in glob.glob(f"/sys/fs/cgroup/*/{name}") + glob.glob(f"/sys/fs/cgroup/{name}"):
        for directory, _, _ in os.walk(top, topdown=False):
            try:
                os.rmdir(directory)
            except OSError:
                pass


def _unmount_below(directory):
    libc = ctypes.CDLL(None)
    points = [line.split()[4] for line in read("/proc/self/mountinfo").splitlines()]
    for point in sorted((p for p in points if p.startswith(directory + "/")), reverse=True):
        libc.umount2(point.encode(), 2)  # MNT_DETACH


class Pen:
    """A capped cgroup and a directory for one test file. A child process waits for our end, whatever it is, and cleans."""

    def __init__(self):
        self.name = f"clade-test-{os.getpid()}"
        self.top = f"{_pids_hierarchy()}/{self.name}"
        try:
            os.mkdir(self.top)
            with open(f"{self.top}/pids.max", "w") as file:
                file.write(str(PIDS_MAX))
        except OSError as error:
            remove_cgroup_trees(self.name)
            raise Skip(f"no pids cgroup can be made: {error.strerror} ({error.filename})") from error
        self.dir = tempfile.mkdtemp(prefix="clade-test-")
        os.chmod(self.dir, 0o755)
        lifeline, self.pipe = os.pipe()
        self.cleaner = os.fork()
        if self.cleaner == 0:
            os.close(self.pipe)
            self._clean_when_closed(lifeline)
        os.close(lifeline)
        atexit.register(self._close)

    def _close(self):
        os.close(self.pipe)
        os.waitpid(self.cleaner, 0)

    def _clean_when_closed(self, lifeline):
        try:
            os.setsid()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            null = os.open("/dev/null", os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(null, fd)
            os.read(lifeline, 1)
            kill_cgroup(self.top)
            _unmount_below(self.dir)
            shutil.rmtree(self.dir, ignore_errors=True)
            remove_cgroup_trees(self.name)
        finally:
            os._exit(0)


_pen = None


def pen():
    global _pen
    if _pen is None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: sys.exit(128 + number))  # atexit closes the pen
        _pen = Pen()
    return _pen


# ---- Programs -----------------------------------------------------------------------------------------

def find_program(name):
    program = shutil.which(name, path=PATH)
    if not program:
        raise Skip(f"no {name}")
    return program


def compiled(name, *ways):
    """What the C file of that name beside this one makes, once per test file; `ways` are options to try, the best first."""
    path = f"{pen().dir}/{name}"
    if os.path.exists(path):
        return path
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        raise Skip("no C compiler")
    for options in ways:
        result = subprocess.run([compiler, "-O1", f"-DLIFE={LIFE_S}", f"{HERE}/{name}.c", "-o", path, *options], capture_output=True, text=True)
        if result.returncode == 0:
            os.chmod(path, 0o755)
            return path
    raise RuntimeError(f"{name}.c does not compile: {result.stderr}")


# ---- Actors -------------------------------------------------------------------------------------------

def claude_markers(session, pid):
    """What Claude Code 2.1 sets for the commands that its Bash tool runs."""
    return {"CLAUDECODE": 1, "CLAUDE_CODE_SESSION_ID": session, "CLAUDE_PID": pid, "CLAUDE_CODE_CHILD_SESSION": 1,
            "CLAUDE_CODE_ENTRYPOINT": "cli", "AI_AGENT": "claude-code_2-1-330_agent", "GIT_EDITOR": "true"}


def actor_binary():
    return compiled("actor", ["-static"], [])


class Process:
    """A process of a scene; one that is an actor can be told to start others."""

    def __init__(self, scene, pid):
        self.scene, self.pid = scene, pid
        self.address = pid  # what its FIFO is called
        self.actors = self.actors_inside = scene.actors  # where the FIFOs are, for us and for it
        self.env = scene.env

    def __repr__(self):
        return describe(self.pid)

    def made(self, pid):
        """What this process has answered to be the pid of something it made."""
        return Process(self.scene, pid)

    def tell(self, *words):
        """Sends an actor one message and returns the pid that it answers with."""
        fifo = f"{self.actors}/{self.address}"
        reply = f"reply{next(self.scene.counter)}"
        os.mkfifo(f"{self.actors}/{reply}")
        os.chmod(f"{self.actors}/{reply}", 0o666)
        wait_for(f"actor {self.pid} to listen", lambda: os.path.exists(fifo))
        ear = os.open(f"{self.actors}/{reply}", os.O_RDONLY | os.O_NONBLOCK)
        mouth = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
        os.write(mouth, b"".join(os.fsencode(str(word)) + b"\0" for word in (f"{self.actors_inside}/{reply}", *words)))
        heard = bytearray()

        def is_complete():
            try:
                chunk = os.read(ear, 4096)
            except BlockingIOError:
                return False
            heard.extend(chunk)
            return heard and not chunk

        try:
            wait_for(f"actor {self.pid} to answer {words[0]}", is_complete)
        finally:
            os.close(mouth)
            os.close(ear)
        pid, _, failure = heard.decode().partition(" ")
        if failure:
            raise RuntimeError(failure)
        return int(pid)

    def spawn(self, argv, env=None, exe=None, flags=""):
        """Starts a program below this actor. It runs when this returns; its environment is `env` and little else."""
        exe = exe or shutil.which(argv[0], path=PATH) or argv[0]
        pairs = [f"{name}={value}" for name, value in {**self.env, **(env or {})}.items()]
        return self.made(self.tell("spawn", flags, exe, len(pairs), *pairs, *argv))

    def tool(self, env=None, name="tool", flags=""):
        """An actor below this one, which is itself an actor."""
        return self.spawn([name], env, self.scene.actor(f"bin/{name}"), flags)

    def child(self):
        """The first child of a program that is no actor."""
        return Process(self.scene, wait_for(f"a child of {self.pid}", lambda: children_of(self.pid))[0])


# ---- Scenes -------------------------------------------------------------------------------------------

class Scene:
    """Processes that belong together: a cgroup in the pen, a directory, and a stage that starts roots below pid 1."""

    numbers = itertools.count(1)

    def __init__(self):
        name = f"scene{next(self.numbers)}"
        self.counter = itertools.count(1)
        self.cgroup = f"{pen().top}/{name}"
        self.cgroups = [self.cgroup]  # a container engine adds another
        self.dir = f"{pen().dir}/{name}"
        self.actors = f"{self.dir}/actors"
        self.home = f"{self.dir}/home"
        self.log = f"{self.dir}/log"  # what the processes below the stage write
        self.env = {"PATH": PATH, "HOME": self.home, "ACTOR_DIR": self.actors}
        os.mkdir(self.cgroup)
        for directory in (self.dir, self.actors, self.home):
            os.mkdir(directory)
            os.chmod(directory, 0o777)
        self.stage = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for cgroup in self.cgroups:
            kill_cgroup(cgroup)

    def enter(self):
        """In a child process before exec: into the scene's cgroup."""
        with open(f"{self.cgroup}/cgroup.procs", "w") as file:
            file.write("0")

    def popen(self, argv, env=None, **options):
        """A command of the scene, with the scene's environment only. A child of the test."""
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(argv, env={**self.env, **(env or {})}, cwd=self.dir, preexec_fn=self.enter,
                                start_new_session=True, **options)

    def run(self, argv, env=None, patience_s=60):
        """Runs a command to its end; returns what it wrote. A failure is an error."""
        process = self.popen(argv, env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        output, _ = process.communicate(timeout=patience_s)
        if process.returncode != 0:
            raise RuntimeError(f"{os.path.basename(argv[0])} ended with {process.returncode}: {output.strip()[-800:]}")
        return output.strip()

    def write(self, path, text):
        """A file in the scene's directory; returns its path."""
        path = os.path.join(self.dir, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        return path

    def actor(self, path):
        """The actor under that path of the scene's directory."""
        path = os.path.join(self.dir, path)
        if not os.path.exists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.copy(actor_binary(), path)
        return path

    def start(self, argv, env=None, exe=None, flags=""):
        """Starts a process in a session of its own below pid 1, as from nowhere: not below us."""
        if not self.stage:
            with open(self.log, "w") as log:
                self.stage = Process(self, self.popen([actor_binary()], stdout=log, stderr=log).pid)
        return self.stage.spawn(argv, env, exe, "sd" + flags)

    def start_actor(self, path, argv=None, env=None, flags=""):
        """The same for an actor that is copied to `path`."""
        return self.start(argv or [os.path.basename(path)], env, self.actor(path), flags)

    def pids(self):
        """All living processes of the scene, but for the stage."""
        pids = {int(pid) for cgroup in self.cgroups for file in glob.glob(f"{cgroup}/**/cgroup.procs", recursive=True)
                for pid in read(file).split()}
        return {pid for pid in pids if is_alive(pid) and not (self.stage and pid == self.stage.pid)}

    def judge(self, title, rows, snap=None):
        """`rows`: (process or pid, who it is, owner as a dict of what to expect, is it an orphan; ... when
        that may be either). Returns the snapshot."""
        rows = [(getattr(process, "pid", process), *rest) for process, *rest in rows]
        forgotten = self.pids() - {row[0] for row in rows}
        if CLADE == "none":
            for pid, who, owner, orphan in rows:
                note(f"{title}: {who}: {describe(pid)}", f"    want {owner} orphan {orphan}")
            note(*(f"NOT IN THE TABLE: {describe(pid)}" for pid in forgotten))
            return None
        snap = snap or snapshot()
        for pid, who, owner, orphan in rows:
            faults = snap.faults(pid, owner, orphan)
            ok(not faults, f"{title}: {who}", *faults, "process: " + describe(pid), *snap.tell(pid))
        faults = list(snap.unsound())
        ok(not faults, f"{title}: the snapshot is sound", *faults)
        ok(not forgotten, f"{title}: no process is forgotten", *(describe(pid) for pid in forgotten))
        return snap


# ---- What clade says ----------------------------------------------------------------------------------

CLADE = "none" if os.environ.get("CLADE") == "none" else find_clade()
KINDS = ("agent", "pm2", "container", "service", "login", "kernel", "none")
OWNER_FIELDS = ("id kind product key name parent started_by root_pid roots instances processes threads zombies orphans "
                "rss_bytes cpu_percent births_per_s growth_per_min since evidence").split()
PROCESS_FIELDS = ("pid start_ticks ppid owner orphan state uid user comm argv exe cwd cgroup threads rss_bytes "
                  "cpu_percent age_s evidence").split()

# Expectations are values, patterns that must match somewhere, or functions of the value.
def one_of(*values):
    return lambda value: value in values


SYSTEM = {"kind": one_of("none", "login", "service", "container")}  # no agent and no PM2 app: wherever the tests run


def outside(owner):
    """For "parent": neither an agent nor PM2; perhaps the login or the container that the tests run in."""
    return owner is None or owner["kind"] in ("none", "login", "service", "container")


class Snapshot:
    def __init__(self, document):
        self.document = document
        self.owners = {owner["id"]: owner for owner in document["owners"]}
        self.processes = {process["pid"]: process for process in document["processes"]}

    def owner_of(self, pid):
        """The owner of a process, or None when the process is not in the snapshot."""
        process = self.processes.get(pid)
        return self.owners.get(process["owner"]) if process else None

    def owned(self, owner_id):
        return {pid for pid, process in self.processes.items() if process["owner"] == owner_id}

    def find(self, **want):
        """All owners that are as wanted."""
        return [owner for owner in self.owners.values() if not any(self._owner_faults(owner, want))]

    def _owner_faults(self, owner, want, of="owner"):
        for field, expected in want.items():
            value = owner[field]
            if field == "parent":
                value = self.owners.get(value)
                if isinstance(expected, dict):
                    if value is None:
                        yield from [f"{of} has no parent, expected {expected}"]
                    else:
                        yield from self._owner_faults(value, expected, of + "'s parent")
                    continue
            if callable(expected):
                good = expected(value)
            elif isinstance(expected, re.Pattern):
                good = bool(expected.search(value or ""))
            else:
                good = value == expected
            if not good:
                yield f"{of}: {field} is {value!r}, expected {getattr(expected, 'pattern', expected)!r}"

    def faults(self, pid, want, orphan):
        process = self.processes.get(pid)
        if not process:
            return [f"{pid} is not in the snapshot"]
        owner = self.owners.get(process["owner"])
        if not owner:
            return [f"its owner {process['owner']!r} is not in the snapshot"]
        faults = list(self._owner_faults(owner, want))
        if orphan is not Ellipsis and process["orphan"] is not orphan:
            faults.append(f"orphan is {process['orphan']!r}, expected {orphan}")
        return faults

    def tell(self, pid):
        """What clade says of a process, for diagnostics."""
        process = self.processes.get(pid)
        if not process:
            return []
        owner = self.owners.get(process["owner"], {})
        parent = self.owners.get(owner.get("parent"), {})
        return [f"clade: owner {process['owner']!r} name {owner.get('name')!r} parent {parent.get('id')!r} "
                f"started_by {owner.get('started_by')!r} orphan {process['orphan']}",
                f"clade: {process['evidence']}", f"clade: {owner.get('evidence')}"]

    def unsound(self):
        """Breaches of what holds for every snapshot."""
        document = self.document
        if (document["format"], document["version"]) != ("clade-snapshot", 1):
            yield "not a clade-snapshot of version 1"
        if len(self.owners) != len(document["owners"]):
            yield "owner ids are not unique"
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", document["taken"]):
            yield f"taken is {document['taken']!r}"
        for owner in document["owners"]:
            missing = [field for field in OWNER_FIELDS if field not in owner]
            if missing:
                yield f"owner {owner['id']!r} has no {missing}"
                return
            if owner["kind"] not in KINDS:
                yield f"owner {owner['id']!r} is of kind {owner['kind']!r}"
            if owner["parent"] is not None and owner["parent"] not in self.owners:
                yield f"the parent of {owner['id']!r} is not in the snapshot"
            if not owner["name"] or not owner["evidence"]:
                yield f"owner {owner['id']!r} has no name or no evidence"
        counted = {}
        for process in document["processes"]:
            missing = [field for field in PROCESS_FIELDS if field not in process]
            if missing:
                yield f"process {process['pid']} has no {missing}"
                return
            if process["owner"] not in self.owners:
                yield f"the owner of {process['pid']} is not in the snapshot"
            if not process["evidence"]:
                yield f"process {process['pid']} has no evidence"
            counted[process["owner"]] = counted.get(process["owner"], 0) + 1
        for owner in document["owners"]:
            if owner["processes"] != counted.get(owner["id"], 0):
                yield f"owner {owner['id']!r} counts {owner['processes']} processes, {counted.get(owner['id'], 0)} name it"


def clade(*arguments, patience_s=30, **options):
    """Runs clade to its end; stdout and stderr are bytes."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    return subprocess.run([CLADE, *arguments], timeout=patience_s, **options)


def parse(result):
    if result.returncode != 0:
        raise RuntimeError(f"clade ended with {result.returncode}: {result.stderr.decode(errors='replace')[-800:]}")
    return Snapshot(json.loads(result.stdout.decode("utf-8")))


def snapshot(**options):
    return parse(clade("snapshot", "-f", "json", "--sample", "0", **options))


def as_nobody():
    """Options for `clade` and `snapshot`: an ordinary user, who may run a copy of the program."""
    if os.geteuid() != 0:
        raise Skip("only root can become another user")
    if CLADE == "none":
        return {}
    copy = f"{pen().dir}/clade"
    if not os.path.exists(copy):
        shutil.copy(CLADE, copy)
        os.chmod(copy, 0o755)
    return {"executable": copy, "user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/"}
