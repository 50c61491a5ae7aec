"""clade in a real terminal: tmux holds it, keys go in, the text of the screen comes out."""
import os
import re
import shutil
import subprocess
import tempfile
import time

from tap import Skip, find_clade, ok

CLADE = find_clade()
PATIENCE_S = 15
COLOUR = r"\x1b\[(?:\d+;)*(?:3[0-7]|38|4[0-7]|48|9[0-7]|10[0-7])(?:;\d+)*m"


class Screen:
    """clade in a pane of a private tmux server that reads no configuration."""

    def __init__(self, columns, rows, *arguments, env=None, directory_file=None, before=""):
        self.tmux = shutil.which("tmux")
        if not self.tmux:
            raise Skip("no tmux")
        self.dir = tempfile.mkdtemp(prefix="clade-test-")
        self.env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": self.dir, "LANG": "C.UTF-8", "TERM": "xterm-256color"}
        inner = " ".join(f"{name}='{value}'" for name, value in {**self.env, **(env or {})}.items())
        if directory_file:
            with open(f"{self.dir}/{directory_file[0]}", "w", encoding="utf-8") as file:
                file.write(directory_file[1])
        command = f"cd {self.dir}; {before} env -i {inner} {CLADE} {' '.join(arguments)}; echo status=$?; stty -a | tr -d '\\n'; exec sleep 60"
        self("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), "sh", "-c", command)

    def __call__(self, *arguments):
        result = subprocess.run([self.tmux, "-S", f"{self.dir}/socket", *arguments], env=self.env, capture_output=True, text=True,
                                timeout=PATIENCE_S)
        if result.returncode != 0:
            raise RuntimeError(f"tmux {arguments[0]}: {result.stderr}")
        return result.stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self("kill-server")
        shutil.rmtree(self.dir, ignore_errors=True)

    def text(self):
        return self("capture-pane", "-p")

    def keys(self, *names):
        self("send-keys", *names)

    def bytes(self, data):
        """Sends bytes as a terminal would, such as a report of the mouse."""
        self("send-keys", "-H", *(f"{byte:02x}" for byte in data))

    def click(self, row, column):
        """Presses and lets go of the first button; from 0 on."""
        self.bytes(f"\x1b[<0;{column + 1};{row + 1}M".encode())
        self.bytes(f"\x1b[<0;{column + 1};{row + 1}m".encode())

    def place(self, pattern):
        """The row and column where something stands."""
        for row, line in enumerate(self.text().splitlines()):
            match = re.search(pattern, line)
            if match:
                return row, match.start()
        raise LookupError(pattern)

    def is_alive(self, what):
        """It still draws: another size is filled again."""
        self.resize(131, 37)
        time.sleep(0.1)
        self.resize(130, 37)
        return self.shows(what, r"^CPU \[")

    def type(self, text):
        self("send-keys", "-l", text)

    def answer(self, *keys, text):
        """Opens what asks for a text, writes it and enters it."""
        self.keys(*keys)
        self.type(text)
        self.keys("Enter")

    def resize(self, columns, rows):
        self("resize-window", "-x", str(columns), "-y", str(rows))

    def shows(self, what, pattern, absent=False):
        """Waits until the screen matches, or does not any more."""
        end = time.monotonic() + PATIENCE_S
        text = self.text()
        while bool(re.search(pattern, text, re.M)) == absent and time.monotonic() < end:
            time.sleep(0.05)
            text = self.text()
        return ok(bool(re.search(pattern, text, re.M)) != absent, what, f"{'still' if absent else 'no'} {pattern!r} in", text)


class Crowd:
    """A tree to look for: a shell with three sleeps of an unusual length below it."""

    def __enter__(self):
        self.shell = subprocess.Popen(["sh", "-c", "sleep 8675309 & sleep 8675309 & sleep 8675309 & wait"], start_new_session=True)
        return self.shell.pid

    def __exit__(self, *_):
        os.killpg(self.shell.pid, 9)
        self.shell.wait()
