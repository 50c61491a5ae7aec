"""Docker: a private engine with its own data root, and containers whose names clade finds in files of that."""
import os
import uuid

from containers import CLAUDE, InnerActor, container_cgroup, host_pid, inside, make_image, sleep
from lib import Scene, Skip, argv_of, find_program, is_alive, main, ok, outside, read, wait_for


class Engine:
    def __init__(self, scene):
        if os.geteuid() != 0:
            raise Skip("only root can start an engine")
        self.scene, self.dir = scene, f"{scene.dir}/docker"
        self.client = find_program("docker")
        daemon = find_program("dockerd")
        os.mkdir(self.dir)
        # a mount namespace of its own, so that what it mounts ends with it
        self.process = scene.start([
            "unshare", "--mount", "--propagation", "private", daemon, "--data-root", f"{self.dir}/lib",
            "--exec-root", f"{self.dir}/run", "-H", f"unix://{self.dir}/docker.sock", "-p", f"{self.dir}/pid",
            "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs",
            "--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", f"{container_cgroup(scene)}/docker"],
            env={"DOCKER_RAMDISK": "1"})  # no pivot_root, which a root in memory does not have
        try:
            wait_for("the engine", lambda: os.path.exists(f"{self.dir}/docker.sock") or not is_alive(self.process.pid))
            wait_for("the engine to answer", lambda: self("info") and True)
        except (TimeoutError, RuntimeError) as error:
            raise Skip("dockerd does not run here: " + read(scene.log).strip()[-300:].replace("\n", " ")) from error
        self("import", make_image(f"{scene.dir}/rootfs"), "lab/busybox")

    def __call__(self, *arguments):
        return self.scene.run([self.client, "-H", f"unix://{self.dir}/docker.sock", *arguments])

    def run(self, name, *arguments, options=()):
        """Starts a container; returns its id."""
        return self("run", "-d", "--name", name, "--network", "none", "--pids-limit", "64", *options, "lab/busybox", *arguments)

    def run_claude(self, name):
        """A container with an init and, below that, an agent that can be told what to do. Returns id and agent."""
        actors = f"{self.scene.dir}/actors-{name}"
        os.mkdir(actors)
        container = self.run(name, CLAUDE, options=("--init", "-v", f"{actors}:/actors", "-e", "ACTOR_DIR=/actors"))
        fifo = wait_for("the agent in the container", lambda: os.listdir(actors))[0]
        return container, InnerActor(self.scene, container, int(fifo), actors)

    def daemons(self):
        """Rows for the engine itself and its shims: none is in a container."""
        names = {"dockerd": "the engine", "containerd": "its containerd", "containerd-shim-runc-v2": "a shim"}
        rows = []
        for pid in sorted(self.scene.pids()):
            name = os.path.basename(argv_of(pid).split(" ")[0])
            if name in names:
                rows.append((pid, f"{names[name]} is in no container of its own", {"kind": lambda kind: kind not in ("agent", "pm2"),
                             "product": lambda product: product != "docker"}, False))
        return rows

    def stop(self):
        containers = self("ps", "-aq").split()
        if containers:
            self("rm", "-f", *containers)
        os.kill(self.process.pid, 15)
        wait_for("the engine to end", lambda: not is_alive(self.process.pid))


def container(name, key, **more):
    return {"kind": "container", "product": "docker", "name": name, "key": key, "parent": outside, **more}


def containers_by_name():
    with Scene() as scene:
        engine = Engine(scene)
        # a limit, a process of `docker exec`, and one that left its parent
        shop = engine.run("shop-db", *sleep(1), options=("--pids-limit", "32"))
        engine("exec", "-d", "shop-db", *sleep(2))
        engine("exec", "shop-db", "/bin/sh", "-c", f"{' '.join(sleep(3))} >/dev/null 2>&1 &")
        shell = engine.run("shop-web", "/bin/sh", "-c", f"{' '.join(sleep(4))} & {' '.join(sleep(5))}; true", options=("--init",))
        wait_for("all processes", lambda: len(inside(shop)) == 3 and len(inside(shell)) == 4)
        rows = engine.daemons()
        db = container("shop-db", shop, root_pid=host_pid(shop, 1), processes=3)
        web = container("shop-web", shell, root_pid=host_pid(shell, 1), processes=4)
        rows += [(pid, f"{argv_of(pid)} in shop-db", db, False) for pid in inside(shop)]
        rows += [(pid, f"{argv_of(pid)[:40]} in shop-web", web, False) for pid in inside(shell)]
        scene.judge("docker", rows)
        engine.stop()
        ok(not scene.pids(), "docker: the engine leaves nothing behind", *map(argv_of, scene.pids()))


def agents_and_containers():
    with Scene() as scene:
        engine = Engine(scene)
        inner, outer = str(uuid.uuid4()), str(uuid.uuid4())
        # an agent in a container
        bot, claude = engine.run_claude("shop-bot")
        markers = {"CLAUDECODE": 1, "CLAUDE_CODE_SESSION_ID": inner, "CLAUDE_PID": claude.address, "CLAUDE_CODE_CHILD_SESSION": 1}
        tool = claude.tool(markers, flags="s")
        orphan = claude.tool(markers, flags="sd")
        # an agent of the host that runs `docker run`: the client is the agent's, the container is not
        root = scene.start_actor("node_modules/@anthropic-ai/claude-code-linux-x64/claude", ["claude"])
        client = root.spawn(["docker", "-H", f"unix://{engine.dir}/docker.sock", "run", "--name", "shop-job", "--network", "none",
                             "--pids-limit", "32", "lab/busybox", *sleep(6)],
                            {"CLAUDECODE": 1, "CLAUDE_CODE_SESSION_ID": outer, "CLAUDE_PID": root.pid}, engine.client, flags="s")
        job = wait_for("the agent's container", lambda: engine("ps", "-q", "--no-trunc", "--filter", "name=shop-job"))
        wait_for("its process", lambda: inside(job))

        in_bot = {"kind": "agent", "product": "claude-code", "key": inner, "root_pid": claude.pid,
                  "parent": {"kind": "container", "name": "shop-bot"}}
        on_host = {"kind": "agent", "product": "claude-code", "key": outer, "root_pid": root.pid, "parent": outside}
        rows = engine.daemons() + [
            (host_pid(bot, 1), "docker-init is the container's", container("shop-bot", bot), False),
            (claude, "an agent in a container", in_bot, False), (tool, "its tool", in_bot, False),
            (orphan, "its double fork, adopted by docker-init", in_bot, True),
            (root, "an agent of the host", on_host, False), (client, "its docker client is its own", on_host, False),
            (inside(job)[0], "the container that it runs is not", container("shop-job", job), False)]
        scene.judge("docker and agents", rows)
        engine.stop()
        ok(scene.pids() == {root.pid}, "docker and agents: the engine leaves nothing behind",
           *map(argv_of, scene.pids()))


if __name__ == "__main__":
    main(containers_by_name, agents_and_containers)
