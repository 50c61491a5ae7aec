"""Recording as it is used: ended at any moment; read with zstdcat as the manual says."""
import contextlib
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import tempfile
import time

from tap import Skip, find_clade, main, note, ok

CLADE = find_clade()
SRCDIR = os.environ.get("SRCDIR", os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
ENV = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "HOME": "/nonexistent",
       "ASAN_OPTIONS": "quarantine_size_mb=1:thread_local_quarantine_size_kb=16"}  # memory that was given back can be had again
HEAD = 72
PATIENCE_S = 40


class Directory:
    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="clade-test-")
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path)


def recorder(path, *arguments, wrapper=(), **options):
    options.setdefault("stderr", subprocess.PIPE)
    return subprocess.Popen([*wrapper, CLADE, "record", path, "-d", "0.1", *arguments], env=ENV, stdin=subprocess.DEVNULL, **options)


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {PATIENCE_S} s for {what}")
        time.sleep(0.02)


def files_of(path):
    """The files of a ring, oldest first."""
    name = os.path.basename(path)
    older = sorted(entry for entry in os.listdir(os.path.dirname(path)) if entry.startswith(name + "."))
    return [os.path.join(os.path.dirname(path), entry) for entry in older] + ([path] if os.path.exists(path) else [])


def size_of(path):
    return sum(os.path.getsize(file) for file in files_of(path) if os.path.exists(file))


def heads(data):
    """(offset, length, processes, flags) of each whole sample in the bytes of a file, as clade-snapshot(5) has it."""
    at = 0
    while len(data) - at >= HEAD:
        magic, length, mark, _, _, frame, processes, flags = struct.unpack_from("<II8sQQQII", data, at)
        if (magic, length, mark) != (0x184d2a5c, 64, b"cladeix1") or at + HEAD + frame > len(data):
            return
        yield at, HEAD + frame, processes, flags
        at += HEAD + frame


def whole(file):
    with open(file, "rb") as stream:
        data = stream.read()
    rows = list(heads(data))
    return data, rows, len(data) - sum(row[1] for row in rows)


