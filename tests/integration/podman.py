"""Podman with runc or crun, and the bare runtimes, each where it runs: else skipped with what it says."""
import json
import os
import uuid

from containers import CLAUDE, InnerActor, container_cgroup, host_pid, inside, make_image, make_rootfs, sleep
from lib import Scene, Skip, argv_of, find_program, main, outside, read, wait_for


class Podman:
    """Storage of its own in a scene; conmon's arguments tell clade where."""

    def __init__(self, scene, runtime):
        if os.geteuid() != 0:
            raise Skip("only root can run containers without a user namespace")
        self.scene, self.dir = scene, f"{scene.dir}/podman"
        self.program, self.runtime = find_program("podman"), find_program(runtime)
        self.cgroup = container_cgroup(scene)
        os.mkdir(self.dir)
        try:
            self("import", make_image(f"{scene.dir}/rootfs"), "lab/busybox")
        except RuntimeError as error:
            raise Skip(str(error)) from error

    @property
    def storage(self):
        """The options that every call needs."""
        return ["--root", f"{self.dir}/root", "--runroot", f"{self.dir}/runroot", "--tmpdir", f"{self.dir}/tmp",
                "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "file", "--runtime", self.runtime]

    def __call__(self, *arguments):
        return self.scene.run([self.program, *self.storage, *arguments], {"XDG_RUNTIME_DIR": self.dir})

    def run(self, name, *arguments, options=()):
        """Starts a container; returns its id. Limits on files and processes that need no right to raise ours."""
        try:
            return self("run", "-d", "--name", name, "--network", "none", "--cgroup-parent", self.cgroup, "--pids-limit", "64",
                        "--ulimit", "nofile=1000:1000", "--ulimit", "nproc=1000:1000", *options, "lab/busybox",
                        *arguments).splitlines()[-1]
        except RuntimeError as error:
            raise Skip(str(error)) from error

    def monitors(self, *containers):
        """Rows for conmon: it is not in the container that it watches."""
        return [(pid, "conmon is not in its container", {"kind": lambda kind: kind not in ("agent", "pm2"),
                 "key": lambda key: key not in containers}, False)
                for pid in sorted(self.scene.pids()) if os.path.basename(argv_of(pid).split(" ")[0]) == "conmon"]


def container(name, key, **more):
    return {"kind": "container", "product": "podman", "name": name, "key": key, "parent": outside, **more}


def podman_with(runtime):
    with Scene() as scene:
        podman = Podman(scene, runtime)
        web = podman.run("web", *sleep(1))
        podman("exec", "-d", "web", *sleep(2))
        actors = f"{scene.dir}/actors-bot"
        os.mkdir(actors)
        bot = podman.run("bot", CLAUDE, options=("-v", f"{actors}:/actors", "-e", "ACTOR_DIR=/actors"))
        wait_for("the agent in the container", lambda: os.listdir(actors))
        claude, session = InnerActor(scene, bot, 1, actors), str(uuid.uuid4())
        tool = claude.tool({"CLAUDECODE": 1, "CLAUDE_CODE_SESSION_ID": session, "CLAUDE_PID": 1}, flags="s")
        wait_for("all processes", lambda: len(inside(web)) == 2)

        in_web = container("web", web, root_pid=host_pid(web, 1), processes=2)
        in_bot = {"kind": "agent", "key": session, "root_pid": claude.pid, "parent": {"kind": "container", "name": "bot"}}
        scene.judge(f"podman, {runtime}", podman.monitors(web, bot) + [
            *((pid, f"{argv_of(pid)} in web", in_web, False) for pid in inside(f"libpod-{web}")),
            (claude, "an agent is the first process of a container", in_bot, False), (tool, "its tool", in_bot, False)])
        podman("rm", "--force", "--time", "0", "web", "bot")


def podman_with_runc():
    podman_with("runc")


def podman_with_crun():
    podman_with("crun")


def bare(runtime):
    """No engine, no name in the cgroup: the namespaces and the runtime's state tell."""
    if os.geteuid() != 0:
        raise Skip("only root can make these namespaces")
    with Scene() as scene:
        program, name = find_program(runtime), f"clade-test-{os.getpid()}"
        bundle = f"{scene.dir}/bundle"
        make_rootfs(f"{bundle}/rootfs")
        scene.run([program, "spec", "--bundle", bundle] if runtime == "runc" else ["sh", "-c", f"cd {bundle} && {program} spec"])
        config = json.loads(read(f"{bundle}/config.json"))
        config["process"].update(terminal=False, rlimits=[], args=["/bin/sh", "-c", f"{' '.join(sleep(1))} & {' '.join(sleep(2))}; true"])
        config["linux"].update(cgroupsPath=f"{container_cgroup(scene)}/box", resources={"pids": {"limit": 16}})
        scene.write("bundle/config.json", json.dumps(config))
        pid_file = f"{scene.dir}/pid"
        try:
            scene.run(["sh", "-c", f"exec {program} run --detach --bundle {bundle} --pid-file {pid_file} {name} >{scene.log} 2>&1"])
        except RuntimeError as error:
            raise Skip(f"{runtime} does not run here: {read(scene.log).strip()}") from error
        try:
            root = int(read(pid_file))
            wait_for("all processes", lambda: len(inside("/box")) == 3)
            owner = {"kind": "container", "name": name, "root_pid": root, "processes": 3, "parent": outside}
            scene.judge(runtime, [(pid, argv_of(pid)[:30], owner, False) for pid in sorted(scene.pids())])
        finally:
            scene.run([program, "delete", "--force", name])


def runc():
    bare("runc")


def crun():
    bare("crun")


if __name__ == "__main__":
    main(podman_with_runc, podman_with_crun, runc, crun)
