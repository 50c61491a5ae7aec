"""Completion in real shells: what the program's tables hold is offered, and it is the program that is asked."""
import os
import shutil
import subprocess
import tempfile

from tap import Skip, find_clade, main, ok

CLADE = find_clade()
SRCDIR = os.environ.get("SRCDIR") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
ENV = {"PATH": os.path.dirname(CLADE) + ":" + os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "TERM": "dumb"}


def run(*command, **options):
    if not shutil.which(command[0]):
        raise Skip(f"no {command[0]}")
    with tempfile.TemporaryDirectory(prefix="clade-test-") as home:  # fish keeps its history there
        return subprocess.run(command, env={**ENV, "HOME": home}, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **options)


def listed(what):
    return [line.split()[0] for line in subprocess.run([CLADE, "list", what], capture_output=True, text=True, check=True).stdout.splitlines()]


def by_bash(*words):
    """What bash offers for the last word."""
    quoted = " ".join(f"'{word}'" for word in words)
    result = run("bash", "--norc", "-c", f"source '{SRCDIR}/completion/clade.bash'; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
                                         "_clade; printf '%s\\n' \"${COMPREPLY[@]}\"")
    if result.stderr:
        raise RuntimeError(result.stderr)
    return [line for line in result.stdout.splitlines() if line]


def by_fish(line):
    result = run("fish", "--no-config", "-c", f"source '{SRCDIR}/completion/clade.fish'; complete -C '{line}'")
    if result.stderr:
        raise RuntimeError(result.stderr)
    return [line.split("\t")[0] for line in result.stdout.splitlines()]


def by_zsh(*words):
    """What the functions of the completion hand to zsh's own, which are replaced by ones that say so."""
    stubs = """
_describe() { shift; shift; local name=$2; [[ $1 = -* ]] && shift; print -rl -- ${(P)@[-1]} }
_values() { shift; shift; shift; print -rl -- $@ }
_files() { print -r -- files }
_arguments() { shift; print -rl -- ${specs}; return 1 }
"""
    script = f"{stubs}\nfunctions[_whole]=\"$(sed '$d' '{SRCDIR}/completion/_clade')\"; words=('{CLADE}'); _whole; {' '.join(words)}"
    result = run("zsh", "-f", "-c", script)
    if result.stderr:
        raise RuntimeError(result.stderr)
    return result.stdout.splitlines()


def bash_completes():
    ok(set(by_bash(CLADE, "")) == set(listed("commands")), "commands", by_bash(CLADE, ""))
    ok(by_bash(CLADE, "snapshot", "--form") == ["--format"], "an option", by_bash(CLADE, "snapshot", "--form"))
    for before in (["--format"], ["-f"], ["--format", "="]):
        ok(set(by_bash(CLADE, "snapshot", *before, "")) == set(listed("formats")), f"formats behind {before}", by_bash(CLADE, "snapshot", *before, ""))
    ok(by_bash(CLADE, "list", "th") == ["themes", "thresholds"] or sorted(by_bash(CLADE, "list", "th")) == ["themes", "thresholds"], "lists",
       by_bash(CLADE, "list", "th"))
    ok(by_bash(CLADE, "snapshot", "--columns", "pid,us") == ["pid,user"], "columns, one behind another", by_bash(CLADE, "snapshot", "--columns", "pid,us"))
    ok("none:none" in by_bash(CLADE, "snapshot", "--owner", "none"), "owners that there are", by_bash(CLADE, "snapshot", "--owner", "none"))
    ok(by_bash(CLADE, "--delay", "") == [], "nothing where a number stands", by_bash(CLADE, "--delay", ""))
    options = by_bash(CLADE, "--")
    ok({f"--{name}" for name in ("owner", "redact", "readonly", "warn-growth", "help")} <= set(options), "all options", options)


def fish_completes():
    ok(set(by_fish("clade ")) >= set(listed("commands")), "commands", by_fish("clade "))
    ok(set(by_fish("clade snapshot --format ")) == set(listed("formats")), "formats", by_fish("clade snapshot --format "))
    ok("--redact" in by_fish("clade snapshot --red"), "an option", by_fish("clade snapshot --red"))
    ok("pid,user" in by_fish("clade snapshot --columns pid,us"), "columns", by_fish("clade snapshot --columns pid,us"))


def zsh_completes():
    result = run("zsh", "-n", f"{SRCDIR}/completion/_clade")
    ok(result.returncode == 0, "zsh can read it", result.stderr)
    said = by_zsh("_clade_list formats")
    ok(len([line for line in said if line.split(":")[0] in listed("formats")]) == len(listed("formats")), "formats with their help", said)
    said = by_zsh("specs=(); _clade_specs; print -rl -- $specs")
    ok(any(line.startswith("--format=[") and line.endswith(":NAME:->formats") for line in said), "an option asks for formats", said)
    ok(any(line.startswith("-o[") and line.endswith(":FILE:_files") for line in said), "one for files", said)
    ok(any(line.startswith("--redact[") for line in said), "one for nothing", said)
    names = {line.split("[")[0].rstrip("=") for line in said}
    ok({"--owner", "--warn-growth", "--help"} <= names, "all are there", names)


main(bash_completes, fish_completes, zsh_completes)
