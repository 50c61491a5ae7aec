"""The kernel's process events against what /proc/stat counts: births that no sample can see."""
import json
import os
import signal
import subprocess
import tempfile
import time

from tap import Skip, find_clade, main, note, ok

CLADE = find_clade()
ENV = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "HOME": "/nonexistent", "ASAN_OPTIONS": "detect_leaks=0"}

# Births at a rate, each of which ends at once. It ends by itself.
BIRTHS = r"""
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec + at.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double rate = argc > 2 ? atof(argv[1]) : 0, seconds = argc > 2 ? atof(argv[2]) : 0, began = now();
	long n = 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm((unsigned)seconds + 5);
	while (now() - began < seconds) {
		while (n < (now() - began) * rate && now() - began < seconds) {
			pid_t pid = vfork();
			if (pid == 0)
				_exit(0);
			if (pid < 0)
				break;
			waitpid(pid, NULL, 0);
			n++;
		}
		usleep(500);
	}
	printf("%ld\n", n);
	return 0;
}
"""


class Births:
    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="clade-births-")
        self.path = os.path.join(self.directory.name, "births")
        with open(self.path + ".c", "w") as file:
            file.write(BIRTHS)
        subprocess.run(["cc", "-O1", "-o", self.path, self.path + ".c"], check=True)

    def start(self, rate, seconds):
        return subprocess.Popen([self.path, str(rate), str(seconds)], stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.cleanup()


def forks():
    with open("/proc/stat") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("processes "))


def watch(collector, seconds, *prefix):
    return subprocess.Popen([*prefix, CLADE, "snapshot", "--collector", collector, "--sample", str(seconds), "-f", "json"], env=ENV,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def result_of(process):
    output, error = process.communicate(timeout=120)
    if process.returncode != 0:
        raise RuntimeError(error.decode(errors="replace"))
    return json.loads(output)


def rate_of(document, what):
    return sum(owner[what] or 0 for owner in document["owners"])


def needs_events():
    if os.geteuid() != 0:
        raise Skip("needs root")
    notes = result_of(watch("procps", 0))["notes"]
    if any("live shorter than a sample" in said for said in notes):
        raise Skip("the kernel does not tell of processes here")


def every_brief_life_is_counted(collector):
    needs_events()
    with Births() as births:
        before = forks()
        clade = watch(collector, 6)
        time.sleep(1)
        born = int(births.start(5000, 3).communicate(timeout=60)[0])
        document = result_of(clade)
        counted = forks() - before
        seen = rate_of(document, "births_per_s") * 6
        note(f"{born} born by the scene, {counted} forks and threads in /proc/stat, {seen:.0f} births and "
             f"{rate_of(document, 'deaths_per_s') * 6:.0f} deaths counted")
        # what is counted besides are other processes of the machine, and the watching lasts a little longer than was asked
        ok(born * 0.98 <= seen <= counted * 1.02, f"{collector}: all births are counted", born, seen, counted)
        died = rate_of(document, "deaths_per_s") * 6
        ok(born * 0.98 <= died <= counted * 1.02 + len(os.listdir("/proc")), f"{collector}: and all deaths", born, died, counted)
        # a kernel that is short of memory drops some of them, and then it is said
        is_told = any("lost" in said for said in document["notes"])
        ok(is_told or document["host"]["unseen_births"] == 0, f"{collector}: none stayed unseen, or it is said",
           document["host"]["unseen_births"])


def with_bpf():
    every_brief_life_is_counted("bpf" if is_bpf_usable() else "procps")


def with_procps():
    every_brief_life_is_counted("procps")


def is_bpf_usable():
    return b"Used here: bpf\n" in subprocess.run([CLADE, "--version"], env=ENV, capture_output=True).stdout


def an_overflow_is_told():
    needs_events()
    with Births() as births:
        clade = watch("procps", 5)
        time.sleep(1)
        os.kill(clade.pid, signal.SIGSTOP)  # it cannot take what comes
        born = int(births.start(20000, 6).communicate(timeout=60)[0])
        os.kill(clade.pid, signal.SIGCONT)
        document = result_of(clade)
        if born < 30000:
            raise Skip(f"this machine gives birth to {born} in six seconds: not enough to overflow anything")
        seen = rate_of(document, "births_per_s")
        ok(any("lost" in said for said in document["notes"]), "it is said that there were more", born, document["notes"])
        ok(0 < seen * 10 < born, "and what was counted is less", seen, born)


def another_that_begins_and_ends_to_listen_is_no_loss():
    needs_events()
    with Births() as births:
        clade = watch("procps", 4)
        time.sleep(1)
        living = births.start(500, 2.5)  # on every CPU something comes after the other's messages
        result_of(watch("procps", 1))
        living.communicate(timeout=60)
        notes = result_of(clade)["notes"]
        ok(not any("lost" in said for said in notes), "nothing is said to be lost", notes)


def who_is_not_told_knows_how_many():
    if os.geteuid() != 0:
        raise Skip("needs root to make a namespace")
    with Births() as births:
        clade = watch("procps", 3, "unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
        time.sleep(0.5)
        born = int(births.start(1000, 2).communicate(timeout=60)[0])
        document = result_of(clade)
        ok(any("live shorter than a sample" in said for said in document["notes"]), "it is said that they are not seen", document["notes"])
        ok(document["host"]["unseen_births"] > 0, "and how many there were", born, document["host"]["unseen_births"])


if __name__ == "__main__":
    main(with_bpf, with_procps, an_overflow_is_told, another_that_begins_and_ends_to_listen_is_no_loss, who_is_not_told_knows_how_many)
