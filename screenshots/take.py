#!/usr/bin/env python3
"""Takes the pictures of this directory: real processes, a real xterm on a virtual display.

    apt-get install xvfb xterm imagemagick fonts-dejavu-core
    screenshots/take.py [NAME]...

The machine of the pictures is made by the scenes of the integration tests, in a capped pids cgroup that is emptied at the end.
"""
import os
import shutil
import subprocess
import sys
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
WANTED = sys.argv[1:]
sys.argv = sys.argv[:1]
sys.path[:0] = [os.path.join(HERE, "../tests/integration"), os.path.join(HERE, "../tests")]

from lib import CLADE, Scene, wait_for  # noqa: E402

CLAUDE = "api-refactor/node_modules/@anthropic-ai/claude-code-linux-x64/claude"

# What is typed into clade before each picture, as xdotool would name the keys; and its size.
PICTURES = {
    "owners": ([], "120x30"),
    "tree": (["Right"], "120x30"),
    "details": (["Return"], "100x34"),
    "narrow": ([], "80x24"),
}


def markers(session, pid):
    return {"CLAUDECODE": 1, "CLAUDE_CODE_SESSION_ID": session, "CLAUDE_PID": pid, "CLAUDE_CODE_CHILD_SESSION": 1}


def busy_machine(scene):
    """A session that starts ever more shells, another that is well, what a third has left behind, and zombies."""
    session, quiet, gone = (str(uuid.uuid4()) for _ in range(3))
    root = scene.start_actor(CLAUDE, ["claude"])
    scene.write(f"home/.claude/sessions/{root.pid}.json",
                f'{{"pid":{root.pid},"sessionId":"{session}","name":"api-refactor","status":"busy","procStart":"{start(root.pid)}"}}')
    loop = "while :; do sleep 600 & sleep 0.025; done"
    root.spawn(["/bin/bash", "-c", loop], markers(session, root.pid), flags="s")
    other = scene.start_actor(CLAUDE.replace("api-refactor", "docs"), ["claude"])
    scene.write(f"home/.claude/sessions/{other.pid}.json",
                f'{{"pid":{other.pid},"sessionId":"{quiet}","name":"docs","status":"idle","procStart":"{start(other.pid)}"}}')
    tool = other.tool(markers(quiet, other.pid), "make", "s")
    for _ in range(7):
        tool.tell("zombie")
    for name in ("vite", "esbuild", "tail"):
        scene.start_actor(f"bin/{name}", env=markers(gone, 999999))


def start(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[19]


def picture(scene, name, keys, size):
    display = f":{90 + list(PICTURES).index(name)}"
    server = scene.popen(["Xvfb", display, "-screen", "0", "1400x900x24"], stderr=subprocess.DEVNULL)
    wait_for("the display", lambda: os.path.exists(f"/tmp/.X11-unix/X{display[1:]}"))
    env = {"DISPLAY": display, "LANG": "C.UTF-8", "TERM": "xterm-256color"}
    terminal = scene.popen(["xterm", "-u8", "-fa", "DejaVu Sans Mono", "-fs", "10", "-bg", "#101418", "-fg", "#d8dee4", "-geometry",
                            f"{size}+0+0", "-xrm", "*internalBorder: 6", "-e", CLADE, "-d", "1"], env)
    time.sleep(8)
    for key in keys:
        scene.run(["xdotool", "key", key], env)
        time.sleep(1)
    file = f"{HERE}/{name}.png"
    scene.run(["import", "-window", "root", "-depth", "8", "-trim", "+repage", file], env)
    for process in (terminal, server):
        process.terminate()
        process.wait()
    print(file)


for tool in ("Xvfb", "xterm", "import", "xdotool"):
    if not shutil.which(tool):
        sys.exit(f"no {tool}: apt-get install xvfb xterm imagemagick xdotool")
with Scene() as the_scene:
    busy_machine(the_scene)
    for the_name, (the_keys, the_size) in PICTURES.items():
        if not WANTED or the_name in WANTED:
            picture(the_scene, the_name, the_keys, the_size)
