"""What clade writes is read by programs that know nothing of it: json.tool, jq, csv, tidy and xmllint."""
import base64
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from tap import Skip, find_clade, main, ok

CLADE = find_clade()
csv.field_size_limit(1 << 24)
ENV = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "HOME": "/nonexistent"}
# 130 kilobytes an argument (the kernel's limit), two megabytes a command line (its default limit)
ARGUMENT = "x" * 120000
NAMES = [b"\x1b[2Jx", b"\xff\xfe\xfd", b"a\nb c) S 1", b"\xe2\x80\xaeevil", b"<b>&amp;\"'</b>", b"=1+1,\"x\"", b"x\r\ny"]


def snapshot(*arguments):
    result = subprocess.run([CLADE, "snapshot", "--sample", "0.3", *arguments], env=ENV, capture_output=True, timeout=60,
                            stdin=subprocess.DEVNULL)
    if result.returncode != 0:
        raise RuntimeError(result.stderr.decode(errors="replace"))
    return result.stdout


def read_by(command, given):
    if not shutil.which(command[0]):
        raise Skip(f"no {command[0]}")
    return subprocess.run(command, input=given, capture_output=True, timeout=120)


class Scene:
    """Processes with names that are meant to break a format, and one with a command line of nearly two megabytes."""

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="clade-test-")
        self.children = [subprocess.Popen([name, b"40"], executable=shutil.which("sleep"), cwd=self.directory) for name in NAMES]
        self.long = subprocess.Popen(["/bin/sh", "-c", "sleep 40; true", *[ARGUMENT] * 15], cwd=self.directory)
        time.sleep(0.3)
        return self

    def __exit__(self, *_):
        for child in [*self.children, self.long]:
            child.kill()
            child.wait()
        shutil.rmtree(self.directory)


def json_is_json():
    with Scene() as scene:
        raw = snapshot("-f", "json")
        document = json.loads(raw)
        found = {process["pid"]: process for process in document["processes"]}
        ok(len(" ".join(found[scene.long.pid]["argv"])) > 1800000, "a command line of nearly two megabytes is there whole")
        ok(found[scene.children[2].pid]["argv"][0] == "a\nb c) S 1", "a line feed stays", found[scene.children[2].pid]["argv"])
        result = read_by([sys.executable, "-m", "json.tool"], raw)
        ok(result.returncode == 0, "python3 -m json.tool", result.stderr[:300])
        result = read_by(["jq", "-r", ".owners[].id"], raw)
        ok(result.returncode == 0 and len(result.stdout.splitlines()) == len(document["owners"]), "jq", result.stderr[:300])


def ndjson_is_json_line_by_line():
    with Scene():
        raw = snapshot("-f", "ndjson")
        lines = [json.loads(line) for line in raw.splitlines()]
        ok(len(lines) > 10, "every line is a document", len(lines))
        result = read_by(["jq", "-c", "type"], raw)
        ok(result.returncode == 0 and set(result.stdout.split()) == {b'"object"'}, "jq", result.stderr[:300])


def processes_of(raw):
    """By pid, from a document or from the lines of a full sample."""
    if raw.startswith(b'{"type"'):
        rows = [row for row in map(json.loads, raw.splitlines()) if row["type"] == "process"]
        return {row["pid"]: {key: value for key, value in row.items() if key != "type"} for row in rows}
    return {row["pid"]: row for row in json.loads(raw)["processes"]}


def what_opens_again_has_lost_nothing():
    """Live, written, opened, and written once more as what has appeared since there was nothing: key for key the same."""
    with Scene() as scene:
        path = f"{scene.directory}/snapshot"
        for name in ("json", "json.zst", "ndjson", "ndjson.zst"):
            snapshot("-f", name.partition(".")[0], "-o", f"{path}.{name}")
            with open(f"{path}.{name}", "rb") as file:
                raw = file.read()
            if name.endswith(".zst"):
                raw = read_by(["zstdcat"], raw).stdout
            written = processes_of(raw)
            head = json.loads(raw.splitlines()[0]) if name.startswith("ndjson") else json.loads(raw)
            nothing = {"format": "clade-snapshot", "version": 1, "taken": head["taken"], "host": head["host"], "owners": [], "processes": []}
            with open(f"{path}.nothing", "w") as file:
                json.dump(nothing, file)
            result = subprocess.run([CLADE, "diff", "-f", "json", f"{path}.nothing", f"{path}.{name}"], env=ENV, capture_output=True, timeout=60)
            read = {row["pid"]: row for row in json.loads(result.stdout)["appeared"]}
            ours = [child.pid for child in [*scene.children, scene.long]]
            ok(read.keys() == written.keys() and set(ours) <= read.keys(), f"{name}: every process", len(read), len(written))
            differ = [(pid, key, str(value)[:60], str(read[pid].get(key))[:60]) for pid in written for key, value in written[pid].items()
                      if read.get(pid, {}).get(key) != value]
            ok(not differ, f"{name}: every key of each", *differ[:10])
            names = [base64.b64decode(read[child.pid]["argv_base64"]).split(b"\0")[0] if "argv_base64" in read[child.pid]
                     else read[child.pid]["argv"][0].encode() for child in scene.children]
            ok(names == NAMES, f"{name}: line feeds and bytes that are no UTF-8", names)
            ok(read[scene.long.pid]["argv"][3:] == [ARGUMENT] * 15, f"{name}: two megabytes of arguments")


