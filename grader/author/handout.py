"""What students are given: lessons and library in one archive, with a page that says how to begin."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from grader.course.course_folder import CourseError
from grader.course.repository import ROOT

NAME = "hierarchical-models"
LIBRARY = ("pyproject.toml", "README.md", "LICENSE", "MANIFEST.in", "mlmkit")  # what the wheel is made of
FIRST_DAY = "315532800"  # 1980-01-01: the same sources make the same archive, byte for byte
BUILD = "import setuptools.build_meta as build, sys; build.build_wheel(sys.argv[1])"


def make_handout(target: str | Path = ROOT / "dist", *, folder: bool = False) -> Path:
    """Write the students' archive, or the same as a folder.

    Parameters
    ----------
    target : path
        Where the archive goes; with ``folder=True`` the folder itself, which must be empty or new.
    folder : bool
        Write a folder, to publish as a repository of its own. (This repository stays private: it holds the
        solutions.)

    Returns
    -------
    Path
        ``hierarchical-models.zip``, or the folder: ``README.md``, the wheel of mlmkit, ``lessons/``
        (notebooks, practice keys, glossary), ``.devcontainer/``.

    Raises
    ------
    CourseError
        If the folder holds something, or the wheel can't be built.
    """
    target = Path(target)
    if folder and target.exists() and any(target.iterdir()):
        raise CourseError(f"{target} holds files already. Name a new folder, or an empty one.")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target, prefix=".handout-") as draft:
        made = _fill(Path(draft) / NAME)
        if folder:
            for path in made.iterdir():
                path.rename(target / path.name)
            return target
        return _packed(made).replace(target / f"{NAME}.zip")


def _fill(place: Path) -> Path:
    """Put everything into a new folder."""
    place.mkdir()
    wheel = _wheel(place)
    lessons = place / "lessons"
    lessons.mkdir()
    for path in sorted((ROOT / "lessons").iterdir()):
        if path.suffix in (".ipynb", ".json", ".md"):
            shutil.copyfile(path, lessons / path.name)
    texts = ROOT / "course" / "handout"
    (place / ".devcontainer").mkdir()
    for name, target in (("README.md", place), ("devcontainer.json", place / ".devcontainer")):
        text = (texts / name).read_text(encoding="utf-8").replace("WHEEL", wheel.name)
        (target / name).write_text(text, encoding="utf-8")
    return place


def _wheel(place: Path) -> Path:
    """Build the wheel of mlmkit from a copy: building leaves files beside the sources."""
    with tempfile.TemporaryDirectory() as copy:
        for name in LIBRARY:
            source, target = ROOT / name, Path(copy) / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(source, target)
        run = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", BUILD, str(place.resolve())],
            cwd=copy,
            env=os.environ | {"SOURCE_DATE_EPOCH": FIRST_DAY},
            capture_output=True,
            text=True,
            check=False,
        )
    if run.returncode:
        raise CourseError(f"The wheel of mlmkit could not be built: {run.stderr.strip()[-1000:]}")
    (wheel,) = place.glob("*.whl")
    return wheel


def _packed(made: Path) -> Path:
    """Pack a folder, file by file in the order of their names."""
    archive = made.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(made.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(made.parent).as_posix())
                entry.external_attr = 0o644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                packed.writestr(entry, path.read_bytes())
    return archive
