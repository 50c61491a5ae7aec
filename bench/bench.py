#!/usr/bin/env python3
"""Measures clade and its peers at crowds of processes: make bench, or

    bench.py [--scenes NAME,...] [--peers NAME,...] [--seconds N]

Each program runs in a pseudo terminal of its own, is asked for the same and watched in the same way: when its first
rows stand on the screen, how long a key takes until the screen changes while it collects, how often it refreshes, what
CPU and memory it takes, how long it needs to quit. What the kernel needs at the least, which is getdents of /proc and
open, read and close of every stat, is measured in the same run: figures are ratios to that and to the peers, for the
machine matters more than the program. Needs root, for the scenes (scene.c) and for nothing else. Peers that are not
installed are named and left out.
"""
import argparse
import fcntl
import os
import pty
import random
import re
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time

BUILD = os.environ.get("BUILD", "build")
ROWS, COLUMNS = 40, 120
DELAY_S = 2
FIRST_PATIENCE_S = 60  # a program that shows no row within that shows none
KEY_PATIENCE_S = 20
KEYS_APART_S = (0.11, 0.29)  # no beat in step with the samples
BURST_GAP_S = 0.2  # output that comes after a pause this long is a new refresh

SCENES = {  # name: (arguments of scene, what it is)
    "300": ("flat 200", "an idle machine: 200 more processes"),
    "flat": ("flat 73217", "73,217 children of one shell, forked"),
    "exec": ("--exec flat 73217", "the same, each with a command line of its own"),
    "fan": ("fan 730 100", "730 shells with 100 children each"),
    "zombies": ("--zombies 10 flat 73217", "73,217, every tenth a zombie"),
    "deep": ("deep 2000", "a chain of 2,000"),
    "births": ("--births 5000 flat 2000", "5,000 births a second beside 2,000 that stay"),
}
OURS = ("bpf", "procps")  # clade, by its collector
CURVE = (1000, 10000, 20000, 73217, 150000)


def clade(collector):
    argv = [f"{BUILD}/clade", "-d", str(DELAY_S), "--collector", collector]
    return argv, rb"(claude-code|no owner|01a20b03)", (b"t", b"t"), b"q"


def peers():
    """What is measured: the command, how a row of it looks, keys that change its whole screen (to the tree and back,
    where there is one), and what quits it."""
    return {
        "bpf": clade("bpf"),
        "procps": clade("procps"),
        "htop": (["htop", "-d", str(DELAY_S * 10)], rb"\d+ *root", (b"t", b"t"), b"q"),
        "top": (["top", "-d", str(DELAY_S)], rb"\d+ *root", (b"V", b"V"), b"q"),
        "atop": (["atop", str(DELAY_S)], rb"\d+ .*\n?.*(sh|clade|python3)\b", (b"c", b"g"), b"q"),
        "btop": (["btop", "--utf-force"], rb"(Pid:|Program:)", (b"e", b"e"), b"q"),
    }


def settings(home):
    """btop's delay can only be set in a file; no peer reads or writes the user's own settings."""
    os.makedirs(f"{home}/btop")
    with open(f"{home}/btop/btop.conf", "w") as file:
        file.write(f"update_ms = {DELAY_S * 1000}\nshown_boxes = \"cpu mem proc\"\n")
    return {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": home,
            "XDG_CONFIG_HOME": home}


def plain(output):
    """Output without its escape sequences: what is left is text in the order in which it was written."""
    output = re.sub(rb"\x1b\[[0-9;?]*[ -/]*[@-~]", b"", output)
    return re.sub(rb"\x1b[()][0-9A-B]|\x1b[=>]|\x1b\][^\x07]*\x07", b"", output)


