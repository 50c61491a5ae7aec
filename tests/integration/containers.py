"""What the container tests share: a root file system of busybox and the actor, and pids as the host sees them."""
import os
import shutil
import subprocess

from lib import LIFE_S, Process, Skip, actor_binary, find_program, is_alive, pen, read, wait_for

CLAUDE = "/opt/claude-code-linux-x64/claude"  # the actor, in the container


def make_rootfs(directory):
    """A small root file system: a static busybox as sh and sleep, and the actor as Claude Code."""
    busybox = find_program("busybox")
    if b"/ld-linux" in open(busybox, "rb").read():
        raise Skip("busybox is not static")
    for path in ("bin", "proc", "sys", "dev", "tmp", "actors", os.path.dirname(CLAUDE)[1:]):
        os.makedirs(f"{directory}/{path}", exist_ok=True)
    shutil.copy(busybox, f"{directory}/bin/busybox")
    for path in (CLAUDE, "/bin/tool"):
        shutil.copy(actor_binary(), directory + path)
    for name in ("sh", "sleep"):
        os.symlink("busybox", f"{directory}/bin/{name}")
    return directory


def make_image(directory):
    """The same as an archive that an engine can import."""
    archive = f"{directory}.tar"
    subprocess.run(["tar", "-C", make_rootfs(directory), "-cf", archive, "."], check=True)
    return archive


def container_cgroup(scene):
    """The parent of a scene's containers, as a path in each hierarchy: beside the scene's own group, in the capped pen."""
    name = f"{os.path.basename(scene.cgroup)}-containers"
    os.mkdir(f"{pen().top}/{name}")
    scene.cgroups.append(f"{pen().top}/{name}")
    return f"/{pen().name}/{name}"


def inside(container):
    """Host pids of all processes whose cgroup names the container, oldest first."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return sorted(pid for pid in pids if container in read(f"/proc/{pid}/cgroup") and is_alive(pid))


def host_pid(container, pid):
    """The host's pid of what has `pid` in the container."""
    def find():
        for candidate in inside(container):
            for line in read(f"/proc/{candidate}/status").splitlines():
                if line.startswith("NSpid:") and line.split()[-1] == str(pid):
                    return candidate
        return None
    return wait_for(f"pid {pid} of the container", find)


class InnerActor(Process):
    """An actor in a container: its FIFO is called as its pid in there, and lies in a directory mounted at /actors."""

    def __init__(self, scene, container, pid, actors):
        super().__init__(scene, host_pid(container, pid))
        self.container, self.address = container, pid
        self.actors, self.actors_inside = actors, "/actors"
        self.env = {"PATH": "/bin", "HOME": "/root", "ACTOR_DIR": "/actors"}

    def made(self, pid):
        return InnerActor(self.scene, self.container, pid, self.actors)

    def tool(self, env=None, name="tool", flags=""):
        return self.spawn([name], env, f"/bin/{name}", flags)


def sleep(seconds):
    """A command for a container that can be told from others by its time."""
    return ["/bin/sleep", str(LIFE_S + seconds)]
