"""The command line as a user meets it: errors, exit statuses, files, pipes, and machines that hide what they have."""
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from tap import Skip, find_clade, main, ok

CLADE = find_clade()
# A leak check in the program under test needs /proc, threads and a curses that frees all it has: not in scenes without them.
NO_LEAK_CHECK = {"ASAN_OPTIONS": "detect_leaks=0"}
ENV = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "HOME": "/nonexistent"}


def clade(*arguments, env=None, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    return subprocess.run([CLADE, *arguments], env={**ENV, **(env or {})}, timeout=60, **options)


def fails(name, status, words, *arguments, **options):
    """One line on standard error that holds these words, and that exit status."""
    result = clade(*arguments, **options)
    error = result.stderr.decode(errors="replace")
    ok(result.returncode == status, f"{name}: exit status {status}", f"it was {result.returncode}", error)
    ok(error.startswith("clade: ") and error.count("\n") == 1 and all(word in error for word in words), f"{name}: says so",
       repr(error), words)
    return result


def document(*arguments, **options):
    result = clade("snapshot", "-f", "json", "--sample", "0", *arguments, **options)
    if result.returncode != 0:
        raise RuntimeError(result.stderr.decode(errors="replace"))
    return json.loads(result.stdout.decode("utf-8"))


class Directory:
    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="clade-test-")
        os.chmod(self.path, 0o755)
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path)


def what_is_unknown_is_refused():
    fails("option", 2, ["--asci", "--ascii"], "--asci")
    fails("command", 2, ["snapshto", "snapshot"], "snapshto")
    fails("format", 2, ["jsno", "json"], "snapshot", "-f", "jsno")
    fails("theme", 2, ["defualt", "default"], "--theme", "defualt")
    fails("collector", 2, ["prcops", "procps"], "--collector", "prcops")
    fails("list", 2, ["kyes", "keys"], "list", "kyes")
    fails("value", 2, ["--delay", "banana"], "-d", "banana")


def help_and_version_are_for_standard_output():
    for argument in ("--help", "-h", "--version", "-V"):
        result = clade(argument)
        ok(result.returncode == 0 and b"clade" in result.stdout and not result.stderr, argument, result)
    for what in ("columns", "commands", "lists", "formats", "keys", "options", "owners", "themes"):
        result = clade("list", what)
        ok(result.returncode == 0 and result.stdout.count(b"\n") > 1 and not result.stderr, f"list {what}", result)


def without_a_terminal_the_snapshot_is_named():
    fails("no terminal", 2, ["terminal", "clade snapshot"], env={"TERM": "xterm"})


def a_terminal_that_cannot_move_its_cursor_is_refused():
    script = shutil.which("script")
    if not script:
        raise Skip("no script(1)")
    for term in ("dumb", "no-such-terminal"):
        result = subprocess.run([script, "-qec", CLADE, "/dev/null"], env={**ENV, **NO_LEAK_CHECK, "TERM": term}, timeout=30, capture_output=True,
                                stdin=subprocess.DEVNULL)
        ok(result.returncode == 2 and b"clade snapshot" in result.stdout and term.encode() in result.stdout, f"TERM={term}",
           result.returncode, result.stdout)


