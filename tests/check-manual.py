"""The manual pages say all that the tables of the program hold, and README and ARCHITECTURE name files that are there."""
import json
import os
import re
import subprocess
import tempfile

from tap import Skip, find_clade, main, ok

CLADE = find_clade()
SRCDIR = os.environ.get("SRCDIR") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def read(path):
    with open(os.path.join(SRCDIR, path), encoding="utf-8") as file:
        return file.read()


def plain(roff):
    """The text of a manual page, without requests and escapes."""
    text = re.sub(r"\\f[BIRP]|\\&", "", roff)
    text = text.replace("\\-", "-").replace("\\e", "\\").replace("\\(aq", "'")
    text = re.sub(r"^\.SH ", "# ", text, flags=re.M)
    return re.sub(r"^\.[A-Z]{1,2} ?", "", text, flags=re.M).replace('"', "")


def listed(what):
    result = subprocess.run([CLADE, "list", what], capture_output=True, text=True, check=True)
    return [line for line in result.stdout.splitlines() if line]


def missing(words, text):
    """Words that do not stand in the text by themselves."""
    return [word for word in words if not re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", text)]


MANUAL = plain(read("man/clade.1"))
RULES = plain(read("man/clade-owners.5"))
FORMAT = plain(read("man/clade-snapshot.5"))


def section(name, page=None):
    match = re.search(rf"^# {name}\n(.*?)(?=^# |\Z)", page or MANUAL, re.M | re.S)
    return match.group(1) if match else ""


def expect(what, lost):
    ok(not lost, what, *lost)


def the_manual_has_every_option_command_and_list():
    names = [name for line in listed("options") for name in re.findall(r"(?:^|\s)(--?[a-zA-Z][\w-]*)", line[:28])]
    expect("every option", missing(names, MANUAL))
    text = subprocess.run([CLADE, "--help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^  ([a-z]+)", text.split("Commands:")[1].split("Options:")[0], re.M)
    ok(len(commands) >= 2, "--help names commands", commands)
    expect("every command", missing(commands, section("COMMANDS")))
    expect("every list", missing(["columns", "commands", "lists", "formats", "keys", "options", "owners", "screen", "signals", "themes", "thresholds"], section("COMMANDS")))
    expect("every signal that ends things", missing([line.split()[0] for line in listed("signals") if "grace" in line], section("KILLING")))
    expect("every theme", missing([line.split()[0] for line in listed("themes")], MANUAL))


def the_manual_has_every_key():
    rows = [re.split(r"  +", line, maxsplit=2) for line in listed("keys")]
    keys = [key for row in rows for key in row[1].split()]
    ok(len(keys) > 20, "clade lists its keys", keys)
    expect("every command with its keys", [row[0] for row in rows if f"\n{row[0]}|{row[1]}|" not in section("KEYS")])


def the_manual_has_every_column_and_format():
    table = section("COLUMNS")
    for line in listed("columns"):
        name, title, _ = line.split(None, 2)
        ok(f"{name}|{title}|" in table, f"column {name}")
    expect("every format", missing([line.split()[0] for line in listed("formats")], section("FORMATS")))


def the_manual_has_every_threshold_with_its_default():
    table = section("CONFIGURATION")
    rows = [line.split(None, 2) for line in listed("thresholds")]
    ok(len(rows) > 10, "clade lists its thresholds", rows)
    expect("every threshold", [name for name, value, _ in rows if f"{name}|{value}|" not in table])


def the_manual_has_every_setting_of_the_screen():
    rows = [re.match(r"(\S+)  .*: (.*)", line).groups() for line in listed("screen")]
    ok(len(rows) >= 5, "clade lists the settings of the screen", rows)
    expect("every setting of the screen", [name for name, _ in rows if f"\n{name}|" not in section("CONFIGURATION")])


def the_manual_has_every_key_of_the_document():
    source = read("src/export/json.c") + read("src/export/narrow.c") + read("src/export/objects.c")
    keys = set(re.findall(r'(?:put_\w+|jsonw_key)\(&?json, "(\w+)"', source)) - {"argv_base64"}
    ok(len(keys) > 60, "the writer's keys are found", sorted(keys))
    expect("every key of the JSON document", missing(sorted(keys), section("THE JSON DOCUMENT", FORMAT)))


def the_manual_has_every_type_and_key_of_lines():
    source = read("src/export/ndjson.c")
    types = set(re.findall(r'begin_line\(lines, "(\w+)"', source))
    keys = set(re.findall(r'(?:put_\w+|jsonw_key)\((?:&lines->)?json, "(\w+)"', source))
    ok(len(types) == 10 and len(keys) >= 10, "the writer's types and keys are found", sorted(types), sorted(keys))
    expect("every type of line", missing(sorted(types), section("LINES", FORMAT)))
    expect("every key of lines", missing(sorted(keys), FORMAT))


def keys_of(value):
    """The keys of all objects in it, but for the markers, which are names of variables."""
    if isinstance(value, list):
        return set().union(*map(keys_of, value))
    if not isinstance(value, dict):
        return set()
    return set(value).union(*(keys_of(inner) for key, inner in value.items() if key != "markers"))


def the_manual_has_every_key_that_is_written():
    def written(*arguments):
        return subprocess.run([CLADE, *arguments], capture_output=True, text=True, check=True).stdout

    page = plain(read("man/clade-snapshot.5"))
    for arguments in (("snapshot", "-f", "json", "--sample", "0.3"), ("snapshot", "-f", "ndjson", "--sample", "0"),
                      ("snapshot", "-f", "json", "--sample", "0", "--redact", "--top", "1")):
        keys = set().union(*(keys_of(json.loads(line)) for line in ([written(*arguments)] if "json" in arguments else written(*arguments).splitlines())))
        ok(len(keys) > 60, "keys are written", sorted(keys))
        expect(f"every key of clade {' '.join(arguments)}", missing(sorted(keys), page))
    with tempfile.TemporaryDirectory(prefix="clade-test-") as directory:
        for name in ("a", "b"):
            written("snapshot", "-f", "json", "--sample", "0", "-o", f"{directory}/{name}.json")
        expect("every key of clade diff", missing(sorted(keys_of(json.loads(written("diff", "-f", "json", f"{directory}/a.json", f"{directory}/b.json")))), page))


def the_manual_has_every_figure():
    result = subprocess.run([CLADE, "snapshot", "-f", "openmetrics", "--sample", "0.5"], capture_output=True, text=True, check=True)
    names = {line.split()[2] for line in result.stdout.splitlines() if line.startswith("# HELP")}
    ok(len(names) > 20, "figures are written", names)
    expect("every figure", missing(sorted(names), plain(read("man/clade-snapshot.5"))))


def the_manual_has_every_exit_status():
    values = re.findall(r"EXIT_\w+ = (\d)", read("src/options.h"))
    ok(values == ["0", "1", "2", "3", "4"], "the statuses are found", values)
    expect("every exit status", missing(values, section("EXIT STATUS")))


def the_manual_of_rules_has_every_key_and_field():
    source = read("src/attribute/rule.c")
    keys = re.findall(r'^\t\{"([a-z._]+)",\s+VALUE_', source, re.M)
    ok(len(keys) > 40, "the rules' keys are found", keys)
    expect("every key of a rule", [key for key in keys if not re.search(rf"(?<![\w.]){re.escape(key)}(?![\w.])", RULES)])
    expect("every field of a condition", missing(["exe", "comm", "argv0", "arg", "title", "env"], RULES))
    expect("every kind", missing(["agent", "pm2", "container", "service", "login"], RULES))


def the_pages_are_formatted_without_a_warning():
    try:
        for page in ("clade.1", "clade-owners.5", "clade-snapshot.5"):
            result = subprocess.run(["groff", "-K", "utf8", "-t", "-man", "-Tutf8", "-ww", os.path.join(SRCDIR, "man", page)],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            ok(result.returncode == 0 and not result.stderr, f"groff {page}", result.stderr)
    except FileNotFoundError as error:
        raise Skip("no groff") from error


def what_the_documents_name_is_there():
    for page in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"):
        named = re.findall(r"`((?:src|include|tests|man|\.ci|screenshots)/[\w./-]*)`", read(page))
        named += re.findall(r"\]\(([\w./-]+)\)", read(page))
        lost = [path for path in named if not os.path.exists(os.path.join(SRCDIR, path))]
        ok(named and not lost, f"{page} names files that are there", *lost)


main(the_manual_has_every_option_command_and_list, the_manual_has_every_key, the_manual_has_every_column_and_format,
     the_manual_has_every_threshold_with_its_default, the_manual_has_every_setting_of_the_screen,
     the_manual_has_every_key_of_the_document, the_manual_has_every_type_and_key_of_lines,
     the_manual_has_every_key_that_is_written, the_manual_has_every_figure, the_manual_has_every_exit_status, the_manual_of_rules_has_every_key_and_field,
     the_pages_are_formatted_without_a_warning, what_the_documents_name_is_there)
