"""Real coding agents from npm, driven by a mock of their language models on the loopback interface.

Each runs in a network namespace without a way out, with an empty environment and a home of its own. The model's first
answer is one call of the shell tool, whose command leaves one of each behind: a plain child, one in a session of its own,
and one that has left its parents. What clade says is held against the tree, while the agent runs and after its death.
"""
import glob
import json
import os
import re
import shutil
import subprocess

from lib import (LIFE_S, PATH, Process, Scene, Skip, argv_of, children_of, find_program, is_alive, kill, main, ok, outside, read,
                 stat_of, wait_for)
from pm2 import Pm2

HERE = os.path.dirname(os.path.abspath(__file__))
LONG = LIFE_S + 50  # what tells the tools' sleeps apart
COMMAND = f"(nohup sleep {LONG + 1} >/dev/null 2>&1 &) ; setsid sleep {LONG + 2} >/dev/null 2>&1 & sleep {LONG + 3} | cat"


def installation(package, version):
    """The directory of an installed package, which is kept for the next run."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    name = package.replace("@", "").replace("/", "-")
    prefix = os.path.join(cache, "clade-tests", f"agent-{name}-{version}")
    if not shutil.which("node", path=PATH) or not shutil.which("npm"):
        raise Skip("no node and npm")
    if not os.path.exists(f"{prefix}/complete"):
        shutil.rmtree(prefix, ignore_errors=True)
        os.makedirs(prefix)
        # npm needs the proxies and certificates that the caller has set
        result = subprocess.run(["npm", "install", "--prefix", prefix, "--no-audit", "--no-fund", f"{package}@{version}"],
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        if result.returncode != 0:
            shutil.rmtree(prefix, ignore_errors=True)
            raise Skip(f"npm cannot install {package}: " + " ".join(result.stderr.split())[-200:])
        open(f"{prefix}/complete", "w").close()
    return f"{prefix}/node_modules"


class Model:
    """The mock, in a network namespace of its own."""

    def __init__(self, scene):
        if os.geteuid() != 0:
            raise Skip("only root can make a network namespace")
        self.scene, self.dir = scene, f"{scene.dir}/model"
        os.mkdir(self.dir)
        self.process = scene.start(["unshare", "--net", "python3", f"{HERE}/mock_llm.py", self.dir])
        wait_for("the model", lambda: os.path.exists(f"{self.dir}/port") or not is_alive(self.process.pid))
        if not is_alive(self.process.pid):
            raise Skip("no network namespace can be made: " + read(scene.log).strip()[-200:])
        self.url = f"http://127.0.0.1:{read(f'{self.dir}/port')}"

    def task(self, name, command):
        """From now on `task-NAME` in a prompt makes an agent run that command."""
        self.scene.write(f"{self.dir}/{name}", command)

    def command(self, argv):
        """The command that runs a program where it can reach the model, in the scene's directory `work`."""
        os.makedirs(f"{self.scene.dir}/work", exist_ok=True)
        return ["nsenter", f"--net=/proc/{self.process.pid}/ns/net", f"--wd={self.scene.dir}/work", *argv]

    def row(self):
        return self.process, "the model", {"kind": lambda kind: kind != "agent"}, False


# ---- The agents: how each is told to use the model, and what is known of it ---------------------------

class Agent:
    product = package = version = program = None
    has_session = True  # its children carry a session id
    names_itself = True  # and if not that, its pid
    is_node = True  # started by node, or by itself
    keeps_name = True  # the first prompt is found in its files
    log = None  # where that is, when it may be written after the tool has started
    wraps = False  # its shell's arguments hold more than the command

    def __init__(self, scene, model):
        self.scene, self.model = scene, model
        self.modules = installation(self.package, self.version)
        self.program_path = f"{self.modules}/.bin/{self.program}"
        self.prepare()

    def prepare(self):
        pass

    def arguments(self, prompt):
        raise NotImplementedError

    def env(self):
        return {}

    def argv(self, prompt):
        """The words that one would type."""
        return [*(["node"] if self.is_node else []), self.program_path, *self.arguments(prompt)]

    def start(self, prompt, env=None):
        return self.scene.start(self.model.command(self.argv(prompt)), {**self.env(), **(env or {})})

    def shell(self, prompt):
        """The same as a line for a shell."""
        quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in self.argv(prompt))
        return " ".join(f"{name}='{value}'" for name, value in self.env().items()) + " " + quoted

    def owner(self, root, **more):
        owner = {"kind": "agent", "product": self.product, "root_pid": root, "instances": 1 if root else 0, **more}
        if root and self.keeps_name:
            owner["name"] = re.compile("^task-")
        return owner


