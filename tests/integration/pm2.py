"""PM2, the real one from npm: fork and cluster apps, crash loops, orphans, several homes, and a start by an agent."""
import glob
import json
import os
import shutil
import subprocess
import time
import uuid

from lib import (CLADE, LIFE_S, PATH, Process, Scene, Skip, argv_of, children_of, is_alive, kill, main, ok, outside, read, snapshot,
                 stat_of, wait_for)

VERSION = "7.0.4"

NODE_APP = f"setTimeout(() => {{}}, {LIFE_S * 1000})\n"
CRASHING_APP = "setTimeout(() => process.exit(3), 300)\n"
LEAKING_APP = f"""const {{ spawn }} = require('child_process')
spawn('sleep', ['{LIFE_S + 1}'], {{ stdio: 'ignore' }})
spawn('setsid', ['sleep', '{LIFE_S + 2}'], {{ stdio: 'ignore' }})
spawn('setsid', ['--fork', 'sleep', '{LIFE_S + 3}'], {{ stdio: 'ignore' }})
setTimeout(() => {{}}, {LIFE_S * 1000})
"""
PYTHON_APP = f"import time\ntime.sleep({LIFE_S})\n"


def installation():
    """The directory of an installed PM2, which is kept for the next run."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    prefix = os.path.join(cache, "clade-tests", f"pm2-{VERSION}")
    if not shutil.which("node", path=PATH) or not shutil.which("npm"):
        raise Skip("no node and npm")
    if not os.path.exists(f"{prefix}/complete"):
        os.makedirs(prefix, exist_ok=True)
        # npm needs the proxies and certificates that the caller has set
        result = subprocess.run(["npm", "install", "--prefix", prefix, "--no-audit", "--no-fund", f"pm2@{VERSION}"],
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180)
        if result.returncode != 0:
            raise Skip("npm cannot install pm2: " + " ".join(result.stderr.split())[-200:])
        open(f"{prefix}/complete", "w").close()
    return prefix


class Pm2:
    """One God daemon: a PM2_HOME in a scene."""

    def __init__(self, scene, name):
        self.scene, self.home = scene, f"{scene.dir}/{name}"
        self.program = f"{installation()}/node_modules/.bin/pm2"
        self.env = {"PM2_HOME": self.home}

    def __call__(self, *arguments, env=None):
        return self.scene.run([self.program, "--silent", *arguments], {**self.env, **(env or {})})

    def start(self, *apps, env=None):
        """Starts apps, each a dict as in an ecosystem file; returns when all are up."""
        apps = [{"cwd": self.scene.dir, **app} for app in apps]
        path = self.scene.write(f"{os.path.basename(self.home)}.config.json", json.dumps({"apps": apps}))
        self("start", path, env=env)

    def god(self):
        return int(read(f"{self.home}/pm2.pid"))

    def pids(self, name):
        """Of the running instances, by the pid files that PM2 writes."""
        files = sorted(glob.glob(f"{self.home}/pids/{name}-*.pid"))
        pids = [int(read(file) or 0) for file in files]
        return [pid for pid in pids if pid and is_alive(pid)]

    def pid(self, name):
        return wait_for(f"app {name}", lambda: self.pids(name))[0]

    def owner(self, **more):
        return {"kind": "pm2", "product": "pm2", "key": self.home, "root_pid": self.god(), **more}

    def app(self, name, instances=1, **more):
        """The owner that an app must have while its God lives."""
        return {"kind": "pm2", "product": "pm2", "name": name, "instances": instances,
                "parent": {"kind": "pm2", "key": self.home}, **more}


def leaked(scene):
    """The three processes that LEAKING_APP starts: its child, one in a session of its own, and one that has left it."""
    def find():
        pids = {argv_of(pid): pid for pid in scene.pids()}
        found = [pids.get(f"sleep {LIFE_S + n}") for n in (1, 2, 3)]
        return all(found) and int(stat_of(found[2])[1]) not in pids.values() and found
    return wait_for("the children of an app", find)


# ---- Scenes -------------------------------------------------------------------------------------------

def two_homes_with_fork_and_cluster_apps():
    with Scene() as scene:
        shop, blog = Pm2(scene, "shop"), Pm2(scene, "blog")
        scene.write("app.js", NODE_APP)
        scene.write("leak.js", LEAKING_APP)
        scene.write("worker.py", PYTHON_APP)
        scene.write("server.js", "require('http').createServer(() => {}).listen(0, '127.0.0.1')\n" + NODE_APP)
        shop.start({"name": "api", "script": "app.js"},
                   {"name": "worker", "script": "worker.py", "interpreter": "/usr/bin/python3"},
                   {"name": "web", "script": "server.js", "exec_mode": "cluster", "instances": 2},
                   {"name": "leak", "script": "leak.js"})
        blog.start({"name": "api", "script": "app.js"}, {"name": "jobs", "script": "app.js", "namespace": "nightly"})
        wait_for("both cluster workers", lambda: len(shop.pids("web")) == 2)
        leak = shop.pid("leak")
        child, detached, escaped = leaked(scene)

        rows = [
            (shop.god(), "God of the first home", shop.owner(parent=outside, started_by=None), False),
            (shop.pid("api"), "a fork app", shop.app("api", roots=[shop.pid("api")]), False),
            (shop.pid("worker"), "a python app", shop.app("worker"), False),
            *((pid, "a cluster worker", shop.app("web", 2, roots=lambda roots: sorted(roots) == sorted(shop.pids("web"))), False)
              for pid in shop.pids("web")),
            (leak, "an app with children", shop.app("leak"), False), (child, "its child", shop.app("leak"), False),
            (detached, "its child in a session of its own", shop.app("leak"), False),
            (escaped, "its double fork", shop.app("leak"), True),
            (blog.god(), "God of the second home", blog.owner(parent=outside), False),
            (blog.pid("api"), "an app of the same name in the second home", blog.app("api"), False),
            (blog.pid("jobs"), "an app in a namespace", blog.app("jobs"), False),
        ]
        snap = scene.judge("pm2", rows)
        if snap:
            ids = {snap.owner_of(pid)["id"] for pid in (shop.pid("api"), blog.pid("api"))}
            ok(len(ids) == 2, "pm2: apps of one name in two homes are two owners", ids)

        shop("stop", "leak")
        wait_for("the end of the app", lambda: not any(map(is_alive, (leak, child, detached))))
        rows = [row for row in rows if row[0] not in (leak, child, detached, escaped)]
        rows += [(escaped, "what a stopped app left behind", shop.app("leak", 0, root_pid=None, orphans=1), True)]
        scene.judge("pm2 stop", rows)

        worker = shop.pid("worker")
        node_apps = [shop.god(), shop.pid("api"), *shop.pids("web")]
        rows = [row for row in rows if row[0] not in node_apps and row[0] not in (worker, escaped)]
        kill(shop.god())
        wait_for("the node apps to follow their God", lambda: not any(map(is_alive, node_apps)))
        scene.judge("God killed", rows + [
            (worker, "a python app outlives its God", {"kind": "pm2", "name": "worker"}, True),
            (escaped, "and an orphan stays one", {"kind": "pm2", "name": "leak"}, True)])


def a_crash_loop():
    """Each life is 0.3 s: it is seen in some snapshots, under one owner, and God keeps its own."""
    with Scene() as scene:
        pm2 = Pm2(scene, "home")
        scene.write("crash.js", CRASHING_APP)
        scene.write("app.js", NODE_APP)
        pm2.start({"name": "steady", "script": "app.js"},
                  {"name": "crasher", "script": "crash.js", "max_restarts": 10000, "restart_delay": 50})
        if CLADE == "none":
            return
        lives, ids, wrong = set(), set(), []
        end = time.monotonic() + 15
        while len(lives) < 3 and time.monotonic() < end:
            snap = snapshot()
            wrong += [*snap.faults(pm2.god(), pm2.owner(), False), *snap.faults(pm2.pid("steady"), pm2.app("steady"), False)]
            for owner in snap.find(kind="pm2", name="crasher"):
                ids.add(owner["id"])
                lives |= snap.owned(owner["id"])
                for pid in snap.owned(owner["id"]):
                    wrong += snap.faults(pid, pm2.app("crasher"), False)
            # a process that God has forked and that has not reached its exec yet is still God's
            known = {"crasher", "steady", snap.owner_of(pm2.god())["name"]}
            wrong += [f"{pid} is owned by {snap.owner_of(pid)['id']}" for pid in scene.pids()
                      if snap.owner_of(pid) and snap.owner_of(pid)["name"] not in known]
        ok(len(lives) >= 3, "crash loop: three lives are seen", lives)
        ok(len(ids) == 1, "crash loop: all lives have one owner", ids)
        ok(not wrong, "crash loop: nobody else's owner moves", *wrong)


def without_a_daemon():
    """`pm2 start --no-daemon` and `pm2-runtime` are the daemon themselves, under their own names."""
    for program, arguments in [("pm2", ["--no-daemon"]), ("pm2-runtime", [])]:
        with Scene() as scene:
            pm2 = Pm2(scene, "home")
            scene.write("worker.py", PYTHON_APP)
            scene.write("leak.js", LEAKING_APP)
            path = scene.write("apps.config.json", json.dumps({"apps": [
                {"name": "worker", "script": "worker.py", "interpreter": "/usr/bin/python3", "cwd": scene.dir},
                {"name": "leak", "script": "leak.js", "cwd": scene.dir}]}))
            host = scene.start(["node", f"{os.path.dirname(pm2.program)}/{program}", "start", path, *arguments], pm2.env)
            child, detached, escaped = leaked(scene)
            worker, leak = pm2.pid("worker"), pm2.pid("leak")
            daemon = {"kind": "pm2", "key": pm2.home, "root_pid": host.pid, "parent": outside}

            def app(name, **more):
                return {"kind": "pm2", "name": name, "instances": 1, "parent": {"kind": "pm2", "root_pid": host.pid}, **more}

            scene.judge(program, [
                (host, "it is the daemon", daemon, False), (worker, "a python app", app("worker", root_pid=worker), False),
                (leak, "a node app", app("leak", root_pid=leak), False), (child, "its child", app("leak"), False),
                (detached, "its child in a session of its own", app("leak"), False), (escaped, "its double fork", app("leak"), True)])


def what_restarts_leak():
    """A restart does not end what has left the app: that is the app's still, and is told from what its present life started."""
    with Scene() as scene:
        pm2 = Pm2(scene, "home")
        scene.write("leak.js", LEAKING_APP)
        pm2.start({"name": "leak", "script": "leak.js"})
        old = leaked(scene)[2]
        pm2("restart", "leak")
        wait_for("its second life", lambda: sum(argv_of(pid) == f"sleep {LIFE_S + 3}" for pid in scene.pids()) == 2)
        child, detached, new = (next(pid for pid in scene.pids() if argv_of(pid) == f"sleep {LIFE_S + n}" and pid != old) for n in (1, 2, 3))
        app = pm2.app("leak", root_pid=pm2.pid("leak"))
        snap = scene.judge("pm2 restart", [
            (pm2.god(), "God", pm2.owner(), False), (pm2.pid("leak"), "the app", app, False), (child, "its child", app, False),
            (detached, "its child in a session of its own", app, False), (new, "its double fork", app, True),
            (old, "what its earlier life left", app, True)])
        if snap:
            ok("earlier run" in snap.processes[old]["evidence"], "pm2 restart: the evidence says so", snap.processes[old]["evidence"])
            ok("earlier run" not in snap.processes[new]["evidence"], "pm2 restart: and only of what it left", snap.processes[new]["evidence"])


