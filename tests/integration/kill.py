"""`clade kill` against real trees: what has to go goes, what has to stay stays, nothing is left stopped.

Everything is started in the pen's pids cgroup and bounded by its cap. What is timed is printed, not judged: machines differ.
"""
import json
import os
import pty
import select
import signal
import socket
import subprocess
import time

import lib
from trees import Screen, bomb_binary, full, members, start
from lacking import without_events, without_pidfd
from lib import (AUDIT, CLADE, HERE, NOBODY, Scene, Skip, as_nobody, becomes, children_of, clade, compiled, find_program, is_alive, kill_cgroup, main,
                 note, ok, pen, read, stat_of, wait_for)

CAP = 3000
SESSION = "11111111-2222-4333-8444-5555555555"


def living(scene):
    return [pid for pid in members(scene) if is_alive(pid)]


def stopped(pids):
    return [pid for pid in pids if stat_of(pid)[:1] in (["T"], ["t"])]


def clear(scene):
    """Waits until the dead are reaped: they count for the cap."""
    wait_for("the dead to be reaped", lambda: int(read(f"{scene.cgroup}/pids.current") or 0) == 0, 60)


def allow(n):
    """More processes in the pen, for the big scenes."""
    with open(f"{pen().top}/pids.max", "w") as file:
        file.write(str(n))


def kill(*words, patience_s=60, **options):
    """`clade kill`, with nobody to ask. Returns the status and what it said."""
    before = time.monotonic()
    result = clade("kill", *map(str, words), "--yes", patience_s=patience_s, **options)
    said = (result.stdout + result.stderr).decode()
    note(*(line for line in said.splitlines() if line.startswith(("Gone", "Left", "Signalled", "Cancelled", "clade:"))),
         f"{time.monotonic() - before:.2f} s in all")
    return result.returncode, said


def ended(scene, title, result, expected=0):
    status, said = result
    ok(status == expected, f"{title}: the status is {expected}", said)
    left = living(scene)
    ok(not left, f"{title}: nobody is left", *map(lib.describe, left[:10]))


# ---- Trees ----

def a_tree_whose_branches_are_closed():
    """What a screen hides is in the plan: all below the root, however deep."""
    with Scene() as scene:
        root = start(scene, "chain", 40)
        full(scene, 41)
        stranger = start(scene, "tree", 3)
        full(scene, 45)
        kept = [stranger.pid, *children_of(stranger.pid)]
        status, said = kill(root.pid)
        ok(status == 0, "a chain of 41: gone", said)
        ok(sorted(living(scene)) == sorted(kept), "the tree beside it lives", living(scene), kept)
        ok(not stopped(kept), "and goes on")


def ten_thousand_children():
    with Scene() as scene:
        allow(11000)
        try:
            root = start(scene, "tree", 10000)
            full(scene, 10001)
            result = kill(root.pid)
            ended(scene, "10,000 children", result)
            wait_for("most of the dead to be reaped", lambda: int(read(f"{scene.cgroup}/pids.current")) < CAP / 2, 300)
        finally:
            allow(lib.PIDS_MAX)


def who_ignores_term_is_killed():
    with Scene() as scene:
        root = start(scene, "stubborn", 30)
        full(scene, 31)
        status, said = kill(root.pid, "--grace", 1)
        ended(scene, "who ignores TERM", (status, said))
        ok("31 by SIGKILL" in said, "SIGKILL came after the grace", said)


def who_breeds_on_term_is_killed():
    with Scene() as scene:
        root = start(scene, "breeder", 30)
        full(scene, 31)
        ended(scene, "who starts another on TERM", kill(root.pid, "--grace", 1))


def who_stands_still_is_ended_too():
    with Scene() as scene:
        root = start(scene, "stopped", 20)
        full(scene, 21)
        wait_for("ten to stand still", lambda: len(stopped(members(scene))) == 10)
        status, said = kill(root.pid, "--grace", 10)
        ended(scene, "stopped members", (status, said))
        ok("SIGKILL" not in said, "TERM was enough: they were continued with it", said)


def who_becomes_another_user_is_ended_by_root():
    with Scene() as scene:
        root = start(scene, "changed", 20)
        full(scene, 21)
        ended(scene, "members that became nobody", kill(root.pid))


def another_users_are_left_and_told():
    """As nobody: a root's child in the tree stays, and the plan says so."""
    with Scene() as scene:
        root = start(scene, "changed", 20)
        full(scene, 21)
        wait_for("ten nobodies", lambda: sum(read(f"/proc/{pid}/status").count(f"Uid:\t{NOBODY}") for pid in members(scene)) == 10)
        status, said = kill(root.pid, **as_nobody())
        ok(status == 0, "what nobody may end is ended", said)
        ok("Left out: 11" in said, "the others are named", said)
        ok("no audit is written: " in said, "and that nothing is written down for want of a place", said)
        ok(len(living(scene)) == 11, "and live", living(scene))
        ok(not stopped(living(scene)), "and go on")


