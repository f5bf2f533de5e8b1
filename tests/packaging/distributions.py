"""Build the two distributions from a copy of the repository, and make environments to install them into."""

import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = {"mlmkit": ROOT, "mlmkit-grader": ROOT / "grader"}
PYPROJECTS = {
    name: tomllib.loads((folder / "pyproject.toml").read_text()) for name, folder in FOLDERS.items()
}


def repository_files(folder="."):
    """List the files of a folder that git knows, or would know if they were added."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", folder]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def copy_repository(target):
    """Copy the files of the repository: building must not leave anything in it."""
    for name in repository_files():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target / name)
    return target


def build(kind, folder, target):
    """Build a ``wheel`` or an ``sdist`` of a folder, with the setuptools that is here."""
    code = f"import setuptools.build_meta as b, sys; b.build_{kind}(sys.argv[1])"
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(target)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return max(target.iterdir(), key=lambda path: path.stat().st_mtime_ns)


def files_of(archive):
    """List the files of a wheel or an sdist: name to bytes."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return {name: wheel.read(name) for name in wheel.namelist() if not name.endswith("/")}
    with tarfile.open(archive) as sdist:
        members = [member for member in sdist.getmembers() if member.isfile()]
        return {m.name.partition("/")[2]: sdist.extractfile(m).read() for m in members}


def environment(folder, *requirements, python=sys.executable, options=()):
    """Make an empty environment, install into it, and return its Python."""
    _uv("venv", "--python", python, folder)
    inside = folder / "bin" / "python"
    install(inside, *requirements, options=options)
    return inside


def install(python, *requirements, options=()):
    """Install into the environment of a Python."""
    _uv("pip", "install", "--python", python, *options, *requirements)


def _uv(*command):
    uv = Path(sys.executable).with_name("uv")
    run = subprocess.run([uv, "--quiet", *map(str, command)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()