def names_that_are_no_variables():
    """PM2 sets a variable that is called as the app, and a shell may put it first."""
    with Scene() as scene:
        pm2 = Pm2(scene, "home")
        scene.write("app.sh", f"sleep {LIFE_S + 1} & exec sleep {LIFE_S + 2}\n")
        pm2.start({"name": "my-api", "script": "app.sh", "interpreter": "bash"}, {"name": "shop api", "script": "app.sh", "interpreter": "bash"})
        rows = [(pm2.god(), "God", pm2.owner(), False)]
        for name, file in [("my-api", "my-api"), ("shop api", "shop-api")]:
            root = pm2.pid(file)
            child = wait_for("its child", lambda: children_of(root))[0]  # noqa: B023
            wait_for("the last exec", lambda: argv_of(root).startswith("sleep"))  # noqa: B023
            rows += [(root, f"'{name}'", pm2.app(name), False), (child, f"'{name}': its child", pm2.app(name), False)]
        scene.judge("pm2 names", rows)


def a_daemon_with_another_title():
    with Scene() as scene:
        pm2 = Pm2(scene, "home")
        pm2.env["PM2_DAEMON_TITLE"] = "shop"
        scene.write("app.js", NODE_APP)
        pm2.start({"name": "api", "script": "app.js"})
        if not argv_of(pm2.god()).startswith("shop"):
            raise Skip(f"this PM2 does not take it: {argv_of(pm2.god())}")
        scene.judge("pm2 by another title", [(pm2.god(), "God", pm2.owner(parent=outside), False),
                                             (pm2.pid("api"), "its app", pm2.app("api"), False)])


