"""Coding agents: trees with the real signatures of each, below live roots and after their death."""
import json
import os
import re
import shutil
import subprocess
import time
import uuid

from lib import (CLADE, CLAUDE, HERE, LIFE_S, SYSTEM, Process, Scene, Snapshot, as_nobody, children_of, claude_markers, find_program, kill,
                 main, ok, outside, read, snapshot, start_ticks, stat_of, wait_for)


def mcp_markers(session):
    """What it sets for MCP servers: no pid."""
    return {"CLAUDECODE": 1, "CLAUDE_CODE_SESSION_ID": session, "CLAUDE_PROJECT_DIR": "/srv/api",
            "AI_AGENT": "claude-code_2-1-330_harness"}


def claude_owner(session, **more):
    return {"kind": "agent", "product": "claude-code", "key": session, **more}


def register(scene, root, session, **more):
    """The file in which Claude Code says who it is. procStart is the root's start time, so that a pid is not mistaken."""
    fields = {"pid": root.pid, "sessionId": session, "cwd": "/srv/api", "startedAt": 1793000000000,
              "procStart": str(start_ticks(root.pid)), "version": "2.1.330", "kind": "interactive", "status": "busy", **more}
    scene.write(f"home/.claude/sessions/{root.pid}.json", json.dumps(fields))


def bash_tool(scene, root, session, command=None):
    """Claude's Bash tool: a shell in a session of its own, and the command below it. Returns both."""
    snapshot_file = scene.write("home/.claude/shell-snapshots/snapshot-bash-1793000000000-abc123.sh", "")
    line = (f"source {snapshot_file} 2>/dev/null || true && shopt -u extglob 2>/dev/null || true && "
            f"eval '{command or scene.actor('bin/tool')}' < /dev/null && pwd -P >| {scene.dir}/claude-1234-cwd")
    shell = root.spawn(["/bin/bash", "-c", line], claude_markers(session, root.pid), flags="s")
    return shell, shell.child()


def clobberer(above, markers, flags=""):
    """A perl that writes a title over its own environment."""
    process = above.spawn(["perl", "-e", f'$0 = "y" x 3000; sleep {LIFE_S}'], markers, flags=flags)
    wait_for("perl's title", lambda: read(f"/proc/{process.pid}/environ").startswith("yyy"))
    return process


def start_node(scene, script, arguments=(), env=None, title=None, above=None):
    """A node program that is an actor, at the path of the real one; below `above`, or below pid 1."""
    node = find_program("node")
    path = os.path.join(scene.dir, script)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    shutil.copy(f"{HERE}/actor.js", path)
    argv = ["node", path, *arguments]
    root = above.spawn(argv, env, node) if above else scene.start(argv, env, node)
    if title:
        root.tell("title", title)
    else:
        wait_for("node to listen", lambda: os.path.exists(f"{scene.actors}/{root.pid}"))
    return root


# ---- Claude Code --------------------------------------------------------------------------------------

