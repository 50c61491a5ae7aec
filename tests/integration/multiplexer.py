"""tmux and screen: panes are logins, also when an agent has started the server."""
import os
import re
import shutil
import uuid

from lib import CLAUDE, PATH, Process, Scene, Skip, argv_of, children_of, claude_markers, find_program, kill, main, outside, read, wait_for


def inherited(process, names):
    """What a process started here would have of its environment."""
    pairs = [pair.split("=", 1) for pair in read(f"/proc/{process.pid}/environ").split("\0") if "=" in pair]
    return {name: value for name, value in pairs if re.fullmatch(names, name)}


class Tmux:
    """A server with a socket of its own. Its panes run actors."""

    def __init__(self, scene, starter=None, env=None):
        self.program = find_program("tmux")
        self.scene = scene
        argv = [self.program, "-S", f"{scene.dir}/tmux.sock", "-f", "/dev/null", "new-session", "-d", "-s", "work",
                f"exec {scene.actor('bin/shell')}"]
        env = {"TERM": "xterm", "SHELL": "/bin/sh", **(env or {})}
        client = starter.spawn(argv, env, self.program, "s") if starter else scene.start(argv, env, self.program)
        wait_for("the client to end", lambda: not read(f"/proc/{client.pid}/cmdline"))
        self.pid = int(self("display-message", "-p", "#{pid}"))

    def __call__(self, *arguments):
        return self.scene.run([self.program, "-S", f"{self.scene.dir}/tmux.sock", *arguments])

    def pane(self):
        """Another pane; `%0` is there already."""
        return Process(self.scene, int(self("split-window", "-P", "-F", "#{pane_pid}",
                                            f"exec {self.scene.actor('bin/shell')}")))

    def first(self):
        return Process(self.scene, int(self("list-panes", "-F", "#{pane_pid}").splitlines()[0]))


def pane_owner(number, **more):
    return {"kind": "login", "product": "tmux", "name": re.compile(f"%{number}"), **more}


TMUX_NAMES = "TMUX|TMUX_PANE|CLAUDE.*|AI_AGENT"


def tmux_panes_and_an_agent_in_one():
    with Scene() as scene:
        tmux, session = Tmux(scene), str(uuid.uuid4())
        first, second = tmux.first(), tmux.pane()
        command = first.tool(inherited(first, TMUX_NAMES))
        gone = second.tool(inherited(second, TMUX_NAMES), flags="sd")
        claude = second.spawn(["claude"], inherited(second, TMUX_NAMES), scene.actor(CLAUDE))
        markers = {**inherited(second, TMUX_NAMES), **claude_markers(session, claude.pid)}
        tool = claude.tool(markers, flags="s")
        orphan = claude.tool(markers, flags="sd")

        agent = {"kind": "agent", "key": session, "parent": pane_owner(1)}
        rows = [(tmux.pid, "the server", {"kind": "login", "product": "tmux", "parent": outside}, False),
                (first, "a pane", pane_owner(0), False), (command, "a command in it", pane_owner(0), False),
                (second, "another pane", pane_owner(1), False), (gone, "what left that pane by a double fork", pane_owner(1), False),
                (claude, "an agent in the pane", {**agent, "root_pid": claude.pid}, False), (tool, "its tool", agent, False),
                (orphan, "its double fork", agent, True)]
        scene.judge("tmux", rows)
        kill(claude.pid)
        agent = {"kind": "agent", "key": session, "root_pid": None}
        scene.judge("tmux, agent killed", rows[:5] + [(tool, "its tool", agent, True), (orphan, "its double fork", agent, True)])


def tmux_started_by_an_agent():
    """The server keeps the agent's markers and gives them to every pane: they tell who started it, no more."""
    for is_alive in (True, False):
        with Scene() as scene:
            session, inner = str(uuid.uuid4()), str(uuid.uuid4())
            root = scene.start_actor(CLAUDE, ["claude"])
            tmux = Tmux(scene, root, claude_markers(session, root.pid))
            first, second = tmux.first(), tmux.pane()
            command = first.tool(inherited(first, TMUX_NAMES))
            gone = first.tool(inherited(first, TMUX_NAMES), flags="sd")
            own = second.spawn(["claude"], inherited(second, TMUX_NAMES), scene.actor(CLAUDE))
            tool = own.tool({**inherited(second, TMUX_NAMES), **claude_markers(inner, own.pid)}, flags="s")
            assert "CLAUDECODE" in inherited(first, TMUX_NAMES)
            title = "tmux by a living agent" if is_alive else "tmux by a dead agent"
            agent = {"kind": "agent", "key": inner, "root_pid": own.pid, "parent": pane_owner(1)}
            rows = [(tmux.pid, "the server", {"kind": "login", "product": "tmux", "started_by": f"claude-code:{session}"}, False),
                    (first, "a pane is the human's", pane_owner(0), False), (command, "a command in it", pane_owner(0), False),
                    (gone, "what left the pane by a double fork", pane_owner(0), False), (second, "another pane", pane_owner(1), False),
                    (own, "the human's own agent in it", agent, False), (tool, "its tool", agent, False)]
            if is_alive:
                rows.append((root, "the agent that started tmux", {"kind": "agent", "key": session}, False))
            else:
                kill(root.pid)
            scene.judge(title, rows)


def screen_windows():
    with Scene() as scene:
        program = shutil.which("screen", path=f"{PATH}:{os.environ.get('PATH', '')}")
        if not program:
            raise Skip("no screen")
        os.mkdir(f"{scene.dir}/screens", 0o700)
        env = {"SCREENDIR": f"{scene.dir}/screens", "TERM": "xterm", "SHELL": "/bin/sh"}
        client = scene.start(["screen", "-c", "/dev/null", "-dmS", "work", scene.actor("bin/shell")], env, program)
        server = wait_for("the server", lambda: [pid for pid in scene.pids() if argv_of(pid).startswith("SCREEN")])[0]
        window = Process(scene, wait_for("the window", lambda: children_of(server))[0])
        wait_for("the window's command", lambda: os.path.exists(f"{scene.actors}/{window.pid}"))
        wait_for("the client to end", lambda: not read(f"/proc/{client.pid}/cmdline"))
        names = "STY|WINDOW"
        session = str(uuid.uuid4())
        command = window.tool(inherited(window, names))
        claude = window.spawn(["claude"], inherited(window, names), scene.actor(CLAUDE))
        tool = claude.tool({**inherited(window, names), **claude_markers(session, claude.pid)}, flags="s")
        owner = {"kind": "login", "product": "screen"}
        agent = {"kind": "agent", "key": session, "parent": owner}
        scene.judge("screen", [(server, "the server", owner, False), (window, "a window", owner, False), (command, "a command in it", owner, False),
                               (claude, "an agent in the window", agent, False), (tool, "its tool", agent, False)])


main(tmux_panes_and_an_agent_in_one, tmux_started_by_an_agent, screen_windows)