def start_by_agent(scene, pm2, markers, client=None):
    """Apps of each kind, started by a `pm2 start` that runs in an agent's session."""
    scene.write("leak.js", LEAKING_APP)
    scene.write("worker.py", PYTHON_APP)
    scene.write("server.js", NODE_APP)
    apps = [{"name": "leak", "script": "leak.js"}, {"name": "worker", "script": "worker.py", "interpreter": "/usr/bin/python3"},
            {"name": "web", "script": "server.js", "exec_mode": "cluster", "instances": 2}]
    if client:
        path = scene.write("agent.config.json", json.dumps({"apps": [{"cwd": scene.dir, **app} for app in apps]}))
        command = client.spawn(["node", pm2.program, "--silent", "start", path], {**pm2.env, **markers}, flags="s")
        wait_for("pm2 start to end", lambda: not is_alive(command.pid), 60)
    else:
        pm2.start(*apps, env=markers)
    wait_for("both cluster workers", lambda: len(pm2.pids("web")) == 2)


def app_rows(scene, pm2):
    child, detached, escaped = leaked(scene)
    return [(pm2.pid("leak"), "a fork app is not the agent's", pm2.app("leak"), False),
            (child, "nor its child", pm2.app("leak"), False),
            (detached, "nor its child in a session of its own", pm2.app("leak"), False),
            (escaped, "nor its double fork", pm2.app("leak"), True),
            (pm2.pid("worker"), "nor a python app", pm2.app("worker"), False),
            *((pid, "nor a cluster worker", pm2.app("web", 2), False) for pid in pm2.pids("web"))]


