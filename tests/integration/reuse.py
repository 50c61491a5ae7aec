"""Run as pid 1 of a pid namespace by kill.py: a pid of the plan is taken over by another process. Prints JSON.

    reuse.py CLADE BOMB WHEN KERNEL     WHEN: asked (before the answer to its question) or grace (between TERM and SIGKILL)
                                        KERNEL: pidfd, or plain: it has none
"""
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time

from lacking import without_pidfd

clade, bomb, when, kernel = sys.argv[1:]


def start_ticks(pid):
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[19])


def heard_until(fd, words, patience_s=20):
    said, end = "", time.monotonic() + patience_s
    while words not in said and time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                said += os.read(fd, 65536).decode("utf-8", "replace")
            except OSError:
                break
    return said


victim = subprocess.Popen([bomb, "stubborn"], stdin=subprocess.DEVNULL)
first = start_ticks(victim.pid)
child, terminal = pty.fork()
if child == 0:
    if kernel == "plain":
        without_pidfd()
    os.execve(clade, ["clade", "kill", str(victim.pid), "--grace", "2", "--watch", "0"], {"TERM": "xterm", "HOME": "/"})
said = heard_until(terminal, "Enter to go on")
if when == "grace":
    os.write(terminal, b"\r")
    said += heard_until(terminal, "waiting")
os.kill(victim.pid, signal.SIGKILL)
victim.wait()
time.sleep(0.1)  # a start time counts hundredths of a second
for _ in range(50):
    with open("/proc/sys/kernel/ns_last_pid", "w") as file:
        file.write(str(victim.pid - 1))
    newcomer = subprocess.Popen([bomb, "stubborn"], stdin=subprocess.DEVNULL)
    if newcomer.pid == victim.pid:
        break
    newcomer.kill()
    newcomer.wait()
if when == "asked":
    os.write(terminal, b"\r")
said += heard_until(terminal, "looks")
_, status = os.waitpid(child, 0)
json.dump({"taken_over": newcomer.pid == victim.pid and start_ticks(newcomer.pid) != first, "lives": newcomer.poll() is None,
           "status": os.waitstatus_to_exitcode(status), "said": said}, sys.stdout)
newcomer.kill()
newcomer.wait()
