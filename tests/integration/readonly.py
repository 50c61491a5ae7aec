"""Read-only mode with real users: root, an ordinary one, sudo with the line that README gives, and a login shell; strace
is the witness. /etc/passwd and its like are copies in a mount namespace."""
import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

from lib import CLADE, NOBODY, PATH, Skip, main, ok, read

HERE = os.path.dirname(os.path.abspath(__file__))
ENV = {"PATH": PATH, "LANG": "C.UTF-8", "TERM": "xterm", "HOME": "/nonexistent"}


def as_user(uid):
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []


class World:
    """A directory for all, and a root filesystem whose /etc/{passwd,group,shadow,sudoers.d,clade} are its own."""

    def __enter__(self):
        if os.geteuid() != 0:
            raise Skip("only root can change users")
        self.dir = tempfile.mkdtemp(prefix="clade-readonly-")
        os.chmod(self.dir, 0o755)
        for name in "passwd", "group", "shadow", "gshadow":
            shutil.copy(f"/etc/{name}", f"{self.dir}/{name}")
        for name in "sudoers.d", "clade", "bin":
            os.mkdir(f"{self.dir}/{name}", 0o755)
        shutil.copy(CLADE, f"{self.dir}/bin/clade")
        os.symlink("clade", f"{self.dir}/bin/clade-ro")
        os.chmod(f"{self.dir}/shadow", 0o640)
        self.mounts = [(f"{self.dir}/{name}", f"/etc/{name}") for name in ("passwd", "group", "shadow", "gshadow")]
        self.mounts += [(f"{self.dir}/sudoers.d", "/etc/sudoers.d")] if os.path.isdir("/etc/sudoers.d") else []
        self.made = not os.path.isdir("/etc/clade")
        if self.made:
            os.mkdir("/etc/clade", 0o755)
        self.mounts.append((f"{self.dir}/clade", "/etc/clade"))
        return self

    def __exit__(self, *_):
        if self.made:
            os.rmdir("/etc/clade")
        shutil.rmtree(self.dir)

    def command(self, *command):
        binds = "".join(f"mount --bind '{source}' '{target}' && " for source, target in self.mounts)
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", f'{binds}exec "$@"', "sh", *command]

    def run(self, *command, env=None, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(self.command(*command), env={**ENV, **(env or {})}, capture_output=True, text=True, timeout=120,
                              **options)

    def add(self, name, line):
        with open(f"{self.dir}/{name}", "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def add_user(self, name, shell, groups=()):
        """useradd would rename a new /etc/passwd over the old, which a file that is mounted on does not allow."""
        uid, home = 54321, f"{self.dir}/home-{name}"
        self.add("passwd", f"{name}:x:{uid}:{uid}::{home}:{shell}")
        self.add("shadow", f"{name}:*:19000:0:99999:7:::")
        self.add("group", f"{name}:x:{uid}:")
        for n, group in enumerate(groups):
            self.add("group", f"{group}:x:{uid + 1 + n}:{name}")
        os.mkdir(home, 0o755)
        os.chown(home, uid, uid)
        return uid


# ---- strace as the witness ----------------------------------------------------------------------------

# What the issue of a read-only mode names, as system calls; each must be seen to be denied.
FORBIDDEN = """kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal pidfd_open ptrace process_vm_readv
process_vm_writev setpriority ioprio_set sched_setscheduler sched_setparam sched_setattr sched_setaffinity execve execveat
clone clone3 socket socketpair connect bind sendto sendmsg mount umount2 pivot_root chroot unshare setns open_tree move_mount
fsopen fsmount mount_setattr unlinkat renameat2 mkdirat symlinkat mknodat truncate ftruncate fchmodat fchownat setxattr
utimensat openat2 open_by_handle_at init_module finit_module delete_module kexec_load kexec_file_load bpf perf_event_open
io_uring_setup userfaultfd reboot keyctl setuid capset memfd_create""".split()


def denied_under_strace(name, *prefix):
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o777)
        result = subprocess.run(["strace", "-f", "-qq", "-o", f"{directory}/trace", *prefix, CLADE, "--readonly", "--self-test"],
                                env={**ENV, "ASAN_OPTIONS": "detect_leaks=0"},  # which does not work under ptrace
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        trace = read(f"{directory}/trace").splitlines()
    bad = [line for line in result.stdout.splitlines() if not re.match(r"(denied|works|true) |\d+ acts", line)]
    ok(result.returncode == 0 and not bad, f"{name}: the self-test passes", result.returncode, result.stderr, *bad)

    confined = {}  # thread -> its calls from the filter on
    for line in trace:
        thread, _, call = line.partition(" ")
        if re.match(r" *seccomp\(SECCOMP_SET_MODE_FILTER.*= 0$", call):
            confined.setdefault(thread, [])
        elif thread in confined:
            confined[thread].append(call.strip())
    ok(len(confined) == 2, f"{name}: two threads have a filter", len(confined))
    for n, calls in enumerate(confined.values()):
        results = {}
        for call in calls:
            match = re.match(r"(\w+)\(.*\) += (-?\w+)(?: (\w+))?", call)
            if match:
                results.setdefault(match[1], set()).add(match[3] or "done")
        missing = [call for call in FORBIDDEN if call not in results]
        done = [f"{call}: {results[call]}" for call in FORBIDDEN if results.get(call, set()) - {"EPERM"}]
        ok(not missing, f"{name}: thread {n} has tried all that is forbidden", *missing)
        ok(not done, f"{name}: thread {n} got EPERM each time", *done)
        writable = [call for call in calls if re.match(r"open(at)?\(.*(O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE)", call)
                    and not re.search(r"= -1 (EPERM|EACCES)", call)]
        new = [call for call in writable if re.search(r'"\.", O_WRONLY\|O_CLOEXEC\|O_TMPFILE', call)]
        ok(writable == new and len(new) <= 1, f"{name}: thread {n} opens for writing one nameless snapshot at most", *writable)


def every_forbidden_call_is_denied():
    if not shutil.which("strace"):
        raise Skip("no strace")
    if os.geteuid() != 0:
        raise Skip("only root can be both users")
    denied_under_strace("root")
    denied_under_strace("an ordinary user", *as_user(NOBODY))


# ---- The administrator's word -------------------------------------------------------------------------

def an_administrator_makes_it_the_only_mode():
    with World() as world:
        clade = f"{world.dir}/bin/clade"
        with open(f"{world.dir}/free.conf", "w", encoding="utf-8") as file:
            file.write("[options]\nreadonly = no\n")
        user = as_user(NOBODY)
        allowed = world.run(*user, clade, "--self-test")
        ok(allowed.returncode == 1 and "ALLOWED" in allowed.stdout, "without a word in /etc/clade it is not read-only")
        for text in "[options]\nreadonly = yes\n", "[options]\nreadonly=maybe\n":
            with open(f"{world.dir}/clade/clade.conf", "w", encoding="utf-8") as file:
                file.write(text)
            for arguments, env in [((), {}), (("--config", f"{world.dir}/free.conf"), {}), (("--config", "/dev/null"), {}),
                                   ((), {"CLADE_READONLY": "0"}), (("--readonly=best-effort",), {})]:
                result = world.run(*user, clade, *arguments, "--self-test", env=env)
                ok(result.returncode == 0 and "ALLOWED" not in result.stdout,
                   f"{text.split()[-1]} is not undone by {' '.join(arguments) or env or 'saying nothing'}", result.stderr)
        os.chmod(f"{world.dir}/clade/clade.conf", 0o600)
        result = world.run(*user, clade, "--self-test")
        ok(result.returncode == 0 and "ALLOWED" not in result.stdout, "a configuration that cannot be read counts as yes")
        result = world.run("sh", "-c", 'ulimit -n 3 && exec "$@"', "sh", *user, clade, "--self-test")
        ok("ALLOWED" not in result.stdout, "nor is it undone by a limit on open files", result.stdout[:300], result.stderr)


# ---- sudo, with README's line -------------------------------------------------------------------------

def sudo_hands_nobody_a_root_write():
    if not shutil.which("sudo"):
        raise Skip("no sudo")
    with World() as world:
        uid = world.add_user("watcher", "/bin/sh", ["oncall"])
        line = next(line.strip() for line in read(f"{HERE}/../../README.md").splitlines() if "NOPASSWD" in line)
        clade = f"{world.dir}/bin/clade-ro"
        with open(f"{world.dir}/sudoers.d/clade", "w", encoding="utf-8") as file:
            file.write(line.replace("/usr/bin/clade-ro", clade) + "\n")
            # what the line leaves out: any argument
            file.write(f"watcher ALL=(root) NOPASSWD: {world.dir}/bin/clade\n")
        os.chmod(f"{world.dir}/sudoers.d/clade", 0o440)
        home = f"{world.dir}/home-watcher"

        def sudo(*command, **options):
            return world.run("su", "watcher", "-s", "/bin/sh", "-c", f"cd {home} && exec sudo -n {shlex.join(command)}", **options)

        result = sudo(clade, "snapshot")
        ok(result.returncode == 0 and "clade snapshot" in result.stdout, "README's line lets a snapshot be taken", result.stderr)
        ok("may not read the environment" not in result.stdout, "which sees what root sees",
           *[line for line in result.stdout.splitlines() if "Not seen" in line])
        result = sudo(clade, "snapshot", "-o", "x")
        ok(result.returncode == 1 and result.stderr.startswith("sudo: "), "and nothing else", result.returncode, result.stderr)

        clade = f"{world.dir}/bin/clade"
        take = (clade, "--readonly", "snapshot", "--sample", "0", "-o")
        result = sudo(*take, "mine")
        stat = os.stat(f"{home}/mine") if result.returncode == 0 else None
        ok(stat and stat.st_uid == uid and stat.st_gid == uid and stat.st_mode & 0o7777 == 0o600,
           "a snapshot in one's own directory is one's own", result.stderr, stat)
        os.mkdir(f"{world.dir}/roots", 0o755)
        os.mkdir(f"{world.dir}/closed", 0o700)
        os.mkdir(f"{world.dir}/closed/open", 0o777)
        os.chmod(f"{world.dir}/closed/open", 0o777)
        os.symlink(f"{world.dir}/roots", f"{home}/link")
        os.symlink(f"{world.dir}/roots/target", f"{home}/file-link")
        for name, path in [("a directory of root's", f"{world.dir}/roots/x"), ("/etc/cron.d", "/etc/cron.d/clade-x"),
                           ("a directory of root's through a link", "link/x"), ("a link to a file of root's", "file-link"),
                           ("a directory below one that is closed", f"{world.dir}/closed/open/x"), ("a device", "/dev/null")]:
            result = sudo(*take, path)
            ok(result.returncode == 1 and result.stderr.startswith("clade: "), f"no snapshot into {name}", result.returncode, result.stdout, result.stderr)
        ok(os.listdir(f"{world.dir}/roots") == [] and os.listdir(f"{world.dir}/closed/open") == [] and
           not os.path.exists("/etc/cron.d/clade-x"), "and none is there")
        os.mkdir(f"{world.dir}/team")
        os.chown(f"{world.dir}/team", 0, uid + 1)
        os.chmod(f"{world.dir}/team", 0o770)
        result = sudo(*take, f"{world.dir}/team/x")
        ok(result.returncode == 0 and os.stat(f"{world.dir}/team/x").st_uid == uid, "a group's directory is for its members",
           result.stderr)
        result = sudo(clade, "--readonly", "--config", "/etc/shadow", "snapshot", "--sample", "0")
        ok(result.returncode == 2 and "root:" not in result.stderr, "no file of root's is shown as a configuration", result.stderr)
        result = sudo(clade, "--readonly", "--self-test")
        bad = [line for line in result.stdout.splitlines() if not re.match(r"(denied|works|true) |\d+ acts", line)]
        ok(result.returncode == 0 and not bad, "the self-test passes below sudo", *bad, result.stderr)


# ---- clade-ro as a login shell ------------------------------------------------------------------------

def screen_of(command, keys, seconds=15):
    """Runs a command on a terminal of its own and types keys, each a pair (text to wait for, what to type)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, {**ENV, "LINES": "24", "COLUMNS": "80"})
    seen, waiting, end, inside = b"", list(keys), time.monotonic() + seconds, {}
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                break
            if not data:
                break
            seen += data
        if waiting and waiting[0][0] in seen:
            for status in (f"/proc/{n}/status" for n in os.listdir("/proc") if n.isdigit()):
                text = read(status)
                if text.startswith("Name:\tclade-ro\n") and "Seccomp:\t2\n" in text:
                    inside = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
            os.write(terminal, waiting.pop(0)[1])
    else:
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    return seen, status, not waiting, inside


def a_login_shell_shows_the_screen_and_nothing_else():
    with World() as world:
        uid = world.add_user("watcher", f"{world.dir}/bin/clade-ro")
        seen, status, typed, inside = screen_of(world.command("su", "-l", "watcher"), [(b"READ-ONLY", b"q")])
        ok(typed and status == 0, "the screen says that it is read-only, and q ends the session", status, seen[-400:])
        ok(inside.get("Uid", "").split()[:1] == [str(uid)], "it runs as its user", inside.get("Uid"))
        result = world.run("su", "-l", "watcher", "-c", "id; touch /tmp/clade-login-shell")
        ok(result.returncode == 2 and "uid=" not in result.stdout and not os.path.exists("/tmp/clade-login-shell"),
           "a command for the shell is not run", result.stdout, result.stderr)


if __name__ == "__main__":
    main(every_forbidden_call_is_denied, an_administrator_makes_it_the_only_mode, sudo_hands_nobody_a_root_write,
         a_login_shell_shows_the_screen_and_nothing_else)
