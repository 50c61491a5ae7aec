#!/usr/bin/env python3
"""Makes a fixture of a snapshot: the processes whose command, owner or cgroup matches, and all above them.

    clade snapshot -f json | tests/machines/trim.py PATTERN [OLD=NEW]... > tests/machines/NAME.json

OLD=NEW replaces text everywhere, for what should not leave the machine. Look at the result before it is committed.
"""
import json
import re
import sys

text = sys.stdin.read()
pattern = re.compile(sys.argv[1])
for pair in sys.argv[2:]:
    old, new = pair.split("=", 1)
    text = text.replace(old, new)
document = json.loads(text)

processes = {process["pid"]: process for process in document["processes"]}
kept = set()
for process in processes.values():
    words = " ".join([*(process["argv"] or []), process["owner"], process["cgroups"] or "", process["cwd"] or ""])
    if not pattern.search(words):
        continue
    while process and process["pid"] not in kept:
        kept.add(process["pid"])
        process = processes.get(process["ppid"])
owners = {processes[pid]["owner"] for pid in kept}
document["processes"] = [process for process in document["processes"] if process["pid"] in kept]
document["owners"] = [owner for owner in document["owners"] if owner["id"] in owners]

head = {key: value for key, value in document.items() if key not in ("owners", "processes")}
print(json.dumps(head, ensure_ascii=False)[:-1] + ",")
for key in ("owners", "processes"):
    lines = ",\n".join(json.dumps(item, ensure_ascii=False) for item in document[key])
    print(f'"{key}": [\n{lines}\n]' + ("," if key == "owners" else "}"))