class Claude(Agent):
    product, package, version, program, is_node = "claude-code", "@anthropic-ai/claude-code", "2.1.197", "claude", False
    wraps = True

    def arguments(self, prompt):
        return ["-p", prompt, "--allowedTools", "Bash"]

    def env(self):
        return {"ANTHROPIC_BASE_URL": self.model.url, "ANTHROPIC_API_KEY": "sk-none", "DISABLE_AUTOUPDATER": "1",
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}


class Codex(Agent):
    product, package, version, program = "codex", "@openai/codex", "0.169.0", "codex"

    def arguments(self, prompt):
        return ["exec", "--dangerously-bypass-approvals-and-sandbox", "--skip-git-repo-check", "-m", "mock",
                "-c", "model_provider=mock",
                "-c", f'model_providers.mock={{name="mock",base_url="{self.model.url}/v1",wire_api="responses"}}', prompt]


class Gemini(Agent):
    product, package, version, program = "gemini", "@google/gemini-cli", "0.61.0", "gemini"
    has_session = names_itself = False
    wraps = True

    def prepare(self):
        self.scene.write("home/.gemini/settings.json", json.dumps({
            "security": {"auth": {"selectedType": "gemini-api-key"}}, "privacy": {"usageStatisticsEnabled": False}}))

    def arguments(self, prompt):
        return ["-y", "--skip-trust", "-m", "gemini-2.5-flash", "-p", prompt]

    def env(self):
        return {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": self.model.url}


class Qwen(Agent):
    product, package, version, program, has_session = "qwen", "@qwen-code/qwen-code", "0.15.10", "qwen", False
    names_itself = False

    def arguments(self, prompt):
        return ["-y", "--auth-type", "openai", "--openai-api-key", "none", "--openai-base-url", f"{self.model.url}/v1",
                "-m", "mock", "-p", prompt]


class Opencode(Agent):
    product, package, version, program = "opencode", "opencode-ai", "1.18.33", "opencode"
    is_node = has_session = keeps_name = False

    def prepare(self):
        provider = {"npm": "@ai-sdk/openai-compatible", "name": "mock", "models": {"mock": {"name": "mock"}},
                    "options": {"baseURL": f"{self.model.url}/v1", "apiKey": "none"}}
        self.scene.write("home/.config/opencode/opencode.json", json.dumps({
            "autoupdate": False, "share": "disabled", "model": "mock/mock", "permission": {"bash": "allow"},
            "provider": {"mock": provider}}))

    def arguments(self, prompt):
        return ["run", prompt]

    def env(self):
        return {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1"}


class Copilot(Agent):
    product, package, version, program = "copilot", "@github/copilot", "1.0.102", "copilot"

    def arguments(self, prompt):
        return ["-p", prompt, "--allow-all"]

    def env(self):
        return {"COPILOT_PROVIDER_BASE_URL": f"{self.model.url}/v1", "COPILOT_PROVIDER_TYPE": "openai", "COPILOT_MODEL": "mock",
                "COPILOT_PROVIDER_API_KEY": "none", "COPILOT_OFFLINE": "true"}


class Pi(Agent):
    product, package, version, program, has_session = "pi", "@mariozechner/pi-coding-agent", "0.73.1", "pi", False
    names_itself = False
    log = "home/.pi/agent/sessions/*/*.jsonl"

    def prepare(self):
        self.scene.write("home/.pi/agent/models.json", json.dumps({"providers": {"mock": {
            "baseUrl": f"{self.model.url}/v1", "api": "openai-completions", "apiKey": "none", "models": [{"id": "mock"}]}}}))

    def arguments(self, prompt):
        return ["-p", "--provider", "mock", "--model", "mock", prompt]

    def env(self):
        return {"PI_OFFLINE": "1"}


# ---- What the tool call left --------------------------------------------------------------------------

def tools(scene, agent):
    """The processes of COMMAND by what they are, once all of them run."""
    def find():
        pids = {argv_of(pid): pid for pid in scene.pids()}
        found = {who: pids.get(argv) for who, argv in [
            ("left its parents", f"sleep {LONG + 1}"), ("in a session of its own", f"sleep {LONG + 2}"),
            ("in a pipe", f"sleep {LONG + 3}"), ("the other end of it", "cat")]}
        return all(found.values()) and found

    def is_written():
        return any("task-" in read(path) for path in glob.glob(f"{scene.dir}/{agent.log}"))
    try:
        found = wait_for(f"{agent.program}'s tool", find, 60)
        if agent.log:
            wait_for(f"{agent.program}'s log", is_written)
        return found
    except TimeoutError:
        raise Skip(f"{agent.program} did not run its tool: " + " ".join(read(scene.log).split())[-300:]) from None


def path_between(root, pid):
    """The processes above `pid` up to the root, which must be there."""
    path = []
    while pid != root:
        pid = int(stat_of(pid)[1])
        if pid <= 1:
            raise RuntimeError(f"{pid} is not below {root}")
        path.append(pid)
    return path


def agent_rows(agent, root, found, **more):
    """A row for each process of a living agent: its wrappers, the shell, the tools."""
    owner = agent.owner(root.pid, **more)
    gone = found["left its parents"]
    above = path_between(root.pid, found["in a pipe"])
    rows = [(pid, f"{agent.program}: above the tool", owner, False) for pid in above]
    rows += [(pid, f"{agent.program}: {who}", owner, False) for who, pid in found.items() if pid != gone]
    rows.append((gone, f"{agent.program}: a tool that left its parents", owner, True))
    return rows


def runs_and_is_killed(kind):
    with Scene() as scene:
        model = Model(scene)
        agent = kind(scene, model)
        model.task("one", COMMAND)
        root = agent.start("task-one")
        found = tools(scene, agent)
        rows = agent_rows(agent, root, found, parent=outside, started_by=None)
        snap = scene.judge(agent.program, [model.row(), *rows])
        if snap:
            owner = snap.owner_of(root.pid)
            ok(snap.owned(owner["id"]) >= {int(getattr(row[0], "pid", row[0])) for row in rows} and owner["orphans"] >= 1,
               f"{agent.program}: all of them are one session", owner)
            if agent.has_session:
                ok(re.fullmatch(r"[0-9a-f-]{36}", owner["key"]), f"{agent.program}: it is known by its session id", owner["key"])
            if agent.wraps:
                shell = int(stat_of(found["in a pipe"])[1])
                ok(snap.processes[shell]["title"] == COMMAND, f"{agent.program}: its shell is shown as what it really runs",
                   snap.processes[shell]["title"])
        # the program and all that it wraps end at once; what its shell started lives on
        kill(*(pid for pid in path_between(root.pid, found["in a pipe"])
               if os.path.basename(os.readlink(f"/proc/{pid}/exe")) not in ("bash", "dash", "sh", "zsh")))
        left = [pid for pid in scene.pids() if pid != model.process.pid]
        ended = agent.owner(None)
        after = scene.judge(f"{agent.program} killed", [model.row(), *((pid, "what it left", ended, True) for pid in left)])
        if after:
            owners = {after.owner_of(pid)["id"] for pid in left}
            if agent.names_itself:
                ok(len(owners) == 1, f"{agent.program} killed: what it left is one owner", owners)
            sessions = {(stat_of(pid)[3], after.owner_of(pid)["id"]) for pid in left}
            ok(len(sessions) == len({session for session, _ in sessions}),
               f"{agent.program} killed: what it left in one kernel session is one owner", sessions)
            if agent.has_session:
                ok(owners == {snap.owner_of(root.pid)["id"]}, f"{agent.program} killed: and that keeps its id", owners)


def nested(scene, outer, inner, root, found, **more):
    """Rows for an inner agent that the outer's shell tool runs. The inner's root is what the shell has started."""
    path = path_between(root.pid, found["in a pipe"])
    shells = ("bash", "dash", "sh", "zsh")
    names = [os.path.basename(os.readlink(f"/proc/{pid}/exe")) for pid in path]
    # from the tool upwards: the inner's shell, the inner and what it wraps, the outer's shell, the outer
    first = next(i for i, name in enumerate(names) if name not in shells)
    last = next(i for i in range(first, len(names)) if names[i] in shells) - 1
    inner_root = path[last]
    of_outer = outer.owner(root.pid, **more)
    of_inner = {**inner.owner(inner_root), "parent": {"product": outer.product, "root_pid": root.pid}}
    rows = [(pid, f"{inner.program} in {outer.program}: the inner", of_inner, False) for pid in path[:last + 1]]
    rows += [(pid, f"{inner.program} in {outer.program}: the outer", of_outer, False) for pid in path[last + 1:]]
    rows += [(pid, f"{inner.program} in {outer.program}: {who}", of_inner, who == "left its parents") for who, pid in found.items()]
    return inner_root, rows


def agents_in_agents():
    """Each inner one has the outer's marks in its environment; the tools of the inner have both."""
    for outer_kind, inner_kind in [(Claude, Codex), (Codex, Claude), (Claude, Claude), (Opencode, Opencode), (Gemini, Qwen), (Qwen, Gemini)]:
        with Scene() as scene:
            model = Model(scene)
            outer, inner = outer_kind(scene, model), inner_kind(scene, model)
            model.task("two", COMMAND)
            model.task("one", inner.shell("task-two") + f"; sleep {LONG + 9}")
            root = outer.start("task-one")
            found = tools(scene, inner)
            inner_root, rows = nested(scene, outer, inner, root, found, parent=outside)
            scene.judge("nested", [model.row(), *rows])
            gone = found["left its parents"]
            kill(inner_root)
            wait_for("the outer to go on", lambda: any(argv_of(pid) == f"sleep {LONG + 9}" for pid in scene.pids()))  # noqa: B023
            after = scene.judge(f"{inner.program} in {outer.program}, the inner killed", [
                model.row(), (root, "the outer root", outer.owner(root.pid), False),
                *((pid, "what is left", {"kind": "agent"}, Ellipsis) for pid in scene.pids() - {root.pid, model.process.pid})])
            if after:
                owner = after.owner_of(gone)
                ok(owner["product"] == inner.product and owner["root_pid"] != root.pid,
                   f"{inner.program} in {outer.program}, the inner killed: what left it is the inner's still", *after.tell(gone))


def in_namespaces_of_its_own():
    """As in a container: the agent's pid is another there, and that is what it writes into its files."""
    for kind in (Claude, Codex, Opencode):
        with Scene() as scene:
            model = Model(scene)
            agent = kind(scene, model)
            model.task("one", COMMAND)
            box = scene.start(model.command([
                "unshare", "--pid", "--mount", "--uts", "--fork", "--mount-proc", "--kill-child",
                "sh", "-c", 'sleep 0; "$@"; true', "sh", *agent.argv("task-one")]), agent.env())
            found = tools(scene, agent)
            init = children_of(box.pid)[0]
            root = children_of(init)[0]
            container = {"kind": "container", "root_pid": init}
            owner = agent.owner(root, parent=container)
            rows = [(pid, "above the tool", owner if pid != init else {**container, "parent": outside}, False)
                    for pid in path_between(init, found["in a pipe"])]
            rows += [(pid, who, owner, who == "left its parents") for who, pid in found.items()]
            snap = scene.judge(f"{agent.program} in a container", [
                model.row(), (box, "what made it", {"kind": lambda kind: kind != "agent"}, False), *rows])
            if snap and agent.has_session:
                ok(re.fullmatch(r"[0-9a-f-]{36}", snap.owner_of(root)["key"]), f"{agent.program} in a container: its session is known")
            kill(init)


def as_an_app_of_pm2_and_in_tmux():
    with Scene() as scene:
        model = Model(scene)
        agent = Claude(scene, model)
        model.task("one", COMMAND)
        pm2 = Pm2(scene, "home-of-pm2")
        command = model.command(agent.argv("task-one"))
        pm2.start({"name": "bot", "script": shutil.which(command[0], path=PATH), "interpreter": "none", "args": command[1:],
                   "autorestart": False}, env=agent.env())
        found = tools(scene, agent)
        root = Process(scene, pm2.pid("bot"))
        rows = agent_rows(agent, root, found, parent={"kind": "pm2", "name": "bot", "parent": {"key": pm2.home}})
        scene.judge("claude under pm2", [model.row(), (pm2.god(), "God", pm2.owner(), False), *rows])
    with Scene() as scene:
        model = Model(scene)
        outer, inner = Codex(scene, model), Claude(scene, model)
        find_program("tmux")
        # a server that an agent has started, and in its pane a human's own agent
        line = inner.shell("task-two").replace("'", "'\\''")
        model.task("two", COMMAND)
        model.task("one", f"tmux -S {scene.dir}/sock -f /dev/null new-session -d '{line}; true'; sleep {LONG + 9}")
        root = outer.start("task-one", {"TERM": "xterm", "SHELL": "/bin/sh"})
        found = tools(scene, inner)
        server = next(pid for pid in scene.pids() if read(f"/proc/{pid}/comm").startswith("tmux: server"))
        path = path_between(server, found["in a pipe"])
        pane, claude = path[-2], path[-3]
        owner = inner.owner(claude, parent={"kind": "login", "product": "tmux", "name": re.compile("%0")})
        rows = [(server, "the server", {"kind": "login", "product": "tmux"}, False),
                (pane, "the pane", {"kind": "login", "product": "tmux", "name": re.compile("%0")}, False),
                *((pid, "the agent in it", owner, False) for pid in path[:-2]),
                *((pid, f"its tool {who}", owner, who == "left its parents") for who, pid in found.items())]
        of_outer = outer.owner(root.pid)
        judged = {row[0] for row in rows} | {model.process.pid}
        rows += [(pid, "the agent that started tmux", of_outer, False) for pid in scene.pids() - judged]
        scene.judge("claude in a tmux that codex started", [model.row(), *rows])


def claude_code():
    runs_and_is_killed(Claude)


def codex():
    runs_and_is_killed(Codex)


def gemini():
    runs_and_is_killed(Gemini)


def qwen():
    runs_and_is_killed(Qwen)


def opencode():
    runs_and_is_killed(Opencode)


def copilot():
    runs_and_is_killed(Copilot)


def pi():
    runs_and_is_killed(Pi)


main(claude_code, codex, gemini, qwen, opencode, copilot, pi, agents_in_agents, in_namespaces_of_its_own,
     as_an_app_of_pm2_and_in_tmux)