def a_snapshot_is_a_report_or_a_document():
    with Directory() as directory:
        path = f"{directory}/report"
        result = clade("snapshot", "-o", path, "--sample", "0.2")
        ok(result.returncode == 0 and not result.stdout, "a report goes into a file", result)
        report = open(path, encoding="utf-8").read()
        ok("no owner" in report and "PID" in report, "and holds owners", report[:500])
        ok(os.stat(path).st_mode & 0o777 == 0o600, "that is for its writer only")
        fails("the file is there already", 1, [path, "already"], "snapshot", "-o", path, "--sample", "0")
        ok(open(path, encoding="utf-8").read() == report, "and is as it was")
        result = clade("snapshot", "-o", "/dev/null", "--sample", "0")
        ok(result.returncode == 0 and not result.stderr, "a device takes it", result)
        result = clade("snapshot", "-o", "/dev/stdout", "--sample", "0")
        ok(result.returncode == 0 and b"no owner" in result.stdout, "also standard output by its name", result)
        fails("the disk is full", 1, ["/dev/full", "space"], "snapshot", "-o", "/dev/full", "--sample", "0")
        fails("the directory is not there", 1, ["/proc/self/nowhere/x"], "snapshot", "-o", "/proc/self/nowhere/x", "--sample", "0")
        ok(os.listdir(directory) == ["report"], "nothing else is left behind", os.listdir(directory))
        result = clade("snapshot", "-f", "json", "-o", path, "--force", "--sample", "0")
        ok(result.returncode == 0 and json.load(open(path, encoding="utf-8"))["format"] == "clade-snapshot", "--force replaces it", result)
        ok(os.listdir(directory) == ["report"], "and leaves nothing else", os.listdir(directory))
    snapshot = document()
    ok(snapshot["format"] == "clade-snapshot" and snapshot["processes"], "a document has its name and processes")
    pids = {process["pid"] for process in snapshot["processes"]}
    ok(os.getpid() in pids, "this test is in it")


def with_a_sample_rates_are_known_and_without_unknown():
    once = document()
    ok(once["host"]["forks_per_s"] is None and all(owner["births_per_s"] is None for owner in once["owners"]), "one look: null")
    twice = json.loads(clade("snapshot", "-f", "json", "--sample", "0.5").stdout)
    ok(twice["host"]["forks_per_s"] is not None and all(owner["births_per_s"] is not None for owner in twice["owners"]), "two: known")
    ok(0.4 < twice["host"]["interval_s"] < 5, "the interval is what was asked for", twice["host"]["interval_s"])


def a_pipe_that_closes_is_no_failure_but_a_full_disk_is():
    result = subprocess.run(["bash", "-c", f"set -o pipefail; {CLADE} snapshot -f json --sample 0 | head -c 10"], env=ENV,
                            capture_output=True, timeout=60)
    ok(result.returncode == 0 and len(result.stdout) == 10 and not result.stderr, "head has had enough", result)
    with open("/dev/full", "wb") as full:
        fails("the disk is full", 1, ["standard output", "space"], "snapshot", "--sample", "0", stdout=full)
    result = subprocess.run(["bash", "-c", f"{CLADE} snapshot --sample 0 >&-"], env=ENV, capture_output=True, timeout=60)
    ok(result.returncode in (0, 1), "closed standard output is survived", result)


def a_broken_rule_is_named_and_the_rest_works():
    with Directory() as directory:
        os.makedirs(f"{directory}/clade/owners.d")
        with open(f"{directory}/clade/owners.d/mine.conf", "w", encoding="utf-8") as file:
            file.write("[robo]\nkind = agent\nlabel = Robo\nroot = exe:sleep\n\n[bad]\nkind = agent\nrooot = exe:x\n")
        env = {"XDG_CONFIG_HOME": directory}
        sleeper = subprocess.Popen(["sleep", "30"])
        try:
            time.sleep(0.2)
            result = clade("snapshot", "-f", "json", "--sample", "0", env=env)
            ok(b"mine.conf:8: unknown key 'rooot'" in result.stderr and result.stderr.count(b"\n") == 1, "file and line", result.stderr)
            owners = {process["pid"]: process["owner"] for process in json.loads(result.stdout)["processes"]}
            ok(owners[sleeper.pid].startswith("robo:"), "the good rule works", owners[sleeper.pid])
        finally:
            sleeper.kill()
            sleeper.wait()