class Terminal:
    """A program in a pseudo terminal."""

    def __init__(self, argv, environment):
        self.began = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.execvpe(argv[0], argv, environment)
        os.set_blocking(self.fd, False)
        self.is_open = True

    def read(self, timeout_s):
        """What it writes within that time: as soon as there is something; b"" for nothing."""
        if not self.is_open or not select.select([self.fd], [], [], max(0, timeout_s))[0]:
            return b""
        try:
            return os.read(self.fd, 1 << 20)
        except OSError:  # it has ended
            self.is_open = False
            return b""

    def wait_for(self, pattern, patience_s):
        """Seconds from exec until what it has written matches; None when it never does."""
        seen = b""
        while self.is_open and time.monotonic() < self.began + patience_s:
            seen += self.read(0.05)
            if re.search(pattern, plain(seen)):
                return time.monotonic() - self.began
        return None

    def drain(self, seconds):
        """Reads for so long; returns when each burst of output began."""
        bursts, last = [], 0.0
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.is_open:
            if not self.read(end - time.monotonic()):
                continue
            now = time.monotonic()
            if now - last > BURST_GAP_S:
                bursts.append(now)
            last = now
        return bursts

    def press(self, key):
        """Seconds until something is written after the key; None when nothing is."""
        while self.read(0):
            pass
        began = time.monotonic()
        os.write(self.fd, key)
        return time.monotonic() - began if self.read(KEY_PATIENCE_S) else None

    def cpu_s(self):
        """Of all its threads, to the nanosecond: a refresh takes less than the tick that stat counts in."""
        total = 0
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def peak_mb(self):
        with open(f"/proc/{self.pid}/status") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1)) / 1024

    def quit(self, key):
        """Seconds from the key until it has ended; one that does not end is killed."""
        began = time.monotonic()
        took = None
        os.write(self.fd, key)
        while time.monotonic() < began + KEY_PATIENCE_S:
            self.read(0.002)
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                took = time.monotonic() - began
                break
        else:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
        return took


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else None


def watch(name, seconds, environment):
    """One program in one scene: its figures by name."""
    argv, row, keys, end = peers()[name]
    terminal = Terminal(argv, environment)
    figures = {"first": terminal.wait_for(row, FIRST_PATIENCE_S)}
    if figures["first"] is None:
        terminal.quit(end)
        return figures
    terminal.drain(DELAY_S)
    cpu, began = terminal.cpu_s(), time.monotonic()
    bursts = terminal.drain(seconds)
    figures["cpu"] = 100 * (terminal.cpu_s() - cpu) / (time.monotonic() - began)
    apart = [b - a for a, b in zip(bursts, bursts[1:])]
    figures["refresh"] = statistics.median(apart) if apart else None
    if figures["refresh"]:
        figures["cpu_each"] = figures["cpu"] / 100 * figures["refresh"]
    taken = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        took = terminal.press(keys[len(taken) % 2])
        if took is None:
            break
        taken.append(took)
        terminal.drain(random.uniform(*KEYS_APART_S))
    figures["keys"] = len(taken)
    figures["key50"], figures["key99"] = percentile(taken, 0.5), percentile(taken, 0.99)
    figures["peak"] = terminal.peak_mb()
    figures["quit"] = terminal.quit(end)
    return figures


def run_once(argv, environment):
    """A program that writes once and ends: seconds, and its peak memory."""
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        null = os.open("/dev/null", os.O_WRONLY)
        os.dup2(null, 1)
        os.execvpe(argv[0], argv, environment)
    _, _, usage = os.wait4(pid, 0)
    return {"first": time.monotonic() - began, "peak": usage.ru_maxrss / 1024,
            "cpu_each": usage.ru_utime + usage.ru_stime}


