#!/usr/bin/env python3
"""Measures what clade writes, reads and checks at a crowd of processes: the second half of make bench, or

    files.py [--parts NAME,...] [--processes N] [--recorded N] [--seconds N]

snapshot: each format, how long it takes, what memory at its peak, how large it is, and for those that open again the
same for reading it back. check: one look as cron takes it, and one that watches for growth. record: a crowd of 1,000 at
2 s with each collector, CPU of a core and MB an hour, and how long the recording takes to open. Times are of the whole
program, from exec to exit, memory is the peak that the kernel counted for it. Needs root, for the crowds (scene.c).
"""
import argparse
import os
import signal
import statistics
import subprocess
import tempfile
import time

from bench import BUILD, Scene

CLADE = f"{BUILD}/clade"
COLLECTORS = ("bpf", "procps")
FORMATS = ("text", "json", "ndjson", "ndjson.zst", "csv", "openmetrics", "html")
OPENS = ("json", "ndjson", "ndjson.zst")
TIMES = 3  # the median of so many is told


def run(*arguments, output=subprocess.DEVNULL):
    """Runs clade to its end: seconds, CPU seconds and peak MB."""
    began = time.monotonic()
    process = subprocess.Popen([CLADE, *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 2) or error:
        raise SystemExit(f"bench: clade {' '.join(arguments)}: {process.returncode} {error.decode()}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def median_of(*arguments):
    return [statistics.median(values) for values in zip(*(run(*arguments) for _ in range(TIMES)))]


def has_collector(name):
    return subprocess.run([CLADE, "snapshot", "--collector", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def measure_snapshots(directory):
    print(f"  {'':12s} {'write':>8s} {'CPU':>8s} {'peak':>9s} {'size':>10s} {'read':>10s} {'CPU':>8s} {'peak':>9s}")
    for name in FORMATS:
        path = f"{directory}/snapshot.{name}"
        took, cpu, peak = median_of("snapshot", "--sample", "0", "-f", name.partition(".")[0], "--force", "-o", path)
        line = f"  {name:12s} {took:7.2f}s {cpu:7.2f}s {peak:6.0f} MB {os.path.getsize(path) / 1e6:7.1f} MB"
        if name in OPENS:
            # the least that opens a file: it is held against itself
            took, cpu, peak = median_of("diff", path, path)
            line += f"  {took / 2:7.2f}s {cpu / 2:7.2f}s {peak:6.0f} MB"
        print(line, flush=True)
        os.unlink(path)
    print("  one look, without rates; read: half of what diff takes with the file as both sides; its peak holds both")


def measure_checks():
    print(f"  {'':28s} {'time':>8s} {'CPU':>8s} {'peak':>9s}")
    for title, arguments in (("--warn 1000", ("--warn", "1000")), ("--warn-growth 100/min, 1 s", ("--warn-growth", "100/min", "--sample", "1"))):
        for collector in filter(has_collector, COLLECTORS):
            took, cpu, peak = median_of("check", *arguments, "--collector", collector)
            print(f"  {title:20s} {collector:7s} {took:7.2f}s {cpu:7.2f}s {peak:6.0f} MB", flush=True)


def ticks_of(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_of(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


def measure_records(directory, seconds):
    print(f"  {'':8s} {'CPU of a core':>14s} {'MB an hour':>11s} {'peak':>9s} {'samples':>8s}")
    for collector in filter(has_collector, COLLECTORS):
        path = f"{directory}/{collector}.ndjson.zst"
        process = subprocess.Popen([CLADE, "record", path, "-d", "2", "--collector", collector], stderr=subprocess.PIPE)
        time.sleep(4)  # the first, full sample is paid once
        began, cpu, size = time.monotonic(), ticks_of(process.pid), os.path.getsize(path)
        time.sleep(seconds)
        took = time.monotonic() - began
        share = (ticks_of(process.pid) - cpu) / took
        grown = (os.path.getsize(path) - size) / took * 3600 / 1e6
        print(f"  {collector:8s} {share * 100:12.2f} % {grown:11.1f} {peak_of(process.pid):6.0f} MB {took / 2:8.0f}", flush=True)
        process.send_signal(signal.SIGTERM)
        process.communicate()
        took, cpu, peak = median_of("diff", path)
        print(f"  {'':8s} opened, and its first and last moment compared: {took:.2f} s, {peak:.0f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default="snapshot,check,record")
    parser.add_argument("--processes", type=int, default=73217)
    parser.add_argument("--recorded", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=120)
    options = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("bench: the crowds need root")
    wanted = options.parts.split(",")
    with tempfile.TemporaryDirectory(prefix="clade-bench-") as directory:
        if "snapshot" in wanted or "check" in wanted:
            with Scene(f"--exec flat {options.processes}"):
                print(f"\nfiles: {options.processes:,} processes, each with a command line of its own", flush=True)
                if "snapshot" in wanted:
                    measure_snapshots(directory)
                if "check" in wanted:
                    print("\ncheck")
                    measure_checks()
        if "record" in wanted:
            with Scene(f"--exec --births 10 --life {options.seconds * 3 + 120:.0f} flat {options.recorded}"):
                print(f"\nrecord: {options.recorded:,} processes and 10 births a second, every 2 s, {options.seconds:.0f} s each", flush=True)
                measure_records(directory, options.seconds)


if __name__ == "__main__":
    main()