def claude_code_with_all_that_it_starts_alive_and_killed():
    with Scene() as scene:
        session = str(uuid.uuid4())
        root = scene.start_actor(CLAUDE, ["claude"])
        register(scene, root, session, name="api-refactor")
        markers = claude_markers(session, root.pid)
        shell, tool = bash_tool(scene, root, session)
        mcp = root.spawn(["node-mcp"], mcp_markers(session), scene.actor("bin/node-mcp"))
        hook = root.tool({**markers, "AI_AGENT": "claude-code_2-1-330_harness"}, "hook", "sd")
        detached = tool.tool(markers, flags="s")
        doubled = tool.tool(markers, flags="sd")
        cleared = tool.tool()
        sudoed = tool.tool(flags="u")
        clobbered = clobberer(tool, markers)
        clobbered_orphan = clobberer(tool, markers, "d")
        tool.tell("zombie")
        zombie = next(p for p in children_of(tool.pid) if stat_of(p)[0] == "Z")

        owner = claude_owner(session, name=re.compile("api-refactor"), root_pid=root.pid, parent=outside)
        rows = [
            (root, "the root", owner, False),
            (shell, "the shell of the Bash tool", owner, False),
            (tool, "the command in it", owner, False),
            (mcp, "an MCP server", owner, False),
            (hook, "what a hook left behind", owner, True),
            (detached, "setsid", owner, False),
            (doubled, "setsid and double fork", owner, True),
            (cleared, "environment cleared, below a living root", owner, False),
            (sudoed, "environment cleared and another user, as under sudo", owner, False),
            (clobbered, "perl wrote over its environment", owner, False),
            (clobbered_orphan, "the same, double-forked: its kernel session tells", owner, True),
            (zombie, "a zombie", owner, False),
        ]
        before = scene.judge("claude", rows)
        kill(root.pid)
        wait_for("adoption", lambda: stat_of(shell.pid)[1] != str(root.pid))
        dead = claude_owner(session, root_pid=None)
        after = scene.judge("claude killed", [(process, who, dead, True) for process, who, _, _ in rows[1:]])
        if before and after:
            ok(before.owner_of(tool.pid)["id"] == after.owner_of(tool.pid)["id"], "claude killed: its owner keeps its id")
            # the root itself may still be there as a zombie that pid 1 has not reaped yet
            left = after.owner_of(tool.pid)
            ok(left["orphans"] == left["processes"] in (len(rows) - 1, len(rows)),
               "claude killed: all that is left are counted as orphans", left)


def claude_in_claude():
    with Scene() as scene:
        outer, inner, third = (str(uuid.uuid4()) for _ in range(3))
        root = scene.start_actor(CLAUDE, ["claude"])
        register(scene, root, outer, name="outer")
        shell, tool = bash_tool(scene, root, outer)
        # `claude -p` from the tool: its root carries the outer session, what it starts the inner
        inner_root = tool.spawn(["claude", "-p", "fix it"], claude_markers(outer, root.pid), scene.actor(CLAUDE))
        inner_shell, inner_tool = bash_tool(scene, inner_root, inner)
        # one that is registered, and has started nothing yet
        quiet = tool.spawn(["claude", "-p", "look"], claude_markers(outer, root.pid), scene.actor(CLAUDE))
        register(scene, quiet, third, name="quiet")
        orphan = inner_tool.tool(claude_markers(inner, inner_root.pid), flags="sd")

        of_outer = claude_owner(outer, name=re.compile("outer"), parent=outside)
        of_inner = claude_owner(inner, parent=claude_owner(outer), root_pid=inner_root.pid)
        of_third = claude_owner(third, name=re.compile("quiet"), parent=claude_owner(outer))
        rows = [
            (root, "the outer root", of_outer, False), (shell, "its shell", of_outer, False),
            (tool, "its tool", of_outer, False), (inner_root, "the inner root", of_inner, False),
            (inner_shell, "the inner shell", of_inner, False), (inner_tool, "the inner tool", of_inner, False),
            (orphan, "a double fork of the inner", of_inner, True), (quiet, "an inner one with no child", of_third, False),
        ]
        scene.judge("claude in claude", rows)
        kill(inner_root.pid)
        left = claude_owner(inner)
        scene.judge("the inner claude killed", rows[:3] + [
            (inner_shell, "its shell", left, True), (inner_tool, "its tool", left, True),
            (orphan, "its double fork", left, True), rows[7]])


def claude_binaries_of_other_installations():
    """One owner each: npm's claude.exe, the native installer's version file, one that replaced itself while it ran."""
    with Scene() as scene:
        roots = []
        for who, path, argv in [
                ("npm's copy", "node_modules/@anthropic-ai/claude-code/bin/claude.exe", ["claude"]),
                ("the native installation", "home/.local/share/claude/versions/2.1.330", ["claude", "--resume"]),
                ("an SDK's", "node_modules/@anthropic-ai/claude-agent-sdk-linux-x64/claude", ["claude", "-p"]),
                ("updated while it ran", f"updated/{CLAUDE}", ["claude"])]:
            session = str(uuid.uuid4())
            root = scene.start_actor(path, argv)
            shell, tool = bash_tool(scene, root, session)
            owner = claude_owner(session, root_pid=root.pid)
            roots += [(root, who, owner, False), (shell, f"{who}: its shell", owner, False), (tool, f"{who}: its tool", owner, False)]
        os.unlink(os.path.join(scene.dir, f"updated/{CLAUDE}"))
        scene.judge("claude binary", roots)


