"""Build the site: gather its pages in a folder of sources, and let Sphinx make web pages of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from matplotlib import get_data_path

from grader.author.build import GLOSSARY, lesson_names
from grader.author.leaks import scan_site
from grader.author.site.executed import executed
from grader.author.site.gallery import Picture, draw, plots
from grader.author.site.glossary_page import linked
from grader.author.site.links import faults
from grader.author.site.public_guide import public_guide
from grader.author.site.reference import write_reference
from grader.author.site.shown import shown
from grader.course.course_folder import CourseError
from grader.course.repository import ROOT

TARGET, WORK = ROOT / "dist" / "site", ROOT / "build" / "site"
OURS = ROOT / "course" / "site"
PAGES = {  # from the course, as they are
    "syllabus.md": "course/syllabus.md",
    "coming-from-r.md": "course/coming-from-r.md",
    "promises.md": "course/promises.md",
    "hub/README.md": "course/hub/README.md",
    "classroom50/README.md": "course/classroom50/README.md",
    "changes.md": "CHANGELOG.md",
}
GUIDE = "instructor-guide.md"
PICTURES = "_static/lessons"
FONT = "DejaVuSerif.ttf"  # matplotlib's; its brackets grow with what they hold


def make_site(
    target: Path = TARGET,
    *,
    names: list[str] | None = None,
    lessons: Path = ROOT / "lessons",
    work: Path = WORK,
) -> Path:
    """Build the site.

    Parameters
    ----------
    target : Path
        Where the web pages go. What lies there is replaced, if it is a site.
    names : list of str, optional
        The lessons. Default: all.
    lessons : Path
        The folder of the lessons as students get them.
    work : Path
        The folder for what is gathered and kept: lessons that were run, Sphinx's notes.

    Returns
    -------
    Path
        The first page.

    Raises
    ------
    CourseError
        If Sphinx finds anything to complain about, a link leads nowhere, a page would load something from
        another host or shows an answer, or if `target` holds something else. Then `target` stays as it was.
    """
    target, gathered, made = Path(target), work / "pages", work / "site"
    if target.exists() and any(target.iterdir()) and not (target / "searchindex.js").is_file():
        raise CourseError(f"{target} holds something that is no site. Name a new folder, or an empty one.")
    for folder in (gathered, made):
        shutil.rmtree(folder, ignore_errors=True)
    gather(gathered, names or lesson_names(), lessons, work / "lessons")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "-b", "html", "-E"]
    command += ["-d", str(work / "doctrees"), str(gathered), str(made)]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if run.returncode:
        raise CourseError(f"Sphinx made no site: {(run.stdout + run.stderr).strip()[-6000:]}")
    shutil.rmtree(made / "_sources", ignore_errors=True)  # empty: no page's source is given away
    if wrong := [*faults(made), *map(str, scan_site(made, lessons=lessons))]:
        raise CourseError("The site must not be published as it is:\n" + "\n".join(wrong))
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(made, target)
    return target / "index.html"


def gather(folder: Path, names: list[str], lessons: Path, kept: Path) -> None:
    """Put all sources of the site into one folder."""
    shutil.copytree(OURS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(Path(get_data_path(), "fonts", "ttf", FONT), folder / "_static" / FONT)
    (folder / "lessons").mkdir(exist_ok=True)
    for name in names:
        page = shown(executed(lessons / f"{name}.ipynb", kept), folder / PICTURES, f"../{PICTURES}")
        nbformat.write(page, folder / "lessons" / f"{name}.ipynb")
    for name, source in PAGES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / source, folder / name)
    words, guide = ((ROOT / "course" / name).read_text(encoding="utf-8") for name in (GLOSSARY, GUIDE))
    (folder / "lessons" / GLOSSARY).write_text(linked(words, names), encoding="utf-8")
    (folder / GUIDE).write_text(public_guide(guide), encoding="utf-8")
    pictures = [draw(name, folder / "gallery") for name in plots()]
    (folder / "gallery.md").write_text(_gallery(pictures), encoding="utf-8")
    write_reference(folder / "api", {picture.name: picture.words for picture in pictures})


def _gallery(pictures: list[Picture]) -> str:
    """Write the page with all plots."""
    parts = [
        "# Gallery of plots",
        "",
        "Each picture is what the example in the function's documentation draws.",
        "",
    ]
    for picture in pictures:
        parts += [f"## {picture.name}", "", f"{picture.about} [Reference](api/{picture.name}.rst)", ""]
        parts += [f"```{{image}} gallery/{picture.name}.png", f":alt: {picture.words}"]
        parts += [f":target: api/{picture.name}.html", "```", ""]
    return "\n".join(parts)
