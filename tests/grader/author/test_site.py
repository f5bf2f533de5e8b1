"""The site: what it shows, that it shows no answer, that its links arrive, and that it needs no network."""

import importlib.util
import re
import shutil
from pathlib import Path

import chromium
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

import mlmkit
from grader.author.leaks import APART, expected_numbers, scan_site, solution_code
from grader.author.site import executed, website
from grader.author.site.gallery import draw, plots
from grader.author.site.links import faults
from grader.author.site.public_guide import public_guide, sections_of
from grader.author.site.reference import ROOMS, room_of
from grader.author.site.shown import INSTEAD, shown
from grader.author.tagged_lesson import source_notebook
from grader.bank import questions
from grader.course.course_folder import CourseError
from grader.course.repository import ROOT
from grader.pages.mathml import mathml
from mlmkit import load_seattle, zipcodes_for

LESSON = "01_pooling"
AXE = importlib.util.find_spec("axe_playwright_python")
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def write(folder, **pages):
    """Write pages, named with __ for a slash."""
    for name, text in pages.items():
        path = folder / f"{name.replace('__', '/')}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


# Answers --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def secret():
    """An expected number of a graded question, and a line of a solution."""
    code = solution_code(source_notebook(ROOT / "solutions" / f"{LESSON}.md", questions(LESSON)))
    return dict(expected_numbers(LESSON, APART[0]))["l01-mean-price"], max(
        (line for _, line in code), key=len
    )


PLANTED = {
    "a number": lambda number, code: f"<p>It is {number:,.2f} dollars.</p>",
    "a number in a table": lambda number, code: f"<table><tr><td>{number:.1f}</td><td>1</td></tr></table>",
    "a description of a picture": lambda number, code: f'<img alt="A line at {number:.0f}." src="x.png">',
    "coloured code": lambda number, code: highlight(code, PythonLexer(), HtmlFormatter()),
    "a comment": lambda number, code: f"<!-- {code} -->",
}


@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
@pytest.mark.parametrize("page", [f"lessons__{LESSON}", "gallery"])
def test_a_planted_answer_is_found(tmp_path, secret, plant, page):
    write(tmp_path, **{f"lessons__{LESSON}": "<p>Nothing.</p>", page: f"<body>{plant(*secret)}</body>"})
    assert {leak.file for leak in scan_site(tmp_path)} == {f"{page.replace('__', '/')}.html"}


def test_a_planted_answer_is_found_in_the_index_of_the_search(tmp_path, secret):
    write(tmp_path, **{f"lessons__{LESSON}": "<p>Nothing.</p>"})
    (tmp_path / "searchindex.js").write_text(f'Search.setIndex({{"terms": {{"{secret[0]:.2f}": 1}}}})')
    assert [leak.file for leak in scan_site(tmp_path)] == ["searchindex.js"]


def test_the_students_looked_for_share_no_zip_code_with_the_lecture():
    lecture = set(load_seattle()["zipcode"])
    assert not any(set(zipcodes_for(student)) & lecture for student in APART)


def test_the_guide_for_everybody_names_no_graded_question():
    guide = (ROOT / "course" / "instructor-guide.md").read_text(encoding="utf-8")
    public = public_guide(guide)
    graded = {id for id, question in questions().items() if not question.practice}
    assert not graded & set(re.findall(r"l\d\d-[\w-]+", public))
    assert "## Lesson" not in public and "| what to watch |" not in public
    left = len(sections_of(guide)) - len(sections_of(public))
    assert f"so {left} sections" in public and left >= 11
    assert "## Where students' code runs" in public


# Lessons --------------------------------------------------------------------------------------------


def released():
    return nbformat.read(ROOT / "lessons" / f"{LESSON}.ipynb", as_version=4)


def test_a_lessons_page_has_a_sentence_in_the_place_of_each_check(tmp_path):
    page = shown(released(), tmp_path, "..")
    text = "\n".join(cell.source for cell in page.cells)
    assert 'check("' not in text and "YOUR ANSWER HERE" not in text
    assert all(sentence in text for sentence in INSTEAD.values())
    assert "mean_price = ...\n# YOUR CODE HERE" in text
    assert all(cell.metadata == {} for cell in page.cells)


