"""Each thing that clade warns of, made to happen; and a machine that is well, in which it warns of nothing."""
import os
import re
import time
import uuid

from docker import Engine
from lib import CLAUDE, PIDS_MAX, Scene, Skip, children_of, clade, claude_markers, main, ok, parse, pen, read, stat_of, wait_for
from pm2 import NODE_APP, Pm2


def watch(seconds):
    return parse(clade("snapshot", "-f", "json", "--sample", str(seconds), patience_s=seconds + 30))


def agent(scene):
    session = str(uuid.uuid4())
    root = scene.start_actor(CLAUDE, ["claude"])
    return session, root


def owner(snap, session):
    return snap.owners[f"claude-code:{session}"]


def expect_badge(title, snap, session, pattern):
    badges = owner(snap, session)["badges"]
    ok(re.search(pattern, badges), f"{title}: the badge", badges)


def expect_verdict(title, snap, word, *owners):
    """The verdict is about the machine: something else on it may be worse, so only its presence in a list is asked for."""
    verdict = snap.document["verdict"]
    ok(verdict["word"] == word and (not owners or verdict["owner"] in owners), f"{title}: the verdict", verdict)


def growth():
    with Scene() as scene:
        session, root = agent(scene)
        root.spawn(["/bin/bash", "-c", "while :; do sleep 60 & sleep 0.02; done"], claude_markers(session, root.pid), flags="s")
        snap = watch(5)
        expect_badge("growth", snap, session, r"(GROWING|EXPLODING) \+\d")
        expect_verdict("growth", snap, "GROWING" if "GROWING" in owner(snap, session)["badges"] else "EXPLODING",
                       f"claude-code:{session}")
        ok(owner(snap, session)["births_per_s"] > 10, "growth: births", owner(snap, session))
        ok(PIDS_MAX > owner(snap, session)["processes"] > 100, "growth: processes", owner(snap, session))


def a_limit_of_the_control_group():
    with Scene() as scene:
        session, root = agent(scene)
        group = f"{scene.cgroup}/limited"
        os.mkdir(group)
        with open(f"{group}/pids.max", "w", encoding="ascii") as file:
            file.write("20")
        with open(f"{group}/cgroup.procs", "w", encoding="ascii") as file:
            file.write(str(root.pid))
        for _ in range(18):
            root.spawn(["sleep", "60"], claude_markers(session, root.pid))
        snap = watch(1)
        expect_badge("pids limit", snap, session, r"LIMIT pids 95%")
        ok(owner(snap, session)["pids"] == {"used": 19, "max": 20}, "pids limit: figures", owner(snap, session)["pids"])


def memory_group():
    """A control group of 64 MB, in whichever hierarchy has the controller."""
    if os.path.isdir("/sys/fs/cgroup/memory"):
        group, limit = f"/sys/fs/cgroup/memory/{pen().name}", "memory.limit_in_bytes"
    else:
        group, limit = f"{pen().top}/memory", "memory.max"
    os.mkdir(group)
    if not os.path.exists(f"{group}/{limit}"):
        os.rmdir(group)
        raise Skip("no memory controller")
    with open(f"{group}/{limit}", "w", encoding="ascii") as file:
        file.write(str(64 << 20))
    return group


def out_of_memory():
    with Scene() as scene:
        session, root = agent(scene)
        group = memory_group()
        with open(f"{group}/cgroup.procs", "w", encoding="ascii") as file:
            file.write(str(root.pid))
        # the eater is to be killed, not the shell that starts it anew
        eater = ("while :; do head -c 200000000 /dev/zero | sh -c 'echo 900 > /proc/self/oom_score_adj; exec tail' >/dev/null; "
                 "sleep 0.3; done")
        root.spawn(["/bin/bash", "-c", eater], claude_markers(session, root.pid), flags="s")
        wait_for("a first kill", lambda: re.search(r"oom_kill [1-9]", read(f"{group}/memory.oom_control") + read(f"{group}/memory.events")))
        snap = watch(3)
        expect_badge("out of memory", snap, session, r"OOM \d")
        ok(owner(snap, session)["oom_kills"] > 0 and owner(snap, session)["memory"]["max"] == 64 << 20, "out of memory: figures",
           owner(snap, session))
        expect_verdict("out of memory", snap, "OOM", f"claude-code:{session}")


