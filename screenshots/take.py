#!/usr/bin/env python3
"""Takes the pictures of this directory: real processes, a real xterm on a virtual display.

    make screenshots        in a build; installs nothing, names what is missing

The machine of the pictures is made by the scenes of the integration tests, in a capped pids cgroup that is
emptied at the end: PM2 with a crash loop, Docker with a container at its pids limit, agents' sessions.
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

import lib  # noqa: E402
from docker import Engine  # noqa: E402
from lib import CLADE, Scene, Skip, wait_for  # noqa: E402
from pm2 import NODE_APP, Pm2  # noqa: E402

lib.PIDS_MAX = 8000
CLAUDE = "api-refactor/node_modules/@anthropic-ai/claude-code-linux-x64/claude"

# What is typed into clade before each picture, as xdotool names the keys; its size; its theme.
PICTURES = {
    "owners": ([], "120x30", "default"),
    "tree": (["Right"], "120x30", "default"),
    "details": (["Return"], "100x34", "default"),
    "narrow": ([], "80x24", "default"),
    "colourblind": ([], "100x24", "colourblind"),
}


def markers(session, pid):
    return {"CLAUDECODE": 1, "CLAUDE_CODE_SESSION_ID": session, "CLAUDE_PID": pid, "CLAUDE_CODE_CHILD_SESSION": 1}


def claude(scene, directory, session, status):
    root = scene.start_actor(CLAUDE.replace("api-refactor", directory), ["claude"])
    scene.write(f"home/.claude/sessions/{root.pid}.json",
                f'{{"pid":{root.pid},"sessionId":"{session}","name":"{directory}","status":"{status}","procStart":"{start(root.pid)}"}}')
    return root


def containers(scene):
    """A container at its pids limit, and one that is well."""
    try:
        engine = Engine(scene)
    except Skip as reason:
        print(f"no containers in the pictures: {reason}")
        return
    engine.run("shop-queue", "/bin/sh", "-c", "i=0; while [ $i -lt 30 ]; do sleep 300 & i=$((i+1)); done; wait", options=("--pids-limit", "32"))
    engine.run("shop-db", "/bin/sleep", "300")


def busy_machine(scene):
    """A session that starts ever more shells, one that is well, what a third left behind, zombies, a crash loop, containers."""
    session, quiet, gone = (str(uuid.uuid4()) for _ in range(3))
    pm2 = Pm2(scene, "pm2")
    scene.write("app.js", NODE_APP)
    scene.write("crash.js", "setTimeout(() => process.exit(3), 300)\n")
    pm2.start({"name": "web", "script": "app.js"}, {"name": "mailer", "script": "app.js"},
              {"name": "api", "script": "crash.js", "max_restarts": 10000, "restart_delay": 100})
    containers(scene)
    other = claude(scene, "docs", quiet, "idle")
    tool = other.tool(markers(quiet, other.pid), "make", "s")
    for _ in range(12):
        tool.tell("zombie")
    for name in ("vite", "esbuild", "tail"):
        scene.start_actor(f"bin/{name}", env=markers(gone, 999999))
    root = claude(scene, "api-refactor", session, "busy")
    loop = "for i in $(seq 2000); do sleep 600 & done; while :; do sleep 600 & sleep 0.025; done"
    root.spawn(["/bin/bash", "-c", loop], markers(session, root.pid), flags="s")


def start(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[19]


def picture(scene, name, keys, size, theme):
    display = f":{90 + list(PICTURES).index(name)}"
    server = scene.popen(["Xvfb", display, "-screen", "0", "1400x900x24"], stderr=subprocess.DEVNULL)
    wait_for("the display", lambda: os.path.exists(f"/tmp/.X11-unix/X{display[1:]}"))
    env = {"DISPLAY": display, "LANG": "C.UTF-8", "TERM": "xterm-256color"}
    terminal = scene.popen(["xterm", "-u8", "-fa", "DejaVu Sans Mono", "-fs", "10", "-bg", "#101418", "-fg", "#d8dee4", "-geometry",
                            f"{size}+0+0", "-xrm", "*internalBorder: 6", "-e", CLADE, "-d", "1", "--theme", theme], env)
    time.sleep(12)
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
    for the_name, (the_keys, the_size, the_theme) in PICTURES.items():
        if not WANTED or the_name in WANTED:
            picture(the_scene, the_name, the_keys, the_size, the_theme)