def claude_1_which_gives_no_session():
    with Scene() as scene:
        bare = {"CLAUDECODE": 1, "CLAUDE_CODE_ENTRYPOINT": "cli"}
        root = start_node(scene, "node_modules/@anthropic-ai/claude-code/cli.js", title="claude")
        child = Process(scene, root.tell("spawn", "s", scene.actor("bin/tool"), *env_words(scene, bare), "tool"))
        owner = {"kind": "agent", "product": "claude-code", "root_pid": root.pid}
        rows = [(root, "the root, known by its title", owner, False), (child, "its tool", owner, False)]
        # nobody above them: two in one process group, one in another session
        first = scene.start_actor("bin/first", env=bare)
        second = first.tool(bare, "second")
        other = scene.start_actor("bin/other", env=bare)
        anonymous = {"kind": "agent", "product": "claude-code", "root_pid": None}
        rows += [(p, who, anonymous, True) for p, who in
                 [(first, "no claude above"), (second, "in the same process group"), (other, "in another session")]]
        snap = scene.judge("CLAUDECODE without a session", rows)
        if snap:
            ids = [snap.owner_of(process.pid)["id"] for process in (root, first, second, other)]
            ok(ids[1] == ids[2] and len(set(ids)) == 3, "CLAUDECODE without a session: one owner for each kernel session", ids)


def env_words(scene, env):
    pairs = [f"{name}={value}" for name, value in {**scene.env, **env}.items()]
    return [len(pairs), *pairs]


def stale_references_are_not_believed():
    """A pid in a marker or a file is not an identity."""
    with Scene() as scene:
        gone, here = str(uuid.uuid4()), str(uuid.uuid4())
        root = scene.start_actor(CLAUDE, ["claude"])
        register(scene, root, "00000000-0000-4000-8000-000000000000", procStart="17", name="someone-else")
        shell, tool = bash_tool(scene, root, here)
        cleared = scene.start_actor("bin/orphan", env=claude_markers(gone, root.pid))
        owner = claude_owner(here, name=lambda name: "someone-else" not in name)
        scene.judge("stale", [
            (root, "the file of an earlier holder of the pid is not the root's", owner, False),
            (shell, "its shell", owner, False), (tool, "its tool", owner, False),
            (cleared, "an earlier session of the same program, before /clear", owner, True)])


def subreapers():
    with Scene() as scene:
        session = str(uuid.uuid4())
        manager = scene.start_actor("bin/init-of-user")
        manager.tell("reaper")
        root = manager.spawn(["claude"], exe=scene.actor(CLAUDE), flags="s")
        shell, tool = bash_tool(scene, root, session)
        adopted = tool.tool(claude_markers(session, root.pid), flags="sd")
        # a reaper within the session's own tree keeps its adopted ones below the root
        reaper = tool.tool(claude_markers(session, root.pid), "tini")
        reaper.tell("reaper")
        kept = reaper.tool(claude_markers(session, root.pid)).tool(claude_markers(session, root.pid), flags="sd")
        middle = Process(scene, next(p for p in children_of(reaper.pid) if p != kept.pid))
        assert stat_of(adopted.pid)[1] == str(manager.pid) and stat_of(kept.pid)[1] == str(reaper.pid)
        owner = claude_owner(session, root_pid=root.pid)
        rows = [(manager, "the subreaper itself is not the agent's", SYSTEM, False), (root, "the root", owner, False),
                (shell, "its shell", owner, False), (tool, "its tool", owner, False),
                (adopted, "adopted by a subreaper above the root", owner, True), (reaper, "a subreaper below the root", owner, False),
                (middle, "its child", owner, False), (kept, "adopted below the root", owner, False)]
        scene.judge("subreaper", rows)
        kill(root.pid)
        scene.judge("subreaper, root killed", [rows[0]] + [
            (process, who, claude_owner(session, root_pid=None), True) for process, who, _, _ in rows[2:]])


