#!/usr/bin/env python3
"""Makes demo.ndjson.zst, the incident of `clade --demo`: real processes, recorded as they live and die.

    CLADE=build/clade python3 demo/make.py      needs root, node and the network for npm

A night at a shop: PM2 runs its apps, a session of a coding agent writes documents. An app begins to crash and is started again
and again; then another session starts shells faster than they end. Its root is killed, which leaves thousands of orphans;
they are ended, the app is stopped, and it is quiet again.

All of it happens in namespaces of its own, so that nothing else of this machine gets into the recording; directories
are called as on a shop's machine.
"""
import json
import os
import struct
import subprocess
import sys
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../tests/integration"), os.path.join(HERE, "../tests")]

INSIDE = "CLADE_DEMO_INSIDE"
if not os.environ.get(INSIDE):
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--pid", "--fork", "--mount-proc", "--uts", sys.executable, __file__])
subprocess.run(["hostname", "shop1"], check=True)
child = os.fork()
if child:  # the first process of a pid namespace: orphans are its to reap
    while True:
        ended, status = os.wait()
        if ended == child:
            sys.exit(os.waitstatus_to_exitcode(status))

import lib  # noqa: E402

lib.PIDS_MAX = 6000
lib.LIFE_S = 600

from lib import CLADE, Scene, children_of, read  # noqa: E402
from pm2 import NODE_APP, Pm2  # noqa: E402

HEAD = "<II8sQQQIII16sI"
AGENT = "node_modules/@anthropic-ai/claude-code-linux-x64/claude"


def session(scene, directory, status):
    """A session of an agent with its entry in the registry; returns its root and what its tools carry."""
    number = str(uuid.uuid4())
    root = scene.start_actor(f"{directory}/{AGENT}", ["claude"])
    start = read(f"/proc/{root.pid}/stat").rpartition(")")[2].split()[19]
    scene.write(f"home/.claude/sessions/{root.pid}.json", json.dumps(
        {"pid": root.pid, "sessionId": number, "name": directory, "status": status, "procStart": start}))
    return root, {"CLAUDECODE": 1, "CLAUDE_CODE_SESSION_ID": number, "CLAUDE_PID": root.pid, "CLAUDE_CODE_CHILD_SESSION": 1}


def night(scene, until):
    """The incident; `until(s)` waits for that second of the recording."""
    pm2 = Pm2(scene, "pm2")
    scene.write("app.js", NODE_APP)
    scene.write("crash.js", "setTimeout(() => process.exit(3), 400)\n")
    pm2.start({"name": "web", "script": "app.js", "instances": 2}, {"name": "mailer", "script": "app.js"}, {"name": "cart", "script": "app.js"})
    docs, marks = session(scene, "docs", "idle")
    docs.tool(marks, "make", "s")
    until(12)
    pm2.start({"name": "api", "script": "crash.js", "max_restarts": 10000, "restart_delay": 200})
    until(36)
    root, marks = session(scene, "api-refactor", "busy")
    tool = root.tool(marks, "watch-tests", "s")
    for _ in range(6):
        tool.tell("zombie")
    until(42)
    slow = "while :; do curl=http://cart/health sleep 600 & sleep 0.12; done"
    loop = root.spawn(["/bin/bash", "-c", slow], marks, flags="s")
    until(66)
    fast = "while :; do curl=http://cart/health sleep 600 & sleep 0.018; done"
    faster = root.spawn(["/bin/bash", "-c", fast], marks, flags="s")
    until(88)
    lib.kill(root.pid)
    until(94)
    sleepers = children_of(loop.pid) + children_of(faster.pid)
    lib.kill(loop.pid, faster.pid)
    until(108)
    for pid in sleepers:
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            pass
    until(124)
    pm2("delete", "api")
    until(196)


def fnv(data):
    value = 0xcbf29ce484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return (value ^ value >> 32) & 0xffffffff


def repack(data, names):
    """The same recording with other names, packed as tightly as can be."""
    out = b""
    at = 0
    while at < len(data):
        head = list(struct.unpack_from(HEAD, data, at))
        lines = subprocess.run(["zstd", "-dc"], input=data[at + 72:at + 72 + head[5]], stdout=subprocess.PIPE, check=True).stdout.decode()
        at += 72 + head[5]
        for old, new in names:
            lines = lines.replace(old, new)
        frame = subprocess.run(["zstd", "-19", "--ultra", "--check", "-c"], input=lines.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
        head[5] = len(frame)
        packed = struct.pack(HEAD, *head[:-1], 0)
        out += packed[:-4] + struct.pack("<I", fnv(packed[:-4])) + frame
    return out


with Scene() as the_scene:
    path = f"{the_scene.dir}/night.ndjson.zst"
    began = time.monotonic()
    recorder = subprocess.Popen([CLADE, "record", path, "-d", "2"], env={"PATH": lib.PATH, "HOME": the_scene.home}, stdin=subprocess.DEVNULL)
    try:
        night(the_scene, lambda second: time.sleep(max(0, began + second - time.monotonic())))
    finally:
        recorder.terminate()
        recorder.wait()
    with open(path, "rb") as file:
        recording = file.read()
    pen = os.path.dirname(the_scene.dir)
    cgroup = f"/{os.path.basename(os.path.dirname(the_scene.cgroup))}/{os.path.basename(the_scene.cgroup)}"
    recording = repack(recording, ((the_scene.home, "/home/dev"), (the_scene.dir, "/srv/shop"), (pen, "/opt"), (cgroup, "/shop"),
                                   (os.path.abspath(CLADE), "/usr/bin/clade"), (os.path.abspath(os.path.join(HERE, "..")), "/opt/shop")))
with open(os.path.join(HERE, "demo.ndjson.zst"), "wb") as file:
    file.write(recording)
print(f"{HERE}/demo.ndjson.zst: {len(recording)} bytes")
