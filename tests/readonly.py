"""Read-only mode as a user meets it: what is denied, what works all the same, who can ask for it and who cannot undo it."""
import ctypes
import json
import os
import re
import struct
import subprocess
import tempfile
import time

from tap import Skip, find_clade, main, ok

CLADE = find_clade()
ENV = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "HOME": "/proc/self/nowhere", "TERM": "xterm"}
KEPT = 1 << 19 | 1 << 2  # CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH


def clade(*arguments, env=None, program=CLADE, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([program, *arguments], env={**ENV, **(env or {})}, capture_output=True, text=True, timeout=60,
                          **options)


def status_of(pid, thread=None):
    with open(f"/proc/{pid}/task/{thread or pid}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def status_while_it_runs(*arguments, env=None, argv0=CLADE, directory="/"):
    """/proc/PID/status of the threads of a clade that watches for some seconds, first the reader's."""
    process = subprocess.Popen([argv0, *arguments, "snapshot", "--sample", "20", "-o", f"{directory}/never"], executable=CLADE,
                               env={**ENV, **(env or {})}, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            if process.poll() is not None:
                raise RuntimeError(f"ended with {process.returncode}: {process.stderr.read().decode()}")
            threads = sorted(int(thread) for thread in os.listdir(f"/proc/{process.pid}/task"))
            found = [status_of(process.pid, thread) for thread in threads]
            if found[0]["Seccomp"] == "2" or time.monotonic() > end - 8:
                return found
            time.sleep(0.05)
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()


def self_test():
    result = clade("--readonly", "--self-test")
    lines = result.stdout.splitlines()
    denied = [line for line in lines if line.startswith("denied ")]
    bad = [line for line in lines if not re.match(r"(denied|works|true) |\d+ acts", line)]
    ok(result.returncode == 0 and not bad, "self-test: all is denied, and what is needed works", *bad, result.stderr)
    for thread in "reader", "scribe":
        for act in ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "pidfd_send_signal", "ptrace", "process_vm_writev",
                    "setpriority", "ioprio_set", "sched_setscheduler", "execve", "clone", "socket unix", "mount", "unlink",
                    "rename", "open for writing", "open of a new file", "init_module", "bpf, a program", "perf_event_open",
                    "io_uring_setup", "typing into the terminal"):
            if not any(re.fullmatch(f"denied +{thread} +{re.escape(act)}", line) for line in denied):
                ok(False, f"self-test: {act} by the {thread} is tried")
    ok(len(denied) > 250, "self-test: hundreds of acts are tried", len(denied))


def the_self_test_can_fail():
    result = clade("--self-test")
    allowed = [line for line in result.stdout.splitlines() if line.startswith("ALLOWED ")]
    ok(result.returncode == 1, "self-test without --readonly: exit status 1", result.returncode)
    for act in "kill", "open for writing", "rename", "socket unix", "execve (No such file or directory)":
        ok(any(line.endswith(f" {act}") for line in allowed), f"self-test without --readonly: {act} is possible", *allowed[:3])
    ok("UNTRUE   after   the child runs as before" in result.stdout, "self-test without --readonly: it has happened")


def every_thread_is_confined():
    with tempfile.TemporaryDirectory() as directory:
        reader, *others = status_while_it_runs("-r", directory=directory)
        ok(reader["Seccomp"] == "2" and reader["NoNewPrivs"] == "1", "the reader has a filter and no_new_privs", reader)
        for name in "CapEff", "CapPrm", "CapInh", "CapAmb":
            ok(int(reader[name], 16) & ~KEPT == 0, f"the reader keeps two capabilities at most ({name})", reader[name])
        ok(len(others) == 1, "there is one other thread", len(others))
        for scribe in others:
            ok(scribe["Seccomp"] == "2" and scribe["NoNewPrivs"] == "1", "the scribe has a filter and no_new_privs", scribe)
            ok(int(scribe["CapPrm"], 16) == 0, "the scribe has no capabilities", scribe["CapPrm"])
        ok(os.listdir(directory) == [], "a snapshot that was ended halfway leaves nothing behind")


def who_can_ask_for_it():
    for name, arguments, env, argv0 in [
            ("--readonly", ["--readonly"], {}, CLADE), ("-r", ["-r"], {}, CLADE),
            ("best effort", ["--readonly=best-effort"], {}, CLADE), ("CLADE_READONLY=1", [], {"CLADE_READONLY": "1"}, CLADE),
            ("clade-ro", [], {}, "clade-ro"), ("clade-ro in a directory", [], {}, "/usr/bin/clade-ro"),
            ("clade-ro as a login shell", [], {}, "-clade-ro")]:
        ok(status_while_it_runs(*arguments, env=env, argv0=argv0)[0]["Seccomp"] == "2", f"asked for by {name}")
    ok(status_while_it_runs(env={"CLADE_READONLY": "0"})[0]["Seccomp"] == "0", "nobody has asked: it is not read-only")
    with tempfile.TemporaryDirectory() as home:
        link = f"{home}/clade-ro"
        os.symlink(CLADE, link)
        process = subprocess.Popen(["another-name", "--self-test"], executable=link, env=ENV, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, text=True)
        out = process.communicate(timeout=60)[0]
        ok(process.returncode == 0 and "ALLOWED" not in out, "clade-ro under another argv[0] is read-only all the same")
        os.makedirs(f"{home}/clade")
        with open(f"{home}/clade/clade.conf", "w", encoding="utf-8") as file:
            file.write("[options]\nreadonly = yes\n")
        env = {"XDG_CONFIG_HOME": home}
        ok(status_while_it_runs(env=env)[0]["Seccomp"] == "2", "asked for by the user's configuration")
        with open(f"{home}/clade/clade.conf", "w", encoding="utf-8") as file:
            file.write("[options]\nreadonly = no\n")
        env["CLADE_READONLY"] = "1"
        ok(status_while_it_runs(env=env)[0]["Seccomp"] == "2", "the user's configuration does not undo it")
    result = clade("--readonly=perhaps", "snapshot")
    ok(result.returncode == 2 and "best-effort" in result.stderr, "another value is refused", result.stderr)


def a_snapshot_is_new_whole_and_private():
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/snapshot.json"
        result = clade("-r", "snapshot", "-f", "json", "--sample", "0", "-o", path)
        ok(result.returncode == 0 and not result.stderr, "a snapshot is written", result.stderr)
        with open(path, encoding="utf-8") as file:
            ok(json.load(file)["format"] == "clade-snapshot", "it is whole")
        ok(os.stat(path).st_mode & 0o7777 == 0o600, "nobody else can read it")
        result = clade("-r", "snapshot", "--sample", "0", "-o", path)
        ok(result.returncode == 1 and "is there already" in result.stderr, "it is not written over", result.stderr)
        result = clade("-r", "snapshot", "--sample", "0", "--force", "-o", path)
        ok(result.returncode == 3 and "--force" in result.stderr, "nor with --force", result.stderr)
        os.symlink(f"{directory}/target", f"{directory}/link")
        result = clade("-r", "snapshot", "--sample", "0", "-o", f"{directory}/link")
        ok(result.returncode == 1 and not os.path.exists(f"{directory}/target"), "a link is not followed", result.stderr)
        result = clade("-r", "snapshot", "--sample", "0", "-o", "/dev/null")
        ok(result.returncode == 1, "a device is not written to", result.stderr)
        result = clade("-r", "snapshot", "--sample", "0")
        ok(result.returncode == 0 and result.stdout.startswith("clade snapshot"), "standard output is open from before", result.stdout)


def what_it_cannot_do_is_refused():
    with tempfile.TemporaryDirectory() as directory:
        child = subprocess.Popen(["sleep", "60"])
        try:
            result = clade("-r", "kill", "--yes", str(child.pid))
            ok(result.returncode == 3 and "read-only" in result.stderr and child.poll() is None, "kill: exit status 3",
               result.returncode, result.stderr)
            result = clade("-r", "kill", "--dry-run", str(child.pid))
            ok(result.returncode == 0 and "sleep" in result.stdout, "kill --dry-run: shows its plan", result.stderr)
        finally:
            child.kill()
            child.wait()
        result = clade("-r", "record", f"{directory}/recording")
        ok(result.returncode == 3 and "read-only" in result.stderr and os.listdir(directory) == [], "record: exit status 3",
           result.returncode, result.stderr)


# ---- A kernel that lacks something --------------------------------------------------------------------

LANDLOCK_CREATE_RULESET, SECCOMP = 444, 317 if os.uname().machine == "x86_64" else 277


def without(call, errno_value):
    """In a child before exec: this system call fails from now on, as on a kernel that does not have it."""
    def statement(code, k, jt=0, jf=0):
        return struct.pack("HBBI", code, jt, jf, k)

    program = (statement(0x20, 0) + statement(0x15, call, 0, 1) + statement(0x06, 0x00050000 | errno_value) +
               statement(0x06, 0x7fff0000))
    code = ctypes.create_string_buffer(program)
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(_filter=code):  # which must live as long as its address is used
        if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, header, 0, 0) != 0:
            os._exit(99)
    return enter


def a_kernel_without_landlock_or_seccomp_is_refused():
    if os.uname().machine not in ("x86_64", "aarch64"):
        raise Skip("the numbers of the system calls are not known here")
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/snapshot"
        for name, call in ("Landlock", LANDLOCK_CREATE_RULESET), ("seccomp", SECCOMP):
            enter = without(call, 38)
            result = clade("--readonly", "snapshot", "--sample", "0", preexec_fn=enter)
            ok(result.returncode == 3 and name in result.stderr and "best-effort" in result.stderr and not result.stdout,
               f"without {name}: refused, and says so", result.returncode, result.stderr)
            result = clade("--readonly", "--self-test", preexec_fn=enter)
            ok(result.returncode == 3 and name in result.stderr, f"without {name}: no self-test either", result.stderr)
            result = clade("--readonly=best-effort", "snapshot", "--sample", "0", preexec_fn=enter)
            ok(result.returncode == 0 and name in result.stderr and result.stdout,
               f"without {name}: best effort goes on and says what is missing", result.returncode, result.stderr)
            result = clade("--readonly=best-effort", "snapshot", "--sample", "0", "-o", path, preexec_fn=enter)
            ok(result.returncode == 1 and name in result.stderr and not os.path.exists(path),
               f"without {name}: no file is made", result.returncode, result.stderr)
            result = clade("--readonly=best-effort", "snapshot", env={"CLADE_READONLY": "1"}, preexec_fn=enter)
            ok(result.returncode == 3, f"without {name}: best effort does not weaken what others ask for", result.returncode)


if __name__ == "__main__":
    main(self_test, the_self_test_can_fail, every_thread_is_confined, who_can_ask_for_it, a_snapshot_is_new_whole_and_private,
         what_it_cannot_do_is_refused,         a_kernel_without_landlock_or_seccomp_is_refused)
