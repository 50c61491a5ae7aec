"""Containers without a daemon of their own, or with one that gives them no telling cgroup: containerd's ctr, LXC,
systemd-nspawn where systemd is not, and Podman of an ordinary user. Each is skipped with what it says where it does not run."""
import glob
import os
import uuid

from containers import container_cgroup, make_image, make_rootfs, sleep
from lib import NOBODY, Scene, Skip, argv_of, clade, find_program, is_alive, kill, main, note, ok, outside, pen, read, wait_for


def need_root():
    if os.geteuid() != 0:
        raise Skip("only root can run it")


def running(scene, *commands):
    """The processes that run these commands, once all do."""
    def find():
        pids = {argv_of(pid): pid for pid in scene.pids()}
        found = [pids.get(" ".join(command)) for command in commands]
        return all(found) and found
    try:
        return wait_for("the container", find)
    except TimeoutError:
        raise Skip("the container does not run here: " + " ".join(read(scene.log).split())[-300:]) from None


def rest(scene, rows, **owner):
    """Rows for all other processes: what runs containers is in none itself."""
    judged = {int(getattr(row[0], "pid", row[0])) for row in rows}
    want = {"kind": lambda kind: kind not in ("agent", "pm2", "container"), **owner}
    return rows + [(pid, f"{argv_of(pid)[:40]} is in no container", want, False) for pid in sorted(scene.pids() - judged)]


def ctr_of_containerd():
    need_root()
    with Scene() as scene:
        daemon, client, dir = find_program("containerd"), find_program("ctr"), f"{scene.dir}/containerd"
        os.mkdir(dir)
        config = scene.write("containerd/config.toml", f"""version = 2
root = "{dir}/root"
state = "{dir}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{dir}/sock"
""")
        process = scene.start([daemon, "-c", config])
        run = lambda *arguments: scene.run([client, "-a", f"{dir}/sock", "-n", "lab", *arguments])  # noqa: E731
        try:
            wait_for("containerd", lambda: run("version") and True if os.path.exists(f"{dir}/sock") else not is_alive(process.pid))
        except (TimeoutError, RuntimeError) as error:
            raise Skip("containerd does not run here: " + read(scene.log).strip()[-300:]) from error
        rootfs, cgroup = make_rootfs(f"{scene.dir}/rootfs"), container_cgroup(scene)
        start = ["run", "-d", "--cgroup"]
        try:
            run(*start, f"{cgroup}/box", "--rootfs", rootfs, "ctrbox", *sleep(1))
            run(*start, f"{cgroup}/web", "--label", "nerdctl/name=shop-web", "--rootfs", rootfs, "a1b2c3", *sleep(2))
            run("task", "exec", "-d", "--exec-id", "e1", "ctrbox", *sleep(3))
        except RuntimeError as error:
            raise Skip(str(error)) from error
        box, web, execed = running(scene, sleep(1), sleep(2), sleep(3))
        in_box = {"kind": "container", "product": "containerd", "key": "ctrbox", "name": "ctrbox", "root_pid": box, "parent": outside}
        in_web = {"kind": "container", "product": "containerd", "key": "a1b2c3", "name": "shop-web", "root_pid": web, "parent": outside}
        scene.judge("ctr", rest(scene, [
            (box, "a container that only its shim tells", in_box, False), (execed, "what was started in it later", in_box, False),
            (web, "one whose name is in its bundle", in_web, False)]))
        said = clade("kill", "containerd:shop-web", "--yes").stdout.decode()
        ok("containerd may start shop-web again" in said and f"nerdctl --namespace lab --address {dir}/sock stop a1b2c3" in said,
           "who could bring it back is named, and how its own client is told", said)
        ok("Gone: 1 process" in said and not is_alive(web) and is_alive(box), "and it is ended, the other is not", said)
        for name in ("ctrbox", "a1b2c3"):
            run("task", "rm", "-f", name)
            run("container", "rm", name)
        os.kill(process.pid, 15)
        wait_for("containerd to end", lambda: not is_alive(process.pid))


def remove_cgroups(*names):
    """Groups that these programs make beside all others, and leave. One that has a zombie in it takes a moment."""
    def remove():
        left = [top for name in names for top in glob.glob(f"/sys/fs/cgroup/*/{name}") + glob.glob(f"/sys/fs/cgroup/{name}")]
        for top in left:
            try:
                os.rmdir(top)
            except OSError:
                pass
        return not any(map(os.path.exists, left))
    try:
        wait_for("the end of their control groups", remove, 5)
    except TimeoutError as error:
        note(error)