def a_configuration_is_read_and_its_mistakes_are_named():
    with Directory() as directory:
        os.makedirs(f"{directory}/clade")
        with open(f"{directory}/clade/clade.conf", "w", encoding="utf-8") as file:
            file.write("[options]\ndealy = 3\n")
        result = clade("snapshot", "--sample", "0", env={"XDG_CONFIG_HOME": directory})
        ok(result.returncode == 0 and b"clade.conf:2: unknown option 'dealy'" in result.stderr and result.stderr.count(b"\n") == 1,
           "file and line", result.stderr)
        with open(f"{directory}/mine", "w", encoding="utf-8") as file:
            file.write("[thresholds]\nverdict_orphans = 1\n")
        with open(f"{directory}/hostile", "w", encoding="utf-8") as file:
            file.write("[options]\na\x1b]0;b\x07 = 2\n")
        result = clade("snapshot", "--sample", "0", "--config", f"{directory}/hostile")
        ok(b"hostile:2: " in result.stderr and b"\x1b" not in result.stderr, "what a configuration says cannot speak to the terminal", result.stderr)
        result = clade("snapshot", "--sample", "0", "--config", f"{directory}/mine", env={"XDG_CONFIG_HOME": directory})
        ok(result.returncode == 0 and not result.stderr, "--config goes before the usual files", result.stderr)
        fails("a configuration that is not there", 2, [f"{directory}/none", "No such file"], "--config", f"{directory}/none")


def figures_can_be_read_by_node_exporter():
    with Directory() as directory:
        clade("snapshot", "-f", "openmetrics", "-o", f"{directory}/clade.prom", "--sample", "0", umask=0o022)
        ok(os.stat(f"{directory}/clade.prom").st_mode & 0o777 == 0o644, "mode 0644", oct(os.stat(f"{directory}/clade.prom").st_mode))


def a_full_disk_leaves_no_half_file():
    with Directory() as directory:
        script = (f"mount -t tmpfs -o size=64k none {directory} && echo old > {directory}/there && "
                  f"{{ {CLADE} snapshot -f json --sample 0 -o {directory}/new; echo status $?; "
                  f"{CLADE} snapshot -f json --sample 0 -o {directory}/there --force; echo status $?; ls {directory}; cat {directory}/there; }}")
        result = isolated("true", f"sh -c '{script}'")
        ok(result.stdout.split() == [b"status", b"1", b"status", b"1", b"there", b"old"], "nothing new, and the old as it was", result)
        ok(result.stderr.count(b"No space left") == 2, "it says so", result.stderr)


