"""The Test Anything Protocol for the tests that are scripts."""
import os
import sys
import traceback


class Skip(Exception):
    """This cannot run here, and why."""


class Tap:
    count = 0
    failed = 0


def note(*lines):
    for line in "\n".join(str(line) for line in lines).splitlines():
        print("# " + line, flush=True)


def ok(good, name, *why):
    Tap.count += 1
    Tap.failed += not good
    print(f"{'ok' if good else 'not ok'} {Tap.count} - {name.replace('#', '')}", flush=True)
    if not good:
        note(*why)
    return good


def skip(name, reason):
    Tap.count += 1
    print(f"ok {Tap.count} - {name} # SKIP {' '.join(str(reason).split())}", flush=True)


def wanted(scenes):
    """Those that are named on the command line, else all."""
    names = sys.argv[1:]
    return [scene for scene in scenes if not names or scene.__name__ in names]


def main(*scenes):
    """Runs the scenes (or those named on the command line) and ends the program."""
    for scene in wanted(scenes):
        sentence = scene.__name__.replace("_", " ")
        note(f"---- {sentence}")
        try:
            scene()
        except Skip as reason:
            skip(sentence, reason)
        except Exception:  # a broken scene must not hide the others
            ok(False, f"{sentence}: the scene itself runs", traceback.format_exc())
    print(f"1..{Tap.count}", flush=True)
    sys.exit(1 if Tap.failed else 0)


def find_clade():
    """The program under test: $CLADE, or what a build in ./build made."""
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.path.abspath(os.environ.get("CLADE") or f"{here}/../build/clade")
    if not os.access(path, os.X_OK):
        print(f"Bail out! no clade at {path}: build it, or set CLADE")
        sys.exit(1)
    return path
