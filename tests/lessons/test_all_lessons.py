"""What holds for every lesson: built from its source, runs clean, and grades as it should."""

import re
import time
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from traitlets.config import Config

from grader.author.build import KEY_ENDING, check_same, differences, lesson_names, write_source
from grader.author.leaks import scan_lessons
from grader.author.tagged_lesson import role_of, source_notebook
from grader.bank import questions
from grader.course.repository import ROOT
from grader.judge import judge, references
from grader.pages.mathml import mathml
from grader.sandbox.provisioner import SandboxKernelManager
from mlmkit import data_fingerprint, homes_for
from mlmkit.answers.kinds import MIME, encode

pytestmark = pytest.mark.long(320)

# Kernels are forks of one process that has the libraries loaded. They see what a student's kernel sees.
FORKS = {
    "kernel_manager_class": SandboxKernelManager,
    "config": Config({"SandboxProvisioner": {"isolation": ["none"]}}),
}
AS_AT_HOME = "import os; os.environ.pop('MLMKIT_QUIET')\n"  # at home nothing keeps samplers quiet
LESSONS = ROOT / "lessons"
STUDENT, OTHERS = "ada", ("grace", "emmy")
GLOSSARY = {  # words that a lesson introduces
    "01_pooling": (
        "grouping factor, complete pooling, no pooling, partial pooling, multilevel model, fixed effect, "
        "random effect, shrinkage, standard error, caterpillar plot"
    ),
    "02_shrinkage": (
        "variance components, precision, weight, centre, limit, intraclass correlation, maximum "
        "likelihood, REML, REML criterion, biased"
    ),
    "03_uncertainty": (
        "95 % interval, conditional prediction, coverage, draw, marginal prediction, prediction interval, "
        "quantile, seed, skewed, zero prediction"
    ),
    "04_varying_slopes": (
        "varying slope, predictor, interaction, correlation of intercepts and slopes, centring, scaling, "
        "criterion, convergence, gradient, singular fit"
    ),
    "05_bayesian_fits": (
        "prior, posterior, flat prior, prior predictive check, MAD_SD, posterior interval, chain, R-hat, "
        "effective sample size, Monte Carlo standard error, divergence, importance ESS, mode, "
        "centred and non-centred form"
    ),
    "06_bayesian_comparison": (
        "posterior predictive check, test quantity, log score, elpd, leave-one-out, Pareto k, "
        "probability integral transform, Jacobian, power scaling, stacking, cross-validation"
    ),
    "07_group_level_predictors": (
        "group-level predictor, group-level regression, own level, leak, slope within and slope between, "
        "contextual effect, grand mean, group mean, cross-level interaction, crossed factors, nested factors"
    ),
    "08_hierarchical_glms": (
        "odds, log odds, logit, inverse logit, odds ratio, generalised linear model, link, typical zip code, "
        "separation, conditional odds ratio, population odds ratio, binned residuals, Poisson distribution, "
        "rate, exposure, offset, rate ratio, overdispersion, Pearson residual, "
        "negative binomial distribution, observation-level effect, ordinal outcome"
    ),
    "09_simulation": (
        "fake data, parameter recovery, degrees of freedom, parametric bootstrap, percentile interval, edge, "
        "likelihood ratio statistic, null distribution, p-value, power, rank, simulation-based calibration"
    ),
    "10_capstone": "pilot, estimand, rank, design effect",
    "11_bad_sample": (
        "population, bias, size class, poststratification, cell, poststratification table, "
        "multilevel regression and poststratification, root mean squared error, lognormal distribution"
    ),
}
KINDS = {  # of answers that a lesson asks for, at least
    "01_pooling": {"Number", "ByGroup", "Choice", "Formula"},
    "02_shrinkage": {"Number", "ByGroup", "Choice", "Table", "Figure"},
    "03_uncertainty": {"Number", "ByGroup", "Table", "Choice", "Formula", "Draws", "Figure"},
    "04_varying_slopes": {"Number", "ByGroup", "Table", "Choice", "Formula", "Figure"},
    "05_bayesian_fits": {"Number", "ByGroup", "Choice", "Formula", "Draws", "Figure"},
    "06_bayesian_comparison": {"Number", "ByGroup", "Choice"},
    "07_group_level_predictors": {"Number", "ByGroup", "Choice", "Formula"},
    "08_hierarchical_glms": {"Number", "ByGroup", "Choice"},
    "09_simulation": {"Number", "ByGroup", "Choice", "Draws", "Figure"},
    "10_capstone": {"Number", "ByGroup", "Choice", "Formula"},
    "11_bad_sample": {"Number", "ByGroup", "Table", "Choice", "Draws"},
}
LOOPED = tuple(lesson_names())  # all are written as guess, example, practice, checkpoint
# Numbers that a sentence about a mistake may hold: zip codes, and sizes that the question itself names.
ALLOWED = r"\b98\d{3}\b|\b[1-3],000 square feet|\b4,000 (draws|is the number of draws)"


