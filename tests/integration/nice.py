"""F7, F8 and i in front of real trees: nice values are read from /proc/PID/task/TID/stat, classes through ioprio_get(2).

Everything is started in the pen's pids cgroup and bounded by its cap.
"""
import ctypes
import json
import os
import platform
import signal
import subprocess

from lib import AUDIT, NOBODY, Scene, Skip, becomes, children_of, find_program, main, ok, read, wait_for
from trees import Screen, full, members, start

# Three threads, four children that look alike with a child each, and one child more on USR1: 9 processes, then 10.
TREE = """
import os, signal, sys, threading, time
def sleep():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    time.sleep(120)
    os._exit(0)
def fork(then):
    if os.fork() == 0:
        then()
        sleep()
for i in range(4):
    fork(lambda: fork(sleep))
signal.signal(signal.SIGUSR1, lambda *_: fork(sleep))
for i in range(2):
    threading.Thread(target=time.sleep, args=(120,), daemon=True).start()
end = time.monotonic() + 120
while time.monotonic() < end:
    time.sleep(1)
"""
GET = {"x86_64": 252, "aarch64": 31}.get(platform.machine())  # ioprio_get
REAL_TIME, BEST_EFFORT, IDLE = 1, 2, 3


def tasks(pid):
    return [int(tid) for tid in os.listdir(f"/proc/{pid}/task")]


def nice_of(tid):
    """Field 19 of stat; the name before it may hold blanks."""
    return int(read(f"/proc/{tid}/stat").rsplit(")", 1)[1].split()[16])


def nices(pids):
    return {nice_of(tid) for pid in pids for tid in tasks(pid)}


def io_of(tid):
    value = ctypes.CDLL(None, use_errno=True).syscall(GET, 1, tid)
    if value < 0:
        raise OSError(ctypes.get_errno(), "ioprio_get")
    return value >> 13, value & 7


def ios(pids):
    return {io_of(tid) for pid in pids for tid in tasks(pid)}


def python_tree(scene, user=None):
    path = scene.write("tree.py", TREE)
    os.chmod(path, 0o644)
    os.chmod(scene.dir, 0o755)

    def enter():
        scene.enter()
        if user:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        os.setsid()
    root = subprocess.Popen(["/usr/bin/python3", path], env={}, preexec_fn=enter, stdin=subprocess.DEVNULL)
    wait_for("the tree", lambda: len(tree_of(root.pid)) == 9 and len(tasks(root.pid)) == 3)
    return root


def tree_of(pid):
    return [pid, *(below for child in children_of(pid) for below in tree_of(child))]


def audit():
    return [json.loads(line) for line in read(AUDIT).splitlines()[-2:]]


def f8_and_f7_change_a_closed_tree_with_all_its_threads():
    with Scene() as scene:
        stranger = start(scene, "tree", 3)
        full(scene, 4)
        root = python_tree(scene)
        tree = tree_of(root.pid)
        screen = Screen(scene)
        screen.choose("tree.py")
        screen.press("-", "F8")
        said = screen.expect("nice +1: 9 processes changed")
        ok(nices(tree) == {1}, "F8 on a closed tree: each of its threads has nice 1", nices(tree), said)
        screen.press("F8", "F8", "F8")
        becomes("each of three presses in a row counts", lambda: nices(tree) == {4})
        screen.press("F7")
        becomes("F7 takes one away: root may", lambda: nices(tree) == {3})
        screen.expect("nice -1: 9 processes changed")
        strangers = [stranger.pid, *children_of(stranger.pid)]
        ok(nices(strangers) == {0}, "the tree beside it is as before", nices(strangers))
        begin, end = audit()
        ok((begin["event"], end["event"]) == ("begin", "end") and begin["id"] == end["id"] and begin["signal"] is None, "two lines in the audit", begin, end)
        ok(begin["change"] == "nice -1" and begin["processes"] == 9 and end["result"] == "changed" and end["changed"] == 9, "say what was changed", end)
        screen.press("q")


def keys_that_are_pressed_while_it_works_count():
    """Among thousands one change takes longer than it takes to press the key again."""
    with Scene() as scene:
        start(scene, "tree", 1000)
        full(scene, 1001)
        root = python_tree(scene)
        tree = tree_of(root.pid)
        screen = Screen(scene)
        screen.choose("tree.py")
        screen.press(*["F8"] * 6)
        becomes("six presses in a row among thousands: each counts", lambda: nices(tree) == {6})
        screen.press("q")


def each_member_keeps_its_distance_and_stops_at_the_end():
    with Scene() as scene:
        root = python_tree(scene)
        tree = tree_of(root.pid)
        os.setpriority(os.PRIO_PROCESS, tree[1], 19)
        os.setpriority(os.PRIO_PROCESS, tree[2], 5)
        screen = Screen(scene)
        screen.choose("tree.py")
        screen.press("F8")
        said = screen.expect("nice +1: 8 processes changed, 1 at the end of the range")
        ok([nice_of(pid) for pid in tree[:3]] == [1, 19, 6], "19 stays, 5 becomes 6", said)
        screen.press("q")