def lxc():
    need_root()
    with Scene() as scene:
        program, name = find_program("lxc-start"), f"web-{os.getpid()}"
        scene.cgroups += [f"{os.path.dirname(pen().top)}/lxc.{part}.{name}" for part in ("payload", "monitor")]
        make_rootfs(f"{scene.dir}/lxc/{name}/rootfs")
        scene.write(f"lxc/{name}/config", f"""lxc.uts.name = {name}
lxc.rootfs.path = dir:{scene.dir}/lxc/{name}/rootfs
lxc.net.0.type = empty
lxc.apparmor.profile = unconfined
""")
        try:
            scene.start([program, "-n", name, "-P", f"{scene.dir}/lxc", "-F", "--", "/bin/sh", "-c",
                         f"{' '.join(sleep(1))} & exec {' '.join(sleep(2))}"])
            child, root = running(scene, sleep(1), sleep(2))
            owner = {"kind": "container", "product": "lxc", "key": name, "name": name, "root_pid": root, "processes": 2, "parent": outside}
            scene.judge("lxc", rest(scene, [(root, "the first process", owner, False), (child, "its child", owner, False)]))
            kill(root)
            wait_for("the monitor to end", lambda: not scene.pids())
        finally:
            remove_cgroups(f"lxc.payload.{name}", f"lxc.monitor.{name}", "lxc.pivot")


def nspawn_without_systemd():
    need_root()
    with Scene() as scene:
        program, rootfs = find_program("systemd-nspawn"), make_rootfs(f"{scene.dir}/machine")
        os.makedirs(f"{rootfs}/usr")
        os.makedirs(f"{rootfs}/etc")
        scene.write("machine/etc/os-release", "ID=lab\n")
        session = str(uuid.uuid4())
        markers = [f"--setenv={name}={value}" for name, value in [("CLAUDECODE", 1), ("CLAUDE_CODE_SESSION_ID", session), ("CLAUDE_PID", 1)]]
        try:
            scene.start([program, "--register=no", "--keep-unit", "--quiet", "-M", "labbox", "-D", rootfs, "/bin/sh", "-c",
                         f"{' '.join(sleep(1))} & exec {' '.join(sleep(2))}"])
            child, root = running(scene, sleep(1), sleep(2))
            owner = {"kind": "container", "product": "nspawn", "key": "labbox", "name": "labbox", "root_pid": root, "parent": outside}
            # an agent in it: its pid there is 1
            scene.start([program, "--register=no", "--keep-unit", "--quiet", "-x", *markers, "-M", "agentbox", "-D", rootfs,
                         "/bin/sh", "-c", f"exec {' '.join(sleep(3))}"])
            orphan, = running(scene, sleep(3))
            left = {"kind": "agent", "product": "claude-code", "key": session, "root_pid": None, "parent": {"kind": "container", "key": "agentbox"}}
            scene.judge("nspawn", rest(scene, [(root, "the first process", owner, False), (child, "its child", owner, False),
                                               (orphan, "an agent's tool in another machine", left, True)]))
        finally:
            for pid in scene.pids():
                if is_alive(pid) and argv_of(pid).startswith("/bin/sleep"):
                    kill(pid)
            wait_for("the machines to end", lambda: not scene.pids())
            remove_cgroups("payload", "supervisor")


def podman_of_an_ordinary_user():
    need_root()
    with Scene() as scene:
        program, home = find_program("podman"), f"{scene.dir}/user"
        image = make_image(f"{scene.dir}/rootfs")
        for path in (home, f"{home}/run"):
            os.mkdir(path)
            os.chown(path, NOBODY, NOBODY)
        user = [find_program("setpriv"), "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", program,
                "--root", f"{home}/store", "--runroot", f"{home}/runroot", "--tmpdir", f"{home}/tmp", "--storage-driver", "vfs",
                "--cgroup-manager", "cgroupfs", "--events-backend", "file", "--runtime", find_program("runc")]
        run = lambda *arguments: scene.run([*user, *arguments], {"HOME": home, "XDG_RUNTIME_DIR": f"{home}/run"})  # noqa: E731
        try:
            run("import", image, "lab")
            key = run("run", "-d", "--name", "rootless", "--network", "none", "--ulimit", "host", "lab", *sleep(1)).splitlines()[-1]
        except RuntimeError as error:
            raise Skip("podman does not run here without root: " + " ".join(str(error).split())[-300:]) from error
        root, = running(scene, sleep(1))
        owner = {"kind": "container", "product": "podman", "key": key, "name": "rootless", "root_pid": root, "parent": outside}
        scene.judge("rootless podman", rest(scene, [(root, "the container", owner, False)]))
        run("rm", "-f", "-t", "0", "rootless")


main(ctr_of_containerd, lxc, nspawn_without_systemd, podman_of_an_ordinary_user)