def markers_of(session, pid):
    return {"CLAUDECODE": 1, "CLAUDE_CODE_SESSION_ID": session, "CLAUDE_PID": pid, "CLAUDE_CODE_CHILD_SESSION": 1,
            "AI_AGENT": "claude-code_2-1-330_agent"}


def dead_pid():
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def started_by_an_agent_that_is_gone():
    with Scene() as scene:
        pm2, session = Pm2(scene, "home"), str(uuid.uuid4())
        start_by_agent(scene, pm2, {name: str(value) for name, value in markers_of(session, dead_pid()).items()})
        god = pm2.owner(started_by=f"claude-code:{session}", parent=outside)
        rows = app_rows(scene, pm2)
        scene.judge("pm2 by a dead agent", [(pm2.god(), "God is PM2's, and the agent is named", god, False), *rows])
        leak, child, detached, escaped = (row[0] for row in rows[:4])
        pm2("stop", "leak")
        wait_for("the end of the app", lambda: not any(map(is_alive, (leak, child, detached))))
        scene.judge("pm2 stop by a dead agent", [(pm2.god(), "God", god, False), *rows[4:],
                                                (escaped, "an orphan with both markers is the app's", pm2.app("leak", 0), True)])


def started_by_an_agent_that_lives():
    with Scene() as scene:
        pm2, session = Pm2(scene, "home"), str(uuid.uuid4())
        root = scene.start_actor("node_modules/@anthropic-ai/claude-code-linux-x64/claude", ["claude"])
        markers = markers_of(session, root.pid)
        start_by_agent(scene, pm2, markers, root)
        helper = root.tool(markers, flags="s")
        claude = {"kind": "agent", "product": "claude-code", "key": session, "root_pid": root.pid}
        god = pm2.owner(started_by=f"claude-code:{session}", parent=claude)
        rows = [(root, "the agent's root", claude, False), (helper, "the agent's own tool", claude, False),
                (pm2.god(), "God was started by the agent", god, False), *app_rows(scene, pm2)]
        scene.judge("pm2 by a living agent", rows)


