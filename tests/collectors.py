"""The two collectors of the live machine give the same snapshot: they are held against each other field by field."""
import ctypes
import json
import os
import signal
import subprocess
import tempfile
import time

from tap import Skip, find_clade, main, note, ok

CLADE = find_clade()
ENV = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "HOME": "/nonexistent", "ASAN_OPTIONS": "detect_leaks=0"}

# One process for each thing that a collector can get wrong. It writes "NAME PID" for each, then waits to be told to change them.
CAST = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char **arguments;
static int ready[2], go[2];
static pid_t others[64];
static int n_others;

static void burn(double seconds)
{
	struct timespec used;
	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	while (used.tv_sec + used.tv_nsec / 1e9 < seconds);
}
static void burn_and_write(double seconds)
{
	char path[] = "/tmp/clade-cast-XXXXXX";
	int fd = mkstemp(path);
	char block[8192] = {0};
	burn(seconds);
	unlink(path);
	for (int i = 0; i < 40; i++)
		if (write(fd, block, sizeof(block)) < 0)
			exit(1);
	fsync(fd);
	close(fd);
}
static void tell(void) { if (write(ready[1], "", 1) != 1) exit(1); }
static void rest(void) { for (;;) pause(); }
static void wait_for_change(void) { char byte; if (read(go[0], &byte, 1) != 0) exit(1); }
static void *short_life(void *arg) { burn_and_write(0.07); return arg; }
static void *long_life(void *arg) { burn_and_write(0.06); tell(); rest(); return arg; }
static void *late_life(void *arg) { usleep(50000); tell(); rest(); return arg; }

static void plain(void) { tell(); rest(); }
static void threads(void)
{
	pthread_t id;
	pthread_create(&id, NULL, short_life, NULL);
	pthread_join(id, NULL);
	pthread_create(&id, NULL, long_life, NULL);
	pthread_create(&id, NULL, long_life, NULL);
	burn(0.05);
	rest();
}
static void headless(void) /* its first thread has ended, another lives */
{
	pthread_t id;
	pthread_create(&id, NULL, late_life, NULL);
	pthread_exit(NULL);
}
static void busy(void) { burn_and_write(0.13); tell(); rest(); }
static void niced(void) { setpriority(PRIO_PROCESS, 0, 7); tell(); rest(); }
static void session(void) { setsid(); tell(); rest(); }
static void terminal(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);
	grantpt(fd);
	unlockpt(fd);
	setsid();
	if (open(ptsname(fd), O_RDWR) < 0)
		exit(1);
	tell();
	rest();
}
static void other_user(void) { if (setgid(65534) || setuid(65534)) exit(1); tell(); rest(); }
static void named(void) { prctl(PR_SET_NAME, "a) b\n(c"); tell(); rest(); }
static void titled(void) /* has written over its arguments, as setproctitle(3) does */
{
	memset(arguments[0], 'x', strlen(arguments[0]));
	tell();
	rest();
}
static void moved(void) { if (chdir("/usr")) exit(1); tell(); rest(); }
static void blocked(void) /* waits for its child without being interruptible */
{
	if (vfork() == 0) {
		tell();
		syscall(SYS_pause);
		_exit(0);
	}
}
static void boxed(void)
{
	if (unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS) != 0)
		exit(1);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		plain();
	}
	rest();
}
static void executed(void)
{
	char *argv[] = {"sleep", "86399", NULL};
	char *env[] = {"CLAUDECODE=1", "CLAUDE_CODE_SESSION_ID=collectors", NULL};
	tell();
	usleep(20000);
	execve("/bin/sleep", argv, env);
	exit(1);
}
static void dead(void) { tell(); _exit(0); }
/* What changes between two samples. */
static void will_execute(void) { tell(); wait_for_change(); executed(); }
static void will_rename(void) { tell(); wait_for_change(); named(); }
static void will_title(void) { tell(); wait_for_change(); titled(); }
static void will_be_another(void) { tell(); wait_for_change(); other_user(); }
static void will_die(void) { tell(); wait_for_change(); burn(0.05); _exit(0); }
static void will_move(void) { tell(); wait_for_change(); moved(); }
static void will_work(void) { tell(); wait_for_change(); threads(); }

static const struct { const char *name; void (*play)(void); int tells; } cast[] = {
	{"plain", plain, 1}, {"threads", threads, 2}, {"headless", headless, 1}, {"busy", busy, 1}, {"niced", niced, 1},
	{"session", session, 1}, {"terminal", terminal, 1}, {"other_user", other_user, 1}, {"named", named, 1}, {"titled", titled, 1},
	{"moved", moved, 1}, {"blocked", blocked, 1}, {"boxed", boxed, 1}, {"executed", executed, 1}, {"dead", dead, 1},
	{"stopped", plain, 1}, {"frozen_name", plain, 1},
	{"will_execute", will_execute, 1}, {"will_rename", will_rename, 1}, {"will_title", will_title, 1},
	{"will_be_another", will_be_another, 1}, {"will_die", will_die, 1}, {"will_move", will_move, 1}, {"will_work", will_work, 1},
};

