"""Trees of bomb.c, and clade's UI in front of them: what the tests of kills and of priorities share."""
import os
import re
import subprocess

from lib import CLADE, compiled, find_program, read, wait_for


def bomb_binary():
    return compiled("bomb", ["-static"])


def start(scene, *words, env=None, cgroups=()):
    """A tree of bomb.c, a child of the test in a session of its own; also put into further control groups."""
    def enter():
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        scene.enter()
        for cgroup in cgroups:
            with open(f"{cgroup}/cgroup.procs", "w") as file:
                file.write("0")
        os.setsid()
    return subprocess.Popen([bomb_binary(), *map(str, words)], env=env or {}, cwd=scene.dir, preexec_fn=enter,
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def full(scene, n):
    """Waits until the scene has so many processes."""
    wait_for(f"{n} processes", lambda: len(members(scene)) >= n, 60)


def members(scene):
    return [int(pid) for pid in read(f"{scene.cgroup}/cgroup.procs").split()]


class Screen:
    """clade's UI in a tmux of its own; `before` is a program that runs it, `first` what it shows."""

    def __init__(self, scene, *words, before=(), first="Quit"):
        self.scene = scene
        self.tmux = [find_program("tmux"), "-S", f"{scene.dir}/screen", "-f", "/dev/null"]
        self.env = {"SHELL": "/bin/sh", "TERM": "xterm", "LC_ALL": "C.UTF-8"}
        scene.run([*self.tmux, "new-session", "-d", "-n", "ui", "-x", "260", "-y", "30", " ".join([*before, CLADE, *map(str, words)])], self.env)
        self.expect(first)

    def end(self):
        self.scene.run([*self.tmux, "kill-server"], self.env)

    def text(self):
        return self.scene.run([*self.tmux, "capture-pane", "-p", "-t", "ui"], self.env)

    def press(self, *keys):
        for key in keys:
            self.scene.run([*self.tmux, "send-keys", "-t", "ui", key], self.env)

    def expect(self, words, patience_s=20):
        try:
            return wait_for(f"the screen to say {words!r}", lambda: (lambda text: text if words in text else "")(self.text()), patience_s)
        except TimeoutError as error:
            raise TimeoutError(f"{error}:\n{self.text()}") from error

    def choose(self, words):
        """Selects the first process whose command has the words, in the tree. What is selected is looked at: the next
        key may act on it, and on a busy machine the first sample may come after the first keys."""
        wait_for("the first sample", lambda: re.search(r"procs [1-9]", self.text()))
        self.press("F5", "/")
        self.expect("Search")
        self.press(words, "Enter")
        self.expect("Quit")
        self.press("Enter")
        details = self.expect("command  ")
        assert words in details, details
        self.press("Escape")
        self.expect("Quit")