def a_kill_in_the_midst_leaves_no_half_file():
    with Directory() as directory:
        for number, pause in enumerate((0.05, 0.2, 0.6)):
            process = subprocess.Popen([CLADE, "snapshot", "-o", f"{directory}/{number}", "--sample", "20"], env=ENV,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(pause)
            process.kill()
            process.wait()
        ok(os.listdir(directory) == [], "nothing", os.listdir(directory))


def what_is_written_can_be_narrowed():
    everything = document()
    mine = document("--filter", "cli\\.py")
    pids = [process["pid"] for process in mine["processes"]]
    ok(os.getpid() in pids and len(pids) < len(everything["processes"]), "a filter", pids)
    ok(mine["left_out"]["processes"] > 0 and everything["left_out"]["processes"] == 0, "says what it left out", mine["left_out"])
    top = document("--top", "1")
    ok(len(top["owners"]) == 1 and {process["owner"] for process in top["processes"]} <= {top["owners"][0]["id"]}, "the hottest owner")
    one = document("--owner", top["owners"][0]["id"], "--columns", "pid,user")
    ok([owner["id"] for owner in one["owners"]].count(top["owners"][0]["id"]) == 1, "an owner by its id", one["owners"])
    ok(all(set(process) == {"pid", "start_ticks", "owner", "uid", "user"} for process in one["processes"]), "only some columns")
    secret = subprocess.Popen(["sh", "-c", "sleep 30; true", "--token", "Sesame-" + "open"])
    try:
        time.sleep(0.2)
        for name in [line.split()[0] for line in clade("list", "formats").stdout.decode().splitlines()]:
            said = clade("snapshot", "-f", name, "--sample", "0", "--redact", "--filter", f"^{secret.pid}$").stdout
            ok(b"Sesame" not in said and said, f"--redact holds in {name}", said)
        ok(b"Sesame" in clade("snapshot", "-f", "json", "--sample", "0", "--filter", f"^{secret.pid}$").stdout, "and was needed")
    finally:
        secret.kill()
        secret.wait()
    fails("an owner that is not there", 1, ["no owner is called 'nobody'"], "snapshot", "--sample", "0", "--owner", "nobody")
    fails("a filter that does not compile", 2, ["foo("], "snapshot", "--filter", "foo(")
    fails("a column that is not there", 2, ["pdi", "pid"], "snapshot", "--columns", "user,pdi")
    fails("no number", 2, ["--top", "1.5"], "snapshot", "--top", "1.5")


def check_exits_as_plugins_do():
    for arguments, status, word in ((("--warn", "100000"), 0, "OK"), (("--warn", "1", "--critical", "100000"), 1, "WARNING"),
                                    (("--critical", "1"), 2, "CRITICAL"), ((), 3, "UNKNOWN"), (("--warn", "x"), 3, "UNKNOWN"),
                                    (("--critical-headroom", "100%"), 2, "CRITICAL"), (("--warn-growth", "0", "--sample", "0"), 3, "UNKNOWN"),
                                    (("--warn", "100000", "--each-owner"), 0, "OK"), (("--warn", "1", "--owner", "nobody"), 3, "UNKNOWN")):
        result = clade("check", *arguments)
        said = result.stdout.decode()
        ok(result.returncode == status and said.startswith(f"CLADE {word} - ") and said.count("\n") == 1, f"check {' '.join(arguments)}",
           result)
        if status != 3:
            data = said.split("|", 1)[1].split()
            ok(all(re.fullmatch(r"[a-z]+=(U|-?[0-9.]+%?)(;[0-9.:]*){2,4}", part) for part in data), "with performance data", data)


def a_difference_says_what_came_and_went():
    with Directory() as directory:
        clade("snapshot", "-f", "json", "-o", f"{directory}/a", "--sample", "0")
        child = subprocess.Popen(["sleep", "30"])
        try:
            time.sleep(0.2)
            clade("snapshot", "-f", "ndjson", "-o", f"{directory}/b.zst", "--sample", "0")
            diff = json.loads(clade("diff", "-f", "json", f"{directory}/a", f"{directory}/b.zst").stdout)
            ok(child.pid in [process["pid"] for process in diff["appeared"]] and diff["same_boot"], "what came", diff["before"])
            diff = json.loads(clade("diff", "-f", "json", f"{directory}/b.zst", f"{directory}/a").stdout)
            ok(child.pid in [process["pid"] for process in diff["vanished"]], "what went")
            diff = json.loads(clade("diff", "-f", "json", "--sample", "0", f"{directory}/a").stdout)
            ok(child.pid in [process["pid"] for process in diff["appeared"]], "one snapshot is compared with now")
            report = clade("diff", f"{directory}/a", f"{directory}/b.zst").stdout.decode()
            ok(" sleep  of " in report and "appeared" in report, "a report", report)
        finally:
            child.kill()
            child.wait()
        fails("no snapshot", 1, [f"{directory}/none", "No such file"], "diff", f"{directory}/none", f"{directory}/a")
        fails("a format that is none", 2, ["text or json"], "diff", "-f", "csv", f"{directory}/a", f"{directory}/a")
        fails("a time that is none", 2, ["noon", "14:10"], "diff", f"{directory}/a", f"{directory}/b.zst", "--from", "noon")


def a_recording_is_compared_between_two_times():
    with Directory() as directory:
        recorder = subprocess.Popen([CLADE, "record", f"{directory}/r.zst", "--delay", "0.5"], env=ENV, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)
        time.sleep(3)
        child = subprocess.Popen(["sleep", "30"])
        try:
            time.sleep(3)
            recorder.terminate()
            recorder.wait(timeout=20)
            diff = json.loads(clade("diff", "-f", "json", f"{directory}/r.zst").stdout)
            ok(child.pid in [process["pid"] for process in diff["appeared"]], "from its first moment to its last", diff["before"], diff["after"])
            diff = json.loads(clade("diff", "-f", "json", "--from", "-1s", f"{directory}/r.zst").stdout)
            ok(child.pid not in [process["pid"] for process in diff["appeared"]], "from a second before the end", diff["before"])
            diff = json.loads(clade("diff", "-f", "json", "--from", "-5s", "--to", "-4s", f"{directory}/r.zst").stdout)
            ok(child.pid not in [process["pid"] for process in diff["appeared"]] and diff["before"]["taken"] < diff["after"]["taken"],
               "up to four seconds before it", diff["before"], diff["after"])
            with open(f"{directory}/r.zst", "rb") as file:
                packed = file.read()
            piped = subprocess.run([CLADE, "diff", "-f", "json", "--from", "-5s", "--to", "-4s", "-"], input=packed, env=ENV, stdout=subprocess.PIPE,
                                   check=True)
            ok(json.loads(piped.stdout) == diff, "from standard input, which is read to its end", piped.stdout[:300])
            text = clade("diff", "--from", "-5s", f"{directory}/r.zst").stdout
            ok(b"sleep" in text, "as a table", text)
        finally:
            child.kill()
            child.wait()


def hostile_names_are_harmless_everywhere():
    with Directory() as directory:
        names = [b"\x1b[2Jx", b"\xff\xfe\xfd", b"a\nb c) S 1", b" ", b"\xe2\x80\xaeevil"]
        children = []
        try:
            for number, name in enumerate(names):
                program = directory.encode() + b"/" + (name if name.strip() else b"blank")
                shutil.copy(os.path.realpath(shutil.which("sleep")), program)
                children.append(subprocess.Popen([name, b"30"], executable=program, cwd=directory))
            time.sleep(0.3)
            raw = clade("snapshot", "-f", "json", "--sample", "0")
            snapshot = json.loads(raw.stdout.decode("utf-8"))
            ok(not any(byte < 32 and byte != 10 for byte in raw.stdout), "no control byte in the document")
            found = {process["pid"]: process for process in snapshot["processes"]}
            for child, name in zip(children, names):
                process = found.get(child.pid)
                ok(process is not None and process["ppid"] == os.getpid(), f"{name!r} is there", process)
            report = clade("snapshot", "--sample", "0").stdout
            ok(not any(byte < 32 and byte != 10 for byte in report), "no control byte in the report")
            report.decode("utf-8")
        finally:
            for child in children:
                child.kill()
                child.wait()


def isolated(setup, command, user=None):
    """Runs a command in mount and pid namespaces of its own, where `setup` was run first."""
    unshare = shutil.which("unshare")
    if os.geteuid() != 0 or not unshare:
        raise Skip("only root can make namespaces")
    if user is not None:
        command = f"setpriv --reuid={user} --regid={user} --clear-groups {command}"
    result = subprocess.run([unshare, "--mount", "--pid", "--fork", "--propagation", "private", "sh", "-c", f"{setup} && {command}"],
                            env={**ENV, **NO_LEAK_CHECK}, capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
    if b"unshare" in result.stderr or b"mount:" in result.stderr:
        raise Skip(result.stderr.decode(errors="replace"))
    return result


def without_proc_it_says_so():
    result = isolated("mount -t tmpfs none /proc", f"{CLADE} snapshot --sample 0")
    ok(result.returncode == 1, "exit status 1", result)
    said = [line for line in result.stderr.splitlines() if not line.startswith(b"==")]  # a sanitizer misses /proc too
    ok(len(said) == 1 and b"/proc is not mounted" in said[0], "and why", result.stderr)


def hidden_processes_are_called_hidden():
    with Directory() as directory:
        shutil.copy(CLADE, f"{directory}/clade")
        result = isolated("mount -t proc -o hidepid=2 proc /proc && sleep 20 & mount -t proc -o hidepid=2 proc /proc",
                          f"{directory}/clade snapshot -f json --sample 0", user=65534)
        if result.returncode != 0:
            raise Skip(f"no proc with hidepid here: {result.stderr.decode(errors='replace')}")
        snapshot = json.loads(result.stdout)
        ok(any("hidepid" in text for text in snapshot["notes"]), "a note says what cannot be seen", snapshot["notes"])
        ok(all(process["uid"] == 65534 for process in snapshot["processes"]), "and only one's own are there")
        pids = {process["pid"] for process in snapshot["processes"]}
        ok(1 not in pids and all(not process["orphan"] for process in snapshot["processes"]), "a parent that is hidden makes no orphan")


def another_user_sees_what_may_be_seen():
    if os.geteuid() != 0:
        raise Skip("only root can become another user")
    with Directory() as directory:
        shutil.copy(CLADE, f"{directory}/clade")
        result = subprocess.run([f"{directory}/clade", "snapshot", "-f", "json", "--sample", "0"], env=ENV, capture_output=True,
                                user=65534, group=65534, extra_groups=[], cwd="/", timeout=60, stdin=subprocess.DEVNULL)
        snapshot = json.loads(result.stdout)
        mine = next(process for process in snapshot["processes"] if process["pid"] == os.getpid())
        ok(mine["env"] == "denied" and mine["exe"] is None and mine["io_read_bytes"] is None, "what is denied is unknown", mine)
        ok(mine["argv"] and mine["ppid"] == os.getppid(), "what is not is there", mine)
        ok(mine["evidence"], "and the evidence", mine)


def it_starts_when_the_process_table_is_full():
    """In a cgroup where no fork succeeds: one process, one thread."""
    top = "/sys/fs/cgroup/pids" if os.path.isdir("/sys/fs/cgroup/pids") else "/sys/fs/cgroup"
    group = f"{top}/clade-test-full-{os.getpid()}"
    try:
        os.mkdir(group)
        with open(f"{group}/pids.max", "w", encoding="ascii") as file:
            file.write("1")
    except OSError as error:
        raise Skip(f"no pids cgroup can be made: {error}") from error
    try:
        def enter():
            with open(f"{group}/cgroup.procs", "w", encoding="ascii") as file:
                file.write("0")
        result = clade("snapshot", "--sample", "0.2", preexec_fn=enter, env=NO_LEAK_CHECK)
        ok(result.returncode == 0 and b"no owner" in result.stdout, "a snapshot is written", result)
    finally:
        os.rmdir(group)


def a_signal_ends_a_snapshot_at_once():
    process = subprocess.Popen([CLADE, "snapshot", "--sample", "60"], env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    ok(process.wait(timeout=10) == -signal.SIGTERM, "SIGTERM", process.returncode)


ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: what scenes leave behind is ours to wait for
main(what_is_unknown_is_refused, help_and_version_are_for_standard_output, without_a_terminal_the_snapshot_is_named,
     a_terminal_that_cannot_move_its_cursor_is_refused, a_snapshot_is_a_report_or_a_document,
     with_a_sample_rates_are_known_and_without_unknown, a_pipe_that_closes_is_no_failure_but_a_full_disk_is,
     figures_can_be_read_by_node_exporter, a_full_disk_leaves_no_half_file, a_kill_in_the_midst_leaves_no_half_file, what_is_written_can_be_narrowed, check_exits_as_plugins_do,
     a_difference_says_what_came_and_went, a_recording_is_compared_between_two_times,
     a_broken_rule_is_named_and_the_rest_works, a_configuration_is_read_and_its_mistakes_are_named, hostile_names_are_harmless_everywhere, without_proc_it_says_so,
     hidden_processes_are_called_hidden, another_user_sees_what_may_be_seen, it_starts_when_the_process_table_is_full,
     a_signal_ends_a_snapshot_at_once)