def test_pictures_become_files_and_keep_their_description(tmp_path):
    bundle = {
        "text/html": f'<img alt="A dot." width="9" src="data:image/png;base64,{PIXEL}">',
        "image/png": PIXEL,
    }
    other = {"application/vnd.mlmkit.answer+json": {"answer": 1}}
    outputs = [new_output("display_data", data=data) for data in (bundle, other)]
    lesson = nbformat.v4.new_notebook(cells=[new_code_cell("plot()", outputs=outputs)])
    (output,) = shown(lesson, tmp_path / "pictures", "../p").cells[0].outputs
    (file,) = (tmp_path / "pictures").iterdir()
    assert output.data == {"text/html": f'<img alt="A dot." width="9" loading="lazy" src="../p/{file.name}">'}
    assert file.read_bytes().startswith(b"\x89PNG")


def test_a_lesson_is_run_again_only_when_it_or_its_key_has_changed(tmp_path, monkeypatch):
    for ending in (".ipynb", ".practice.json"):
        shutil.copyfile(ROOT / "lessons" / f"{LESSON}{ending}", tmp_path / f"{LESSON}{ending}")
    runs = []
    monkeypatch.setattr(executed, "_run", lambda lesson, notebook: runs.append(notebook))
    for _ in range(2):
        executed.executed(tmp_path / f"{LESSON}.ipynb", tmp_path / "kept")
    assert len(runs) == 1
    with (tmp_path / f"{LESSON}.practice.json").open("a", encoding="utf-8") as key:
        key.write("\n")
    executed.executed(tmp_path / f"{LESSON}.ipynb", tmp_path / "kept")
    assert len(runs) == 2 and len(list((tmp_path / "kept").iterdir())) == 1


# Links ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        "b.html",
        "b.html#there",
        "#here",
        "sub/c.html",
        "https://example.org/x",
        "mailto:a@b.c",
        "b.html?x=1#there",
    ],
)
def test_a_link_that_arrives(tmp_path, link):
    pages = {"a": f'<p id="here"><a href="{link}">x</a>', "b": '<a name="there">', "sub__c": ""}
    assert faults(write(tmp_path, **pages)) == []


@pytest.mark.parametrize("link", ["c.html", "b.html#here", "#there", "sub/", "../a.html", "b.html?x#nowhere"])
def test_a_link_that_leads_nowhere(tmp_path, link):
    pages = {"a": f'<p id="here"><a href="{link}">x</a>', "b": '<a name="there">', "sub__c": ""}
    assert faults(write(tmp_path, **pages)) == [f"a.html: the link {link} leads nowhere."]


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        '<img src="http://cdn.example/x.png">',
    ],
)
def test_what_comes_from_another_host_is_told(tmp_path, page):
    assert ["loads" in fault for fault in faults(write(tmp_path, a=page))] == [True]


def test_what_a_style_loads_from_another_host_is_told(tmp_path):
    (tmp_path / "a.css").write_text(
        "@font-face {src: url(https://fonts.example/x)} p {background: url(x.png)}"
    )
    assert faults(tmp_path) == ["a.css loads https://fonts.example/x."]


# Gallery and reference ------------------------------------------------------------------------------


def test_every_public_name_has_a_room_in_the_reference():
    assert {room_of(name) for name in mlmkit.__all__} == set(ROOMS)


def test_a_plot_whose_example_draws_nothing_is_refused(tmp_path, monkeypatch):
    def plot_nothing():
        """Plot nothing.

        >>> 1 + 1
        2
        """

    monkeypatch.setattr(mlmkit, "plot_nothing", plot_nothing, raising=False)
    with pytest.raises(ValueError, match="The example of plot_nothing draws no plot"):
        draw("plot_nothing", tmp_path)


# The whole ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def site(work):
    """A site with one lesson."""
    return website.make_site(work / "site", names=[LESSON], work=work / "build").parent


@pytest.mark.long(90)
def test_a_site_with_one_lesson(site):
    names = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert {f"api/{name}.html" for name in mlmkit.__all__} <= names
    assert {"index.html", f"lessons/{LESSON}.html", "lessons/glossary.html", "instructor-guide.html"} <= names
    page = (site / "lessons" / f"{LESSON}.html").read_text(encoding="utf-8")
    assert "195580.93" in page  # the lecture's standard error: the cells were run
    assert "<math" in page and "$" not in re.sub(
        r"<(script|pre|code).*?</\1>|\$\d|\$</", "", page, flags=re.S
    )
    assert "Traceback" not in page
    gallery = (site / "gallery.html").read_text(encoding="utf-8")
    for name in plots():
        assert re.search(rf'<img alt="[^"]{{40,}}" src="_images/{name}.png"', gallery), name
    words = (site / "lessons" / "glossary.html").read_text(encoding="utf-8")
    assert words.count(f'href="{LESSON}.html">') > 10  # each word leads to its lesson
    assert not list(site.rglob("*.ipynb")) and not list(site.rglob("*.md"))


