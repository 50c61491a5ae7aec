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

lib.PIDS_MAX, lib.LIFE_S = 8000, 400  # before the others take them over
from docker import Engine  # noqa: E402
from lib import CLADE, Scene, Skip, wait_for  # noqa: E402
from pm2 import NODE_APP, Pm2  # noqa: E402

CLAUDE = "api-refactor/node_modules/@anthropic-ai/claude-code-linux-x64/claude"

# What is typed into clade before each picture, as xdotool names the keys; its size; its theme.
PICTURES = {
    "owners": ([], "132x34", "default"),
    "wide": ([], "200x50", "default"),
    "tree": (["Right", "Down", "Down", "c"], "120x30", "default"),
    "details": (["Return"], "100x34", "default"),
    "kill": (["F9"], "110x26", "default"),
    "setup": (["F2", "Down", "Down", "Down"], "100x30", "default"),
    "narrow": ([], "80x24", "default"),
    "colourblind": ([], "100x24", "colourblind"),
    "light": ([], "100x24", "light"),
}
PAPER = {"light": ("#ffffff", "#202428")}  # background and foreground; else:
SCREEN = ("#101418", "#d8dee4")
WATCH_S = 70  # so that a trend can be seen


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


def open_terminal(scene, name, size, theme):
    """clade in a terminal on a display of its own; returns both processes and their environment."""
    display = f":{90 + list(PICTURES).index(name)}"
    server = scene.popen(["Xvfb", display, "-screen", "0", "1700x1050x24"], stderr=subprocess.DEVNULL)
    wait_for("the display", lambda: os.path.exists(f"/tmp/.X11-unix/X{display[1:]}"))
    env = {"DISPLAY": display, "LANG": "C.UTF-8", "TERM": "xterm-256color"}
    background, foreground = PAPER.get(theme, SCREEN)
    terminal = scene.popen(["xterm", "-u8", "-tn", "xterm-256color", "-fa", "DejaVu Sans Mono", "-fs", "9", "-bg", background, "-fg", foreground,
                            "-geometry", f"{size}+0+0", "-xrm", "*internalBorder: 6", "-e", CLADE, "-d", "1", "--theme", theme], env)
    return server, terminal, env


def picture(scene, name, keys, server, terminal, env):
    # without a window manager keys go where the pointer is
    scene.run(["xdotool", "mousemove", "60", "60"], env)
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
    wanted = {name: settings for name, settings in PICTURES.items() if not WANTED or name in WANTED}
    terminals = {name: open_terminal(the_scene, name, size, theme) for name, (_, size, theme) in wanted.items()}
    time.sleep(WATCH_S)
    for the_name, (the_keys, _, _) in wanted.items():
        picture(the_scene, the_name, the_keys, *terminals[the_name])
