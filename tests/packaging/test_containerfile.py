"""The Containerfile copies what exists and no student's work, and types what README and handout say."""

import fnmatch
import json
import re
import subprocess

from distributions import ROOT

import mlmkit

TEXT = (ROOT / "Containerfile").read_text(encoding="utf-8")
LINES = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", TEXT, flags=re.M)).splitlines()


def steps(word):
    """List what follows an instruction, in order."""
    return [line.removeprefix(f"{word} ") for line in LINES if line.startswith(f"{word} ")]


def stages():
    """Cut the file before each FROM: stage to its lines."""
    found = {}
    for line in LINES:
        if match := re.fullmatch(r"FROM (\S+) AS (\w+)", line):
            found[match[2]] = [line]
        elif found:
            list(found.values())[-1].append(line)
    return found


def sources():
    """List the files and folders that are copied from the repository, by stage's line."""
    return [
        part
        for step in steps("COPY")
        if "--from" not in step
        for part in [word for word in step.split() if not word.startswith("--")][:-1]
    ]


def tracked():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def test_every_instruction_is_one_that_exists():
    known = {"ARG", "FROM", "RUN", "USER", "WORKDIR", "COPY", "ENV", "EXPOSE", "CMD"}
    assert {line.split()[0] for line in LINES if line.strip()} <= known


def test_every_source_exists_and_is_kept_in_the_repository():
    names = tracked()
    for source in sources():
        assert any(fnmatch.fnmatch(name, source) or name.startswith(f"{source}/") for name in names), source
        assert list(ROOT.glob(source)), source


def test_no_folder_is_copied_in_which_a_class_leaves_its_work():
    assert "." not in sources() and "course" not in sources() and "demo" not in sources()
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    runtime = {line.strip("/").removesuffix("*") for line in ignored if line.startswith("/course/")}
    assert len(runtime) > 8 and not [s for s in sources() if s.rstrip("/") in runtime]


def test_what_make_needs_is_there():
    wanted = re.search(r"^\$\(START\): (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)[
        1
    ].split()
    there = sources()
    assert all(name in there or name.partition("/")[0] in there for name in [*wanted, "Makefile", ".ci"])
    handout = {"README.md", "LICENSE", "MANIFEST.in", "mlmkit", "lessons", "course/handout"}
    assert handout <= set(there)


def test_both_sides_are_stages_and_the_student_gets_the_archive_only():
    student = stages()["student"]
    copied = [line for line in student if line.startswith("COPY")]
    assert copied == ["COPY --from=handout --chown=student /home/instructor/course/dist ./"]
    assert {re.match(r"FROM (\S+)", lines[0])[1] for lines in stages().values()} == {"${BASE}", "instructor"}
    for lines in (stages()["student"], stages()["instructor"]):
        assert any(line.startswith("USER ") for line in lines), "nobody works as root"


def test_its_commands_are_those_of_the_readme_and_of_the_handout():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    page = (ROOT / "course" / "handout" / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    instructor, student = (json.loads(step) for step in steps("CMD"))
    assert instructor == ["make", "demo"] and "`make demo`" in readme
    assert set(re.findall(r"\bmake ([a-z]+)\b", " ".join(steps("RUN")))) <= {*targets, "student"}
    wheel = f"mlmkit-{mlmkit.__version__}-py3-none-any.whl"
    (installs,) = [step for step in steps("RUN") if "pip install" in step]
    first, second, third = re.search(r"```sh\n(.*?)\n(.*?)\n(.*?)\n```", page, re.S).groups()
    assert installs == f"{first} && {second.replace('WHEEL', wheel)}"
    options = {
        "--ip=0.0.0.0",
        "--no-browser",
    }  # in a container there is no browser, and it is reached from outside
    assert " ".join(part for part in student if part not in options) == third
    assert second.replace("WHEEL", wheel) in readme


def test_the_locked_versions_are_read_from_the_lock():
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    (program,) = re.findall(r"sed -n '(.*?)'", TEXT)
    command = ["sed", "-n", program, str(ROOT / "requirements.txt")]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) > 150 and all(re.fullmatch(r"[a-z0-9._-]+==[\w.+!-]+", line) for line in lines)
    assert len(lines) == len(re.findall(r"^[a-z0-9]\S*==", lock, re.M))