def an_app_of_a_humans_pm2_started_by_an_agent():
    """God has no markers, the app has: `pm2 start` sends the environment of its caller."""
    with Scene() as scene:
        pm2, session = Pm2(scene, "home"), str(uuid.uuid4())
        scene.write("app.js", NODE_APP)
        scene.write("worker.py", PYTHON_APP)
        pm2.start({"name": "human", "script": "app.js"})
        pm2("start", "worker.py", "--name", "agents", "--interpreter", "/usr/bin/python3",
            env={name: str(value) for name, value in markers_of(session, dead_pid()).items()})
        rows = [(pm2.god(), "God is nobody's but its own", pm2.owner(parent=outside, started_by=None), False),
                (pm2.pid("human"), "the human's app", pm2.app("human", started_by=None), False),
                (pm2.pid("agents"), "the app that an agent started", pm2.app("agents", started_by=f"claude-code:{session}"), False)]
        scene.judge("a human's pm2", rows)


def an_agent_that_runs_as_an_app():
    with Scene() as scene:
        pm2, session = Pm2(scene, "home"), str(uuid.uuid4())
        claude = scene.actor("node_modules/@anthropic-ai/claude-code-linux-x64/claude")
        pm2.start({"name": "bot", "script": claude, "interpreter": "none", "env": {"ACTOR_DIR": scene.actors}})
        root = Process(scene, pm2.pid("bot"))
        inherited = [line.split("=", 1) for line in read(f"/proc/{root.pid}/environ").split("\0") if "=" in line]
        markers = {name: value for name, value in inherited
                   if name in "PM2_HOME pm_id name pm_exec_path pm_uptime unique_id namespace".split()}
        markers.update(markers_of(session, root.pid))
        tool = root.tool(markers, flags="s")
        orphan = root.tool(markers, flags="sd")
        owner = {"kind": "agent", "product": "claude-code", "key": session, "parent": {"kind": "pm2", "name": "bot"}}
        scene.judge("an agent under pm2", [
            (pm2.god(), "God", pm2.owner(), False), (root, "the agent's root", owner, False), (tool, "its tool", owner, False),
            (orphan, "its double fork with both markers", owner, True)])


if __name__ == "__main__":
    main(two_homes_with_fork_and_cluster_apps, a_crash_loop, without_a_daemon, what_restarts_leak, names_that_are_no_variables,
         a_daemon_with_another_title, started_by_an_agent_that_is_gone, started_by_an_agent_that_lives,
         an_app_of_a_humans_pm2_started_by_an_agent, an_agent_that_runs_as_an_app)
