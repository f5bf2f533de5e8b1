"""JupyterLab with nbgrader's menu, opened in a copy of the lessons."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from grader.course.copies import copy_lessons
from grader.course.repository import ROOT

FIRST = "01_pooling.ipynb"


def open_lab(root: Path = ROOT, options: list[str] | None = None) -> NoReturn:
    """Copy the lessons to ``workspace/lessons/``, and become JupyterLab, opened there.

    Parameters
    ----------
    root : Path
        The repository.
    options : list of str, optional
        For JupyterLab, such as ``--no-browser``.
    """
    course, work = root / "course", root / "workspace" / "lessons"
    for line in copy_lessons(root / "lessons", work):
        print(line)
    exchange = course / "exchange"
    exchange.mkdir(exist_ok=True)
    exchange.chmod(0o777)
    command = [sys.executable, "-m", "jupyter", "lab", f"--ServerApp.root_dir={root}"]
    command += [f"--LabApp.default_url=/lab/tree/{(work / FIRST).relative_to(root)}", *(options or [])]
    # The formgrader wants the course below the server's folder, and reads the settings where it starts.
    # nbgrader's other menus look on Jupyter's path; course/nbgrader_config.py tells them where to fetch to.
    paths = [str(course), os.environ.get("JUPYTER_CONFIG_PATH")]
    places = {
        "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths)),
        "MLMKIT_WORK": str(work),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }
    os.chdir(course)
    sys.stdout.flush()
    os.execve(command[0], command, {**os.environ, **places})