def what_was_seen_before_all_evidence_went():
    """sudo clears the environment, a daemon leaves its parents: only who has watched them being born can tell."""
    with Scene() as scene:
        session = str(uuid.uuid4())
        root = scene.start_actor(CLAUDE, ["claude"])
        shell, tool = bash_tool(scene, root, session)
        sudoed = tool.tool(flags="su")
        below = sudoed.tool(flags="s")
        nameless = scene.start_actor("opencode-linux-x64/bin/opencode", ["opencode"])
        of_nameless = nameless.tool({"OPENCODE": 1, "OPENCODE_PID": nameless.pid}, flags="s")
        if CLADE == "none":
            return
        watch = subprocess.Popen([CLADE, "snapshot", "-f", "json", "--sample", "4"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        before = snapshot()
        time.sleep(2)  # the first of its two samples has been taken
        kill(root.pid, shell.pid, tool.pid, nameless.pid)
        document, _ = watch.communicate(timeout=60)
        snap = Snapshot(json.loads(document))
        dead = claude_owner(session, root_pid=None)
        scene.judge("watched", [
            (sudoed, "another user's, environment cleared, parents gone", dead, True), (below, "its child", dead, True),
            (of_nameless, "of an agent that names no session", {"product": "opencode", "root_pid": None}, True)], snap)
        ok("seen" in snap.processes[sudoed.pid]["evidence"], "watched: the evidence says so", snap.processes[sudoed.pid]["evidence"])
        ok(snap.owner_of(of_nameless.pid)["id"] == before.owner_of(of_nameless.pid)["id"], "watched: an agent without a session keeps its id")


# ---- The others ---------------------------------------------------------------------------------------

def codex_and_its_wrapper():
    with Scene() as scene:
        thread = "01a20b03-7d1e-7c4f-9a64-0123456789ab"
        markers = {"CODEX_THREAD_ID": thread, "CODEX_SESSION_ID": thread, "CODEX_CI": 1, "CODEX_VERSION": "0.169.0"}
        managed = {"CODEX_MANAGED_BY_NPM": 1, "CODEX_MANAGED_PACKAGE_ROOT": f"{scene.dir}/node_modules/@openai/codex"}
        wrapper = start_node(scene, "node_modules/@openai/codex/bin/codex.js", ["fix it"])
        vendor = scene.actor("node_modules/@openai/codex/vendor/x86_64-unknown-linux-musl/bin/codex")
        codex = Process(scene, wrapper.tell("spawn", "", vendor, *env_words(scene, managed), vendor, "fix it"))
        shell = codex.spawn(["/bin/bash", "-c", f"{scene.actor('bin/tool')}; true"], markers, flags="s")
        tool = shell.child()
        orphan = tool.tool(markers, flags="sd")
        owner = {"kind": "agent", "product": "codex", "key": thread, "root_pid": wrapper.pid, "instances": 1}
        rows = [(wrapper, "the node wrapper", owner, False), (codex, "codex below it", owner, False),
                (shell, "its shell", owner, False), (tool, "its tool", owner, False), (orphan, "a double fork", owner, True)]
        scene.judge("codex", rows)
        kill(wrapper.pid, codex.pid)
        left = {"kind": "agent", "product": "codex", "key": thread, "root_pid": None}
        scene.judge("codex killed", [(process, who, left, True) for process, who, _, _ in rows[2:]])


def gemini_and_qwen_run_twice():
    """Both start themselves again: two node processes are one session."""
    with Scene() as scene:
        rows = []
        for product, script, relaunched, markers in [
                ("gemini", "lib/node_modules/@google/gemini-cli/bundle/gemini.js", "GEMINI_CLI_NO_RELAUNCH", {"GEMINI_CLI": 1}),
                ("qwen", "lib/node_modules/@qwen-code/qwen-code/cli.js", "QWEN_CODE_NO_RELAUNCH",
                 {"QWEN_CODE": 1, "QWEN_CODE_SESSION_ID": "5e6e0000-1111-4222-8333-444455556666"})]:
            outer = start_node(scene, script, ["-p", "x"])
            node, path = find_program("node"), os.path.join(scene.dir, script)
            inner = Process(scene, outer.tell("spawn", "", node, *env_words(scene, {relaunched: "true"}),
                                              node, "--max-old-space-size=512", path, "-p", "x"))
            tool = Process(scene, inner.tell("spawn", "s", scene.actor("bin/tool"), *env_words(scene, markers), "tool"))
            orphan = tool.tool(markers, flags="sd")
            owner = {"kind": "agent", "product": product, "root_pid": outer.pid, "instances": 1}
            rows += [(outer, f"{product}: the outer node", owner, False), (inner, f"{product}: the inner", owner, False),
                     (tool, f"{product}: its tool", owner, False)]
            if product == "qwen":  # it names its session, gemini does not
                rows += [(orphan, "qwen: a double fork", owner, True)]
            else:
                rows += [(orphan, "gemini: a double fork", {"kind": "agent", "product": "gemini"}, True)]
        scene.judge("two nodes", rows)


# product, the path of its binary, its arguments, what its root does to itself, what its children have, the session in that
NATIVE = [
    ("opencode", "opencode-linux-x64/bin/opencode", ["opencode", "run", "x"], {}, {"OPENCODE": 1, "AGENT": 1, "OPENCODE_PID": "ROOT"}, None),
    ("kilo", "kilo-linux-x64/bin/kilo", ["kilo"], {}, {"OPENCODE": 1, "AGENT": 1, "KILO": 1, "KILO_PID": "ROOT", "KILOCODE_FEATURE": "cli",
     "KILO_RUN_ID": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "KILO_PROCESS_ROLE": "main"}, "KILO_RUN_ID"),
    ("copilot", "copilot-linux-x64/copilot", ["copilot"], {"comm": "MainThread"},
     {"COPILOT_CLI": 1, "COPILOT_AGENT_SESSION_ID": "8c9e6679-7425-40de-944b-e07fc1f90ae7"}, "COPILOT_AGENT_SESSION_ID"),
    ("amp", "@ampcode/cli/bin/amp.exe", ["amp", "-x", "fix"], {},
     {"AGENT": "amp", "AI_AGENT": "amp", "AGENT_THREAD_ID": "T-9c9e", "AMP_CURRENT_THREAD_ID": "T-9c9e", "CLAUDECODE": 1}, "AMP_CURRENT_THREAD_ID"),
    ("goose", "bin/goose", ["goose", "session"], {}, {"GOOSE_TERMINAL": 1, "AGENT": "goose", "AGENT_SESSION_ID": "20261124_7"}, "AGENT_SESSION_ID"),
    ("crush", "bin/crush", ["crush"], {}, {"CRUSH": 1, "AGENT": "crush", "AI_AGENT": "crush"}, None),
    ("cursor", "home/.local/share/cursor-agent/versions/1/cursor-agent", ["cursor-agent", "fix"], {}, {"CURSOR_AGENT": 1}, None),
    ("droid", "@factory/cli-linux-x64/bin/droid", ["droid"], {}, {}, None),
    ("cline", "@cline/cli-linux-x64/bin/cline", ["cline"], {}, {}, None),
]

# the same for node programs: product, script, title, markers of children
NODE = [
    ("pi", "node_modules/@mariozechner/pi-coding-agent/dist/cli.js", "pi", {"PI_CODING_AGENT": "true"}),
    ("auggie", "node_modules/@augmentcode/auggie/augment.mjs", None, {"AUGMENT_AGENT": 1}),
    ("continue", "node_modules/@continuedev/cli/dist/cn.js", None, {}),
]


def native_agents_alive_and_killed():
    with Scene() as scene:
        rows, left, roots = [], [], []
        for product, path, argv, self_made, markers, session in NATIVE:
            root = scene.start_actor(path, argv)
            roots.append(root.pid)
            for verb, word in self_made.items():
                root.tell(verb, word)
            markers = {name: root.pid if value == "ROOT" else value for name, value in markers.items()}
            shell = root.spawn(["/bin/bash", "-c", f"{scene.actor('bin/tool')}; true"], markers, flags="s")
            tool = shell.child()
            owner = {"kind": "agent", "product": product, "root_pid": root.pid, "parent": outside}
            if session:
                owner["key"] = markers[session]
            rows += [(root, f"{product}: the root", owner, False), (shell, f"{product}: its shell", owner, False),
                     (tool, f"{product}: its tool", owner, False)]
            if not markers:  # without a marker only ancestry tells
                left += [(shell, f"{product}: no marker, no root, no owner", SYSTEM, False), (tool, f"{product}: its tool", SYSTEM, False)]
                continue
            orphan = tool.tool(markers, flags="sd")
            ghost = {"kind": "agent", "product": product, "root_pid": None, **({"key": markers[session]} if session else {})}
            if session or product == "opencode":
                rows += [(orphan, f"{product}: a double fork", owner, True)]
            else:  # told by nothing but the product
                rows += [(orphan, f"{product}: a double fork", {"kind": "agent", "product": product}, True)]
            left += [(process, f"{product}: {who}", ghost, True) for process, who in [(shell, "its shell"), (tool, "its tool"), (orphan, "its double fork")]]
        scene.judge("agent", rows)
        kill(*roots)
        scene.judge("agent killed", left)


def node_and_python_agents():
    with Scene() as scene:
        rows = []
        for product, script, title, markers in NODE:
            root = start_node(scene, script, title=title)
            tool = Process(scene, root.tell("spawn", "s", scene.actor("bin/tool"), *env_words(scene, markers), "tool"))
            owner = {"kind": "agent", "product": product, "root_pid": root.pid}
            rows += [(root, f"{product}: the root", owner, False), (tool, f"{product}: its tool", owner, False)]
        aider = scene.write("venv/bin/aider", f"import subprocess\nsubprocess.run(['{scene.actor('bin/tool')}'])\n")
        root = scene.start(["python3", aider, "--model", "x"], exe=os.path.realpath("/usr/bin/python3"))
        owner = {"kind": "agent", "product": "aider", "root_pid": root.pid}
        rows += [(root, "aider: a python script", owner, False), (root.child(), "aider: its tool", owner, False)]
        scene.judge("agent", rows)


def any_agent_by_convention():
    with Scene() as scene:
        rows = []
        for who, markers, want in [
                ("AI_AGENT with a role", {"AI_AGENT": "wombat_1-2_agent"}, {"product": "generic", "name": re.compile("wombat")}),
                ("AI_AGENT with a version", {"AI_AGENT": "numbat@3.1"}, {"product": "generic", "name": re.compile("numbat")}),
                ("AGENT with a name", {"AGENT": "quokka"}, {"product": "generic", "name": re.compile("quokka")}),
                ("AI_AGENT of a known product", {"AI_AGENT": "crush"}, {"product": "crush"})]:
            process = scene.start_actor("bin/tool", env=markers)
            child = process.tool()
            rows += [(process, who, {"kind": "agent", **want}, True), (child, f"{who}: its child, by ancestry", {"kind": "agent", **want}, True)]
        scene.judge("generic", rows)


def several_markers_in_one_environment():
    """No root lives: forks before what they are forked from, and the session inside before the one outside."""
    with Scene() as scene:
        scene.judge("several markers", [(scene.start_actor("bin/tool", env=markers), who, want, True) for who, markers, want in [
            ("kilo is an opencode", {"OPENCODE": 1, "KILO": 1, "KILOCODE_FEATURE": "cli", "KILO_RUN_ID": "k1"}, {"product": "kilo", "key": "k1"}),
            ("qwen is a gemini", {"GEMINI_CLI": 1, "QWEN_CODE": 1, "QWEN_CODE_SESSION_ID": "q1"}, {"product": "qwen", "key": "q1"}),
            ("amp says CLAUDECODE too", {"CLAUDECODE": 1, "AMP_CURRENT_THREAD_ID": "T-1"}, {"product": "amp", "key": "T-1"}),
            ("AI_AGENT beside a product", {"AI_AGENT": "claude-code_2-1-330_agent", "CLAUDECODE": 1, "CLAUDE_CODE_SESSION_ID": "c1"},
             {"product": "claude-code", "key": "c1"}),
        ]])


def not_agents():
    """What a human's terminal has too, and names that only look like an agent's."""
    with Scene() as scene:
        rows = []
        for markers in [{"CURSOR_TRACE_ID": "a1b2"}, {"CURSOR_VERSION": "3.1"}, {"CLAUDE_CODE_SSE_PORT": 41234}, {"CLAUDE_CODE_ENTRYPOINT": "cli"},
                        {"KILO_PID": 4242}, {"COPILOT_MODEL": "x"}, {"OPENCODE_CLIENT": "x"}, {"GOOSE_PROVIDER": "x"},
                        {"TERM_PROGRAM": "vscode", "VSCODE_IPC_HOOK_CLI": "/x"}, {"AGENT": 1}, {"ANTHROPIC_API_KEY": "sk-x"}, {"CLAUDE_PID": 4242},
                        {"name": "api", "status": "online"}, {"SSH_AGENT_PID": 4242}]:
            rows.append((scene.start_actor("bin/shell", env=markers), f"with only {' '.join(markers)}", SYSTEM, False))
        rows += [(scene.start_actor(path, argv), f"{' '.join(argv)} as {path}", SYSTEM, False) for path, argv in [
            ("bin/vim", ["vim", "claude"]), ("bin/claude-monet", ["claude-monet"]), ("bin/less", ["less", "codex"]),
            ("bin/sleep", ["sleep", "claude"]), ("bin/grep", ["grep", "-r", "opencode"]), ("bin/claude_backup", ["claude_backup"])]]
        scene.judge("no agent", rows)


# ---- Who looks ----------------------------------------------------------------------------------------

def an_ordinary_user_looks():
    with Scene() as scene:
        options = as_nobody()
        mine, theirs = str(uuid.uuid4()), str(uuid.uuid4())
        root = scene.start_actor(CLAUDE, ["claude"], flags="u")
        child = root.tool(claude_markers(mine, root.pid), flags="s")
        foreign = scene.start_actor("bin/tool", env=claude_markers(theirs, 1))
        bare = root.tool(flags="s")
        snap = scene.judge("nobody looks", [
            (root, "nobody's own claude", claude_owner(mine), False), (child, "nobody's own tool", claude_owner(mine), False),
            (bare, "nobody's own, environment cleared", claude_owner(mine), False),
            (foreign, "an orphan of root's session", SYSTEM, False)], CLADE != "none" and snapshot(**options))
        if snap:
            process = snap.processes[foreign.pid]
            ok(re.search("environment.*(not readable|may not|cannot|denied)|not your", process["evidence"]),
               "nobody looks: the evidence says that the environment is not readable", process["evidence"])
            ok(process["cwd"] is None and process["exe"] is None, "nobody looks: what may not be read is null", process)


main(claude_code_with_all_that_it_starts_alive_and_killed, claude_in_claude, claude_binaries_of_other_installations,
     claude_1_which_gives_no_session, stale_references_are_not_believed, subreapers, what_was_seen_before_all_evidence_went, codex_and_its_wrapper,
     gemini_and_qwen_run_twice, native_agents_alive_and_killed, node_and_python_agents, any_agent_by_convention,
     several_markers_in_one_environment, not_agents, an_ordinary_user_looks)
