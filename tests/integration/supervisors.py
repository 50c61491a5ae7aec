"""Who brings things back, for real: PM2, Docker, supervisord, runit, a systemd that is played, and a script that only a
watch can name. Each is ended where it comes from, and stays away; ended elsewhere, it comes back, and clade says so."""
import os
import shutil
import socket
import struct
import subprocess
import threading
import time

from containers import inside, sleep
from docker import Engine
from lib import CLADE, LIFE_S, PATH, Scene, Skip, argv_of, children_of, is_alive, main, ok, read, wait_for
from pm2 import NODE_APP, PYTHON_APP, Pm2
from podman import Podman


def clade(*arguments, prefix=()):
    """clade kill as a script runs it. Returns exit status, and all that it wrote."""
    result = subprocess.run([*prefix, CLADE, "kill", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=120, env={"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8"})
    return result.returncode, result.stdout + result.stderr


def stays_away(find, seconds=4):
    """Whether nothing is there for that long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if find():
            return False
        time.sleep(0.1)
    return True


def judge(name, target, supervisor, find, watch_s=4):
    """The whole story of one thing: dry run, ended at the wrong end, ended at the right one."""
    before = find()
    status, said = clade("--dry-run", target)
    ok(status == 0 and supervisor in said, f"{name}: a dry run names who would bring it back", status, said)
    ok(find() == before, f"{name}: and changes nothing")

    status, said = clade("--yes", "--grace", 2, "--watch", watch_s, target)
    ok(status == 1 and "came back" in said, f"{name}: killed, it comes back, and that is said", status, said)
    wait_for(f"{name} to be back", find)
    ok(not set(before) & set(find()), f"{name}: it is another one", before, find())
    return before


def ends_at_supervisor(name, target, find, words):
    wait_for(f"{name} to be back", find)
    before = find()
    status, said = clade("--yes", "--grace", 2, "--watch", 4, "--at-supervisor", target)
    ok(status == 0 and words in said and "came back" not in said, f"{name}: ended at the supervisor", status, said)
    ok(not any(map(is_alive, before)) and stays_away(find), f"{name}: it is gone and stays away", find())


# ---- PM2 ----------------------------------------------------------------------------------------------

def a_pm2_app():
    with Scene() as scene:
        pm2 = Pm2(scene, "home")
        scene.write("app.js", NODE_APP)
        scene.write("worker.py", PYTHON_APP)
        scene.write("server.js", "require('http').createServer(() => {}).listen(0, '127.0.0.1')\n" + NODE_APP)
        pm2.start({"name": "api", "script": "app.js"}, {"name": "steady", "script": "worker.py", "interpreter": "/usr/bin/python3"},
                  {"name": "web", "script": "server.js", "exec_mode": "cluster", "instances": 2})
        wait_for("both workers", lambda: len(pm2.pids("web")) == 2)
        steady = pm2.pid("steady")
        judge("pm2", f"pid:{pm2.pid('api')}", f"PM2 (pid {pm2.god()}) starts api again", lambda: pm2.pids("api"))
        ends_at_supervisor("pm2", f"pid:{pm2.pid('api')}", lambda: pm2.pids("api"), "PM2 has stopped api")
        ends_at_supervisor("pm2 cluster", "pm2:web", lambda: pm2.pids("web"), "PM2 has stopped web")
        ok(pm2.pid("steady") == steady and is_alive(pm2.god()), "pm2: its daemon and the other app run on")
        pm2.start({"name": "once", "script": "worker.py", "interpreter": "/usr/bin/python3", "autorestart": False})
        status, said = clade("--dry-run", f"pid:{pm2.pid('once')}")
        ok(status == 0 and "It would come back" not in said, "pm2: an app that it starts once is not said to come back", said)
        god = pm2.god()
        os.kill(god, 19)  # SIGSTOP: a daemon that does not answer
        try:
            status, said = clade("--yes", "--grace", 0, "--at-supervisor", f"pid:{steady}")
        finally:
            os.kill(god, 18)
        ok(status == 1 and "does not answer" in said and "pm2 stop steady" in said and f"clade kill pid:{god}" in said and is_alive(steady),
           "pm2: a daemon that does not answer is said, and nothing was signalled", status, said)


def a_pm2_app_with_its_daemon():
    """God first: the plan that holds both needs nobody."""
    with Scene() as scene:
        pm2 = Pm2(scene, "home")
        scene.write("worker.py", PYTHON_APP)
        pm2.start({"name": "api", "script": "worker.py", "interpreter": "/usr/bin/python3"})
        god, app = pm2.god(), pm2.pid("api")
        status, said = clade("--yes", "--grace", 2, "--watch", 3, f"pid:{god}")
        ok(status == 0 and "would come back" not in said, "pm2: with its daemon an app has nobody to bring it back", status, said)
        ok(not is_alive(god) and not is_alive(app) and stays_away(lambda: pm2.pids("api")), "pm2: both are gone")


# ---- Docker -------------------------------------------------------------------------------------------

def a_container_that_restarts():
    with Scene() as scene:
        engine = Engine(scene)
        shop = engine.run("shop-web", *sleep(1), options=("--restart", "always"))
        once = engine.run("shop-once", *sleep(2))
        find = lambda: inside(shop)  # noqa: E731
        wait_for("the containers", lambda: inside(shop) and inside(once))
        judge("docker", f"docker:{shop}", "starts shop-web again: its restart policy is always", find)
        ends_at_supervisor("docker", "docker:shop-web", find, "Docker has stopped shop-web")
        status, said = clade("--dry-run", "docker:shop-once")
        ok(status == 0 and "would come back" not in said, "docker: a container without a policy has nobody to bring it back", said)
        status, said = clade("--yes", "--grace", 1, "--watch", 2, "docker:shop-once")
        ok(status == 0 and not inside(once), "docker: and is killed as anything else", status, said)
        engine.stop()


def a_container_of_podman():
    """Its policy is kept where only Podman reads it: it may come back. The service is on a socket of its own."""
    with Scene() as scene:
        podman = Podman(scene, "runc")
        web = podman.run("web", *sleep(1), options=("--restart", "always"))
        find = lambda: inside(f"libpod-{web}")  # noqa: E731
        wait_for("the container", find)
        status, said = clade("--yes", "--at-supervisor", f"podman:{web}")
        ok(status == 1 and "podman stop web" in said and find(), "podman: without its service the command is named", status, said)
        path = f"{podman.dir}/podman.sock"
        scene.start([podman.program, *podman.storage, "system", "service", "--time", "0", f"unix://{path}"],
                    env={"XDG_RUNTIME_DIR": podman.dir})
        wait_for("podman's service", lambda: os.path.exists(path))
        status, said = clade("--dry-run", f"podman:{web}")
        ok(status == 0 and "may start web again" in said, "podman: a dry run names who might bring it back", status, said)
        ends_at_supervisor("podman", f"podman:{web}", find, "Podman has stopped web")
        podman("rm", "--force", "--time", "0", "web")


# ---- supervisord and runit ----------------------------------------------------------------------------

def a_program_of_supervisord():
    program = shutil.which("supervisord", path=PATH)
    if not program:
        raise Skip("no supervisord")
    with Scene() as scene:
        config = scene.write("supervisord.conf", f"""[supervisord]
nodaemon=true
logfile={scene.dir}/supervisord.log
pidfile={scene.dir}/supervisord.pid
user=root
[unix_http_server]
file={scene.dir}/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{scene.dir}/supervisor.sock
[program:shop]
command=/bin/sleep {LIFE_S + 1}
autorestart=true
startsecs=0
""")
        daemon = scene.start([program, "-c", config])
        find = lambda: [pid for pid in children_of(daemon.pid) if is_alive(pid)]  # noqa: E731
        wait_for("the program", find)
        wait_for("the socket", lambda: os.path.exists(f"{scene.dir}/supervisor.sock"))
        judge("supervisord", f"pid:{find()[0]}", f"supervisord (pid {daemon.pid}) starts shop again", find)
        ends_at_supervisor("supervisord", f"pid:{find()[0]}", find, "supervisord has stopped shop")
        ok(is_alive(daemon.pid), "supervisord: it runs on itself")


def a_service_of_runit():
    program = shutil.which("runsv", path=PATH)
    if not program:
        raise Skip("no runsv")
    with Scene() as scene:
        os.mkdir(f"{scene.dir}/shop")
        scene.write("shop/run", f"#!/bin/sh\nexec sleep {LIFE_S + 1}\n")
        os.chmod(f"{scene.dir}/shop/run", 0o755)
        runsv = scene.start([program, f"{scene.dir}/shop"])
        find = lambda: [pid for pid in children_of(runsv.pid) if is_alive(pid) and argv_of(pid).startswith("sleep")]  # noqa: E731
        wait_for("the service", find)
        judge("runit", f"pid:{find()[0]}", f"runsv (pid {runsv.pid}) starts shop again", find)
        ends_at_supervisor("runit", f"pid:{find()[0]}", find, "runit has stopped shop")


# ---- A script -----------------------------------------------------------------------------------------

def a_script_that_restarts():
    """Nothing on disk says that it does: it is named once it has."""
    with Scene() as scene:
        script = scene.write("keep-up.sh", f"#!/bin/sh\nwhile :; do sleep {LIFE_S + 1}; sleep 0.2; done\n")
        shell = scene.start(["/bin/sh", script])
        find = lambda: [pid for pid in children_of(shell.pid) if argv_of(pid) == f"sleep {LIFE_S + 1}"]  # noqa: E731
        wait_for("its child", find)
        status, said = clade("--yes", "--grace", 1, "--watch", 3, f"pid:{find()[0]}")
        ok(status == 1 and "came back" in said and f"started by /bin/sh {script} (pid {shell.pid})" in said,
           "script: what it starts again is said, and who does it", status, said)
        status, said = clade("--yes", "--grace", 1, "--watch", 3, f"pid:{shell.pid}")
        ok(status == 0 and "came back" not in said and not is_alive(shell.pid), "script: ended itself, it stays away", status, said)


# ---- systemd, played ----------------------------------------------------------------------------------

class Manager(threading.Thread):
    """The private socket of a systemd that has one unit. Speaks as much D-Bus as StopUnit needs; on a failure it says so."""

    def __init__(self, path, stop, error=None):
        super().__init__(daemon=True)
        self.stop, self.error, self.calls = stop, error, []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen()

    def run(self):
        while True:
            try:
                peer = self.socket.accept()[0]
                self.serve(peer)
            except OSError:
                return

    def serve(self, peer):
        data, is_bus = b"", False
        while True:
            chunk = peer.recv(4096)
            if not chunk:
                return
            data += chunk
            while not is_bus and b"\r\n" in data:
                line, data = data.split(b"\r\n", 1)
                line = line.lstrip(b"\0")
                if line.startswith(b"AUTH"):
                    peer.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n" if line != b"AUTH EXTERNAL" else b"DATA\r\n")
                elif line.startswith(b"DATA"):
                    peer.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n")
                elif line.startswith(b"NEGOTIATE"):
                    peer.sendall(b"AGREE_UNIX_FD\r\n")
                is_bus = line == b"BEGIN"
            while is_bus and len(data) >= 16:
                body, serial, fields = struct.unpack_from("<III", data, 4)
                end = 16 + (fields + 7) // 8 * 8
                if len(data) < end + body:
                    break
                message, data = data[:end + body], data[end + body:]
                self.answer(peer, serial, message, message[end:])

    def answer(self, peer, serial, message, body):
        length = struct.unpack_from("<I", body)[0]
        self.calls.append((b"StopUnit" in message, body[4:4 + length].decode()))
        reply = b"\x05\x01u\0" + struct.pack("<I", serial)
        if self.error:
            name, words = b"org.freedesktop.systemd1.Refused", self.error.encode()
            fields = b"\x04\x01s\0" + struct.pack("<I", len(name)) + name + b"\0"
            fields += b"\0" * (-len(fields) % 8) + reply
            body = struct.pack("<I", len(words)) + words + b"\0"
            kind, signature = 3, b"s"
        else:
            self.stop()
            path = b"/org/freedesktop/systemd1/job/7"
            fields, body, kind, signature = reply, struct.pack("<I", len(path)) + path + b"\0", 2, b"o"
        fields += b"\0" * (-len(fields) % 8) + b"\x08\x01g\0\x01" + signature + b"\0"
        header = struct.pack("<BBBBIII", ord("l"), kind, 1, 1, len(body), 9, len(fields)) + fields
        peer.sendall(header + b"\0" * (-len(header) % 8) + body)


def a_unit_of_systemd():
    """Its unit file and its socket are bind-mounted for clade; a shell plays the restarts, a control group the unit."""
    if "libsystemd" not in subprocess.run([CLADE, "--version"], capture_output=True, text=True).stdout:
        raise Skip("built without libsystemd")
    top = "/sys/fs/cgroup/systemd" if os.path.isdir("/sys/fs/cgroup/systemd") else "/sys/fs/cgroup"
    with Scene() as scene:
        for directory in "run", "etc":
            os.mkdir(f"{scene.dir}/{directory}")
        with open(f"{scene.dir}/etc/clade-shop.service", "w", encoding="utf-8") as file:
            file.write(f"[Service]\nExecStart=/bin/sleep {LIFE_S}\nRestart=always\n")
        unit = f"{top}/system.slice/clade-shop.service"
        made = [path for path in (os.path.dirname(unit), unit) if not os.path.isdir(path)]
        for path in made:
            try:
                os.mkdir(path)
            except OSError as error:
                raise Skip(f"no control group can be made: {error}") from error
        try:
            script = scene.write("manager.sh", f"""#!/bin/sh
while [ ! -e stopped ]; do
    sh -c 'echo $$ > {unit}/cgroup.procs; exec sleep {LIFE_S + 1}'
    sleep 0.2
done
""")
            scene.start(["/bin/sh", "-c", f"cd {scene.dir} && exec /bin/sh {script}"])
            find = lambda: [int(pid) for pid in read(f"{unit}/cgroup.procs").split() if argv_of(int(pid)).startswith("sleep")]  # noqa: E731
            wait_for("the service", find)
            mounts = (f"mkdir -p /etc/systemd/system /run/systemd && mount --bind {scene.dir}/etc /etc/systemd/system && "
                      f"mount --bind {scene.dir}/run /run/systemd && exec \"$@\"")
            prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-c", mounts, "sh"]

            status, said = clade("--dry-run", f"pid:{find()[0]}", prefix=prefix)
            ok(status == 0 and "systemd starts clade-shop.service again: Restart=always" in said and
               "systemctl stop clade-shop.service" in said, "systemd: a dry run names it", status, said)
            status, said = clade("--yes", "--grace", 1, "--watch", 3, f"pid:{find()[0]}", prefix=prefix)
            ok(status == 1 and "came back" in said, "systemd: killed, it comes back", status, said)

            def stop():
                scene.write("stopped", "")
                for pid in find():
                    os.kill(pid, 15)

            refusing = Manager(f"{scene.dir}/run/private", stop, "no, by policy")
            refusing.start()
            wait_for("the service", find)
            status, said = clade("--yes", "--at-supervisor", f"pid:{find()[0]}", prefix=prefix)
            ok(status == 1 and "no, by policy" in said and "systemctl stop" in said and find(),
               "systemd: what it refuses is said, and nothing was signalled", status, said)
            refusing.socket.close()
            os.unlink(f"{scene.dir}/run/private")

            manager = Manager(f"{scene.dir}/run/private", stop)
            manager.start()
            status, said = clade("--yes", "--grace", 1, "--watch", 3, "--at-supervisor", f"pid:{find()[0]}", prefix=prefix)
            ok(status == 0 and "systemd has stopped clade-shop.service" in said, "systemd: ended over its socket", status, said)
            ok(manager.calls == [(True, "clade-shop.service")] and stays_away(find), "systemd: by StopUnit, once", manager.calls)
        finally:
            for pid in (int(pid) for pid in read(f"{unit}/cgroup.procs").split()):
                os.kill(pid, 9)
            wait_for("an empty group", lambda: not read(f"{unit}/cgroup.procs").split())
            for path in reversed(made):
                os.rmdir(path)


if __name__ == "__main__":
    main(a_pm2_app, a_pm2_app_with_its_daemon, a_container_that_restarts, a_container_of_podman, a_program_of_supervisord, a_service_of_runit,
         a_script_that_restarts, a_unit_of_systemd)