class Scene:
    """A crowd that stands while the block runs."""

    def __init__(self, arguments):
        self.process = subprocess.Popen([f"{BUILD}/bench/scene", "--stdin", *arguments.split()], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        words = self.process.stdout.readline().split()
        if len(words) != 4:
            raise SystemExit("bench: the crowd could not be made")
        self.count, self.owner = int(words[2]), words[3]
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def parts(*arguments):
    """What parts.c says: names and numbers."""
    out = subprocess.run([f"{BUILD}/bench/parts", *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {name: None if value == "-" else float(value) for name, value in map(str.split, out.splitlines())}


def show(value, unit=""):
    if value is None:
        return "-"
    return f"{value:.3g}{unit}" if value < 1000 else f"{value:,.0f}{unit}"


def print_parts(costs, collector):
    floor = costs.get("iterator_ms") or costs["floor_ms"]
    least = "a read of the iterator over" if "iterator_ms" in costs else "stat of"
    print(f"  collector {collector}, without a screen; the least: {least} {costs['floor_procs']:,.0f} processes {floor:8.1f} ms")
    for name, title in (("sample_ms", "full sample, median"), ("attribute_ms", "owners"), ("model_ms", "model"),
                        ("rows_ms", "rows, all open"), ("plan_ms", "the plan of ending all of them"),
                        ("first_ms", "the first sample"), ("slice_ms", "longest step"),
                        ("owners_right_ms", "all owners right, from exec")):
        value = costs.get(name)
        ratio = f"{value / floor:6.2f} x the least" if value is not None else ""
        print(f"  {title:40s} {show(value):>8s} ms  {ratio}")
    print(f"  peak memory of that, without a screen    {costs['peak_kb'] / 1024:8.1f} MB")


TABLE = (("first", "first rows", "s"), ("refresh", "refresh", "s"), ("key50", "key p50", "s"), ("key99", "key p99", "s"),
         ("cpu", "CPU", "%"), ("cpu_each", "CPU a refresh", "s"), ("peak", "peak", "MB"), ("quit", "quit", "s"))


def print_table(figures):
    ours = next(iter(figures.values()), {})
    print(f"  {'':8s}" + "".join(f"{title:>22s}" for _, title, _ in TABLE))
    for name, values in figures.items():
        line = f"  {name:8s}"
        for key, _, unit in TABLE:
            value, own = values.get(key), ours.get(key)
            ratio = f" ({value / own:.1f}x)" if values is not ours and value and own else ""
            line += f"{show(value, ' ' + unit) + ratio:>22s}"
        print(line)
    print("  in brackets: how many times that of the first line")


def measure(name, wanted, seconds, environment):
    arguments, title = SCENES[name]
    with Scene(arguments) as scene:
        print(f"\n{name}: {title}", flush=True)
        for collector in (peer for peer in wanted if peer in OURS):
            print_parts(parts("--collector", collector, "--delay", "0.5", "--samples", "6", "--owner", scene.owner,
                              "--procs", str(scene.count)), collector)
        figures = {}
        for peer in wanted:
            if peer in ("ps", "pstree"):
                figures[peer] = run_once({"ps": ["ps", "-ef"], "pstree": ["pstree", "-p"]}[peer], environment)
            else:
                figures[peer] = watch(peer, seconds, environment)
        print_table(figures)
        sys.stdout.flush()


def measure_curve(collectors):
    bases = {name: parts("--collector", name, "--samples", "2", "--delay", "0")["peak_kb"] for name in collectors}
    print("\ncurve: cost of each process, microseconds", flush=True)
    print(f"  {'collector':>10s} {'processes':>10s} {'the least':>10s} {'sample':>10s} {'owners':>10s} {'model':>10s} {'KB each':>10s}")
    for count in CURVE:
        with Scene(f"flat {count}"):
            for name in collectors:
                costs = parts("--collector", name, "--delay", "0.2", "--samples", "5")
                procs = costs["procs"]
                least = costs.get("iterator_ms") or costs["floor_ms"]
                each = [ms * 1000 / procs for ms in (least, costs["sample_ms"], costs["attribute_ms"], costs["model_ms"])]
                print(f"  {name:>10s} {procs:10,.0f} " + " ".join(f"{value:10.2f}" for value in each) +
                      f" {(costs['peak_kb'] - bases[name]) / procs:10.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", default=",".join([*SCENES, "curve"]))
    parser.add_argument("--peers", default="bpf,procps,htop,top,atop,btop,ps")
    parser.add_argument("--seconds", type=float, default=12)
    options = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("bench: the scenes need root")
    wanted = []
    for name in options.peers.split(","):
        if name in OURS or shutil.which(name):
            wanted.append(name)
        else:
            print(f"{name} is not installed and is left out")
    with open("/proc/meminfo") as file:
        memory_gb = int(file.readline().split()[1]) / (1 << 20)
    print(f"{os.cpu_count()} CPUs, {memory_gb:.0f} GB, Linux {os.uname().release}; delay {DELAY_S} s")
    with tempfile.TemporaryDirectory(prefix="clade-bench-") as home:
        environment = settings(home)
        for name in options.scenes.split(","):
            if name == "curve":
                measure_curve([name for name in wanted if name in OURS])
            else:
                measure(name, wanted, options.seconds, environment)


if __name__ == "__main__":
    main()