def who_was_forked_since_the_screen_was_made_is_changed_too():
    with Scene() as scene:
        root = python_tree(scene)
        screen = Screen(scene)
        screen.choose("tree.py")
        screen.press("Z")
        screen.expect("PAUSED")
        root.send_signal(signal.SIGUSR1)
        wait_for("one more", lambda: len(tree_of(root.pid)) == 10)
        screen.press("F8")
        said = screen.expect("nice +1: 10 processes changed, 1 of them found later")
        ok(nices(tree_of(root.pid)) == {1}, "the newcomer has nice 1 as the others", said)
        screen.press("q")


def a_menu_sets_the_class_of_io():
    if not GET:
        raise Skip("the number of ioprio_get is not known here")
    with Scene() as scene:
        root = python_tree(scene)
        tree = tree_of(root.pid)
        screen = Screen(scene)
        screen.choose("tree.py")
        for presses, expected, words in ((9, (IDLE, 0), "idle"), (7, (BEST_EFFORT, 6), "best-effort 6"), (12, (REAL_TIME, 2), "real-time 2")):
            screen.press("i")
            screen.expect("The class of I/O")
            screen.press(*["Down"] * presses, "Enter")
            said = screen.expect(f"I/O {words}: 9 processes changed")
            ok(ios(tree) == {expected}, f"{words}: each thread has it", ios(tree), said)
        ok(nices(tree) == {0}, "the nice value is as before")
        begin, end = audit()
        ok(begin["change"] == "I/O real-time 2" and end["changed"] == 9, "the audit has it", begin, end)
        screen.press("i")
        screen.expect("The class of I/O")
        screen.press("Escape")
        screen.expect("Quit")
        ok(ios(tree) == {(REAL_TIME, 2)}, "Esc in the menu changes nothing")
        screen.press("q")


def tagged_rows_are_changed_and_clade_is_not():
    """A tag on the process that runs clade's terminal: the plan leaves out what clade runs in."""
    with Scene() as scene:
        root = python_tree(scene)
        tree = tree_of(root.pid)
        screen = Screen(scene)
        screen.choose("tree.py")
        own = [pid for pid in members(scene) if read(f"/proc/{pid}/comm").startswith(("tmux: server", "clade"))]
        before = [nice_of(pid) for pid in own]
        screen.press("c", "Escape", "/")
        screen.expect("Search")
        screen.press(f"{scene.dir}/screen -f /dev/null new-session", "Enter")  # not those that send the keys
        screen.press("c", "F8")
        said = screen.expect("left out:")
        ok("(clade runs in it)" in said and "(clade itself)" in said, "what clade runs in is left out, with the reason", said)
        ok(nices(tree) == {1}, "the other tagged tree is changed", nices(tree))
        ok(len(own) == 2 and [nice_of(pid) for pid in own] == before, "tmux and clade are not", own, before)
        screen.press("q")


def what_is_refused_is_told_with_why():
    nobody = [find_program("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    with Scene() as scene:
        root = python_tree(scene, user=NOBODY)
        tree = tree_of(root.pid)
        screen = Screen(scene, before=nobody)
        screen.choose("tree.py")
        screen.press("F7")
        said = screen.expect("nice -1: 0 processes changed, 9 refused: only root may raise")
        ok(nices(tree) == {0}, "a user's F7 changes nothing, and why is said", said)
        screen.press("F8")
        screen.expect("nice +1: 9 processes changed")
        ok(nices(tree) == {1}, "his F8 does: they are his", nices(tree))
        screen.press("q")
    with Scene() as scene:
        root = python_tree(scene)
        tree = tree_of(root.pid)
        screen = Screen(scene, before=nobody)
        screen.choose("tree.py")
        screen.press("F8")
        said = screen.expect("nice +1: 0 processes changed, 9 refused: another user's")
        ok(nices(tree) == {0}, "root's tree is not a user's to change", said)
        screen.press("q")


def read_only_changes_nothing():
    with Scene() as scene:
        root = python_tree(scene)
        tree = tree_of(root.pid)
        screen = Screen(scene, "--readonly=best-effort")
        screen.choose("tree.py")
        for key in ("F8", "F7", "i"):
            screen.press("Down", "Up", key)
            screen.expect("read-only: no priority can be changed")
        ok(nices(tree) == {0}, "F7, F8 and i are refused in read-only mode")
        screen.press("q")


main(f8_and_f7_change_a_closed_tree_with_all_its_threads, keys_that_are_pressed_while_it_works_count, each_member_keeps_its_distance_and_stops_at_the_end,
     who_was_forked_since_the_screen_was_made_is_changed_too, a_menu_sets_the_class_of_io, tagged_rows_are_changed_and_clade_is_not,
     what_is_refused_is_told_with_why, read_only_changes_nothing)
