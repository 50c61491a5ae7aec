"""What only a real terminal shows: colours, the mouse, other sizes under dialogues, many keys, other terminals."""
import os
import random
import re
import subprocess
import time

from tap import main, ok
from tmux import CLADE, COLOUR, Crowd, Screen

# Commands that random keys may run: none that acts on anything but the screen.
HARMLESS = {"help", "setup", "up", "down", "page-up", "page-down", "first", "last", "open", "close", "toggle-all", "shallower", "deeper",
            "tag", "tag-tree", "untag-all", "details", "environment", "search", "next", "previous", "filter", "tree", "sort", "invert",
            "sort-cpu", "sort-memory", "sort-age", "sort-growth", "states", "users", "follow", "pause", "redraw", "clear"}

# A terminal of 16 colours, which not every machine has a description of.
SIXTEEN = r"printf 'clade-16|16 colours, colors#16, pairs#256, setaf=\\E[%%?%%p1%%{8}%%<%%t3%%p1%%d%%e9%%p1%%{8}%%-%%d%%;m, " \
          r"setab=\\E[%%?%%p1%%{8}%%<%%t4%%p1%%d%%e10%%p1%%{8}%%-%%d%%;m, use=xterm,\n' > clade-16.ti; tic -x -o terminfo clade-16.ti;"