def lines_of(data):
    if not shutil.which("zstdcat"):
        raise Skip("no zstdcat")
    result = subprocess.run(["zstdcat"], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if result.returncode != 0:
        raise RuntimeError(result.stderr.decode())
    return [json.loads(line) for line in result.stdout.splitlines()]


def follow(lines):
    """Applies the lines of a recording as the manual says; yields the processes at the end of each sample."""
    processes = {}
    for line in lines:
        if line["type"] == "sample" and line["full"]:
            processes = {}
        elif line["type"] == "gone":
            for pid in line["processes"]:
                processes.pop(pid, None)
        elif line["type"] == "process":
            known = processes.get(line["pid"])
            if known and known["start_ticks"] == line["start_ticks"]:
                known.update(line)
            else:
                processes[line["pid"]] = line
        elif line["type"] == "end":
            if line["processes"] != len(processes):
                raise RuntimeError(f"{line['processes']} processes were to be there, {len(processes)} are")
            yield processes


def end(process):
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate(timeout=PATIENCE_S)
    return process.returncode, (error or b"").decode(errors="replace")


@contextlib.contextmanager
def recording(path):
    """A recorder that does not outlive what is done beside it, however that ends: the harness waits for all who hold its pipe."""
    process = recorder(path)
    try:
        yield
    finally:
        end(process)


def a_recording_holds_what_ps_shows_and_what_has_changed():
    with Directory() as directory:
        path = f"{directory}/tape.ndjson.zst"
        process = recorder(path)
        wait_for("samples", lambda: os.path.exists(path) and len(whole(path)[1]) > 5)
        sleeper = subprocess.Popen(["sleep", "86755"])
        count = len(whole(path)[1])
        wait_for("more samples", lambda: len(whole(path)[1]) > count + 3)
        sleeper.kill()
        sleeper.wait()
        count = len(whole(path)[1])
        wait_for("the last", lambda: len(whole(path)[1]) > count + 3)
        status, error = end(process)
        ok(status == 0 and not error, "SIGTERM ends it with 0", status, error)
        data, rows, torn = whole(path)
        ok(torn == 0, "nothing is torn", torn)
        ok(rows[0][3] & 1 and not any(row[3] & 1 for row in rows[1:]), "the first sample is full, the others say what has changed")
        ok(rows[0][3] & 2 and not any(row[3] & 2 for row in rows[1:]), "the first has no rates")
        moments = [dict(moment) for moment in follow(lines_of(data))]
        ok(len(moments) == len(rows), "each frame is a sample", len(moments), len(rows))
        ok([len(moment) for moment in moments] == [row[2] for row in rows], "the heads say how many processes there are")
        seen = [sleeper.pid in moment for moment in moments]
        ok(True in seen and not seen[0] and not seen[-1], "a process comes and goes", seen)
        ok(all("argv" in process and "owner" in process for process in moments[-1].values()), "every process is known whole")
        sizes = [row[1] for row in rows]
        ok(min(sizes[1:]) < sizes[0] / 3, "what has changed is a fraction of everything", sizes)


def it_goes_on_where_it_was_killed():
    with Directory() as directory:
        path = f"{directory}/tape.ndjson.zst"
        dice = random.Random(os.getpid())
        note(f"seed {os.getpid()}")
        counts = []
        torn = []
        longest_s = 0.5
        rounds = 0
        while rounds < 15 or counts[-1:] < [4] and longest_s < PATIENCE_S:
            rounds += 1
            process = recorder(path, stderr=subprocess.DEVNULL)
            time.sleep(dice.uniform(0.02, longest_s))
            if rounds >= 15:  # on a busy machine none comes to its first sample
                longest_s *= 1.5
            process.kill()
            process.wait()
            if os.path.exists(path):
                _, rows, rest = whole(path)
                counts.append(len(rows))
                torn.append(rest)
        ok(counts == sorted(counts) and counts and counts[-1] > 3, "no sample that was whole is lost", counts)
        note(f"samples {counts}, torn bytes {torn}")
        process = recorder(path)
        wait_for("one more", lambda: len(whole(path)[1]) > counts[-1] + 2)
        status, error = end(process)
        data, rows, rest = whole(path)
        ok(status == 0 and not error and rest == 0, "what was torn is cut off", status, error, rest)
        ok(len(list(follow(lines_of(data)))) == len(rows), "all of it can be followed")


def a_torn_end_is_cut_off_wherever_it_is():
    with Directory() as directory:
        path = f"{directory}/tape.ndjson.zst"
        with recording(path):
            wait_for("samples", lambda: os.path.exists(path) and len(whole(path)[1]) > 2)
        data, rows, _ = whole(path)
        last = rows[2][0]
        for cut in (last + 1, last + 8, last + 71, last + 72, last + 73, last + rows[2][1] - 1):
            with open(path, "wb") as file:
                file.write(data[:cut])
            with recording(path):
                wait_for("samples", lambda: len(whole(path)[1]) > 3)
            again, now, rest = whole(path)
            good = rest == 0 and again[:last] == data[:last] and now[2][3] & 1
            ok(good and len(list(follow(lines_of(again)))) == len(now), f"cut at byte {cut - last} of a sample", rest, now[:4])


def what_cannot_be_recorded_into_is_refused():
    def refused(name, path, *words):
        process = recorder(path)
        try:
            _, error = process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            error = b"it records"
        error = error.decode()
        ok(process.returncode == 1 and error.count("\n") == 1 and all(word in error for word in words), name, process.returncode, error)

    with Directory() as directory:
        with open(f"{directory}/letter.txt", "w") as file:
            file.write("Dear reader, " * 20)
        refused("a file that is something else", f"{directory}/letter.txt", "no recording")
        with open(f"{directory}/letter.txt") as file:
            ok(file.read() == "Dear reader, " * 20, "and it is left as it was")
        refused("a directory", directory, directory)
        refused("a place that is not there", f"{directory}/no/tape", "No such file")
        path = f"{directory}/tape.ndjson.zst"
        first = recorder(path)
        wait_for("the first", lambda: os.path.exists(path) and whole(path)[1])
        refused("a file that another clade records into", path, "another clade")
        status, _ = end(first)
        ok(status == 0, "the first does not mind", status)
        for keep, word in (("5 potatoes", "24h"), ("3", "24h"), ("1s", "worth"), ("10K", "worth"), ("24h,", "24h")):
            result = subprocess.run([CLADE, "record", path, "--keep", keep], env=ENV, stderr=subprocess.PIPE)
            ok(result.returncode == 2 and word in result.stderr.decode(), f"--keep {keep}", result)


def it_goes_through_a_pipe():
    process = recorder("-", stdout=subprocess.PIPE)
    data = b""
    while len(list(heads(data))) < 4:
        data += os.read(process.stdout.fileno(), 1 << 16)
    process.stdout.close()
    status = process.wait(timeout=PATIENCE_S)
    ok(status == 0, "a reader that has had enough is no failure", status, process.stderr.read())
    process.stderr.close()
    rows = list(heads(data))
    ok(len(list(follow(lines_of(data[:sum(row[1] for row in rows)])))) == len(rows), "and what it read is a recording")


def the_unit_is_one_that_systemd_takes():
    analyze = shutil.which("systemd-analyze")
    unit = os.path.join(os.path.dirname(CLADE), "contrib/clade-record.service")
    if not analyze or not os.path.exists(unit):
        raise Skip("no systemd-analyze" if not analyze else "no unit beside the program under test")
    with Directory() as directory, open(unit, encoding="utf-8") as file:
        text = file.read()
        path = f"{directory}/clade-record.service"
        with open(path, "w", encoding="utf-8") as copy:
            copy.write("\n".join(line.replace(line.split()[0].partition("=")[2], CLADE) if line.startswith("ExecStart=") else line
                                 for line in text.splitlines()) + "\n")
        result = subprocess.run([analyze, "verify", "--man=no", path], env=ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wrong = [line for line in result.stdout.splitlines() if "clade-record" in line]
        ok(result.returncode == 0 and not wrong, "systemd-analyze verify", result.stdout)
    ok("WantedBy=multi-user.target" in text and "@" not in text.replace("@system-service", "").replace("~@mount @swap @reboot @module @raw-io @debug", ""),
       "its paths are filled in", text)


if __name__ == "__main__":
    main(a_recording_holds_what_ps_shows_and_what_has_changed, it_goes_on_where_it_was_killed, a_torn_end_is_cut_off_wherever_it_is,
         what_cannot_be_recorded_into_is_refused, it_goes_through_a_pipe, the_unit_is_one_that_systemd_takes)
