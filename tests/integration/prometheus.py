"""A real Prometheus scrapes what clade writes for a real node_exporter, and an alert of contrib/clade-alerts.yml fires."""
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
import uuid

from lib import CLAUDE, HERE, PATH, Scene, becomes, clade, find_program, main, ok, wait_for

CONTRIB = os.path.join(os.environ.get("SRCDIR") or os.path.join(HERE, "..", ".."), "contrib")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()
    except OSError:
        return ""


class Monitoring:
    """node_exporter and Prometheus on loopback, with one directory for all they keep. Outside of any scene's control group."""

    def __enter__(self):
        for name in ("prometheus", "prometheus-node-exporter", "promtool"):
            find_program(name)
        self.directory = tempfile.mkdtemp(prefix="clade-prometheus-")
        self.textfiles = f"{self.directory}/textfiles"
        os.mkdir(self.textfiles)
        self.processes = []
        exporter, self.port = free_port(), free_port()
        config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                  "rule_files": [os.path.abspath(f"{CONTRIB}/clade-alerts.yml")],
                  "scrape_configs": [{"job_name": "node", "static_configs": [{"targets": [f"127.0.0.1:{exporter}"]}]}]}
        with open(f"{self.directory}/prometheus.yml", "w", encoding="utf-8") as file:
            json.dump(config, file)  # JSON is YAML
        self.start("prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{exporter}", "--collector.disable-defaults",
                   "--collector.textfile", f"--collector.textfile.directory={self.textfiles}")
        self.start("prometheus", f"--config.file={self.directory}/prometheus.yml", f"--storage.tsdb.path={self.directory}/tsdb",
                   f"--web.listen-address=127.0.0.1:{self.port}")
        wait_for("node_exporter", lambda: fetch(f"http://127.0.0.1:{exporter}/metrics"))
        wait_for("Prometheus", lambda: "Ready" in fetch(f"http://127.0.0.1:{self.port}/-/ready"))
        return self

    def start(self, *argv):
        with open(f"{self.directory}/{argv[0]}.log", "wb") as log:
            self.processes.append(subprocess.Popen(argv, env={"PATH": PATH}, stdout=log, stderr=log, stdin=subprocess.DEVNULL))

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=20)
        shutil.rmtree(self.directory)

    def write(self, *options):
        return clade("snapshot", "-f", "openmetrics", "--force", "-o", f"{self.textfiles}/clade.prom", *options, patience_s=60)

    def query(self, expression):
        answer = fetch(f"http://127.0.0.1:{self.port}/api/v1/query?query={urllib.parse.quote(expression)}")
        return json.loads(answer)["data"]["result"] if answer else []

    def value(self, expression):
        result = self.query(expression)
        return float(result[0]["value"][1]) if result else None

    def firing(self):
        answer = fetch(f"http://127.0.0.1:{self.port}/api/v1/alerts")
        alerts = json.loads(answer)["data"]["alerts"] if answer else []
        return {alert["labels"]["alertname"]: alert for alert in alerts if alert["state"] == "firing"}


def promtool_accepts_figures_and_rules():
    find_program("promtool")
    with Scene() as scene:
        scene.start_actor(CLAUDE, ["claude"])
        page = clade("snapshot", "-f", "openmetrics", "--sample", "1", patience_s=60)
    result = subprocess.run(["promtool", "check", "metrics"], input=page.stdout, capture_output=True, timeout=60, env={"PATH": PATH})
    ok(result.returncode == 0 and not result.stderr and not result.stdout, "promtool check metrics", result)
    result = subprocess.run(["promtool", "check", "rules", f"{CONTRIB}/clade-alerts.yml"], capture_output=True, timeout=60, env={"PATH": PATH})
    ok(result.returncode == 0 and b"SUCCESS" in result.stdout, "promtool check rules", result)


