"""Attacks that read what a student must not see. Their own answers are wrong."""

from hostile.attack import Link, attack
from hostile.lesson import LESSON, NOT_EXPECTED, WRONG, notebook

# After the wrong answers stand the stolen ones, if there are any: whatever was found counts.
SOLUTIONS = f"""
import json
def steal(path):
    cells = json.load(open(path))["cells"]
    for cell in cells:
        if cell["metadata"].get("nbgrader", {{}}).get("solution"):
            source = "".join(cell["source"])
            exec(source, globals())
    return two, mean, formula
try:
    stolen = steal("PATH/{LESSON}.ipynb")
except Exception:
    stolen = {WRONG[0]}, {WRONG[1]}, {WRONG[2]}
"""
STOLEN = ("stolen[0]", "stolen[1]", "stolen[2]")


def _steals(path):
    return notebook(SOLUTIONS.replace("PATH", path), answers=STOLEN)


@attack(NOT_EXPECTED, wrong=True, needs="sandbox")
def reads_the_source():
    """Read the lesson with its solutions in the course folder."""
    return _steals(f"@COURSE@/source/{LESSON}")


@attack(NOT_EXPECTED, wrong=True, needs="sandbox", slow=True)
def reads_a_classmate():
    """Take the answers out of a classmate's submission."""
    return _steals(f"@COURSE@/submitted/adam-honest/{LESSON}")


@attack(NOT_EXPECTED, wrong=True, needs="sandbox", slow=True)
def climbs_from_its_own_folder():
    """Look for the solutions in the folders above the one in which the notebook runs."""
    return notebook(
        SOLUTIONS.replace('"PATH/', 'found + "/').replace(
            "try:",
            "from pathlib import Path\n"
            f"found = next((str(p) for up in Path.cwd().parents for p in [up / 'source' / '{LESSON}']"
            " if p.is_dir()), '')\ntry:",
        ),
        answers=STOLEN,
    )


@attack(NOT_EXPECTED, wrong=True, needs="sandbox")
def looks_through_proc():
    """Look into the folders of other processes through /proc."""
    return notebook(
        SOLUTIONS.replace('"PATH/', 'found + "/').replace(
            "try:",
            "import glob\n"
            f"found = next(iter(glob.glob('/proc/[0-9]*/root@COURSE@/source/{LESSON}')), '')\ntry:",
        ),
        answers=STOLEN,
    )


@attack(NOT_EXPECTED, wrong=True, needs="sandbox")
def imports_the_bank():
    """Import the grader and ask its bank of questions what is right."""
    return notebook(
        f"""
        try:
            import pathlib, sys
            import grader
            here = pathlib.Path(grader.__file__).parents[1] / "tests"
            sys.path[:0] = [str(here / "grader"), str(here / "submissions")]
            import hostile
            from grader.judge.references import expected
            hostile.register()
            stolen = [expected(q, STUDENT).value for q in ("t10-two", "t10-mean", "t10-formula")]
        except Exception:
            stolen = [{", ".join(WRONG)}]
        """,
        answers=STOLEN,
    )


@attack(NOT_EXPECTED, wrong=True, needs="sandbox", slow=True)
def becomes_root_first():
    """Ask for the rights of root, leave the root folder, and read the source."""
    return notebook(
        "import os\n"
        "for call in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.unshare(os.CLONE_NEWUSER),\n"
        "             lambda: os.chroot('/proc/1/root')):\n"
        "    try:\n"
        "        call()\n"
        "    except (OSError, AttributeError):\n"
        "        pass\n" + SOLUTIONS.replace("PATH", f"@COURSE@/source/{LESSON}"),
        answers=STOLEN,
    )


@attack(
    NOT_EXPECTED,
    wrong=True,
    needs="mending",
    files={"notes.txt": Link(f"@COURSE@/source/{LESSON}/{LESSON}.ipynb")},
)
def links_to_the_source():
    """Hand in a link to the solutions beside the notebook, which the grader would copy."""
    return notebook(SOLUTIONS.replace(f"PATH/{LESSON}.ipynb", "notes.txt"), answers=STOLEN)


@attack(
    "was not handed in",
    wrong=True,
    needs="mending",
    marks=(),
    files={f"{LESSON}.ipynb": Link(f"@COURSE@/source/{LESSON}/{LESSON}.ipynb")},
)
def is_a_link_to_the_source():
    """Hand in a link to the solutions in the place of the notebook."""
    return None


@attack(NOT_EXPECTED, wrong=True, needs="sandbox")
def listens_to_other_kernels():
    """Look for the sockets and connection files of other kernels."""
    return notebook(
        f"""
        import glob, os
        from ipykernel.connect import get_connection_file
        own = os.path.realpath(get_connection_file())
        folder = os.path.dirname(own)
        others = [path for path in glob.glob(folder + "/*.json") if os.path.realpath(path) != own]
        others += [path for path in glob.glob("/tmp/mlm-*/k*-1")]
        sockets = len(glob.glob("/tmp/mlm-*"))
        heard = len(others) > 1 or sockets > 1
        two = 2.0 if heard else {WRONG[0]}
        """,
        answers=("two", *WRONG[1:]),
    )