def zombies():
    with Scene() as scene:
        session, root = agent(scene)
        tool = root.tool(claude_markers(session, root.pid), "make")
        for _ in range(60):
            tool.tell("zombie")
        wait_for("the zombies", lambda: sum(stat_of(child)[:1] == ["Z"] for child in children_of(tool.pid)) == 60)
        snap = watch(1)
        expect_badge("zombies", snap, session, r"ZOMBIES 60")
        ok(f"make ({tool.pid})" in snap.document["verdict"]["text"] or snap.document["verdict"]["word"] != "ZOMBIES",
           "zombies: their parent is named", snap.document["verdict"])


def orphans():
    with Scene() as scene:
        session, root = agent(scene)
        for _ in range(12):
            root.tool(claude_markers(session, root.pid), flags="sd")
        snap = watch(1)
        expect_badge("orphans", snap, session, r"ORPHANS 12")


def a_loop(life_ms):
    with Scene() as scene:
        pm2 = Pm2(scene, "home")
        scene.write("crash.js", f"setTimeout(() => process.exit(3), {life_ms})\n")
        scene.write("app.js", NODE_APP)
        pm2.start({"name": "steady", "script": "app.js"},
                  {"name": "crasher", "script": "crash.js", "max_restarts": 10000, "restart_delay": 100})
        snap = watch(9)
        found = snap.find(kind="pm2", name="crasher")
        ok(found and re.search(r"LOOP \d", found[0]["badges"]), f"a life of {life_ms} ms: the app is in a loop", found)
        steady = snap.find(kind="pm2", name="steady")
        ok(steady and steady[0]["badges"] == "", "the steady one is not", steady)


def a_loop_of_short_lives():
    a_loop(300)


def a_loop_of_lives_that_pm2_calls_stable():
    a_loop(1100)


def a_container_that_is_restarted():
    with Scene() as scene:
        engine = Engine(scene)
        engine.run("steady", "/bin/sleep", "60")
        # Docker doubles its pause from 100 ms on with each short life
        engine("run", "-d", "--name", "crasher", "--network", "none", "--restart", "always", "lab/busybox", "/bin/sh", "-c", "sleep 1.1; exit 3")
        snap = watch(12)
        found = snap.find(kind="container", name="crasher")
        ok(found and re.search(r"LOOP \d", found[0]["badges"]), "a container that is restarted is in a loop", found)
        steady = snap.find(kind="container", name="steady")
        ok(steady and steady[0]["badges"] == "", "the steady one is not", steady)
        engine("rm", "-f", "crasher")
        engine.stop()


def a_quiet_minute():
    with Scene() as scene:
        session, root = agent(scene)
        # ordinary work: a command every few seconds, some of it in parallel
        root.spawn(["/bin/bash", "-c", "while :; do for i in 1 2 3 4 5 6 7 8; do sleep 0.5 & done; wait; sleep 2; done"],
                   claude_markers(session, root.pid), flags="s")
        pm2 = Pm2(scene, "home")
        scene.write("app.js", NODE_APP)
        pm2.start({"name": "steady", "script": "app.js"})
        time.sleep(2)
        snap = watch(60)
        ok(owner(snap, session)["badges"] == "", "a quiet minute: the session has no badge", owner(snap, session))
        steady = snap.find(kind="pm2", name="steady")
        ok(steady and steady[0]["badges"] == "", "a quiet minute: nor has the app", steady)


main(growth, a_limit_of_the_control_group, out_of_memory, zombies, orphans, a_loop_of_short_lives,
     a_loop_of_lives_that_pm2_calls_stable, a_container_that_is_restarted, a_quiet_minute)
