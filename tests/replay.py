"""Recordings in a real terminal: tmux holds it, keys go in, the text of the screen comes out."""
import os
import random
import re
import shutil
import subprocess
import tempfile
import time

from record import recording, wait_for, whole
from tap import find_clade, main, ok
from tmux import Screen

CLADE = find_clade()


class Night:
    """A short recording in which a process appears and goes again."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="clade-test-")
        self.path = f"{self.dir}/night.ndjson.zst"
        self.guest = f"sleep {random.randrange(10**8, 10**9)}"  # of no other run beside this one
        with recording(self.path):
            self.wait_for_samples(10)
            sleeper = subprocess.Popen(self.guest.split())
            try:
                self.wait_for_samples(25)
            finally:
                sleeper.kill()
                sleeper.wait()
            self.wait_for_samples(35)
        self.n = len(whole(self.path)[1])
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir)

    def wait_for_samples(self, n):
        wait_for(f"more than {n} samples", lambda: os.path.exists(self.path) and len(whole(self.path)[1]) > n)


def step_play_and_go():
    with Night() as night, Screen(140, 40, "replay", night.path) as screen:
        screen.shows("the first moment", rf"REPLAY .* 1 of {night.n}  standing")
        screen.shows("that nothing can be signalled", r"READ-ONLY")
        screen.shows("the machine below", r"^CPU \[")
        screen.keys(".", ".")
        screen.shows("two steps on", rf"3 of {night.n}")
        screen.keys(",")
        screen.shows("one step back", rf"2 of {night.n}")
        screen.keys("J")
        screen.shows("where to", r"Go to")
        screen.type("noon")
        screen.keys("Enter")
        screen.shows("what a time is", r"a time is 14:10")
        screen.answer("Escape", "J", text="last")
        screen.shows("the last", rf"{night.n} of {night.n}  standing")
        screen.answer("/", text=night.guest)
        screen.shows("nothing of what has ended", r"nothing matches")
        screen.answer("J", text="first")
        screen.shows("the first again", rf" 1 of {night.n}")
        for _ in range(20):
            screen.keys(".")
        screen.shows("twenty steps on", rf"21 of {night.n}  standing")
        screen.answer("/", text=night.guest)
        screen.shows("what lived then", night.guest)
        screen.keys("]", "]", "Z")
        screen.shows("it plays to the end", rf"{night.n} of {night.n}  playing x5")
        screen.keys("q")
        screen.shows("exit status 0", r"status=0")


def what_is_torn_opens_and_says_so():
    with Night() as night:
        with open(night.path, "r+b") as file:
            file.truncate(os.path.getsize(night.path) - 5)
        with Screen(160, 30, "replay", night.path) as screen:
            screen.shows("what is missing", rf"1 of {night.n - 1} .*its last sample is torn")


def what_grows_is_followed():
    with tempfile.TemporaryDirectory(prefix="clade-test-") as directory, recording(f"{directory}/tape"):
        path = f"{directory}/tape"
        wait_for("samples", lambda: os.path.exists(path) and len(whole(path)[1]) > 3)
        with Screen(140, 30, "replay", path) as screen:
            screen.shows("what there is", r"REPLAY .* 1 of \d+ ")
            there = int(re.search(r" 1 of (\d+)", screen.text()).group(1))
            wait_for("more than there was", lambda: int(re.search(r" 1 of (\d+)", screen.text()).group(1)) > there + 3)
            ok(True, "what is written later is told while it stands")
            screen.keys("J")
            screen.type("last")
            screen.keys("Enter", "Z")
            screen.shows("that it plays", r"playing")
            seen = int(re.search(r"(\d+) of (\d+)", screen.text()).group(1))
            wait_for("more", lambda: int(re.search(r"(\d+) of (\d+)", screen.text()).group(1)) > seen + 10)
            ok(True, "what is written later comes to the screen")


def standard_input_and_snapshots_open():
    with Night() as night:
        for name, command in (("a recording", f"cat {night.path}"), ("lines", f"zstdcat {night.path}"),
                              ("repacked", f"zstdcat {night.path} | zstd -c"), ("a live one", f"{CLADE} record - -d 0.2"),
                              ("a document", f"{CLADE} snapshot -f json --sample 0"), ("a snapshot", f"{CLADE} snapshot -f ndjson --sample 0")):
            with Screen(140, 30, "replay", "-", before=f"{command} |") as screen:
                screen.shows(f"{name} from standard input", r"REPLAY .* 1 of \d+ ")
                screen.keys("F1")
                screen.shows(f"{name}: keys come from the terminal", r"this help")
                screen.keys("Escape", "q")
                screen.shows(f"{name}: exit status 0", r"status=0")


def what_cannot_be_opened_is_said():
    with tempfile.TemporaryDirectory(prefix="clade-test-") as directory:
        for name, content, word in (("empty", b"", "no sample"), ("text", b"Dear reader", "not a snapshot"), ("json", b"[]", "not a snapshot"),
                                    ("torn", b"\x5c\x2a\x4d\x18\x40", "torn"), ("missing", None, "No such file")):
            path = f"{directory}/{name}"
            if content is not None:
                with open(path, "wb") as file:
                    file.write(content)
            result = subprocess.run([CLADE, "replay", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            ok(result.returncode == 1 and result.stderr.startswith(f"clade: {path}: ") and word in result.stderr, name, result)


def the_demo_plays():
    with Screen(140, 40, "--demo") as screen:
        screen.shows("the demo", r"REPLAY .* of \d+  playing")
        screen.shows("its owners", r"[▸▾] ")
        begin = time.monotonic()
        while " 1 of " in screen.text() and time.monotonic() < begin + 10:
            time.sleep(0.1)
        ok(" 1 of " not in screen.text(), "it goes on by itself", screen.text())
        screen.keys("q")
        screen.shows("exit status 0", r"status=0")


def a_moment_is_written_while_read_only():
    with Night() as night, Screen(140, 40, "replay", "--readonly=best-effort", "--snapshot-dir", night.dir, night.path) as screen:
        screen.shows("the first moment", rf"REPLAY .* 1 of {night.n}")
        screen.keys("w")
        screen.shows("the place", rf"To: {night.dir}/clade-.*\.ndjson\.zst")
        screen.keys("Enter")
        screen.shows("that it is written", r"written: ")
        files = [name for name in os.listdir(night.dir) if name.startswith("clade-")]
        ok(len(files) == 1, "one file", files)
        screen.keys("w")
        for _ in range(200):
            screen.keys("BSpace")
        screen.type("/dev/shm/clade-elsewhere")
        screen.keys("Enter")
        screen.shows("that it goes nowhere else", r"writes into its directory only")
        ok(not os.path.exists("/dev/shm/clade-elsewhere"), "nor is it there")
        screen.keys("Escape", "q")
        screen.shows("exit status 0", r"status=0")
        with Screen(140, 40, "replay", f"{night.dir}/{files[0]}") as again:
            again.shows("it opens again", r"1 of 1")


main(step_play_and_go, what_is_torn_opens_and_says_so, what_grows_is_followed, standard_input_and_snapshots_open,
     a_moment_is_written_while_read_only, what_cannot_be_opened_is_said, the_demo_plays)