# What makes an alert fire within a quarter of an hour, and what is no reason for it.
AN_OWNER = 'kind="pm2",product="pm2",name="api"'
REASONS = {
    "CladeExploding": ('clade_verdict{verdict="exploding"}', "1x15", "0x15"),
    "CladeMachineWaits": ('clade_verdict{verdict="i/o"}', "1x15", "0x15"),
    "CladeProcessTableNearlyFull": ("clade_headroom_ratio", "0.1x15", "0.3x15"),
    "CladeGrowing": (f"clade_owner_growth_per_second{{{AN_OWNER}}}", "2x15", "1x15"),
    "CladeCrashLoop": (f"clade_owner_restarts_total{{{AN_OWNER}}}", "0+4x15", "0+2x15"),
    "CladeZombies": ("clade_zombies", "51x15", "50x15"),
    "CladeOrphans": (f"clade_owner_orphans{{{AN_OWNER}}}", "21x15", "20x15"),
    "CladeOwnerNearItsLimit": (f"clade_owner_memory_used_ratio{{{AN_OWNER}}}", "0.96x15", "0.94x15"),
    "CladeOutOfMemory": (f"clade_owner_oom_kills_total{{{AN_OWNER}}}", "0+1x15", "7x15"),
    "CladeStale": ("clade_snapshot_timestamp_seconds", "0x15", "0+60x15"),
}


def every_alert_fires_when_it_should():
    if not shutil.which("promtool", path=PATH):
        raise Skip("no promtool")
    rules = os.path.abspath(f"{CONTRIB}/clade-alerts.yml")
    with open(rules, encoding="utf-8") as file:
        names = [line.split()[-1] for line in file if "- alert:" in line]
    ok(sorted(names) == sorted(REASONS), "each has a reason here", set(names) ^ set(REASONS))
    for name, (series, reason, none) in REASONS.items():
        tests = [{"interval": "1m", "input_series": [{"series": series, "values": values}],
                  "promql_expr_test": [{"expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}})', "eval_time": "15m",
                                        "exp_samples": [{"labels": "{}", "value": 1}] if values == reason else []}]} for values in (reason, none)]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            json.dump({"rule_files": [rules], "evaluation_interval": "1m", "tests": tests}, file)  # JSON is YAML
            file.flush()
            result = subprocess.run(["promtool", "test", "rules", file.name], capture_output=True, timeout=60, env={"PATH": PATH})
        ok(result.returncode == 0 and b"SUCCESS" in result.stdout, name, result)


def the_dashboard_asks_for_figures_that_there_are():
    with open(f"{CONTRIB}/clade-grafana.json", encoding="utf-8") as file:
        board = json.load(file)
    page = clade("snapshot", "-f", "openmetrics", "--sample", "0", patience_s=60).stdout
    page = page.decode() if isinstance(page, bytes) else page
    names = {line.split()[2] for line in page.splitlines() if line.startswith("# HELP")}
    names |= {"clade_growth_per_second", "clade_births_per_second", "clade_verdict_eta_seconds"}  # need two looks
    asked = {word for panel in board["panels"] for target in panel["targets"]
             for word in target["expr"].replace("(", " ").replace("{", " ").split() if word.startswith("clade_")}
    ok(len(asked) > 10 and asked <= names, "every name", asked - names)


def a_prometheus_scrapes_it_and_an_alert_fires():
    with Monitoring() as monitoring:
        ok(monitoring.write("--sample", "1").returncode == 0, "a file for the textfile collector")
        count = wait_for("the first scrape", lambda: monitoring.value("clade_processes"))
        ok(count > 5, "processes are counted", count)
        ok(monitoring.value("node_textfile_scrape_error") == 0, "node_exporter has read it without a mistake")
        ok(monitoring.value("sum(clade_owner_processes)") == count, "the owners sum up to the machine", monitoring.query("clade_owner_processes"))
        ok("CladeExploding" not in monitoring.firing(), "no alert on a machine that is well", monitoring.firing())
        with Scene() as scene:
            root = scene.start_actor(CLAUDE, ["claude"])
            env = {"CLAUDECODE": 1, "CLAUDE_CODE_SESSION_ID": str(uuid.uuid4()), "CLAUDE_PID": root.pid}
            root.spawn(["/bin/bash", "-c", "while :; do sleep 60 & sleep 0.02; done"], env, flags="s")
            monitoring.write("--sample", "5")
            alert = wait_for("the alert", lambda: monitoring.firing().get("CladeExploding"), 30)
            ok("explode" in alert["annotations"]["summary"], "an explosion is told", alert)
            ok(monitoring.value('max(clade_owner_growth_per_second{product="claude-code"})') > 5, "with who grows",
               monitoring.query("clade_owner_growth_per_second"))
        time.sleep(1)
        monitoring.write("--sample", "1")
        becomes("and its end", lambda: "CladeExploding" not in monitoring.firing(), 30)


if __name__ == "__main__":
    main(promtool_accepts_figures_and_rules, every_alert_fires_when_it_should, the_dashboard_asks_for_figures_that_there_are, a_prometheus_scrapes_it_and_an_alert_fires)