def commands():
    """The names of the commands with their first key, as tmux calls it."""
    lines = subprocess.run([CLADE, "list", "keys"], capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [re.split(r"  +", line, maxsplit=2) for line in lines]
    names = {"Esc": "Escape", "PgUp": "PageUp", "PgDn": "PageDown", "Ctrl-L": "C-l"}
    return {row[0]: names.get(row[1].split()[0], row[1].split()[0]) for row in rows}


def colours(screen):
    return re.findall(COLOUR, screen("capture-pane", "-p", "-e"))


def colours_are_those_of_the_terminal_and_the_theme():
    with Screen(100, 30) as screen:
        screen.shows("256: the list", r"kernel threads")
        found = colours(screen)
        ok(any("48;5;108" in colour for colour in found), "256: the head has its colour", *set(found))
        ok(any("38;5;73" in colour for colour in found), "256: labels have theirs", *set(found))
    with Screen(100, 30, env={"TERM": "xterm"}) as screen:
        screen.shows("8: the list", r"kernel threads")
        found = colours(screen)
        ok(found and not any("8;5;" in colour for colour in found), "8: only those", *set(found))
        ok(any(re.search(r"[\[;]42m", colour) for colour in found), "8: the head has its colour", *(repr(colour) for colour in set(found)))
    with Screen(100, 30, "--theme", "contrast", env={"TERM": "clade-16", "TERMINFO": "terminfo"}, before=SIXTEEN) as screen:
        screen.shows("16: the list", r"kernel threads")
        found = colours(screen)
        ok(found and not any("8;5;" in colour for colour in found), "16: only those", *(repr(colour) for colour in set(found)))
        ok(any(re.search(r"[\[;]107m", colour) for colour in found), "16: the head is of the bright ones", *(repr(colour) for colour in set(found)))
    with Screen(100, 30, env={"TERM": "vt100"}) as screen:
        screen.shows("none: the list", r"kernel threads")
        ok(not colours(screen), "none: no colour", *colours(screen))
        reversed_rows = re.findall(r"^.*\x1b\[(?:\d+;)*7m.*$", screen("capture-pane", "-p", "-e"), re.M)
        ok(any("OWNER / COMMAND" in row for row in reversed_rows), "none: the head is reversed", *reversed_rows)
        ok(any(re.search(r"\d[hms] ", row) for row in reversed_rows), "none: so is the selected row", *reversed_rows)
    with Screen(100, 30, "--theme", "light", env={"TERM": "xterm"}) as screen:
        screen.shows("8, light: the list", r"kernel threads")
        text = screen("capture-pane", "-p", "-e")
        ok(not re.search(r"\x1b\[1(?:;|m\x1b\[)3[1-6]m", text), "8, light: no colour is made lighter by bold", repr(text))
    with Screen(100, 30, "--theme", "colourblind") as screen:
        screen.shows("colour-blind: the list", r"kernel threads")
        ok(any("48;5;110" in colour for colour in colours(screen)), "colour-blind: the head is blue")
    with Screen(100, 30, env={"NO_COLOR": "1"}) as screen:
        screen.shows("NO_COLOR: the list", r"kernel threads")
        ok(not colours(screen), "NO_COLOR: none", *colours(screen))
        ok(re.search(r"\x1b\[(?:\d+;)*7m", screen("capture-pane", "-p", "-e")), "NO_COLOR: the head and the selection are reversed")


def the_mouse_selects_opens_and_sorts():
    with Crowd(), Screen(120, 30) as screen:
        screen.shows("owners", r"▸ ")
        row, column = screen.place(r"kernel threads")
        screen.click(row, column)
        time.sleep(0.3)
        screen.click(row, column)
        screen.shows("a second click opens", r"▾ kernel threads")
        screen.click(*screen.place(r"\bMEM\b"))
        screen.shows("a click on a title sorts", r"by MEM ▾")
        screen.keys("Up")
        screen.shows("the message gives way to the keys", r"F5Tree")
        screen.click(*screen.place(r"F5Tree"))
        screen.shows("a click on the footer is that key", r"F5Owners")
        screen.bytes(b"\x1b[<65;5;9M" * 3)
        screen.is_alive("the wheel turns")


def a_dialogue_is_drawn_at_any_size():
    with Crowd(), Screen(130, 37, "--readonly=best-effort") as screen:
        screen.shows("the list", r"kernel threads")
        for name, key in commands().items():
            if name not in HARMLESS | {"kill", "write"}:
                continue
            screen.keys(key)
            for columns, rows in ((40, 12), (1, 1), (20, 5), (300, 60), (80, 24)):
                screen.resize(columns, rows)
                screen.keys("Down")
            screen.keys("Escape", "Escape")
        screen.resize(130, 37)
        screen.is_alive("it went through every dialogue")
        screen.keys("q")
        screen.shows("and ends well", r"status=0")


def what_is_typed_behind_work_waits_for_its_end():
    with Screen(130, 37) as screen:
        screen.shows("the list", r"kernel threads")
        screen.keys("w", "Enter", "t")
        screen.shows("written, then the tree", r"USER .* COMMAND")
        names = [name for name in os.listdir(screen.dir) if name.startswith("clade-")]
        ok(len(names) == 1 and names[0].endswith("Z.ndjson.zst"), "the key behind is no part of the file's name", names)


def random_keys_do_no_harm():
    """Whatever could act on a process is bound to no key."""
    with Crowd(), Screen(130, 37, "--config", "keys.conf", directory_file=("keys.conf", "[keys]\n" + "".join(
            f"{name} = none\n" for name in commands() if name not in HARMLESS))) as screen:
        screen.shows("the list", r"kernel threads")
        keys = ["F1", "F2", "F3", "F4", "F5", "F6", "Up", "Down", "Left", "Right", "PageUp", "PageDown", "Home", "End", "Enter", "Escape",
                "Space", "BSpace", *"abcdefghijklmnoprstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&()*+,-./:<=>?@[]^_{|}~"]
        generator = random.Random(7)
        for _ in range(10):
            screen.keys(*generator.choices(keys, k=50))
            screen.resize(generator.randint(1, 200), generator.randint(1, 60))
        screen.keys("Escape", "Escape", "Escape")
        screen.is_alive("after 500 keys it still draws")
        text = screen.text()
        ok("AddressSanitizer" not in text and "runtime error" not in text and "status=" not in text, "and nothing was wrong", text)


def other_terminals():
    for term in ("xterm", "screen", "linux", "vt100"):
        with Screen(100, 30, env={"TERM": term}) as screen:
            screen.shows(f"{term}: the machine", r"^CPU \[")
            screen.shows(f"{term}: the list", r"kernel threads")
            screen.keys("t")
            screen.shows(f"{term}: the tree", r"USER .* COMMAND")
            screen.keys("h")
            screen.shows(f"{term}: help", r"^F10 q +quit|Esc *Close")
            screen.keys("Escape", "q")
            screen.shows(f"{term}: it ends well", r"status=0")
    with Screen(100, 30, env={"TERM": "linux"}) as screen:
        screen.shows("linux: marks that its font has", r"\+ kernel threads")
    with Screen(100, 30, env={"TERM": "dumb"}) as screen:
        screen.shows("dumb: says what to use", r"cannot move its cursor; use: clade snapshot")
        screen.shows("dumb: the command line is wrong", r"status=2")


def what_the_terminal_type_does_not_know_is_one_key_or_none():
    with Crowd(), Screen(130, 37) as screen:
        screen.shows("the list", r"kernel threads")
        screen.answer("t", "\\", text="8675309")
        screen.shows("a filter", r"FILTERED")
        screen.bytes(b"\x1b[4~")
        time.sleep(0.3)
        screen.keys("Enter")
        screen.shows("End as tmux sends it, to a TERM that is another: details of the last row", r"^command +sleep 8675309")
        screen.keys("q")
        for sequence in (b"\x1b[99~", b"\x1b[1;5A", b"\x1bOx", b"\x1b[?62;1c", b"\x1b]11;rgb:0/0/0\x07", b"\x1b[Mkkk"):
            screen.bytes(sequence)
        for part in (b"\x1b[", b"9", b"9", b"~"):
            screen.bytes(part)
            time.sleep(0.15)
        time.sleep(0.3)
        text = screen.text()
        ok("FILTERED" in text and "OWNER" not in text and re.search(r"^CPU \[", text, re.M), "what nobody knows is no Esc and no letters", text)
        screen.keys("Escape")
        screen.shows("Esc is", r"FILTERED", absent=True)
        screen.keys("Escape", "t")
        screen.shows("and a letter behind it another key", r"OWNER / COMMAND")


def what_is_set_up_is_kept():
    with Screen(130, 37) as screen:
        screen.shows("the list", r"kernel threads")
        screen.keys("F2")
        screen.shows("setup", r"^ +Theme +default")
        screen.keys("Right")
        screen.shows("the next theme", r"^ +Theme +light")
        screen.keys("F10")
        screen.shows("says where it is kept", r"kept in .*/\.config/clade/clade\.conf")
        with open(f"{screen.dir}/.config/clade/clade.conf", encoding="utf-8") as file:
            text = file.read()
        ok(text == "[options]\ntheme = light\n", "the file", text)
        left = os.listdir(f"{screen.dir}/.config/clade")
        ok(left == ["clade.conf"], "nothing is left beside it", left)


def lines_that_mean_nothing_are_named_on_the_screen_and_kept():
    config = "# mine\n[options]\ncolour-of-sky = blue\n[screen]\nfold = nonsense\n"
    with Screen(130, 37, before="mkdir -p .config/clade; mv here .config/clade/clade.conf;", directory_file=("here", config)) as screen:
        screen.shows("the first of them, and how many", r"^2 lines skipped: .*clade\.conf:3: ")
        screen.keys("F2")
        screen.shows("setup", r"^ +Theme +default")
        screen.keys("Right", "F10")
        screen.shows("kept", r"kept in ")
        with open(f"{screen.dir}/.config/clade/clade.conf", encoding="utf-8") as file:
            text = file.read()
        ok(text == config.replace("blue\n", "blue\ntheme = light\n"), "they are as they were", text)


def the_narrowest_screens_show_what_matters():
    """In the demo, where its session has stopped to explode: that fills the line most."""
    for columns, rows, what, pattern in ((40, 12, "the verdict ends with its speed", r"^ GROWING  .*…  \+1555/min$"),
                                         (80, 24, "forks have their place", r"forks/s 17  .*OOM kills 35$")):
        with Screen(columns, rows, "--demo") as screen:
            screen.shows(f"{columns}: the demo", r"REPLAY")
            screen.keys("J")
            screen.type("00:02:49")
            screen.keys("Enter")
            screen.shows(f"{columns}: {what}", pattern)


main(colours_are_those_of_the_terminal_and_the_theme, the_mouse_selects_opens_and_sorts, a_dialogue_is_drawn_at_any_size,
     what_is_typed_behind_work_waits_for_its_end, random_keys_do_no_harm, other_terminals,
     what_the_terminal_type_does_not_know_is_one_key_or_none, what_is_set_up_is_kept,
     lines_that_mean_nothing_are_named_on_the_screen_and_kept, the_narrowest_screens_show_what_matters)