def run(notebook, folder, student):
    """Run a notebook as this student would, beside the lesson's key file; returns the seconds it took."""
    for cell in notebook.cells:
        if role_of(cell) == "student":
            cell.source = cell.source.replace('""', f'"{student}"')
    for key in LESSONS.glob(f"*{KEY_ENDING}"):
        (folder / key.name).write_bytes(key.read_bytes())
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    first.source = AS_AT_HOME + first.source
    start = time.perf_counter()
    where = {"metadata": {"path": str(folder)}}
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    NotebookClient(notebook, kernel_name="python3", resources=where, **FORKS).execute(code=code)
    return time.perf_counter() - start


def answers(notebook):
    """Collect what the check cells recorded: question id to list of payloads."""
    recorded = {}
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade") and role_of(cell) == "check":
            found = [output.data[MIME] for output in cell.outputs if MIME in output.get("data", {})]
            recorded[cell.metadata.nbgrader.grade_id] = found
    return recorded


def verdicts(notebook):
    """Judge every graded answer of a notebook that was run, 2 points each."""
    found = []
    for id, payloads in answers(notebook).items():
        assert len(payloads) == 1, id
        found.append(judge(id, payloads[0], student=STUDENT, max_points=2))
    return found


@pytest.fixture(scope="module", params=lesson_names())
def name(request):
    return request.param


@pytest.fixture(scope="module")
def source(name):
    return source_notebook(ROOT / "solutions" / f"{name}.md", questions(name))


@pytest.fixture(scope="module")
def prose(source):
    """The text of the lesson."""
    return "\n\n".join(cell.source for cell in source.cells if cell.cell_type == "markdown")


@pytest.fixture(scope="module")
def student_copy(name):
    return nbformat.read(LESSONS / f"{name}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def solved(source, tmp_path_factory):
    """The solution, run."""
    notebook = nbformat.from_dict(source.copy())
    return notebook, run(notebook, tmp_path_factory.mktemp("solved"), STUDENT)


@pytest.fixture(scope="module")
def blank(name, tmp_path_factory):
    """The lesson as students get it, run without an answer."""
    notebook = nbformat.read(LESSONS / f"{name}.ipynb", as_version=4)
    run(notebook, tmp_path_factory.mktemp("blank"), STUDENT)
    return notebook


def test_lessons_are_what_their_sources_make():
    assert check_same() == []


def test_nothing_that_students_get_holds_an_answer():
    assert [str(leak) for leak in scan_lessons()] == []


def test_students_get_the_source_without_solutions_and_outputs(source, student_copy):
    assert differences(source, student_copy) == []


def test_the_solution_gets_full_marks(solved):
    notebook, _ = solved
    results = verdicts(notebook)
    assert [(result.question, result.message) for result in results if result.score < 2] == []
    assert len(results) >= 6


def test_no_right_answer_is_doubted_before_it_is_graded(solved):
    notebook, _ = solved
    cells = [cell for cell in notebook.cells if role_of(cell) == "check"]
    said = [output.data["text/plain"] for cell in cells for output in cell.outputs]
    assert [text for text in said if "recorded" not in text or "can't be right" in text] == []


def test_the_solution_is_right_in_every_practice_question(solved):
    notebook, _ = solved
    cells = [cell for cell in notebook.cells if role_of(cell) == "practice"]
    assert len(cells) >= 4
    for cell in cells:
        assert cell.outputs[0].data["text/plain"].endswith(": Right."), cell.source


def test_the_unanswered_lesson_gets_nothing_and_a_reason_for_every_zero(blank):
    for result in verdicts(blank):
        assert (result.status, result.score) == ("missing", 0.0)
        assert result.message == "This question was not answered."


@pytest.mark.parametrize("which", ["solved", "blank"])
def test_nothing_is_written_to_stderr(which, solved, blank):
    notebook = solved[0] if which == "solved" else blank
    noise = [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr"
    ]
    assert noise == []


@pytest.mark.slow  # not slow itself; but it says something only where nothing else runs
def test_the_lesson_runs_in_under_a_minute(solved):
    assert solved[1] < 60


def test_each_picture_has_a_text_that_says_what_it_shows(solved):
    pictures = [
        output
        for cell in solved[0].cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert pictures
    for picture in pictures:
        assert len(picture.metadata.get("image/png", {}).get("alt", "")) > 40


def test_lessons_lie_where_the_readme_says():
    assert [path.stem for path in sorted(Path(LESSONS).glob("*.ipynb"))] == lesson_names()


# The text -------------------------------------------------------------------------------------------


def test_minutes_of_the_sections_add_up_and_name_real_sections(prose):
    rows = re.findall(r"^\| ([^|]+) \| (\d+) \|$", prose, re.MULTILINE)
    total = int(re.search(r"About (\d+) minutes", prose).group(1))
    assert sum(int(minutes) for _, minutes in rows) == total
    sections = re.findall(r"^## (.+)$", prose, re.MULTILINE)
    assert [name.removesuffix(" (graded)") for name, _ in rows] == sections[: len(rows)]


def test_points_in_the_prose_are_those_of_the_cells(source, prose):
    settings = [cell.metadata.get("nbgrader", {}) for cell in source.cells]
    points = [setting["points"] for setting in settings if "points" in setting]
    assert [int(n) for n in re.findall(r"\*\*Question \d+\*\* \((\d+) point", prose)] == points
    assert re.search(rf"(The questions|They) are worth {sum(points)} points", " ".join(prose.split()))


def test_links_lead_to_files_that_students_have(name, prose, tmp_path):
    """What is released lies in one folder, wherever a student has fetched it to."""
    write_source(name, tmp_path)
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)[^)]*\)", prose)
    assert links and all((tmp_path / "source" / name / link).is_file() for link in links), links


