"""Logins through a real sshd on the loopback interface, and jobs of a real cron."""
import os
import re
import socket

from lib import LIFE_S, SYSTEM, Scene, Skip, argv_of, children_of, find_program, is_alive, kill, main, outside, read, wait_for


def need_root():
    if os.geteuid() != 0:
        raise Skip("only root can run it")


def sleep(seconds):
    return f"sleep {LIFE_S + seconds}"


def find(scene, command):
    return wait_for(command, lambda: next((pid for pid in scene.pids() if argv_of(pid) == command), None))


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def ssh():
    need_root()
    with Scene() as scene:
        sshd, client, keygen = (find_program(name) for name in ("sshd", "ssh", "ssh-keygen"))
        for key in ("host", "user"):
            scene.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", f"{scene.dir}/{key}"])
        os.makedirs("/run/sshd", exist_ok=True)  # where it locks itself up before a login
        port = free_port()
        config = scene.write("sshd_config", f"""Port {port}
ListenAddress 127.0.0.1
HostKey {scene.dir}/host
AuthorizedKeysFile {scene.dir}/user.pub
PermitRootLogin yes
StrictModes no
UsePAM no
PidFile none
""")
        daemon = scene.start([sshd, "-D", "-e", "-f", config])
        wait_for("sshd", lambda: "listening" in read(scene.log) or not is_alive(daemon.pid))
        if not is_alive(daemon.pid):
            raise Skip("sshd does not run here: " + " ".join(read(scene.log).split())[-300:])

        def login(command):
            return scene.start([client, "-tt", "-p", str(port), "-i", f"{scene.dir}/user", "-o", "StrictHostKeyChecking=no",
                                "-o", f"UserKnownHostsFile={scene.dir}/known", "root@127.0.0.1", command])

        first = login(f"{sleep(1)} & setsid -f {sleep(2)}; exec {sleep(3)}")
        second = login(f"setsid -f {sleep(4)}; exec {sleep(5)}")
        child, detached, shell, left, other = (find(scene, sleep(n)) for n in (1, 2, 3, 4, 5))
        sessions = {pid: next(p for p in children_of(daemon.pid) if pid in children_of(p) or
                              any(pid in children_of(q) for q in children_of(p))) for pid in (shell, other)}
        owner = {"kind": "login", "product": "ssh", "name": re.compile("^root@pts/"), "parent": outside}
        mine, others = ({**owner, "root_pid": sessions[pid]} for pid in (shell, other))
        rows = [(daemon, "the listener is no login", SYSTEM, False), (first, "nor is a client", SYSTEM, False),
                (second, "nor another", SYSTEM, False), (sessions[shell], "a login", mine, False),
                (shell, "its command", mine, False), (child, "what that started", mine, False),
                (detached, "what has left it by a double fork", mine, False),
                (sessions[other], "another login", others, False), (other, "its command", others, False),
                (left, "what has left that one", others, False)]
        snap = scene.judge("ssh", rows)
        kill(other)
        wait_for("the end of the login", lambda: not is_alive(sessions[other]) and not is_alive(second.pid))
        ended = {"kind": "login", "product": "ssh", "root_pid": None, "name": re.compile("^from 127.0.0.1")}
        if snap:
            ended["id"] = snap.owner_of(left)["id"]
        scene.judge("ssh, one login ended", [row for row in rows if row[0] not in (second, sessions[other], other, left)] +
                    [(left, "what it left is known by its connection", ended, False)])


def cron():
    """Its tables are ours, by a mount namespace; it starts jobs at the beginning of a minute."""
    need_root()
    with Scene() as scene:
        program = find_program("cron")
        os.mkdir(f"{scene.dir}/empty")
        table = scene.write("tables/root", f"* * * * * {sleep(1)} & {sleep(2)}; true\n")
        os.chmod(table, 0o600)
        scene.write("crontab", "")
        daemon = scene.start(["unshare", "--mount", "--propagation", "private", "sh", "-c",
                              f"mount --bind {scene.dir}/tables /var/spool/cron/crontabs && mount --bind {scene.dir}/empty /etc/cron.d && "
                              f"mount --bind {scene.dir}/crontab /etc/crontab && mount -t tmpfs run /run && exec {program} -f"])
        wait_for("cron", lambda: argv_of(daemon.pid).startswith(program) or not is_alive(daemon.pid))
        if not is_alive(daemon.pid):
            raise Skip("cron does not run here: " + " ".join(read(scene.log).split())[-300:])
        wait_for("a job", lambda: any(argv_of(pid) == sleep(2) for pid in scene.pids()), 75)
        first, second = find(scene, sleep(1)), find(scene, sleep(2))
        job = children_of(daemon.pid)[0]
        shell = children_of(job)[0]
        of_cron = {"kind": "service", "product": "cron", "root_pid": daemon.pid, "parent": outside}
        of_job = {"kind": "service", "product": "cron", "name": re.compile(f"^{sleep(1)} & {sleep(2)}"), "root_pid": job,
                  "parent": {"product": "cron", "root_pid": daemon.pid}}
        scene.judge("cron", [(daemon, "the daemon", of_cron, False), (job, "what runs a job", of_job, False),
                             (shell, "the job's shell", of_job, False), (first, "its commands", of_job, False),
                             (second, "its commands too", of_job, False)])


main(ssh, cron)