@pytest.mark.long(90)
@pytest.mark.needs_chromium
@pytest.mark.skipif(AXE is None, reason="axe-playwright-python, which brings axe-core, is not installed")
@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("page", ["index", f"lessons/{LESSON}", "api/plot_shrinkage"])
def test_pages_fit_the_screen_ask_no_host_and_satisfy_axe(site, page, width):
    script = Path(AXE.submodule_search_locations[0]) / "axe.min.js"
    with chromium.Tab(width, 900) as tab:
        tab.open(site / f"{page}.html")
        assert tab.value("document.documentElement.scrollWidth") <= width
        assert tab.value(
            "performance.getEntriesByType('resource').every(one => one.name.startsWith('file:'))"
        )
        tab.value(f"{script.read_text(encoding='utf-8')}; 1")
        rules = "axe.run().then(found => found.violations.map(one => [one.id, one.nodes[0].html]))"
        assert tab.value(rules) == []


@pytest.mark.long(90)
@pytest.mark.needs_chromium
def test_brackets_grow_with_a_matrix(site):
    """Also where the reader has no font for formulas: one comes along."""
    page = site / "matrix.html"
    one, three = (rf"\begin{{pmatrix}} {r' \\ '.join('abc'[:count])} \end{{pmatrix}}" for count in (1, 3))
    style = '<!DOCTYPE html><meta charset="utf-8"><link rel="stylesheet" href="_static/course.css">'
    page.write_text(style + mathml(one, block=True) + mathml(three, block=True), encoding="utf-8")
    with chromium.Tab(700, 400) as tab:
        tab.open(page)
        tab.value("document.fonts.load('16px Formulas').then(fonts => fonts.length)")
        heights = tab.value(
            "[...document.querySelectorAll('mo')].map(one => one.getBoundingClientRect().height)"
        )
    page.unlink()
    assert heights[2] > 1.8 * heights[0], heights


@pytest.mark.long(90)
@pytest.mark.needs_chromium
def test_the_search_finds_without_a_server(site):
    with chromium.Tab(390, 844) as tab:
        tab.open(f"{(site / 'search.html').as_uri()}?q=plot_caterpillar")
        assert "plot_caterpillar" in tab.wait("document.querySelector('#search-results li')?.textContent")


def one_page(text):
    """Gather a home page and one lesson with this text, and nothing else: Sphinx needs seconds for it."""

    def gather(folder, *_):
        shutil.copytree(website.OURS / "_static", folder / "_static")
        shutil.copyfile(website.OURS / "conf.py", folder / "conf.py")
        (folder / "lessons").mkdir()
        (folder / "lessons" / f"{LESSON}.md").write_text(f"# Pooling\n\n{text}\n", encoding="utf-8")
        (folder / "index.md").write_text(f"# Home\n\n```{{toctree}}\nlessons/{LESSON}\n```\n")

    return gather


@pytest.mark.long(90)
def test_a_site_with_an_answer_or_a_warning_does_not_replace_the_last_one(
    site, tmp_path, secret, monkeypatch
):
    before = (site / "lessons" / f"{LESSON}.html").read_bytes()
    monkeypatch.setattr(website, "gather", one_page("[a section](#that-is-nowhere)"))
    with pytest.raises(CourseError, match="that-is-nowhere"):
        website.make_site(site, work=tmp_path)
    monkeypatch.setattr(website, "gather", one_page(f"```\n# {secret[1]}\n{secret[0]}\n```"))
    with pytest.raises(CourseError, match="must not be published") as stopped:
        website.make_site(site, work=tmp_path)
    assert f"lessons/{LESSON}.html shows" in str(stopped.value) and "l01-mean-price" in str(stopped.value)
    assert (site / "lessons" / f"{LESSON}.html").read_bytes() == before


def test_a_folder_that_is_no_site_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(CourseError, match="holds something that is no site"):
        website.make_site(tmp_path)
