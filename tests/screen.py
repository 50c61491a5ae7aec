"""The screen in a real terminal."""
import os
import re
import time

from tap import main, ok
from tmux import COLOUR, Crowd, Screen


def owners_open_into_trees_and_the_whole_tree_is_a_key_away():
    with Crowd(), Screen(220, 40) as screen:
        screen.shows("the machine", r"^CPU \[.*load")
        screen.shows("the process table", r"^Tbl \[.*/ [\d,]+")
        screen.shows("a verdict", r"^ [A-Z]+  +\S")
        screen.shows("owners", r"KIND .*OWNER / COMMAND")
        screen.shows("the kernel's threads are an owner", r"▸ kernel threads")
        screen.shows("the keys", r"F1Help.*F10Quit")
        screen.keys("End", "Right")
        screen.shows("an owner opens", r"▾ (no owner|kernel threads|\S+)")
        screen.keys("F5")
        screen.shows("the tree", r"└─")
        screen.shows("the footer offers owners again", r"F5Owners")
        screen.keys("t")
        screen.shows("owners again", r"OWNER / COMMAND")


def a_search_finds_what_is_closed():
    with Crowd() as shell, Screen(220, 40) as screen:
        screen.shows("owners", r"▸ ")
        screen.answer("/", text="sleep 8675309")
        screen.shows("the shell that holds the words too", rf"^ *{shell} .*sleep 8675309")
        screen.keys("n")
        screen.shows("and what is below it", r"[├└]─sleep 8675309")


def a_filter_leaves_what_is_above_and_below():
    with Crowd(), Screen(220, 40) as screen:
        screen.shows("owners", r"▸ ")
        screen.keys("F5")
        screen.answer("\\", text="8675309")
        screen.shows("the matches", r"sleep 8675309")
        screen.shows("a word that the list is filtered", r"FILTERED")
        screen.shows("nothing else", r"kthreadd", absent=True)
        screen.keys("Escape")
        screen.shows("all again", r"FILTERED", absent=True)
        screen.keys("F4")
        screen.type("foo(")
        screen.shows("a broken expression is named", r"\(")
        screen.keys("Escape")


def details_show_the_evidence():
    with Crowd() as shell, Screen(220, 45) as screen:
        screen.shows("owners", r"▸ ")
        screen.answer("/", text=f"^{shell}$")
        time.sleep(0.3)
        screen.keys("Enter")
        screen.shows("details", r"^pid +" + str(shell))
        screen.shows("the evidence", r"^why +\S")
        screen.keys("Escape")
        screen.shows("the list again", r"OWNER / COMMAND")


def help_sort_pause():
    with Screen(120, 50) as screen:
        screen.shows("owners", r"▸ ")
        screen.keys("F1")
        screen.shows("help", r"^F1 h \? +this help")
        screen.keys("PageDown")
        screen.shows("the next page of it", r"^F10 q +quit")
        screen.keys("PageDown", "PageDown")
        screen.shows("its end, at the bottom", r"\nNAME .*\nEscClose")
        screen.keys("Escape")
        screen.keys("F6")
        screen.shows("sorts", r"^Sort by")
        screen.keys("Escape")
        screen.keys("M")
        screen.shows("sorted by memory", r"by MEM")
        screen.keys("Z")
        screen.shows("paused", r"PAUSED")
        screen.keys("Z")
        screen.shows("and not", r"PAUSED", absent=True)


def it_fits_any_size():
    with Screen(200, 50) as screen:
        screen.shows("200x50", r"^CPU \[.*load")
        for columns, rows in ((40, 12), (80, 24), (20, 5), (300, 60), (1, 1), (200, 50)):
            screen.resize(columns, rows)
            if rows >= 12:
                screen.shows(f"{columns}x{rows}", r"^CPU \[")
                screen.shows(f"{columns}x{rows}: the keys are at the bottom", r"F1Help.*\n*\Z")
                screen.shows(f"{columns}x{rows}: every row is used", r"\A" + r".*\n" * (rows - 1) + r".*F1Help")
            else:
                time.sleep(0.3)
        screen.shows("200x50 again", r"^CPU \[.*load")


def ascii_and_no_colour():
    with Screen(100, 30, "--ascii", "--no-color") as screen:
        screen.shows("owners", r"\+ kernel threads")
        text = screen.text()
        ok(all(ord(c) < 127 for c in text), "ASCII only", text)
        colours = re.findall(COLOUR, screen("capture-pane", "-p", "-e"))
        ok(not colours, "no colour", colours)
    with Screen(100, 30, env={"LANG": "C"}) as screen:
        screen.shows("a locale without UTF-8 is drawn in ASCII", r"\+ kernel threads")


def the_terminal_is_given_back():
    for how, end in (("q", lambda screen: screen.keys("q")), ("F10", lambda screen: screen.keys("F10")),
                     ("SIGTERM", lambda screen: terminate(screen))):
        with Screen(100, 30) as screen:
            screen.shows(f"{how}: owners", r"▸ ")
            end(screen)
            screen.shows(f"{how}: exit status", r"status=(0|143)")
            screen.shows(f"{how}: the terminal echoes and is cooked again", r" icanon.* echo ")


def terminate(screen):
    """Ends the clade of the pane: a child of its shell, which the test started."""
    shell = int(screen("display-message", "-p", "#{pane_pid}"))
    with open(f"/proc/{shell}/task/{shell}/children", encoding="ascii") as file:
        os.kill(int(file.read().split()[0]), 15)


main(owners_open_into_trees_and_the_whole_tree_is_a_key_away, a_search_finds_what_is_closed, a_filter_leaves_what_is_above_and_below,
     details_show_the_evidence, help_sort_pause, it_fits_any_size, ascii_and_no_colour, the_terminal_is_given_back)
