"""What macOS and Windows lack: mlmkit and the lessons need none of it; names, texts and paths are for all."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from distributions import ROOT
from lesson_cells import run_01

MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
OF_OS = {"chown", "fork", "forkpty", "getegid", "geteuid", "getgid", "getpgid", "getuid", "killpg", "mkfifo"}
OF_OS |= {"nice", "posix_spawn", "sched_getaffinity", "setsid", "sysconf", "uname", "wait4", "WNOHANG"}
OF_SIGNAL = {"SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "alarm", "setitimer"}
READS = {"open", "read_text", "write_text", "fdopen", "NamedTemporaryFile", "TextIOWrapper"}
FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]|[ .]$')
RESERVED = {"aux", "con", "nul", "prn", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}
STUDENTS = [*sorted((ROOT / "mlmkit").rglob("*.py")), *sorted((ROOT / "solutions").glob("*.md"))]


def code_of(path):
    """Read the Python in a module, or in the code cells of a lesson."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        cells = re.findall(r"^```\{code-cell\}.*?\n(?::tags:.*\n)?(.*?)^```", text, re.M | re.S)
        text = "\n".join(cells)
    return ast.parse(text)


def unix_only(tree):
    """List what a piece of code takes from Unix alone, outside of a branch that asks for the system."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.partition(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in MODULES:
            found.append(node.module)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            gone = {"os": OF_OS, "signal": OF_SIGNAL}.get(node.value.id, ())
            found += [f"{node.value.id}.{node.attr}"] if node.attr in gone else []
    return found


def of_this_system(tree):
    """List texts in the system's own encoding, dates that Windows can't write, and paths that it lacks."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += re.findall(r"%-[a-zA-Z]|^/(?:tmp|home|usr|dev)\b", node.value)
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        mode = [part.value for part in node.args if isinstance(part, ast.Constant)]
        binary = any(isinstance(value, str) and re.fullmatch("[rwxa+]*b[rwxa+]*", value) for value in mode)
        if name in READS and not binary and "encoding" not in {word.arg for word in node.keywords}:
            found.append(ast.unparse(node))
        if isinstance(node.func, ast.Attribute) and ast.unparse(node.func).startswith("os.path."):
            found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize(
    "line, found",
    [
        ("import fcntl", ["fcntl"]),
        ("def late():\n    from resource import RLIMIT_AS", ["resource"]),
        ("os.fork()", ["os.fork"]),
        ("signal.signal(signal.SIGALRM, act)", ["signal.SIGALRM"]),
        ("import os, signal\nos.getpid(); signal.SIGINT", []),
    ],
)
def test_what_belongs_to_unix_is_seen(line, found):
    assert unix_only(ast.parse(line)) == found


@pytest.mark.parametrize(
    "line, many",
    [
        ("f'{day:%-d %B}'", 1),
        ("open(name)", 1),
        ("path.read_text()", 1),
        ("open('/tmp/x', encoding='utf-8')", 1),
        ("os.path.join(a, b)", 1),
        ("open(name, 'rb'); path.read_text(encoding='utf-8'); f'{day:%d}'", 0),
    ],
)
def test_what_depends_on_the_system_is_seen(line, many):
    assert len(of_this_system(ast.parse(line))) == many


def test_students_code_takes_nothing_from_unix_alone():
    assert len(STUDENTS) > 150
    assert {str(path): found for path in STUDENTS if (found := unix_only(code_of(path)))} == {}


def test_students_code_depends_on_no_systems_encoding_dates_or_paths():
    assert {str(path): found for path in STUDENTS if (found := of_this_system(code_of(path)))} == {}


def test_every_file_can_be_kept_on_windows():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    names = list(filter(None, listed.stdout.split("\0")))
    bad = [name for name in names for part in name.split("/") if FORBIDDEN.search(part)]
    bad += [name for name in names if {Path(part).stem.lower() for part in name.split("/")} & RESERVED]
    bad += [name for name in names if len(name) > 150]
    assert names and not bad
    assert len({name.lower() for name in names}) == len(names)


@pytest.mark.parametrize("name", ["a:b.md", "what?.ipynb", "end.", "nul.txt", "a\\b"])
def test_a_name_that_windows_refuses_is_seen(name):
    assert FORBIDDEN.search(name) or Path(name).stem.lower() in RESERVED


@pytest.mark.long(15)
def test_every_module_is_imported_and_lesson_01_runs_elsewhere(tmp_path):
    run_01(tmp_path, "--elsewhere")