def zombies_are_told_with_their_parent():
    with Scene() as scene:
        root = start(scene, "farm", 5)
        wait_for("five zombies", lambda: sum(stat_of(pid)[:1] == ["Z"] for pid in children_of(root.pid)) == 5)
        zombie = children_of(root.pid)[0]
        status, said = kill(zombie)
        ok(status == 3, "a zombie is refused", said)
        ok(f"5 zombies of bomb (pid {root.pid})" in said or f"1 zombie of bomb (pid {root.pid})" in said, "its parent is named", said)
        status, said = kill(root.pid, "--signal", "CHLD")
        ok(status == 0, "SIGCHLD is sent", said)
        wait_for("the zombies to be reaped", lambda: not children_of(root.pid))
        ok(is_alive(root.pid), "the parent reaps and lives")


# ---- Bombs ----

def hurry():
    """Among 3,000 processes that fork without end the test itself would not run."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError as error:
        raise Skip("the test may not run before the bomb") from error


def rest():
    """As a shell would start it."""
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


class Bomb:
    """A scene with a bomb at its cap, and a test that runs before it."""

    def __init__(self, cap, *words, env=None, stranger=False, container=None):
        self.cap, self.words, self.env, self.stranger, self.container = cap, words, env, stranger, container

    def __enter__(self):
        allow(self.cap + 10)
        hurry()
        self.scene = Scene()
        if self.container:
            os.mkdir(f"{self.scene.cgroup}/docker")
            self.scene.cgroup = f"{self.scene.cgroup}/docker/{self.container}"
            os.mkdir(self.scene.cgroup)
        with open(f"{self.scene.cgroup}/pids.max", "w") as file:
            file.write(str(self.cap))
        if self.stranger:
            self.stranger = start(self.scene, "tree", 2)
            full(self.scene, 3)
        self.root = start(self.scene, *self.words, env=self.env)
        full(self.scene, self.cap - self.cap // 30)
        note(f"{len(members(self.scene))} processes fork without end")
        return self

    def __exit__(self, *_):
        self.scene.__exit__()
        self.root.wait()
        if self.stranger:
            self.stranger.wait()
        clear(self.scene)
        rest()
        allow(lib.PIDS_MAX)

    def bombs(self):
        strangers = [self.stranger.pid, *children_of(self.stranger.pid)] if self.stranger else []
        return [pid for pid in living(self.scene) if pid not in strangers]

    def expect_gone(self, title, result):
        status, said = result
        left = self.bombs()
        ok(status == 0, f"{title}: the status is 0", said)
        ok(not left, f"{title}: nobody is left", len(left), *map(lib.describe, left[:10]))
        if self.stranger:
            strangers = [self.stranger.pid, *children_of(self.stranger.pid)]
            ok(len(strangers) == 3 and all(map(is_alive, strangers)), f"{title}: who is beside it lives")
            ok(not stopped(strangers), f"{title}: and goes on")


class Busy:
    """Processes that want the CPU all the time, outside of the bomb's group."""

    def __init__(self, n):
        def enter():
            with open(f"{pen().top}/cgroup.procs", "w") as file:
                file.write("0")
            rest()
        self.loops = [subprocess.Popen(["/bin/sh", "-c", "while :; do :; done"], env={}, preexec_fn=enter) for _ in range(n)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for loop in self.loops:
            loop.kill()
            loop.wait()


def a_fork_bomb_is_ended_in_one_try():
    with Bomb(CAP, "bomb") as bomb:
        bomb.expect_gone(f"a fork bomb at a cap of {CAP}", kill(bomb.root.pid, preexec_fn=rest))


def a_fork_bomb_among_the_busy_is_ended_in_one_try():
    """Who forks holds the lock of its memory, and where others want the CPU does not run for long: nothing may wait for it."""
    for i in range(4):
        with Bomb(CAP, "bomb") as bomb, Busy(3):
            words = ("--collector", "procps") if i % 2 else ()
            bomb.expect_gone(f"a fork bomb among the busy, {' '.join(words) or 'the usual collector'}",
                             kill(bomb.root.pid, *words, preexec_fn=rest))


def a_fork_bomb_beside_others_is_ended_in_one_try():
    """Not even the control group tells it from others."""
    with Bomb(1000, "bomb", stranger=True) as bomb:
        bomb.expect_gone("a fork bomb beside others", kill(bomb.root.pid, "--signal", "KILL", preexec_fn=rest))


def escape_env(n):
    return {"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": f"{SESSION}{n:02}"}


def who_forks_twice_and_takes_a_session_is_known_by_its_markers():
    with Bomb(800, "escape", env=escape_env(1), stranger=True) as bomb:
        result = kill(f"claude:{SESSION}01", preexec_fn=rest)
        bomb.expect_gone("escapees with an owner's markers", result)


def who_forks_twice_and_takes_a_session_is_known_by_its_control_group():
    with Bomb(800, "escape", container="c1ade" + 59 * "0") as bomb:
        bomb.expect_gone("escapees in a container", kill("docker:c1ade0", preexec_fn=rest))


def heirs_that_forked_twice_and_took_a_session_are_known_by_likeness():
    """Each leaves an heir when it gets TERM, who ignores TERM, has neither parent nor session nor marker, and is found in the grace."""
    for what, how in (("heir", "that executed nothing"), ("heir2", "that executed the program anew")):
        with Scene() as scene:
            stranger = start(scene, "tree", 0)
            root = start(scene, what, 20, env={"HEIRS": "have it, too"})
            full(scene, 22)
            status, said = kill(root.pid, "--grace", 2, preexec_fn=without_events)
            ok(status == 0 and living(scene) == [stranger.pid], f"heirs {how}: only who is beside them is left", said)
            ok("of them found later" in said and "21 by SIGKILL" in said, f"heirs {how}: all 21 were found and killed", said)


def who_forks_twice_and_takes_a_session_is_ended_with_all_that_run_the_same():
    """Neither markers nor a control group: what one of them is names them all."""
    with Bomb(800, "escape", stranger=True) as bomb:
        said = clade("kill", str(bomb.root.pid), "--dry-run", preexec_fn=rest).stdout.decode()
        ok("the same" in said and f"alike:{bomb.root.pid} would end" in said, "the plan for one names the others", said)
        bomb.expect_gone("escapees by likeness", kill(f"alike:{bomb.root.pid}", preexec_fn=rest))


def heirs_that_resemble_nobody_are_known_as_the_kernel_tells_forks():
    """A stranger in their control group leaves the forks alone to tell them."""
    for how, options in (("told by the kernel", {}), ("not told", {"preexec_fn": without_events})):
        with Scene() as scene:
            stranger = start(scene, "tree", 0)
            root = start(scene, "heir3", 20)
            full(scene, 22)
            status, said = kill(root.pid, "--grace", 2, **options)
            left = [pid for pid in living(scene) if pid != stranger.pid]
            ok(status == 0 and is_alive(stranger.pid) and not stopped(living(scene)), f"heirs, {how}: who is beside them goes on", said)
            if not options:
                lost = "came meanwhile and may be of it" in said
                note(*["forks went by faster than they could be told"] * lost)
                ok(not left and "21 by SIGKILL" in said or lost and left, f"heirs, {how}: all 21 were found and killed", said)
                continue
            ok(len(left) > 10, f"heirs, {how}: they are strangers, but for those whose forking was seen", said)
            ok(f"{len(left)} orphans of the same user came meanwhile and may be of it" in said, f"heirs, {how}: that is said", said)
            ok(last_audit()["strays"] == len(left), f"heirs, {how}: and written down", last_audit())


def a_twin_and_its_orphans_are_let_be():
    """Two orphans of one image: the one that was not chosen goes on, and so does what it forks meanwhile, which looks the same."""
    for how, options in (("told by the kernel", {}), ("not told", {"preexec_fn": without_events})):
        with Scene() as scene:
            start(scene, "twins").wait()
            wait_for("the twins to be alone", lambda: len(living(scene)) == 2)
            one, twin = living(scene)
            os.kill(twin, signal.SIGTERM)
            full(scene, 3)
            status, said = kill(one, "--grace", 2, **options)
            left = living(scene)
            ok(status == 0 and not is_alive(one), f"twins, {how}: the one is gone", said)
            ok(is_alive(twin) and len(left) > 15 and not stopped(left), f"twins, {how}: the other and its orphans live", len(left), said)
            ok("may be of it" in said or not options, f"twins, {how}: what is not known is said", said)


# ---- Control groups ----

def mounts_of(kind, option=None):
    return [fields[1] for fields in (line.split() for line in read("/proc/self/mounts").splitlines())
            if fields[2] == kind and (not option or option in fields[3].split(","))]


class Group:
    """A control group of another hierarchy for a scene's processes."""

    def __init__(self, top):
        self.dir = f"{top}/{pen().name}-{time.monotonic_ns()}"
        os.mkdir(self.dir)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        kill_cgroup(self.dir)
        wait_for("the group to be empty", lambda: not read(f"{self.dir}/cgroup.procs").split())
        os.rmdir(self.dir)


def last_audit():
    return json.loads(read(AUDIT).splitlines()[-1])


def kill_group(top, what, state_file, thawed):
    with Scene() as scene, Group(top) as group:
        root = start(scene, "stubborn", 20, cgroups=[group.dir])
        full(scene, 21)
        status, said = kill(root.pid, "--grace", 1)
        ended(scene, what, (status, said))
        ok("the whole control group /" in said, f"{what}: the plan says that it is a whole control group", said)
        ok(last_audit()["cgroup"] == group.dir, f"{what}: it was frozen as one", last_audit())
        ok(read(f"{group.dir}/{state_file}").strip() == thawed, f"{what}: nothing is left frozen")
    with Scene() as scene, Group(top) as group:
        root = start(scene, "tree", 20, cgroups=[group.dir])
        stranger = start(scene, "tree", 1, cgroups=[group.dir])
        full(scene, 23)
        status, said = kill(root.pid)
        ok(status == 0, f"{what} with a stranger in it: gone", said)
        ok("the whole control group" not in said and last_audit()["cgroup"] is None, f"{what} with a stranger in it: not frozen as one")
        ok(sorted(living(scene)) == sorted([stranger.pid, *children_of(stranger.pid)]), f"{what}: the stranger lives")
        ok(not stopped(living(scene)), f"{what}: and goes on")


def a_whole_control_group_of_version_2():
    tops = mounts_of("cgroup2")
    if not tops:
        raise Skip("no cgroup2 is mounted")
    kill_group(tops[0], "a control group of version 2", "cgroup.freeze", "0")


def a_whole_control_group_of_version_1():
    tops = mounts_of("cgroup", "freezer")
    if not tops:
        raise Skip("no freezer of version 1 is mounted")
    kill_group(tops[0], "a control group of version 1", "freezer.state", "THAWED")


# ---- Cancelled ----

def cancel_after(scene, pids, delay_s, number, root, group=None):
    """Interrupts a kill after so long; what was stopped must go on."""
    running = subprocess.Popen([CLADE, "kill", str(root.pid), "--yes", "--grace", "1"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    time.sleep(delay_s)
    phase = f"{len(stopped(pids))} of {len(pids)} stopped"
    running.send_signal(number)
    said = running.communicate(timeout=30)[0].decode().strip().splitlines()
    still = stopped(living(scene))
    frozen = group and (read(f"{group.dir}/cgroup.freeze").strip() == "1" or read(f"{group.dir}/freezer.state").strip() == "FROZEN")
    note(f"after {delay_s:.3f} s, {phase}: {said[-1] if said else 'interrupted before anything was said'}")
    ok(not still and not frozen, f"interrupted after {delay_s * 1000:.0f} ms: nothing is left stopped", *map(lib.describe, still[:5]))
    return running.returncode, any("Cancelled" in line for line in said)


DELAYS_S = (0.02, 0.04, 0.06, 0.08, 0.1, 0.13, 0.17, 0.22, 0.3, 0.5, 0.8, 1.05, 1.15)
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def cancel_everywhere(what, n, cgroups):
    """All delays fall somewhere: before, while stopping, in the grace, while killing. Whoever is ended is started anew."""
    cancelled = 0
    for i, delay_s in enumerate(DELAYS_S):
        with Scene() as scene:
            allow(n + 200)
            root = start(scene, "stubborn", n, cgroups=[group.dir for group in cgroups])
            full(scene, n + 1)
            _, was_cancelled = cancel_after(scene, living(scene), delay_s, SIGNALS[i % len(SIGNALS)], root, *cgroups)
            cancelled += was_cancelled
        root.wait()
        clear(scene)
    allow(lib.PIDS_MAX)
    ok(cancelled >= 3, f"{what}: it was cancelled while it was at it, again and again", cancelled)


def interrupted_anywhere_nothing_is_left_stopped():
    cancel_everywhere("process by process", 1000, [])


def interrupted_anywhere_nothing_is_left_frozen():
    tops = mounts_of("cgroup2") or mounts_of("cgroup", "freezer")
    if not tops:
        raise Skip("no control group can be frozen")
    with Group(tops[0]) as group:
        cancel_everywhere("a control group", 300, [group])


def who_stood_still_before_does_so_after_a_cancel():
    """Interrupted while it stops things, it lets go on what it has stopped, and nobody else."""
    n = 1000
    for _ in range(10):
        with Scene() as scene:
            allow(n + 200)
            root = start(scene, "stopped", n)
            full(scene, n + 1)
            wait_for("half to stand still", lambda: len(stopped(members(scene))) == n // 2)
            before = sorted(stopped(members(scene)))
            running = subprocess.Popen([CLADE, "kill", str(root.pid), "--yes"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT)
            others = [pid for pid in members(scene) if pid not in before][::50]
            while running.poll() is None and not stopped(others):
                pass
            running.send_signal(signal.SIGTERM)
            said = running.communicate(timeout=30)[0].decode()
            is_cancelled = "Cancelled: 1,001 processes are left" in said and last_audit()["signalled"] == 0
            after = sorted(stopped(members(scene)))
        root.wait()
        clear(scene)
        if is_cancelled:
            break
    allow(lib.PIDS_MAX)
    ok(is_cancelled, "it was interrupted before the signal was sent", said)
    ok(after == before, "who stood still before does so after", len(before), len(after))


def a_tree_stands_still_and_goes_on():
    with Scene() as scene:
        root = start(scene, "tree", 20)
        full(scene, 21)
        status, said = kill(root.pid, "--signal", "STOP")
        ok(status == 0 and len(stopped(members(scene))) == 21, "STOP leaves the whole tree stopped, as it was asked to", said)
        status, said = kill(root.pid, "--signal", "CONT")
        ok(status == 0 and not stopped(members(scene)), "and CONT lets it go on", said)


# ---- Who must never be hit ----

def clades_own_shell_and_what_it_runs_in_live():
    with Scene() as scene:
        script = f'{bomb_binary()} tree 3 & until set -- $(cat /proc/$!/task/$!/children) && [ $# -eq 3 ]; do :; done; "{CLADE}" kill $$ --yes; echo "status $?"; echo "the shell lives"'
        said = scene.run(["/bin/sh", "-c", script])
        ok("the shell lives" in said, "the shell that clade was started from lives", said)
        ok("Gone: 4 processes" in said and "status 0" in said, "what else it had started is gone", said)
        ok("clade itself" in said and "clade runs in it" in said, "both are named", said)


def tmux_and_its_client_live():
    with Scene() as scene:
        tmux = [find_program("tmux"), "-S", f"{scene.dir}/socket", "-f", "/dev/null"]
        env = {"SHELL": "/bin/sh", "TERM": "xterm", "LC_ALL": "C.UTF-8"}
        scene.run([*tmux, "new-session", "-d", "-n", "first", "-x", "120", "-y", "40"], env)
        server, pane = scene.run([*tmux, "display-message", "-p", "#{pid} #{pane_id}"], env).split()
        server = int(server)
        scene.run([*tmux, "new-window", "-d", f"exec {bomb_binary()} tree 4"], env)
        client = scene.popen(["script", "-qc", " ".join([*tmux, "attach"]), "/dev/null"], env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        wait_for("a client", lambda: scene.run([*tmux, "list-clients"], env))
        scene.run([*tmux, "send-keys", "-t", pane, f"{CLADE} kill {server} {client.pid} --yes", "Enter"], env)
        said = wait_for("the result", lambda: (lambda text: text if "looks" in text else "")(
            scene.run([*tmux, "capture-pane", "-p", "-t", pane, "-S", "-200"], env)))
        ok(is_alive(server), "the server that clade runs in lives", said)
        ok(is_alive(client.pid) and scene.run([*tmux, "list-clients"], env), "the client that shows it lives, and what that runs in", said)
        ok("Gone: 5 processes" in said, "the other window's tree is gone", said)
        ok("shows a terminal of the multiplexer" in said, "why is said", said)


def what_comes_back_is_told_on_the_screen():
    with Scene() as scene:
        keeper = scene.popen(["/bin/sh", "-c", 'while :; do "$0" "$1" 2; done', bomb_binary(), "tree"])
        full(scene, 4)
        first = children_of(keeper.pid)[0]
        screen = Screen(scene, "--delay", "1")
        screen.choose("bomb tree 2")
        screen.press("F9")
        screen.expect("Enter sends TERM")
        screen.press("Enter")
        said = screen.expect("came back")
        ok("Gone: 3 processes" in said and "Whether it comes back is watched for 10 s" in said, "the result says that it is watched", said)
        ok("came back once in" in said and "started by /bin/sh -c" in said, "and who started it again", said)
        ok(not is_alive(first) and len(children_of(keeper.pid)) == 1, "as it is")
        screen.press("Escape", "q")


def the_grace_on_the_screen_is_that_of_the_options():
    with Scene() as scene:
        root = start(scene, "stubborn", 3)
        full(scene, 4)
        config = scene.write("clade.conf", "[options]\ngrace = 60\n")
        for words, least in ((("--grace", "30"), 25), (("--config", config), 55)):
            screen = Screen(scene, *words)
            screen.choose("bomb stubborn 3")
            screen.press("F9")
            screen.expect("Enter sends TERM")
            screen.press("Enter")
            said = screen.expect("SIGKILL to what is left in")
            left_s = int(said.split("SIGKILL to what is left in ")[1].split()[0])
            ok(least <= left_s <= least + 5, f"{words[0]}: {least + 5} s are counted down", left_s)
            screen.press("Escape")
            screen.expect("Cancelled")
            screen.end()
        ok(is_alive(root.pid), "and nobody is ended before")


# ---- No memory ----

def nomemory_library():
    return compiled("nomemory", ["-shared", "-fPIC", "-ldl"])


def without_memory_nothing_is_left_stopped():
    """Memory ends while processes are stopped: the command must put newcomers down, the screen must draw."""
    for how in ("the command", "the screen"):
        with Scene() as scene:
            root = start(scene, "stubborn", 1000)
            full(scene, 1001)
            before = ["env", f"LD_PRELOAD={nomemory_library()}", "NOMEMORY_AFTER=10"]
            told = f"{scene.dir}/told"
            after = ["2>", told, "; echo \"status $?\" >>", told, "; sleep 60"]
            if how == "the command":
                Screen(scene, "kill", root.pid, "--yes", "--grace", "1", *after, before=before, first="")
            else:
                screen = Screen(scene, *after, before=before)
                screen.choose("bomb stubborn 1000")
                screen.press("F9")
                screen.expect("Type 1001 and Enter")
                screen.press(*"1001", "Enter")
            wait_for("clade to end", lambda: "status" in read(told), 40)
            said = read(told)
            still = stopped(members(scene))
            ok("out of memory" in said, f"no memory, {how}: it says so", said)
            ok("status 0" not in said, f"no memory, {how}: it fails", said)
            ok(not still, f"no memory, {how}: nothing is left stopped", len(still))
            if how == "the screen":
                ok(len(living(scene)) >= 1001, f"no memory, {how}: everybody goes on", len(living(scene)))
        root.wait()
        clear(scene)


def a_kernel_without_pidfds_will_do():
    with Scene() as scene:
        root = start(scene, "stubborn", 30)
        full(scene, 31)
        stranger = start(scene, "tree", 2)
        full(scene, 34)
        status, said = kill(root.pid, "--grace", 1, preexec_fn=without_pidfd)
        ok(status == 0 and "Gone: 31 processes" in said and "31 by SIGKILL" in said, "without pidfds a tree is ended", said)
        ok("no pidfds: start times were compared" in said, "and that is said", said)
        ok(len(living(scene)) == 3 and is_alive(stranger.pid), "the tree beside it lives", living(scene))


def a_tree_is_ended_from_the_keyboard():
    with Scene() as scene:
        root = start(scene, "stubborn", 60)
        full(scene, 61)
        trees = [root.pid, *children_of(root.pid)]
        screen = Screen(scene)
        screen.choose("bomb stubborn 60")
        screen.press("F9")
        plan = screen.expect("Type 61 and Enter to send TERM")
        ok("TERM to 61 processes" in plan and "oldest:" in plan, "F9 shows the plan first", plan)
        screen.press("6", "0", "Enter")
        screen.expect("type 61 first")
        ok(all(map(is_alive, trees)), "a wrong number does nothing")
        screen.press("Escape")
        screen.expect("Quit")
        screen.press("F9")
        screen.expect("Type 61 and Enter")
        screen.press("6", "1", "Enter")
        ok("61  signalled" in screen.expect("SIGKILL to what is left in"), "the grace is counted down")
        screen.press("Escape")
        said = screen.expect("Cancelled")
        ok("61 processes are left and go on" in said and all(map(is_alive, trees)) and not stopped(trees), "Esc cancels: nobody is left stopped", said)
        screen.press("Escape")
        screen.expect("Quit")
        screen.press("F9")
        screen.expect("Type 61 and Enter")
        screen.press("6", "1", "Enter")
        said = screen.expect("Gone: 61 processes")
        ok(not any(map(is_alive, trees)), "the typed number ends them", said)
        screen.press("Escape", "q")


def read_only_and_f9_do_not_go_together():
    with Scene() as scene:
        root = start(scene, "tree", 2)
        full(scene, 3)
        screen = Screen(scene, "--readonly=best-effort")
        screen.choose("bomb tree 2")
        screen.press("F9")
        becomes("F9 says that it is read-only", lambda: "read-only: nothing can be signalled" in screen.text())
        ok(is_alive(root.pid), "and does nothing")


def a_pid_that_is_another_process_by_now_is_let_be():
    for when, kernel in (("asked", "pidfd"), ("grace", "pidfd"), ("asked", "plain"), ("grace", "plain")):
        with Scene() as scene:
            output = scene.run(["unshare", "--pid", "--fork", "--mount-proc", "python3", f"{HERE}/reuse.py", CLADE, bomb_binary(), when, kernel])
            result = json.loads(output[output.index("{"):])
            when = f"{when}, {'with' if kernel == 'pidfd' else 'without'} pidfds"
            ok(result["taken_over"], f"{when}: the pid was taken over", result["said"])
            ok(result["lives"], f"{when}: the newcomer lives", result["said"])
            ok(result["status"] == 0, f"{when}: who was meant is gone", result["said"])


# ---- Asking and refusing ----

def ask(answer, *words):
    """`clade kill` in a terminal, with that answer. Returns the status and what it showed."""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(CLADE, ["clade", "kill", *map(str, words)], {"TERM": "xterm", "HOME": "/"})
    said, is_answered, end = "", False, time.monotonic() + 30
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                chunk = os.read(terminal, 65536).decode("utf-8", "replace")
            except OSError:
                break
            said += chunk
        if not is_answered and ("Enter to go on" in said or "Type the number" in said):
            os.write(terminal, answer.encode())
            is_answered = True
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), said


def more_than_fifty_ask_for_their_number():
    with Scene() as scene:
        root = start(scene, "tree", 60)
        full(scene, 61)
        for answer in ("\r", "60\r", "y\r", "\x04"):
            status, said = ask(answer, root.pid)
            ok(status == 3 and len(living(scene)) == 61, f"the answer {answer!r} does nothing", said)
        status, said = ask("61\r", root.pid)
        ended(scene, "the right number", (status, said))


def fewer_ask_for_enter():
    with Scene() as scene:
        root = start(scene, "tree", 5)
        full(scene, 6)
        status, said = ask("n\r", root.pid)
        ok(status == 3 and len(living(scene)) == 6, "n does nothing", said)
        ended(scene, "Enter", ask("\r", root.pid))


def what_is_refused_does_nothing():
    with Scene() as scene:
        root = start(scene, "tree", 3)
        full(scene, 4)
        for status, *words in ((2, root.pid), (4, "4194303", "--yes"), (4, "pm2:nobody", "--yes"), (2, "nonsense", "--yes"), (3, "1", "--yes"),
                               (0, root.pid, "--dry-run"), (3, root.pid, "--yes", "--readonly=best-effort"), (4, root.pid, "4194303", "--yes")):
            result = clade("kill", *map(str, words))
            ok(result.returncode == status, f"clade kill {' '.join(map(str, words[1:]))}: status {status}", result.returncode,
               (result.stdout + result.stderr).decode())
        ok(len(living(scene)) == 4, "and everybody lives")


# ---- The audit ----

class SystemLog:
    """/dev/log for as long as nobody else has it."""

    def __enter__(self):
        if os.path.exists("/dev/log"):
            raise Skip("there is a system log, which is not ours to read")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        self.socket.settimeout(5)
        return self

    def __exit__(self, *_):
        self.socket.close()
        os.unlink("/dev/log")


def each_kill_is_written_down_before_and_after():
    with Scene() as scene, SystemLog() as log:
        root = start(scene, "tree", 3)
        full(scene, 4)
        status, said = kill(root.pid, f"pid:{children_of(root.pid)[0]}")
        begin, end = (json.loads(line) for line in read(AUDIT).splitlines()[-2:])
        ok((begin["event"], end["event"]) == ("begin", "end") and begin["id"] == end["id"], "two lines of one kill", begin, end)
        ok(begin["processes"] == 4 and begin["signal"] == "TERM" and begin["commands"][0]["command"] == "bomb", "what was to be done", begin)
        ok([root.pid, *children_of(root.pid)] and root.pid in [pid for pid, _ in begin["pids"]], "to whom", begin)
        ok(end["result"] == "gone" and end["gone"] == 4 and end["left"] == 0, "what came of it", end)
        ok(begin["user"] == "root" and begin["uid"] == 0, "who did it", begin)
        ok(os.stat(AUDIT).st_mode & 0o777 == 0o600, "only root reads it")
        first, second = log.socket.recv(4096).decode(), log.socket.recv(4096).decode()
        ok(first.startswith("<37>") and "clade[" in first and "sends TERM to 4 processes" in first, "the system log has it before", first)
        ok("Gone: 4 processes" in second, "and after", second)


def the_administrator_says_where_the_audit_is():
    """Neither a configuration of one's own nor the environment leads it elsewhere; a place that cannot be is told before the kill."""
    with Scene() as scene:
        config = scene.write("system.conf", f"[audit]\nfile = {scene.dir}/kept/kills.ndjson\n")
        own = scene.write("own.conf", f"[audit]\nfile = {scene.dir}/own.ndjson\n")
        made = not os.path.isdir("/etc/clade")
        if made:
            os.mkdir("/etc/clade")
        try:
            def kill_below(text, *words):
                with open(config, "w", encoding="ascii") as file:
                    file.write(text)
                root = start(scene, "tree", 3)
                full(scene, 4)
                script = 'mount -t tmpfs none /etc/clade && cp "$0" /etc/clade/clade.conf && exec "$@"'
                said = scene.run(["unshare", "--mount", "sh", "-c", f"({script}) 2>&1", config, CLADE, "kill", str(root.pid), "--yes", *words],
                                 {"XDG_STATE_HOME": scene.dir})
                root.wait()
                return said
            for words in (), ("--config", own):
                size = os.path.getsize(AUDIT) if os.path.exists(AUDIT) else 0
                said = kill_below(f"[audit]\nfile = {scene.dir}/kept/kills.ndjson\n", *words)
                events = [json.loads(line)["event"] for line in read(f"{scene.dir}/kept/kills.ndjson").splitlines()]
                ok(events[-2:] == ["begin", "end"] and "Gone: 4" in said, f"it is where the system's configuration says {words[:1]}", said)
                ok((os.path.getsize(AUDIT) if os.path.exists(AUDIT) else 0) == size, "and not in the usual place")
                ok(not os.path.exists(f"{scene.dir}/own.ndjson"), "nor where another configuration says")
            ok("[audit] counts in /etc/clade/clade.conf alone" in said, "which is told", said)
            said = kill_below("[audit]\nfile = /proc/nowhere/kills\n")
            ok(0 <= said.find("no audit is written: /proc/nowhere/kills: ") < said.find("Gone: 4"), "that nothing is written is told before", said)
        finally:
            if made:
                os.rmdir("/etc/clade")


def a_user_has_an_audit_of_his_own():
    with Scene() as scene:
        state = f"{scene.dir}/state"
        os.mkdir(state)
        os.chown(state, NOBODY, NOBODY)
        options = {**as_nobody(), "env": {"XDG_STATE_HOME": state}}

        def enter():
            scene.enter()
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.setsid()
        root = subprocess.Popen([bomb_binary(), "tree", "3"], env={}, preexec_fn=enter, stdin=subprocess.DEVNULL)
        full(scene, 4)
        ended(scene, "a user's own tree", kill(root.pid, **options))
        lines = [json.loads(line) for line in read(f"{state}/clade/audit.ndjson").splitlines()]
        ok([line["event"] for line in lines] == ["begin", "end"] and lines[0]["uid"] == NOBODY, "is in the user's own audit", lines)


main(a_tree_whose_branches_are_closed, ten_thousand_children, who_ignores_term_is_killed, who_breeds_on_term_is_killed,
     who_stands_still_is_ended_too, who_becomes_another_user_is_ended_by_root, another_users_are_left_and_told,
     zombies_are_told_with_their_parent, a_fork_bomb_is_ended_in_one_try, a_fork_bomb_among_the_busy_is_ended_in_one_try, a_fork_bomb_beside_others_is_ended_in_one_try,
     who_forks_twice_and_takes_a_session_is_known_by_its_markers, who_forks_twice_and_takes_a_session_is_known_by_its_control_group,
     heirs_that_forked_twice_and_took_a_session_are_known_by_likeness, who_forks_twice_and_takes_a_session_is_ended_with_all_that_run_the_same,
     heirs_that_resemble_nobody_are_known_as_the_kernel_tells_forks, a_twin_and_its_orphans_are_let_be,
     a_whole_control_group_of_version_2, a_whole_control_group_of_version_1,
     interrupted_anywhere_nothing_is_left_stopped, interrupted_anywhere_nothing_is_left_frozen, who_stood_still_before_does_so_after_a_cancel,
     a_tree_stands_still_and_goes_on, without_memory_nothing_is_left_stopped, a_kernel_without_pidfds_will_do,
     what_comes_back_is_told_on_the_screen, the_grace_on_the_screen_is_that_of_the_options,
     clades_own_shell_and_what_it_runs_in_live, tmux_and_its_client_live, a_tree_is_ended_from_the_keyboard,
     read_only_and_f9_do_not_go_together, a_pid_that_is_another_process_by_now_is_let_be,
     more_than_fifty_ask_for_their_number, fewer_ask_for_enter, what_is_refused_does_nothing, each_kill_is_written_down_before_and_after,
     the_administrator_says_where_the_audit_is, a_user_has_an_audit_of_his_own)