int main(int argc, char **argv)
{
	char byte;
	(void)argc;
	arguments = argv;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pipe(ready) || pipe(go))
		return 1;
	for (size_t i = 0; i < sizeof(cast) / sizeof(cast[0]); i++) {
		pid_t pid = fork();
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(go[1]);
			cast[i].play();
			_exit(1);
		}
		others[n_others++] = pid;
		for (int told = 0; told < cast[i].tells; told++)
			if (read(ready[0], &byte, 1) != 1)
				return 1;
		if (strcmp(cast[i].name, "stopped") == 0)
			kill(pid, SIGSTOP);
		printf("%s %d\n", cast[i].name, pid);
	}
	printf("end 0\n");
	fflush(stdout);
	if (read(0, &byte, 1) != 1)
		return 1;
	close(go[1]);
	for (int told = 0; told < 7; told++)
		if (read(ready[0], &byte, 1) != 1)
			return 1;
	printf("changed 0\n");
	fflush(stdout);
	rest();
}
"""


class Cast:
    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="clade-cast-")
        path = os.path.join(self.directory.name, "cast")
        with open(path + ".c", "w") as file:
            file.write(CAST)
        subprocess.run(["cc", "-O1", "-pthread", "-o", path, path + ".c"], check=True)
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENV)
        self.pids = self._hear("end")
        time.sleep(0.3)  # what executes something has done so

    def _hear(self, last):
        pids = {}
        for line in self.process.stdout:
            name, pid = line.split()
            if name == last:
                return pids
            pids[name] = int(pid)
        raise RuntimeError("the cast has ended before its time")

    def change(self):
        self.process.stdin.write("x")
        self.process.stdin.flush()
        self._hear("changed")
        time.sleep(0.3)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        children = [int(pid) for pid in open(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read().split()]
        for pid in children:
            for grandchild in open(f"/proc/{pid}/task/{pid}/children").read().split():
                os.kill(int(grandchild), signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self.directory.cleanup()


def needs_bpf():
    if os.geteuid() != 0:
        raise Skip("needs root")
    for _ in range(200):  # of a crowd not everything is read at once, and what is read takes its time
        if sum(name.isdigit() for name in os.listdir("/proc")) < 3000:
            break
        time.sleep(1)
    else:
        raise Skip("thousands of other processes are on this machine")
    result = subprocess.run([CLADE, "--version"], env=ENV, capture_output=True, text=True, check=True)
    if "Used here: bpf\n" not in result.stdout:
        raise Skip(result.stdout.split("Used here: ")[1].splitlines()[0])


def snapshot(collector, *prefix, sample="0"):
    result = subprocess.run([*prefix, CLADE, "snapshot", "--collector", collector, "-f", "json", "--sample", sample], env=ENV,
                            stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    if result.returncode != 0:
        raise RuntimeError(result.stderr.decode(errors="replace"))
    return json.loads(result.stdout)


def by_key(document):
    return {(process["pid"], process["start_ticks"]): process for process in document["processes"]}


# May a field differ? What is between what was seen before and after has changed meanwhile. The reasons are all there are.
def is_between(before, now, after, slack=0):
    values = [value for value in (before, after) if value is not None]
    return now is not None and len(values) == 2 and min(values) <= now <= max(values) + slack


def is_explained(field, before, now, after, is_quiet):
    if field == "cpu_ticks":
        # /proc rounds user and system time down one by one, the iterator their sum: one tick more at most
        return is_between(before[field], now[field], after[field], slack=1)
    if field in ("io_read_bytes", "io_write_bytes") and not is_quiet or field == "age_s":
        return is_between(before[field], now[field], after[field])  # these only rise
    if field in ("state", "threads", "rss_bytes"):
        return not is_quiet  # these go up and down from moment to moment in a process that does something
    if field in ("comm", "argv", "title") and now["kernel"]:
        # a worker of the kernel is named by what it does at the time: "kworker/0:1-events"
        return now["comm"].startswith("kworker/") and now["comm"].split("-")[0] == before["comm"].split("-")[0]
    return False


def compare(before, now, after, quiet, title):
    """`quiet` are processes of which nothing at all may differ but for rounding."""
    a, b, c = by_key(before), by_key(now), by_key(after)
    began = max(key[1] for key in a)  # the newest process of the first is clade itself, or younger
    missing = [f"{key} {a[key]['comm']}" for key in a if key in c and key not in b]
    invented = [f"{key} {b[key]['comm']}" for key in b if key not in a and key not in c and key[1] < began]
    ok(not missing, f"{title}: what was there before and after is there", *missing)
    ok(not invented, f"{title}: what is there was there before or after, or began in between", *invented)
    wrong = []
    compared = 0
    for key in b.keys() & a.keys() & c.keys():
        is_quiet = key[0] in quiet
        fields = a[key].keys() | b[key].keys()
        for field in sorted(fields):
            values = [a[key].get(field), c[key].get(field)]
            compared += 1
            if b[key].get(field) not in values and not is_explained(field, a[key], b[key], c[key], is_quiet):
                wrong.append(f"{key} {b[key]['comm']} {field}: {b[key].get(field)}, but procps {values}")
    note(f"{compared} fields of {len(b.keys() & a.keys() & c.keys())} processes")
    ok(compared > 0 and not wrong, f"{title}: every field is the same", *wrong)
    return b


def three(*prefix, quiet=(), title):
    return compare(snapshot("procps", *prefix), snapshot("bpf", *prefix), snapshot("procps", *prefix), quiet, title)


def of_pid(processes, pid):
    return next(process for key, process in processes.items() if key[0] == pid)


def both_collectors_see_the_same():
    needs_bpf()
    with Cast() as cast:
        seen = three(quiet=set(cast.pids.values()), title="a cast of all kinds")
        shown = {name: of_pid(seen, pid) for name, pid in cast.pids.items()}
        # and it is no sameness of two that are wrong alike
        ok(shown["dead"]["state"] == "Z" and shown["headless"]["state"] == "Z", "zombies are zombies")
        ok(shown["headless"]["threads"] == 2, "a zombie with a living thread", shown["headless"]["threads"])
        ok(shown["stopped"]["state"] == "T" and shown["blocked"]["state"] == "D", "stopped and blocked are")
        ok(shown["threads"]["threads"] == 3 and shown["threads"]["cpu_ticks"] >= 22,
           "the time of all threads counts, also of one that has ended", shown["threads"])
        ok(shown["threads"]["io_write_bytes"] >= 3 * 40 * 8192 > shown["busy"]["io_write_bytes"] >= 40 * 8192,
           "and what they have written", shown["threads"]["io_write_bytes"], shown["busy"]["io_write_bytes"])
        ok(shown["niced"]["nice"] == 7 and shown["other_user"]["uid"] == 65534 and shown["moved"]["cwd"] == "/usr",
           "niceness, user and directory are those that it took without executing anything")
        ok(shown["named"]["comm"] == "a) b\n(c", "any byte may stand in a name", shown["named"]["comm"])
        ok(set(shown["titled"]["argv"][0]) == {"x"}, "a title that was written over the arguments", shown["titled"]["argv"])
        ok(shown["terminal"]["tty"] != 0 and shown["terminal"]["session"] == cast.pids["terminal"], "terminal and session")
        ok(shown["executed"]["argv"] == ["sleep", "86399"] and shown["executed"]["markers"]["CLAUDECODE"] == "1",
           "what was executed has its own arguments and environment", shown["executed"])


def changes_between_samples_are_seen():
    needs_bpf()
    with Cast() as cast:
        collector = subprocess.Popen([CLADE, "snapshot", "--collector", "bpf", "-f", "json", "--sample", "3"], env=ENV,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        time.sleep(1.5)
        cast.change()
        before = snapshot("procps")
        now = json.loads(collector.communicate(timeout=60)[0])
        after = snapshot("procps")
        for document in (before, now, after):
            for process in document["processes"]:
                for rate in ("cpu_percent", "io_read_per_s", "io_write_per_s"):
                    process.pop(rate, None)
                # of a changed title or directory nothing tells: it is looked at in turn
                if process["pid"] in (cast.pids["will_title"], cast.pids["will_move"]) or process["pid"] not in cast.pids.values():
                    process["argv"] = process["title"] = process["cwd"] = None
        # what a zombie was is known only to who has seen it alive
        died = of_pid(by_key(now), cast.pids["will_die"])
        ok(died["state"] == "Z" and died["argv"] and died["cpu_ticks"] >= 4, "a zombie keeps what it was", died)
        dead = {process["pid"] for document in (before, now, after) for process in document["processes"] if process["state"] == "Z"}
        for document in (before, now, after):
            document["processes"] = [process for process in document["processes"] if process["pid"] not in dead]
        seen = compare(before, now, after, set(cast.pids.values()) - dead, "after they have changed")
        ok(of_pid(seen, cast.pids["will_execute"])["argv"] == ["sleep", "86399"], "executed")
        ok(of_pid(seen, cast.pids["will_be_another"])["uid"] == 65534, "became another user")
        ok(of_pid(seen, cast.pids["will_rename"])["comm"] == "a) b\n(c", "took another name")


def what_nothing_tells_of_is_seen_in_turn():
    needs_bpf()
    with Cast() as cast:
        recordings = {name: tempfile.TemporaryFile() for name in ("procps", "bpf")}
        recorders = [subprocess.Popen([CLADE, "record", "-", "--delay", "0.1", "--collector", name], env=ENV, stdin=subprocess.DEVNULL, stdout=file)
                     for name, file in recordings.items()]
        time.sleep(2)
        cast.change()
        time.sleep(12)
        for recorder in recorders:
            recorder.terminate()
            recorder.wait()
        for name, file in recordings.items():
            file.seek(0)
            lines = subprocess.run(["zstd", "-dc"], stdin=file, capture_output=True, check=True).stdout.splitlines()
            said = [process for process in map(json.loads, lines) if process["type"] == "process"]
            ok(any(process["pid"] == cast.pids["will_title"] and process.get("argv", [""])[0].startswith("xx") for process in said),
               f"{name}: a title that was written over the arguments without running for 10 ms")
            ok(any(process["pid"] == cast.pids["will_move"] and process.get("cwd") == "/usr" for process in said), f"{name}: another directory")
            file.close()


def a_pid_namespace_numbers_its_own():
    needs_bpf()
    with tempfile.TemporaryDirectory(prefix="clade-cast-") as directory:
        script = ("sleep 86397 & setsid sleep 86398 & unshare --pid --fork sleep 86399 & sleep 0.5; for i in 1 2 3; do\n"
                  f"[ $i = 2 ] && name=bpf || name=procps; {CLADE} snapshot --sample 0 -f json --collector $name >{directory}/$i; done")
        subprocess.run(["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script], check=True, env=ENV)
        seen = compare(*(json.load(open(f"{directory}/{i}")) for i in (1, 2, 3)), set(), "in a pid namespace")
    ok(min(seen)[0] == 1 and len(seen) >= 5, "process 1 is the namespace's own, and only what is in it is there", *seen)
    deep = [process for process in seen.values() if process["argv"] == ["sleep", "86399"]]
    ok(len(deep) == 1 and deep[0]["ns_pid"] == 1 and deep[0]["pid"] > 1, "a namespace in it counts anew", *deep)


def a_foreign_proc_is_noticed():
    needs_bpf()
    outside = ["unshare", "--pid", "--fork"]
    result = subprocess.run([*outside, CLADE, "--version"], env=ENV, capture_output=True, text=True)
    ok("Used here: procps; bpf is not used: /proc is of another pid or time namespace than clade" in result.stdout,
       "the reason is told", result.stdout)
    result = subprocess.run([*outside, CLADE, "snapshot", "--collector", "bpf"], env=ENV, capture_output=True, text=True)
    ok(result.returncode == 1 and "another pid or time namespace" in result.stderr, "asked for by name it fails", result.stderr)


def who_may_not_use_it_is_told():
    if os.geteuid() != 0:
        raise Skip("needs root to become someone who is not")
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    result = subprocess.run([*nobody, CLADE, "--version"], env=ENV, capture_output=True, text=True)
    ok("Used here: procps; bpf is not used: " in result.stdout, "--version says why", result.stdout, result.stderr)
    result = subprocess.run([*nobody, CLADE, "snapshot", "--collector", "bpf"], env=ENV, capture_output=True, text=True)
    ok(result.returncode == 1 and result.stderr.startswith("clade: bpf is not used: "), "asked for by name it fails", result.stderr)
    result = subprocess.run([*nobody, CLADE, "snapshot", "--sample", "0"], env=ENV, capture_output=True, text=True)
    ok(result.returncode == 0 and result.stderr == "", "and auto takes procps without a word", result.stderr)


def two_capabilities_are_enough():
    needs_bpf()
    few = ["setpriv", "--bounding-set=-all,+bpf,+perfmon,+sys_ptrace,+dac_read_search", "--inh-caps=-all", "--no-new-privs"]
    result = subprocess.run([*few, CLADE, "--version"], env=ENV, capture_output=True, text=True)
    ok("Used here: bpf\n" in result.stdout, "CAP_BPF and CAP_PERFMON", result.stdout, result.stderr)
    seen = by_key(snapshot("bpf", *few, sample="1.2"))
    ok(any(key[0] == 1 for key in seen), "and a second sample can be taken")


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: what the cast leaves behind is ours
    main(both_collectors_see_the_same, changes_between_samples_are_seen, what_nothing_tells_of_is_seen_in_turn,
         a_pid_namespace_numbers_its_own, a_foreign_proc_is_noticed, who_may_not_use_it_is_told, two_capabilities_are_enough)