def test_headings_go_down_one_step_at_a_time(prose):
    levels = [len(marks) for marks in re.findall(r"^(#+) (?!BEGIN|END)", prose, re.MULTILINE)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_question_sends_students_back_to_a_section_that_exists(name, prose):
    sections = {f"{name[:2]}: {heading}" for heading in re.findall(r"^## (.+)$", prose, re.MULTILINE)}
    assert {question.revisit for question in questions(name).values()} <= sections


@pytest.mark.parametrize("lesson", LOOPED)
def test_a_lesson_guesses_practises_and_has_two_checkpoints(lesson):
    known = questions(lesson)
    cells = source_notebook(ROOT / "solutions" / f"{lesson}.md", known).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [role_of(cell) for cell in cells].count("predict") >= 2
    assert sum(section.startswith("Checkpoint ") for section in sections) == 2
    assert ("What you remember" in sections) == (lesson[:2] > "01")
    assert "Explain in one sentence" in text
    assert "<details><summary>Compare with ours</summary>" in text
    for id, question in known.items():
        if question.practice and type(references.expected(id, STUDENT)).__name__ != "Choice":
            assert len(question.hints) == 3, id


@pytest.mark.parametrize("lesson", LOOPED)
def test_symbols_beside_an_answer_can_be_read_and_tell_no_number_of_it(lesson):
    for id, question in questions(lesson).items():
        for tex in filter(None, [question.idea, *(m.did for m in references.expected(id, STUDENT).mistakes)]):
            assert "<code>" not in mathml(tex), f"{id}: {tex}"
            known = re.sub(
                r"1\.96|2\.8|0\.9(5|75)|0\.025|[123]000", "", tex
            )  # quantiles, and sizes of houses
            assert not re.search(r"\d{4,}(?<!1000)|\d\.\d|\$", known), f"{id}: {tex}"


@pytest.mark.parametrize("lesson", GLOSSARY)
def test_the_glossary_explains_the_words_that_a_lesson_introduces(lesson):
    glossary = (ROOT / "course" / "glossary.md").read_text(encoding="utf-8")
    assert [word for word in GLOSSARY[lesson].split(", ") if f"**{word}**" not in glossary] == []


# The questions --------------------------------------------------------------------------------------


def test_there_are_enough_questions_of_different_kinds(name, source):
    assert {type(references.expected(id, STUDENT)).__name__ for id in questions(name)} >= KINDS[name]
    roles = [role_of(cell) for cell in source.cells]
    assert (roles.count("practice") >= 5, roles.count("check") >= 8, roles.count("manual")) == (True, True, 1)


def test_each_sentence_about_a_mistake_is_its_own_and_tells_no_number_of_the_answer(name):
    for id in questions(name):
        mistakes = references.expected(id, STUDENT).mistakes
        says = [mistake.says for mistake in mistakes]
        assert len(set(says)) == len({(mistake.name, mistake.says) for mistake in mistakes}), id
        told = [text for text in says if re.search(r"\d{4,}|\d,\d{3}|0\.\d{3}", re.sub(ALLOWED, "", text))]
        assert told == [], id


# tests/grader/bank/test_bank.py looks at the bank on more students' data; here it is the judge who is asked.
@pytest.mark.parametrize(
    "student", [STUDENT, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)]
)
def test_every_graded_question_knows_three_mistakes_on_each_students_data(name, student):
    for id, question in questions(name).items():
        if question.practice:
            continue
        kind = references.expected(id, student)
        assert len(kind.usable_mistakes) >= 3, id
        if type(kind).__name__ in ("Figure", "Draws"):
            continue  # their mistakes are drawn in the lesson's own tests
        for mistake in kind.usable_mistakes:
            answer = {"question": id, "answer": encode(mistake.value)}
            answer["data"] = data_fingerprint(homes_for(student))
            verdict = judge(id, answer, student=student, max_points=2)
            assert (verdict.status, verdict.score < 2) == ("mistake", True), id
            assert mistake.name in verdict.mistake.split(" or "), id


def test_each_word_of_the_glossary_stands_apart_once_and_in_its_place():
    _, _, *entries = (ROOT / "course" / "glossary.md").read_text(encoding="utf-8").strip().split("\n\n")
    assert all(entry.startswith("**") and "\n**" not in entry for entry in entries)
    words = [re.match(r"\*\*(.+?)\*\*([^(]*)", entry).groups() for entry in entries]
    order = [re.sub(r"[^a-z0-9]", "", word.lower()) for word, _ in words]
    assert order == sorted(order)
    assert len(set(words)) == len(words)