def csv_is_a_table():
    with Scene() as scene:
        raw = snapshot("-f", "csv")
        ok(raw.count(b"\r\n") == raw.count(b"\n"), "lines end as RFC 4180 has it")
        rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8"), newline=""), strict=True))
        found = {int(row["pid"]): row for row in rows}
        ok(all(None not in row and None not in row.values() for row in rows), "every line has every field")
        ok(os.getpid() in found and int(found[os.getpid()]["ppid"]) == os.getppid(), "this test is in it")
        ok(float(found[os.getpid()]["mem_self"]) > 1000000, "figures are plain", found[os.getpid()]["mem_self"])
        ok("<b>&amp;\"'</b>" in found[scene.children[4].pid]["name"], "quotes come back", found[scene.children[4].pid]["name"])
        ok(found[scene.children[5].pid]["name"].startswith("\\x3D1+1,\"x\""), "a formula is none", found[scene.children[5].pid]["name"])
        ok(len(found[scene.long.pid]["name"]) > 1800000, "a long command line is there whole")
        narrow = list(csv.reader(io.StringIO(snapshot("-f", "csv", "--columns", "user,pid").decode(), newline="")))
        ok(narrow[0] == ["user", "pid"], "--columns orders it", narrow[0])


def html_is_valid():
    with Scene() as scene:
        raw = snapshot("-f", "html")
        ok(b"<script" not in raw and b"<b>" not in raw.split(b"</p>", 1)[1], "no script, and no element of a stranger")
        ok(str(scene.long.pid).encode() in raw, "a long command line is shown, cut")
        result = read_by(["xmllint", "--html", "--noout", "-"], raw)
        errors = [line for line in result.stderr.decode().splitlines() if "parser error" in line and "Tag " not in line]
        ok(not errors, "xmllint --html (which knows no element newer than HTML 4)", *errors[:5])
        result = read_by(["tidy", "-quiet", "-errors", "-utf8"], raw)
        ok(result.returncode == 0, "tidy has nothing to say", result.stderr.decode()[:600])


def openmetrics_is_made_of_samples():
    raw = snapshot("-f", "openmetrics").decode()
    ok(raw.endswith("\n# EOF\n"), "it ends as it must")
    lines = [line for line in raw.splitlines() if not line.startswith("#")]
    names = {line.split("{")[0].split()[0] for line in lines}
    ok({"clade_processes", "clade_owner_processes", "clade_verdict", "clade_headroom_ratio"} <= names, "the names are there", names)
    for line in lines:
        float(line.rsplit(" ", 1)[1])
    ok(len(lines) == len({line.rsplit(" ", 1)[0] for line in lines}), "no series is there twice")
    helped = {line.split()[2] for line in raw.splitlines() if line.startswith("# HELP")}
    ok(helped >= names, "all are explained", names - helped)
    types = dict(line.split()[2:4] for line in raw.splitlines() if line.startswith("# TYPE"))
    # OpenMetrics has the type of a counter without _total, the text format with it: neither reader takes the other's
    ok(set(types.values()) == {"gauge"} and helped - types.keys() == {name for name in helped if name.endswith("_total")},
       "all have a type but the counters", types)
    units = dict(line.split()[2:4] for line in raw.splitlines() if line.startswith("# UNIT"))
    ok(units.get("clade_owner_resident_bytes") == "bytes" and all(name.endswith(f"_{unit}") for name, unit in units.items()), "units", units)


def openmetrics_is_read_by_strict_readers():
    raw = snapshot("-f", "openmetrics", "--sample", "1")
    for reader, module in (("OpenMetrics", "prometheus_client.openmetrics.parser"), ("the text format", "prometheus_client.parser")):
        # Debian's python3 has Debian's modules
        result = read_by(["/usr/bin/python3", "-c", f"import sys; from {module} import text_string_to_metric_families as read\n"
                          "print(*(family.name for family in read(sys.stdin.read())))"], raw)
        if b"ModuleNotFoundError" in result.stderr:
            raise Skip("no prometheus_client")
        ok(result.returncode == 0 and b"clade_headroom_ratio" in result.stdout and b"clade_forks" in result.stdout, reader, result.stderr.decode()[-300:])

main(json_is_json, ndjson_is_json_line_by_line, what_opens_again_has_lost_nothing, csv_is_a_table, html_is_valid, openmetrics_is_made_of_samples,
     openmetrics_is_read_by_strict_readers)
